"""`rules`: `explain` says which fact, entry and table row stand behind each line; `test` is in `case_tests`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import rich_click as click

from dougong.cli import case_tests, output, selecting, words
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
    """

    documents: tuple[str, ...]
    delivery: str | None
    moment: str
    book: str
    voucher: Voucher | None
    problems: tuple[Problem, ...] = ()


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
        found += _derived(project, number, {(one.moment, one.book) for one in found})
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
                voucher = voucher_from_json(view["booking"])
                names = tuple(view["documents"])
                found.append(_Booked(names, view["delivery"], view["moment"], view["book"], voucher))
    return found


def _derived(project: Project, number: str, sent: set[tuple[str, str]]) -> list[_Booked]:
    """What the document makes now, but for what was sent already."""
    from dougong.plan import Undelivered, plan_number

    with project.ledger.read() as connection:
        numbers = selecting.documents(connection, number)
    found = []
    for each in numbers:
        for one in plan_number(project, each):
            if isinstance(one, Undelivered):
                found.append(_Booked((one.number,), None, one.state, "", None, one.problems))
            elif (one.draft.moment, one.draft.book) not in sent:
                draft = one.draft
                found.append(_Booked(one.documents, None, draft.moment, draft.book, draft.booking, one.problems))
    return found


def _emit(one: _Booked) -> None:
    from dougong.accounting import explain as explained
    from dougong.cli.language import chosen
    from dougong.ledger.views import problem_view

    head = {"documents": list(one.documents), "delivery": one.delivery, "moment": one.moment, "book": one.book}
    if one.voucher is None:
        output.emit({**head, "problems": [problem_view(problem, chosen()) for problem in one.problems]})
        return
    for line in explained(one.voucher):
        values = attrs.asdict(line, recurse=False)
        amount = plain(line.amount)
        output.emit({**head, **values, "amount": amount, "dimensions": dict(line.dimensions), "keys": _keys(line)})


def _keys(line: Explanation) -> dict[str, Any]:
    return {name: value or "" for name, value in line.keys.items()}


def _show(one: _Booked) -> None:
    from dougong.accounting import explain as explained

    name = one.delivery or say("(按当前规则推导)", "(derived now)")
    moment = words.moment(one.moment) if one.book else words.state(one.moment)
    output.tell(f"{', '.join(one.documents)}  {moment}  {one.book}  {name}")
    for problem in one.problems:
        for text in output.problem_lines(problem, indent="  "):
            output.tell(text)
    for line in explained(one.voucher) if one.voucher else ():
        dimensions = " ".join(f"{key}={value}" for key, value in line.dimensions.items())
        side = say("借", "D") if line.side == "D" else say("贷", "C")
        output.tell(
            f"  {line.number} {side} {line.account} {words.money(line.amount)}  {dimensions}  {line.summary}".rstrip()
        )
        output.tell(f"      {say('事实', 'fact')}   {line.fact}" + (f"  {line.of}" if line.of else ""))
        output.tell(f"      {say('规则', 'rule')}   {line.entry}  {line.rules}")
        output.tell(f"      {say('科目', 'account')} {_account(line)}".rstrip())


def _account(line: Explanation) -> str:
    if not line.table:
        return line.account_by
    keys = " ".join(f"{name}={value or say('(空)', '(empty)')}" for name, value in line.keys.items())
    row = say(f"第 {line.row} 行", f"row {line.row}")
    return f"{line.account_by}: {line.table} {row}  {keys}"
