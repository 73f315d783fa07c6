"""`feedback`: what the expense system was told of its documents, and what it is still to be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import rich_click as click

from dougong.cli import output, selecting, words
from dougong.cli.commands import summary
from dougong.cli.language import chosen, say
from dougong.cli.options import common, opened, options

__all__ = ["feedback", "told"]

_STYLES = {"due": "yellow", "refused": "red", "superseded": "dim"}


@click.command(help=summary("feedback"))
@common
@click.argument("number", metavar="[NUMBER]", required=False)
def feedback(number: str | None) -> int:
    """Rows of the outbox; `run` tells what is due."""
    from dougong.ledger.views import feedback_view

    with opened() as project, project.ledger.read() as connection:
        rows = feedback_view(connection, chosen(), documents=_documents(connection, number))
    if options().json:
        for row in rows:
            output.emit(row)
        return 0
    if not rows:
        output.tell(say("没有回写内容。", "Nothing to tell yet."))
        return 0
    made = output.table(
        "#",
        say("单据", "document"),
        say("种类", "kind"),
        say("内容", "content"),
        say("状态", "state"),
        say(">次数", ">tries"),
    )
    several = _several_books(rows)
    for row in rows:
        cells = [str(row["id"]), row["document"], _kind(row), _content(row["content"], books=several), _state(row)]
        made.add_row(*cells, str(row["attempts"]), style=_STYLES.get(row["state"], ""))
    output.console().print(made)
    _problems(rows)
    return 0


def told(rows: Sequence[Mapping[str, Any]]) -> None:
    """What the source was told of one document, line by line, for `trace`."""
    several = _several_books(rows)
    for row in rows:
        output.tell(f"  {_kind(row)}: {_content(row['content'], books=several)} ({_state(row)})")


def _documents(connection: Any, number: str | None) -> list[int] | None:
    if number is None:
        return None
    from dougong.ledger.views import document_ids

    return [id_ for each in selecting.documents(connection, number) for id_ in document_ids(connection, each)]


def _kind(row: Mapping[str, Any]) -> str:
    kinds = {
        "posted": ("已入账", "posted"),
        "reversed": ("已冲销", "reversed"),
        "held": ("待处理", "held"),
    }
    return f"{words.moment(row['content']['moment'])} {say(*kinds[row['kind']])}"


def _state(row: Mapping[str, Any]) -> str:
    states = {
        "due": ("待告知", "due"),
        "done": ("已告知", "done"),
        "refused": ("被来源拒绝", "refused"),
        "superseded": ("已被取代", "superseded"),
    }
    return say(*states[row["state"]])


def _content(content: Mapping[str, Any], *, books: bool) -> str:
    """Voucher numbers with their stages, or codes of problems.

    :param books: say of each in which book it is: numbers begin anew in every one.
    """
    if "vouchers" in content:
        return ", ".join(_voucher(each, books=books) for each in content["vouchers"])
    why = ", ".join(problem["code"] for problem in content["problems"]) or content["reason"] or content["state"]
    return f"{content['book']} {why}" if books else str(why)


def _voucher(each: Mapping[str, Any], *, books: bool) -> str:
    told = each["book"] if books else None, each["number"] or each["erp_id"], words.stage(each["stage"])
    return " ".join(filter(None, told))


def _several_books(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether what is told is of more than one book."""
    contents = [row["content"] for row in rows]
    return len({each["book"] for content in contents for each in content.get("vouchers") or [content]}) > 1


def _problems(rows: Sequence[Mapping[str, Any]]) -> None:
    """Each problem once, behind the rows that have it."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for problem in row["problems"]:
            found.setdefault((f"{problem['code']}: {problem['message']}", problem["hint"]), []).append(str(row["id"]))
    for (message, hint), ids in found.items():
        output.tell(f"  {', '.join(ids[:5])}{'…' if ids[5:] else ''} {message}")
        if hint:
            output.tell(f"      → {hint}")
