"""The list of deliveries: what `push`, `run` and `status` print, with what stands in the way."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dougong.cli import output, places, words
from dougong.cli.language import chosen, say
from dougong.cli.options import options

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from dougong.model.documents import SourceRef

__all__ = ["rows", "show", "status_of"]

#: Longer lists show only what is not in order, and at most so many rows of it.
_MOST_ROWS = 100
#: At most so many problems are spelled out below a list.
_MOST_TOLD = 20
#: A problem of more rows names so many of them.
_MOST_NAMED = 5

Rows = Sequence[Mapping[str, Any]]


def rows(
    connection: Connection,
    documents: Collection[int] | None = None,
    unknown: Collection[SourceRef] = (),
    freed: Collection[int] = (),
) -> list[dict[str, Any]]:
    """Deliveries, documents without one, callbacks that cannot be read, in the shapes of interfaces.md §1.

    :param documents: document rows; `None` = all.
    :param unknown: documents that only events have told of; with `documents=None` all of them are listed.
    :param freed: deliveries of other documents to be listed as well.
    """
    from dougong.ledger import views

    language = chosen()
    own = views.deliveries_view(connection, language, documents=documents)
    listed = {row["delivery"] for row in own}
    others = views.deliveries_view(connection, language, ids=freed) if documents is not None and freed else []
    return [
        *own,
        *(row for row in others if row["delivery"] not in listed),
        *views.documents_view(connection, language, documents=documents),
        *views.orphans_view(connection, language, refs=None if documents is None else unknown),
        *(views.callbacks_view(connection, language) if documents is None else ()),
    ]


def status_of(found: Rows) -> int:
    """Exit status: 0 when all is in order, 2 when something is to be looked at."""
    from dougong.ledger.views import in_order

    return 0 if in_order(found) else 2


def show(found: Rows) -> None:
    """Print the list: one JSON object per row, or a table and the problems below it."""
    if options().json:
        for row in found:
            output.emit(row)
        return
    if not found:
        output.tell(say("没有单据。", "No documents."))
        return
    shown = _shown(found)
    where = places.columns(shown)
    made = output.table(
        "#",
        say("单据", "document"),
        say("时点", "moment"),
        say("连接", "connection"),
        *where.values(),
        say("状态", "state"),
        say("凭证号", "voucher"),
        say(">金额", ">amount"),
    )
    for row in shown:
        made.add_row(*_cells(row, where), style=words.state_style(row["state"]))
    output.console().print(made)
    if hidden := len(found) - len(shown):
        output.tell(say(f"  … 另有 {hidden} 行, --json 列出全部", f"  … and {hidden} more; --json lists them all"))
    _tell_problems(found)
    output.tell(_summary(found))


def _shown(found: Rows) -> Rows:
    if len(found) <= _MOST_ROWS:
        return found
    from dougong.ledger.views import in_order

    return [row for row in found if not in_order([row])][:_MOST_ROWS]


def _cells(row: Mapping[str, Any], where: Mapping[str, str]) -> list[str]:
    stage, part = words.stage(row.get("stage")), row.get("set")
    told = [words.state(row["state"]), stage, say("成组 ", "set ") + "{delivered}/{of}".format(**part) if part else ""]
    return [
        row["delivery"] or "–",
        ", ".join(row["documents"]),
        words.moment(row.get("moment")),
        row.get("connection") or "",
        *places.cells(row, where),
        " · ".join(word for word in told if word),
        words.number(row.get("erp_number")),
        words.money(row.get("total")),
    ]


def _tell_problems(found: Rows) -> None:
    """Each problem once, behind the names of all rows that have it."""
    told: dict[tuple[str, str, str], dict[str, None]] = {}
    for row in found:
        for problem in row["problems"] if row["state"] != "not_due" else ():
            key = problem["code"], problem["message"], problem["hint"]
            told.setdefault(key, {})[row["delivery"] or ", ".join(row["documents"]) or row["connection"]] = None
    for (code, message, hint), names in list(told.items())[:_MOST_TOLD]:
        output.tell(f"  {_few(list(names))} {code}: {message}")
        if hint:
            output.tell(f"      → {hint}")
    for row in found:
        if row.get("waits_for"):
            waits = ", ".join(map(words.wait, row["waits_for"]))
            output.tell(f"  {row['delivery']} " + say(f"等待 {waits}", f"waits for {waits}"))
    if len(told) > _MOST_TOLD:
        output.tell(say(f"  … 另有 {len(told) - _MOST_TOLD} 项", f"  … and {len(told) - _MOST_TOLD} more"))


def _few(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (say(f" 等 {len(names)} 项", f" and {more} more") if more > 0 else "")


def _summary(found: Rows) -> str:
    counts: dict[str, int] = {}
    for row in found:
        counts[row["state"]] = counts.get(row["state"], 0) + 1
    return " · ".join(f"{words.state(state)} {count}" for state, count in counts.items())
