"""One sweep: what has changed is written into the outbox, then told; one process at a time, so that order is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dougong.clock import epoch_ms
from dougong.crashpoints import crashpoint
from dougong.feedback.content import Told, news
from dougong.feedback.send import Sources, send
from dougong.ledger import outbox
from dougong.ledger.rows import DeliveryRow
from dougong.ledger.statements import Tx
from dougong.ledger.store import Ledger

__all__ = ["sweep"]

#: Deliveries looked at in one transaction: it holds up other writers for a few milliseconds.
_BATCH = 50
#: A turn whose holder is on another host ends by time.
_TURN_MS = 300_000


def sweep(ledger: Ledger, sources: Sources, owner: str, is_dead: Callable[[str], bool]) -> bool:
    """Find what is to be told, and tell what is due; what is not taken stays in the outbox and is tried again.

    :param owner: this process, as leases name it. :param is_dead: whether the process of that name is gone.
    :returns: whether it was ours to do; another process is telling otherwise.
    """
    with _turn(ledger, owner, is_dead) as ours:
        if ours:
            while ledger.write(_collect):
                crashpoint("feedback_due")
            send(ledger, sources)
    return ours


@contextmanager
def _turn(ledger: Ledger, owner: str, is_dead: Callable[[str], bool]) -> Iterator[bool]:
    # most sweeps find nothing: they only read
    if not ledger.look(_anything):
        yield True
        return
    until = epoch_ms() + _TURN_MS
    ours = ledger.write(lambda tx: outbox.take_turn(tx, owner, until, is_dead))
    try:
        yield ours
    finally:
        if ours:
            ledger.write(lambda tx: outbox.give_turn(tx, owner, until))


def _anything(tx: Tx) -> bool:
    return bool(outbox.untold(tx, count=1) or outbox.due(tx, count=1))


def _collect(tx: Tx) -> int:
    """Write what is new of some deliveries into the outbox; returns how many were looked at."""
    rows = outbox.untold(tx, count=_BATCH)
    for row in rows:
        for document, revision in outbox.served(tx, row.id).items():
            told = _news(tx, row, document, revision)
            if told is not None:
                outbox.write(tx, document, told.subject, told.kind, told.content)
    outbox.looked_at(tx, rows)
    return len(rows)


def _news(tx: Tx, row: DeliveryRow, document: int, revision: int) -> Told | None:
    return news(row, revision, outbox.covered(tx, document), outbox.told(tx, document))
