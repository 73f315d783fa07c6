"""The work list by cause: "无对应科目: 差旅费/研发/(空): 14 单, 38,220.50 元"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dougong.cli import output, words
from dougong.cli.language import chosen, say
from dougong.cli.options import options
from dougong.model.money import plain

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from dougong.flow import Project
    from dougong.ledger.causes import Cause

__all__ = ["causes", "currencies", "show"]


def causes(connection: Connection) -> list[Cause]:
    """What waits for a person, by cause."""
    from dougong.ledger.causes import causes as found

    return found(connection)


def currencies(project: Project) -> dict[str, str]:
    """Account book → functional currency, as the rules say; nothing while they cannot be read: the list comes first."""
    from dougong.flow.inputs import rule_files
    from dougong.model.problems import DougongError

    try:
        return {book: one.rules.currency for one in rule_files(project) for book in one.rules.books}
    except DougongError:
        return {}


def show(found: Sequence[Cause], money_of: Mapping[str, str], *, title: bool = True) -> None:
    """Print it: JSON objects, or one line per cause and the next step below.

    :param money_of: account book → functional currency.
    """
    language = chosen()
    if options().json:
        for cause in found:
            output.emit(
                {
                    "code": cause.problem.code,
                    "message": cause.problem.message.for_language(language),
                    "hint": cause.problem.hint.for_language(language),
                    "count": len(cause.numbers),
                    "amount": None if cause.amount is None else plain(cause.amount),
                    "currency": _currency(cause, money_of),
                    "documents": list(cause.numbers),
                }
            )
        return
    if not found:
        output.tell(say("没有待办。", "Nothing to do."))
        return
    if title:
        output.tell()
        output.tell(say("待办 (按原因)", "To do, by cause"))
    for cause in found:
        count = len(cause.numbers)
        noun = say("单", "document" if count == 1 else "documents")
        amount = "" if cause.amount is None else f", {words.money(cause.amount)}{_unit(_currency(cause, money_of))}"
        text = cause.problem.message.for_language(language)
        output.tell(f"  {cause.problem.code}  {text}: {count} {noun}{amount}")
        if hint := cause.problem.hint.for_language(language):
            output.tell(f"      → {hint}")


def _currency(cause: Cause, money_of: Mapping[str, str]) -> str | None:
    """The currency of its amount; none where nobody says it or books of several currencies wait."""
    found = {money_of.get(book) for book in cause.books}
    return found.pop() if len(found) == 1 else None


def _unit(currency: str | None) -> str:
    if currency is None:
        return ""
    return say(" 元" if currency == "CNY" else f" {currency}", f" {currency}")
