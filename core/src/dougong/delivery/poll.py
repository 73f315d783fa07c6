"""What the ERP has taken and not answered yet: ask, and give it up as unknown when it waits too long."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from dougong.clock import epoch_ms
from dougong.crashpoints import crashpoint
from dougong.delivery.apply import apply
from dougong.delivery.complete import complete, guarded
from dougong.delivery.link import Link, backoff_ms
from dougong.delivery.news import close_told, outcome_of, told
from dougong.delivery.resolve import wanted_of
from dougong.delivery.whole import take_whole
from dougong.ledger import deliveries
from dougong.ledger.attempts import Frozen
from dougong.ledger.rows import DeliveryRow
from dougong.ledger.statements import Tx
from dougong.ledger.states import DeliveryState
from dougong.ledger.store import Ledger
from dougong.model.operations import Operation
from dougong.model.outcomes import Rejected, StatusUpdate, Unknown
from dougong.model.problems import DougongError

__all__ = ["poll"]

#: A waiting delivery becomes unknown after so many settle times.
_PATIENCE = 5
_WAITING = frozenset({DeliveryState.WAITING})


def poll(ledger: Ledger, rows: Sequence[DeliveryRow], link: Link) -> None:
    """Ask about waiting deliveries of one connection, once per message; each is moved or released.

    :param rows: `waiting`, leased.
    """
    asked: set[int] = set()
    for row in rows:
        taken = None if row.id in asked else ledger.write(partial(take_whole, row=row, states=_WAITING))
        if taken is not None:
            asked |= {member.id for member in taken[1]}
            _poll_whole(ledger, *taken, link)


def _poll_whole(ledger: Ledger, frozen: Frozen, rows: Sequence[DeliveryRow], link: Link) -> None:
    """The question is about a whole message, and so is the answer: asking again per member would be a storm."""
    operation = link.door.operation(f"{rows[0].target_type}.{rows[0].verb}")
    updates = _ask(ledger, frozen, operation, link)
    _record(ledger, frozen, rows, updates, operation, link)


def _ask(ledger: Ledger, frozen: Frozen, operation: Operation, link: Link) -> list[StatusUpdate]:
    """What the ERP says when asked; where it cannot be asked, what its callbacks said.

    An ERP that shows what is there cannot be asked for what it has refused: where it shows nothing, and has told that,
    its word counts.
    """
    if not link.door.supports("poll"):
        return told(ledger, link)
    try:
        shown = list(link.door.poll(wanted_of(frozen), link.session(), link.call(operation)))
    except DougongError:
        return []
    if shown or not link.door.supports("read_callback"):
        return shown
    return [one for one in told(ledger, link) if isinstance(one.outcome, Rejected)]


def _record(
    ledger: Ledger,
    frozen: Frozen,
    rows: Sequence[DeliveryRow],
    updates: list[StatusUpdate],
    operation: Operation,
    link: Link,
) -> None:
    names = dict(zip(frozen.delivery_ids, frozen.references, strict=True))
    settle = link.door.settle(operation)
    overdue = epoch_ms() - (frozen.last_sent_at or 0) > 1000 * max(settle, 0.2) * _PATIENCE
    silence = Unknown("no answer in time") if overdue else None
    again = backoff_ms(2)

    def work(tx: Tx) -> list[DeliveryRow]:
        moved = []
        for row in rows:
            outcome = outcome_of(names[row.id], frozen, updates) or silence
            if outcome is None:
                deliveries.release(tx, row, due_at=again)
            else:
                moved.append(apply(tx, row, frozen, names[row.id], outcome, operation, settle, event="confirmed"))
        if moved:
            close_told(tx, rows[0].connection, frozen, link)
        return moved

    moved = guarded(ledger, rows, work)
    crashpoint("confirmed")
    for done in moved:
        if done.state is DeliveryState.INCOMPLETE and done.due_at <= epoch_ms():
            complete(ledger, done, link)
