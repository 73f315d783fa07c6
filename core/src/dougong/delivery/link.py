"""What delivery needs from outside: a way to the ERP, and the pure functions that make a payload."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import attrs

from dougong.clock import epoch_ms
from dougong.hookspecs import Call
from dougong.ledger.rows import DeliveryRow
from dougong.ledger.statements import Tx
from dougong.model.bookings import Voucher
from dougong.model.messages import Payload
from dougong.model.operations import Operation
from dougong.model.outcomes import Outcome
from dougong.model.postings import Stage
from dougong.model.problems import Problem
from dougong.plugins import Door

__all__ = ["Blocked", "Derive", "Derived", "Held", "Link", "PutOff", "backoff_ms"]

#: Longest pause between two tries of the same thing, seconds.
_LONGEST = 60.0
#: What an ERP asks for (Retry-After) is believed up to this, seconds: a wrong number must not silence a connection.
_LONGEST_ASKED = 3600.0


class Link(Protocol):
    """One slot of a connection's lane: a door to the connector with this thread's own sessions."""

    @property
    def door(self) -> Door:
        """The typed door of the connection."""

    def session(self, credential: str = "main") -> Any:
        """This slot's session, opened at first use. :raises PluginError: it cannot be opened; nothing was sent."""

    def call(self, operation: Operation, credential: str = "main") -> Call:
        """Circumstances of one call, with a fresh total deadline; waits here for the connection's rate limit."""

    def report(self, outcomes: Iterable[Outcome]) -> None:
        """Tell the lane what came of a call, for its breaker."""


def _always(_: Tx) -> bool:
    return True


@attrs.frozen
class Derived:
    """A delivery that can be sent: its payload from the current rules, tables, mapping and codes.

    :param place: writes our reference, as text, into the payload.
    :param booking_text: the booking as JSON, frozen with the attempt.
    :param target_stage: how far it goes, as rules and connection ask for it now.
    :param inputs: hash of the rules, tables, mapping and codes that it was made with; the ledger keeps their texts.
    :param still: whether its document is still the same at the moment of the freeze; else it is derived again.
    """

    place: Callable[[str], Payload]
    booking: Voucher
    booking_text: str
    inputs: str
    target_stage: Stage
    still: Callable[[Tx], bool] = _always


@attrs.frozen
class Held:
    """It cannot be sent as it is.

    :param still: whether that is so at the moment when it is written down; else it is derived again.
    """

    problems: tuple[Problem, ...]
    inputs: str
    still: Callable[[Tx], bool] = _always


@attrs.frozen
class Blocked:
    """It waits for other deliveries. `still` as for `Held`: what it waits for may be delivered by now."""

    on: tuple[int, ...]
    names: tuple[str, ...]
    inputs: str
    still: Callable[[Tx], bool] = _always


@attrs.frozen
class PutOff:
    """Whether it may be sent cannot be told now; it is tried again by itself, after a pause."""

    problems: tuple[Problem, ...]


#: Derives one delivery anew; pure but for reads of the ledger. Raises nothing that concerns the document.
Derive = Callable[[DeliveryRow, Link], Derived | Held | Blocked | PutOff]


def backoff_ms(failures: int, after: float | None = None) -> int:
    """When to try again, epoch milliseconds: exponential with jitter, or what the ERP asked for, at most an hour."""
    pause = min(0.25 * 2**failures, _LONGEST) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret
    return epoch_ms() + int(1000 * max(pause, min(after or 0.0, _LONGEST_ASKED)))
