"""States of documents and deliveries, and the one table of transitions (contract.md §5)."""

from __future__ import annotations

from enum import StrEnum

from dougong.model.problems import DougongError, Problem

__all__ = [
    "AT_REST",
    "FINAL",
    "GIVEN_UP",
    "IN_ORDER",
    "MERGED",
    "MOVING",
    "TRANSITIONS",
    "UNSENT",
    "DeliveryState",
    "DocumentState",
    "IllegalTransition",
    "ParkReason",
    "check_transition",
]


class DocumentState(StrEnum):
    """Where a document stands."""

    ACCEPTED = "accepted"
    OPEN = "open"
    NOT_DUE = "not_due"
    HELD = "held"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    STALE = "stale"


class DeliveryState(StrEnum):
    """Where a delivery stands; the meaning of each stands in contract.md §5."""

    HELD = "held"
    BLOCKED = "blocked"
    READY = "ready"
    SENDING = "sending"
    WAITING = "waiting"
    UNKNOWN = "unknown"
    INCOMPLETE = "incomplete"
    DELIVERED = "delivered"
    REJECTED = "rejected"
    PARKED = "parked"
    CANCELLED = "cancelled"
    REVERSED = "reversed"


class ParkReason(StrEnum):
    """Why a person has to decide."""

    AMBIGUOUS = "ambiguous"
    CONFLICT = "conflict"
    EXHAUSTED = "exhausted"
    DOUBLED = "doubled"
    BROKEN_INVARIANT = "broken_invariant"
    EDITED_IN_ERP = "edited_in_erp"
    DELETED_IN_ERP = "deleted_in_erp"


_S = DeliveryState

#: Nothing of these is in the ERP; they may be derived anew or cancelled.
UNSENT = frozenset({_S.HELD, _S.BLOCKED, _S.READY, _S.REJECTED})

#: state → states that may follow. A new need changes this table, not the code around it.
TRANSITIONS: dict[DeliveryState, frozenset[DeliveryState]] = {
    _S.HELD: frozenset({_S.HELD, _S.READY, _S.BLOCKED, _S.CANCELLED}),
    _S.BLOCKED: frozenset({_S.READY, _S.HELD, _S.BLOCKED, _S.CANCELLED}),
    _S.READY: frozenset({_S.READY, _S.HELD, _S.BLOCKED, _S.SENDING, _S.PARKED, _S.CANCELLED}),
    _S.SENDING: frozenset(
        {_S.READY, _S.SENDING, _S.WAITING, _S.UNKNOWN, _S.INCOMPLETE, _S.DELIVERED, _S.REJECTED, _S.PARKED}
    ),
    _S.WAITING: frozenset({_S.READY, _S.WAITING, _S.UNKNOWN, _S.INCOMPLETE, _S.DELIVERED, _S.REJECTED, _S.PARKED}),
    _S.UNKNOWN: frozenset(
        {_S.READY, _S.SENDING, _S.WAITING, _S.UNKNOWN, _S.INCOMPLETE, _S.DELIVERED, _S.REJECTED, _S.PARKED}
    ),
    _S.INCOMPLETE: frozenset({_S.INCOMPLETE, _S.DELIVERED, _S.PARKED, _S.REVERSED}),
    # INCOMPLETE again: a draft that is to be deleted
    _S.DELIVERED: frozenset({_S.DELIVERED, _S.INCOMPLETE, _S.REVERSED, _S.PARKED}),
    _S.REJECTED: frozenset({_S.READY, _S.HELD, _S.BLOCKED, _S.CANCELLED}),
    _S.PARKED: frozenset({_S.READY, _S.INCOMPLETE, _S.DELIVERED, _S.CANCELLED, _S.REVERSED}),
    _S.CANCELLED: frozenset(),
    _S.REVERSED: frozenset(),
}

#: Reason of what a person has cancelled; what was superseded or withdrawn has another.
GIVEN_UP = "cancelled"

#: Reason of what a merged delivery has taken the place of, and of a group that was dissolved.
MERGED = "merged"

#: Left by nothing; database triggers refuse any change.
FINAL = frozenset(state for state, following in TRANSITIONS.items() if not following)

#: Nothing moves without a person or a change of inputs.
AT_REST = frozenset({_S.HELD, _S.BLOCKED, _S.DELIVERED, _S.REJECTED, _S.PARKED, _S.CANCELLED, _S.REVERSED})

#: Something is still to be done by itself; whatever is due or leased stands in one of these.
MOVING = tuple(state for state in _S if state not in AT_REST)

#: At rest and in order: exit status 0.
IN_ORDER = frozenset({_S.DELIVERED, _S.CANCELLED, _S.REVERSED})


class IllegalTransition(DougongError):
    """A transition that the table does not know: a broken invariant, never a guess."""


def check_transition(before: DeliveryState, after: DeliveryState) -> None:
    """Refuse what the table does not allow.

    :raises IllegalTransition: `ILLEGAL_TRANSITION`.
    """
    if after not in TRANSITIONS[before]:
        raise IllegalTransition(
            Problem.of(
                "ILLEGAL_TRANSITION",
                f"不允许从 {before} 变为 {after}",
                f"a delivery cannot go from {before} to {after}",
                hint_zh="当前状态不支持此操作, 请用 show 查看",
                hint_en="the action does not fit its state; look at it with show",
            )
        )
