"""The work list by cause: "无对应科目: 差旅费/研发/(空): 14 单, 38,220.50 元"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from dougong.cli import output, words
from dougong.cli.language import chosen, say
from dougong.cli.options import options
from dougong.model.money import plain

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from dougong.ledger.causes import Cause

__all__ = ["causes", "show"]


def causes(connection: Connection) -> list[Cause]:
    """What waits for a person, by cause."""
    from dougong.ledger.causes import causes as found

    return found(connection)


def show(found: Sequence[Cause], *, title: bool = True) -> None:
    """Print it: JSON objects, or one line per cause and the next step below."""
    language = chosen()
    if options().json:
        for cause in found:
            output.emit(
                {
                    "code": cause.problem.code,
                    "message": cause.problem.message.for_language(language),
                    "hint": cause.problem.hint.for_language(language),
                    "count": len(cause.numbers),
                    "amounts": {currency: plain(amount) for currency, amount in cause.amounts.items()},
                    **_single(cause.amounts),
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
        amounts = [f"{words.money(amount)} {_unit(currency)}" for currency, amount in cause.amounts.items()]
        text = cause.problem.message.for_language(language)
        output.tell(f"  {cause.problem.code}  {text}: " + ", ".join((f"{count} {noun}", *amounts)))
        if hint := cause.problem.hint.for_language(language):
            output.tell(f"      → {hint}")


def _single(amounts: Mapping[str, Decimal]) -> dict[str, str | None]:
    """Amount and currency where all of it is in one; sums of several currencies are none."""
    if len(amounts) != 1:
        return {"amount": None, "currency": None}
    ((currency, amount),) = amounts.items()
    return {"amount": plain(amount), "currency": currency}


def _unit(currency: str) -> str:
    return say("元" if currency == "CNY" else currency, currency)
