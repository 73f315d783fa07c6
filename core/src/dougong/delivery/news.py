"""What callbacks have told: read again from their raw bytes, since reading is pure and nothing else is stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from dougong.delivery.link import Link
from dougong.ledger import attempts, inbox
from dougong.ledger.attempts import Frozen
from dougong.ledger.statements import Tx
from dougong.ledger.store import Ledger
from dougong.model.messages import ItemId
from dougong.model.outcomes import Callback, CallbackRefused, CallbackRequest, Outcome, StatusUpdate, Waiting

__all__ = ["close_told", "outcome_of", "told"]


def told(ledger: Ledger, link: Link) -> list[StatusUpdate]:
    """The updates of every callback of this connection that had no effect yet, oldest first."""
    waiting = ledger.look(lambda tx: inbox.unhandled(tx, link.door.connection.name))
    callbacks = [_read(link, request, received_at) for _, request, received_at in waiting]
    return [update for callback in callbacks if callback is not None for update in callback.updates]


def close_told(tx: Tx, connection: str, frozen: Frozen, link: Link) -> None:
    """Callbacks about this attempt have had their effect, once nothing in it is undecided."""
    if attempts.is_open(tx, frozen.id):
        return
    for message_id, request, received_at in inbox.unhandled(tx, connection):
        callback = _read(link, request, received_at)
        if callback is None or _is_about(callback, frozen):
            inbox.close(tx, connection, message_id)


def outcome_of(name: ItemId, frozen: Frozen, updates: Sequence[StatusUpdate]) -> Outcome | None:
    """The outcome among `updates` that concerns an item: by its name, or by a correlation of its whole message.

    Messages overtake each other: a word that it is still at work never outweighs one of how it ended.
    """
    own = [update.outcome for update in updates if update.item == name]
    whole = [one.outcome for one in updates if one.item is None and one.correlation in frozen.correlations]
    told = [*own, *whole]
    return next((outcome for outcome in told if not isinstance(outcome, Waiting)), told[0] if told else None)


def _is_about(callback: Callback, frozen: Frozen) -> bool:
    asked = any(correlation in frozen.correlations for correlation in callback.ask)
    return asked or any(_concerns(update, frozen) for update in callback.updates)


def _concerns(update: StatusUpdate, frozen: Frozen) -> bool:
    return update.item in frozen.references if update.item is not None else update.correlation in frozen.correlations


def _read(link: Link, request: CallbackRequest, received_at: int) -> Callback | None:
    """As it was read when it came: its timestamp is judged by the time of its arrival."""
    now = dt.datetime.fromtimestamp(received_at / 1000, dt.UTC)
    try:
        return link.door.read_callback(request, link.door.call(now=now))
    except CallbackRefused:
        return None
