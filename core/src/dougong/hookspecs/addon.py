"""What an integrator's add-on may do: propose changes, hold a sending, watch. It never wraps what posts money."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import attrs

from dougong.hookspecs.call import Call
from dougong.markers import hookspec
from dougong.model.bookings import Booking
from dougong.model.messages import Payload
from dougong.model.problems import Problem

__all__ = ["AddonSpec", "Change", "Hold", "TransitionEvent"]


@attrs.frozen
class Change:
    """One change to a payload: `value` at `path`, and why; `plan` shows it."""

    path: str
    value: Any
    reason: str


@attrs.frozen
class Hold:
    """A reason not to send yet; the delivery is `held` with it."""

    reason: Problem


@attrs.frozen
class TransitionEvent:
    """A transition that has been committed."""

    delivery: str
    documents: tuple[str, ...]
    before: str
    after: str
    at: dt.datetime
    actor: str
    reason: str = ""
    detail: dict[str, Any] = attrs.field(factory=dict, hash=False)


class AddonSpec:
    """Observers of one connection, called in the order of the configuration.

    Life cycle: built with the connection's plugin manager, asked before each freeze, told after each commit. An add-on
    that raises holds the delivery (`changes`, `may_send`) or is logged and passed over (`on_transition`); it never
    stops another.
    """

    @hookspec
    def changes(self, payload: Payload, booking: Booking, call: Call) -> Iterable[Change]:
        """Propose changes to a payload before it is frozen.

        Called once per derivation, in `plan` too, so it must be pure. Core folds all answers in configuration order
        and shows them in `plan` with their reasons. It cannot touch the reference.

        :param payload: as the mapping made it. :param booking: what it was made from.
        :returns: changes; nothing for none.
        :raises Exception: the delivery is held with `ADDON_FAILED`.

        .. versionadded:: 0.1
        """
        raise NotImplementedError

    @hookspec
    def may_send(self, booking: Booking, payload: Payload, call: Call) -> Hold | None:
        """Say no before anything is frozen.

        :returns: `None` to let it go, or a `Hold` whose reason is shown to the accountant. Every add-on is asked; one
            `Hold` is enough.
        :raises Exception: the delivery is held with `ADDON_FAILED`.

        .. versionadded:: 0.1
        """
        raise NotImplementedError

    @hookspec
    def on_transition(self, event: TransitionEvent, call: Call) -> None:
        """Watch what has happened: called after the commit, each observer by itself.

        It can be called again for the same event after a crash. Whatever it raises is logged and goes no further.

        .. versionadded:: 0.1
        """
        raise NotImplementedError
