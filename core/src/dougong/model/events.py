"""What events say together: whether a document was taken back since it was approved, and of which money they tell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from dougong.model.documents import Event

__all__ = ["TAKEN_BACK", "money_told", "told_otherwise", "withdrawn"]

#: States that take a document back, as its `withdrawn` event does; they count only when strictly newer.
TAKEN_BACK = frozenset({"draft", "approving", "rejected", "void", "deleted"})

#: Types of events that tell of money which moved.
_MONEY = frozenset({"paid", "payment_returned", "repaid"})

_Told = tuple[int, Event]


def money_told(event: Event) -> Mapping[str, Any]:
    """What an event says of money that moved: when, and how much from where to whom; empty where it tells of none."""
    if event.type not in _MONEY:
        return {}
    transfers = (
        {"id": one.id, "payee": one.payee, "amount": one.amount, "currency": one.currency, "rate": one.rate}
        | {"account": one.account, "fee": one.fee}
        for one in event.payments
    )
    return {"on": event.on, "payments": list(transfers)}


def told_otherwise(event: Event, again: Event) -> bool:
    """Whether an event that is told again says something else of money that moved, and is news for that.

    .. versionadded:: 0.1
    """
    return bool(money_told(again)) and money_told(again) != money_told(event)


def withdrawn(events: Sequence[Event]) -> bool:
    """Whether the document was withdrawn and not approved again since.

    :param events: in the order in which they were told; it decides between events of the same time.
    :returns: `False` when nothing was withdrawn. Where no approval is told, a payment stands for it (loans).

    .. versionadded:: 0.1
    """
    told = list(enumerate(events))
    back = [one for one in told if one[1].type == "withdrawn"]
    approved = [one for one in told if one[1].type == "approved"] or [one for one in told if one[1].type == "paid"]
    return bool(back) and all(any(_follows(one, other) for one in back) for other in approved)


def _follows(one: _Told, other: _Told) -> bool:
    """Whether an event came after another, or at the same time and was told after it."""
    first, second = other[1].on, one[1].on
    if not (isinstance(first, dt.datetime) and isinstance(second, dt.datetime)):
        first, second = _day(first), _day(second)  # a mere date cannot be earlier or later than an instant within it
    return second > first or (second == first and one[0] > other[0])


def _day(on: dt.date) -> dt.date:
    return on.date() if isinstance(on, dt.datetime) else on
