"""What is undecided in a message is asked for and decided together: its composition is frozen (contract.md §3)."""

from __future__ import annotations

from collections.abc import Collection

from dougong.clock import epoch_ms
from dougong.delivery.apply import no_attempt, park
from dougong.ledger import attempts, deliveries
from dougong.ledger.attempts import Frozen
from dougong.ledger.rows import DeliveryRow
from dougong.ledger.statements import Tx
from dougong.ledger.states import DeliveryState, ParkReason

__all__ = ["take_whole"]

#: Pause of a member that is not the one to lead, milliseconds.
_PAUSE_MS = 200


def take_whole(tx: Tx, row: DeliveryRow, states: Collection[DeliveryState]) -> tuple[Frozen, list[DeliveryRow]] | None:
    """Lease every member of a delivery's message that is in one of `states`, like `row` itself.

    The first of them leads, so that two threads never ask about one message.

    :param row: leased by the caller. It is released where another leads or a member is at work elsewhere, and parked
        where the ledger knows of no message.
    :returns: the message and its members; `None` where there is nothing to do now.
    """
    frozen = attempts.load_open(tx, row.id)
    if frozen is None:
        park(tx, row, ParkReason.BROKEN_INVARIANT, no_attempt())
        return None
    all_members = [row if id_ == row.id else deliveries.by_id(tx, id_) for id_ in frozen.delivery_ids]
    members = [member for member in all_members if member.state in states]
    if row.id != min(member.id for member in members) or any(_held_by_another(one, row) for one in members):
        deliveries.release(tx, row, due_at=epoch_ms() + _PAUSE_MS)
        return None
    others = (member for member in members if member is not row)
    leased = {member.id: deliveries.lease(tx, member, row.lease_owner, row.lease_until) for member in others}
    return frozen, [leased.get(member.id, row) for member in members]


def _held_by_another(member: DeliveryRow, leader: DeliveryRow) -> bool:
    return member.lease_until > epoch_ms() and member.lease_owner != leader.lease_owner
