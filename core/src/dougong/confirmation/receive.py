"""Receiving a callback: verify, store and commit, hurry what it is about, then answer in the ERP's own manner."""

from __future__ import annotations

import datetime as dt
import hashlib
from functools import partial

import attrs

from dougong.clock import epoch_ms
from dougong.crashpoints import crashpoint
from dougong.ledger import doubts, inbox
from dougong.ledger.statements import Tx
from dougong.ledger.store import Ledger
from dougong.model.outcomes import Callback, CallbackRefused, CallbackRequest, NotDone, Rejected, Reply
from dougong.model.problems import DougongError, Problem
from dougong.plugins import Door

__all__ = ["Received", "receive"]

#: A longer message id is kept as its hash.
_LONGEST_ID = 190


@attrs.frozen
class Received:
    """What became of a callback.

    :param reply: for the caller, in its own manner. :param known: it was told before.
    :param callback: what it means; `None` when it was refused. :param message_id: as it is kept.
    :param refused: why it is not believed.
    """

    reply: Reply
    known: bool = False
    callback: Callback | None = None
    message_id: str = ""
    refused: str = ""


def receive(ledger: Ledger, door: Door, request: CallbackRequest, received_at: int | None = None) -> Received:
    """Take one callback of a connection; returns after it is committed.

    :param request: untouched, raw bytes. A callback that is not to be believed changes nothing and gets its own reply.
    :param received_at: of one that was kept, milliseconds UTC; by default now.
    :raises DougongError: the connector could not read it; that is kept for people to see.
    """
    received_at = received_at or epoch_ms()
    connection = door.connection.name
    try:
        # timestamps of callbacks are judged by real time, whatever the business clock says
        callback = door.read_callback(request, door.call(now=dt.datetime.fromtimestamp(received_at / 1000, dt.UTC)))
        new = ledger.write(partial(_store, connection=connection, callback=callback, request=request, at=received_at))
        crashpoint("callback_stored")
        return Received(_reply(ledger, door, callback), not new, callback, _kept_as(callback))
    except CallbackRefused as refused:
        return Received(refused.reply, refused=str(refused))
    except ledger.unwell:
        raise
    except Exception as error:
        problems = error.problems if isinstance(error, DougongError) else (_unusable(door, error),)
        ledger.write(
            partial(inbox.fail, connection=connection, request=request, received_at=received_at, problems=problems)
        )
        raise DougongError(problems) from error


def _reply(ledger: Ledger, door: Door, callback: Callback) -> Reply:
    """What the caller gets: said at once, or made of the messages that it has come for."""
    if not callable(callback.reply):
        return callback.reply
    fetched = ledger.look(lambda tx: inbox.waiting_messages(tx, door.connection.name, callback.wants))
    return callback.reply(fetched)


def _kept_as(callback: Callback) -> str:
    told = callback.message_id
    return told if len(told) <= _LONGEST_ID else f"sha256 {hashlib.sha256(told.encode()).hexdigest()}"


def _store(tx: Tx, connection: str, callback: Callback, request: CallbackRequest, at: int) -> bool:
    new = inbox.store(tx, connection, _kept_as(callback), request, at)
    inbox.forget(tx, connection, request)
    told = tuple(update.correlation for update in callback.updates if update.correlation is not None)
    items = tuple(update.item for update in callback.updates if update.item is not None)
    known = inbox.hurry(tx, connection, (*told, *callback.ask), items)
    for update in callback.updates if new else ():
        if isinstance(update.outcome, (Rejected, NotDone)):
            for row in doubts.delivered(tx, connection, update.item, update.correlation):
                doubts.doubt(tx, row, type(update.outcome).__name__, _kept_as(callback))
    if new and not known and not callback.documents:
        # Nobody waits for it: kept for people to see, without effect.
        inbox.close(tx, connection, _kept_as(callback))
    return new


def _unusable(door: Door, error: Exception) -> Problem:
    """What a connector said that is not of this world: only its kind is told, for its words may hold anything."""
    kind = type(error).__name__
    return Problem.of(
        "CALLBACK_UNUSABLE",
        f"{door.connection.name} 的回调无法使用: {door.package} 给出的内容不符合约定 ({kind})",
        f"a callback of {door.connection.name} cannot be used: what {door.package} makes of it is not valid ({kind})",
        path=f"connections.{door.connection.name}",
        hint_zh="日志中有详细位置; 请联系该连接器的作者",
        hint_en="the log has the traceback; ask the author of the connector",
    )
