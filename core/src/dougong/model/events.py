"""What events say together: whether a document was taken back since it was approved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from dougong.model.documents import Event

__all__ = ["TAKEN_BACK", "withdrawn"]

#: States that take a document back, as its `withdrawn` event does; they count only when strictly newer.
TAKEN_BACK = frozenset({"draft", "approving", "rejected", "void", "deleted"})

_Told = tuple[int, Event]


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
