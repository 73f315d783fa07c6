"""Receiving a callback: verify, store and commit, hurry what it is about, then answer in the ERP's own manner."""

from __future__ import annotations

import attrs

from dougong.clock import utc_now
from dougong.crashpoints import crashpoint
from dougong.ledger import inbox
from dougong.ledger.statements import Tx
from dougong.ledger.store import Ledger
from dougong.model.outcomes import Callback, CallbackRefused, CallbackRequest, Reply
from dougong.plugins import Door

__all__ = ["Received", "receive"]


@attrs.frozen
class Received:
    """What became of a callback.

    :param reply: for the caller, in its own manner. :param known: it was told before. :param documents: raw documents
        in it.
    """

    reply: Reply
    known: bool = False
    documents: tuple[bytes, ...] = ()


def receive(ledger: Ledger, door: Door, request: CallbackRequest) -> Received:
    """Take one callback of a connection; returns after it is committed.

    :param request: untouched, raw bytes. A callback that is not to be believed changes nothing and gets its own reply.
    """
    try:
        callback = door.read_callback(request, door.call(now=utc_now()))  # real time: signatures grow old by it
    except CallbackRefused as refused:
        return Received(refused.reply)
    connection = door.connection.name
    new = ledger.write(lambda tx: _store(tx, connection, callback, request))
    crashpoint("callback_stored")
    if not callable(callback.reply):
        return Received(callback.reply, not new, callback.documents)
    fetched = ledger.look(lambda tx: inbox.waiting_messages(tx, connection, callback.wants))
    return Received(callback.reply(fetched), not new, callback.documents)


def _store(tx: Tx, connection: str, callback: Callback, request: CallbackRequest) -> bool:
    new = inbox.store(tx, connection, callback.message_id, request)
    told = tuple(update.correlation for update in callback.updates if update.correlation is not None)
    items = tuple(update.item for update in callback.updates if update.item is not None)
    known = inbox.hurry(tx, connection, (*told, *callback.ask), items)
    if new and not known:
        # Nobody waits for it: kept for people to see, without effect.
        inbox.close(tx, connection, callback.message_id)
    return new
