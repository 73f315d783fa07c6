"""What the ERP has taken and not answered yet: ask, and give it up as unknown when it waits too long."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from dougong.clock import epoch_ms
from dougong.crashpoints import crashpoint
from dougong.delivery.apply import apply, no_attempt, park
from dougong.delivery.complete import complete, guarded
from dougong.delivery.link import Link, backoff_ms
from dougong.delivery.news import close_told, outcome_of, told
from dougong.delivery.resolve import wanted_of
from dougong.ledger import attempts, deliveries
from dougong.ledger.attempts import Frozen
from dougong.ledger.rows import DeliveryRow
from dougong.ledger.statements import Tx
from dougong.ledger.states import DeliveryState, ParkReason
from dougong.ledger.store import Ledger
from dougong.model.operations import Operation
from dougong.model.outcomes import StatusUpdate, Unknown
from dougong.model.problems import DougongError

__all__ = ["poll"]

#: A waiting delivery becomes unknown after so many settle times.
_PATIENCE = 5


def poll(ledger: Ledger, rows: Sequence[DeliveryRow], link: Link) -> None:
    """Ask about waiting deliveries of one connection; each is moved or released.

    :param rows: `waiting`, leased.
    """
    for row in rows:
        operation = link.door.operation(f"{row.target_type}.{row.verb}")
        frozen = ledger.look(partial(attempts.load_open, delivery_id=row.id))
        if frozen is None:
            ledger.write(partial(park, row=row, reason=ParkReason.BROKEN_INVARIANT, problem=no_attempt()))
            continue
        updates = _ask(ledger, frozen, operation, link)
        _record(ledger, row, frozen, updates, operation, link)


def _ask(ledger: Ledger, frozen: Frozen, operation: Operation, link: Link) -> list[StatusUpdate]:
    """What the ERP says when asked; where it cannot be asked, what its callbacks said."""
    if not link.door.supports("poll"):
        return told(ledger, link)
    try:
        return list(link.door.poll(wanted_of(frozen), link.session(), link.call(operation)))
    except DougongError:
        return []


def _record(
    ledger: Ledger, row: DeliveryRow, frozen: Frozen, updates: list[StatusUpdate], operation: Operation, link: Link
) -> None:
    names = dict(zip(frozen.delivery_ids, frozen.references, strict=True))
    outcome = outcome_of(names[row.id], frozen, updates)
    settle = link.door.settle(operation)
    overdue = epoch_ms() - (frozen.last_sent_at or 0) > 1000 * max(settle, 0.2) * _PATIENCE
    if outcome is None and overdue:
        outcome = Unknown("no answer in time")

    def work(tx: Tx) -> list[DeliveryRow]:
        if outcome is None:
            deliveries.release(tx, row, due_at=backoff_ms(2))
            return []
        moved = apply(tx, row, frozen, names[row.id], outcome, operation, settle, event="confirmed")
        close_told(tx, row.connection, frozen, link)
        return [moved]

    moved = guarded(ledger, [row], work)
    crashpoint("confirmed")
    for done in moved:
        if done.state is DeliveryState.INCOMPLETE and done.due_at <= epoch_ms():
            complete(ledger, done, link)
