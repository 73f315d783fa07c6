"""`rules`: `explain` says which fact, entry and table row stand behind each line; `test` is in `case_tests`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import attrs
import rich_click as click

from dougong.cli import case_tests, details, output, selecting, words
from dougong.cli.commands import summary
from dougong.cli.language import say
from dougong.cli.options import common, opened, options
from dougong.model.money import plain

if TYPE_CHECKING:
    from dougong.accounting import Explanation
    from dougong.flow import Project
    from dougong.model.bookings import Voucher
    from dougong.model.problems import Problem

__all__ = ["rules"]


@attrs.frozen
class _Booked:
    """A voucher to be explained: as it was frozen, or as it would be now.

    :param delivery: its id; `None` when it is only derived.
    :param corrects: the delivery that it takes back or complements, with its voucher; empty for others.
    """

    documents: tuple[str, ...]
    delivery: str | None
    moment: str
    book: str
    voucher: Voucher | None
    problems: tuple[Problem, ...] = ()
    number: str | None = None
    corrects: str = ""


@click.group(help=summary("rules"))
@common
def rules() -> None:
    """Posting rules."""


rules.add_command(case_tests.test)


@rules.command(help=say("每一分录背后的事实、规则与表行。", "The fact, rule and table row behind each line."))
@common
@click.argument("number", metavar="NUMBER")
def explain(number: str) -> int:
    """From the frozen booking, or derived now for what was not sent; exit status 2 where nothing can be derived."""
    with opened() as project:
        found = _frozen(project, number)
        found += _derived(project, number, booked=bool(found))
    for one in found:
        if options().json:
            _emit(one)
        else:
            _show(one)
    return 2 if any(one.voucher is None for one in found) else 0


def _frozen(project: Project, number: str) -> list[_Booked]:
    from dougong.formats import voucher_from_json
    from dougong.ledger import views

    found = []
    with project.ledger.read() as connection:
        for id_ in selecting.deliveries(connection, number):
            view = views.show_view(connection, id_, "en")
            if view["booking"]:
                found.append(
                    _Booked(
                        tuple(view["documents"]),
                        view["delivery"],
                        view["moment"],
                        view["book"],
                        voucher_from_json(view["booking"]),
                        number=view["erp_number"],
                        corrects=details.named(view["reverses"]) if view["reverses"] else "",
                    )
                )
    return found


def _derived(project: Project, number: str, *, booked: bool) -> list[_Booked]:
    """What the document makes now and what was not sent.

    :param booked: whether something was sent: then what books nothing now needs no explaining, unless it is held.
    """
    from dougong.plan import plan_number
    from dougong.planned import Undelivered

    with project.ledger.read() as connection:
        numbers = selecting.documents(connection, number)
    found = []
    for one in plan_number(project, *numbers):
        if not isinstance(one, Undelivered):
            draft = one.draft
            if not one.sent:
                made = _Booked(one.documents, None, draft.moment, draft.book, draft.booking, one.problems)
                found.append(attrs.evolve(made, corrects=one.corrects or ""))
        elif one.problems or not booked:
            found.append(_Booked((one.number,), None, one.state, "", None, one.problems))
    return found


def _emit(one: _Booked) -> None:
    from dougong.accounting import explain as explained
    from dougong.cli.language import chosen
    from dougong.ledger.views import problem_view

    head = {"documents": list(one.documents), "delivery": one.delivery, "moment": one.moment, "book": one.book}
    head |= {"erp_number": one.number, "corrects": one.corrects or None}
    if one.voucher is None:
        output.emit({**head, "problems": [problem_view(problem, chosen()) for problem in one.problems]})
        return
    head |= {"date": one.voucher.posting_date.isoformat(), "date_reasons": list(one.voucher.date_reasons)}
    for line in explained(one.voucher):
        values = attrs.asdict(line, recurse=False)
        amount = plain(line.amount)
        parts = [{**attrs.asdict(part), "amount": plain(part.amount)} for part in line.parts]
        values |= {"amount": amount, "dimensions": dict(line.dimensions), "keys": _keys(line), "parts": parts}
        output.emit({**head, **values, "sources": list(line.sources)})


def _keys(line: Explanation) -> dict[str, Any]:
    return {name: value or "" for name, value in line.keys.items()}


def _show(one: _Booked) -> None:
    from dougong.accounting import explain as explained

    _head(one)
    for problem in one.problems:
        for text in output.problem_lines(problem, indent="  "):
            output.tell(text)
    for line in explained(one.voucher) if one.voucher else ():
        side = say("借", "D") if line.side == "D" else say("贷", "C")
        dimensions = " ".join(f"{key}={value}" for key, value in line.dimensions.items())
        told = (f"{line.number} {side} {line.account} {words.money(line.amount)}", dimensions, line.summary)
        output.tell("  " + "  ".join(filter(None, told)))
        for name, text in _reasons(line):
            output.tell(f"      {name}  {text}")


def _head(one: _Booked) -> None:
    moment = words.moment(one.moment) if one.book else words.state(one.moment)
    name = one.delivery or say("(按当前规则推导)", "(derived now)")
    output.tell("  ".join(filter(None, (", ".join(one.documents), moment, one.book, name, one.number))))
    if one.corrects:
        text = say(f"红冲 {one.corrects}", f"takes back {one.corrects}")
        if one.moment == "difference":
            text = say(f"与 {one.corrects} 的差额", f"what differs from {one.corrects}")
        output.tell(f"  {text}")
    elif one.moment == "difference":
        output.tell(say("  现内容应入账与已入账之差", "  what the content asks for now, less what was booked"))
    for reason in one.voucher.date_reasons if one.voucher else ():
        output.tell(f"  {say('日期', 'date')}: {words.date_reason(reason)}")


def _reasons(line: Explanation) -> Iterator[tuple[str, str]]:
    """What stands behind a line, by the name that people have for it."""
    lines = say("行 ", "lines ") + ", ".join(line.sources) if line.sources else ""
    if line.parts:
        for part in line.parts:
            yield say("单据", "document"), f"{part.document} {words.money(part.amount)}  {part.fact}"
    yield say("事实", "fact    "), "  ".join(filter(None, ("" if line.parts else line.fact, line.of, lines)))
    yield say("规则", "rule    "), f"{line.entry}  {line.rules}"
    yield say("科目", "account "), _account(line)


def _account(line: Explanation) -> str:
    if not line.table:
        return line.account_by
    keys = " ".join(f"{name}={value or say('(空)', '(empty)')}" for name, value in line.keys.items())
    row = say(f"第 {line.row} 行", f"row {line.row}")
    by = line.account_by if line.account_by != f"table:{_stem(line.table)}" else ""
    return "  ".join(filter(None, (by, f"{line.table} {row}", keys)))


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]
