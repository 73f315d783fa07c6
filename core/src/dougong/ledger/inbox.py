"""Callbacks as they arrived: stored before anything is done with them, told twice has one effect."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.engine import Connection

from dougong.clock import epoch_ms
from dougong.ledger import schema
from dougong.ledger.attempts import attempt_of, is_open, open_attempt_of_item
from dougong.ledger.rows import problems_from, problems_text
from dougong.ledger.statements import Statement, Tx
from dougong.ledger.states import DeliveryState
from dougong.model.messages import Correlation, ItemId, Message
from dougong.model.outcomes import CallbackRequest
from dougong.model.problems import Problem

__all__ = [
    "close",
    "fail",
    "failed",
    "forget",
    "has_news",
    "hurry",
    "note",
    "request_of",
    "store",
    "unhandled",
    "unread",
    "waiting_messages",
]

#: Callbacks that could not be read are kept for people to see; so many of one connection, for anybody may send rubbish.
_MOST_FAILED = 20

_IN, _A, _ITEM, _D = schema.inbox, schema.attempt, schema.attempt_item, schema.delivery
_INSERT = Statement(insert(_IN), [c.name for c in _IN.columns])
_KNOWN = Statement(
    select(_IN.c.handled_at).where(_IN.c.connection == bindparam("c"), _IN.c.message_id == bindparam("m"))
)
_OPEN = Statement(
    select(_IN).where(_IN.c.connection == bindparam("c"), _IN.c.handled_at.is_(None)).order_by(_IN.c.received_at)
)
_CLOSE = Statement(
    update(_IN)
    .where(_IN.c.connection == bindparam("c"), _IN.c.message_id == bindparam("m"))
    .values(handled_at=bindparam("at"))
)
_FAILED = Statement(
    select(_IN).where(_IN.c.connection == bindparam("c"), _IN.c.problems != "[]").order_by(_IN.c.received_at)
)
_PROBLEMS = Statement(
    update(_IN)
    .where(_IN.c.connection == bindparam("c"), _IN.c.message_id == bindparam("m"))
    .values(problems=bindparam("p"))
)
_FORGET = Statement(delete(_IN).where(_IN.c.connection == bindparam("c"), _IN.c.message_id == bindparam("m")))
_HURRY = Statement(
    update(_D)
    .where(
        _D.c.id.in_(select(_ITEM.c.delivery_id).where(_ITEM.c.attempt_id == bindparam("a"), _ITEM.c.open == 1)),
        (_D.c.state == DeliveryState.WAITING.value) | (_D.c.state == DeliveryState.UNKNOWN.value),
        _D.c.lease_until <= bindparam("now"),
    )
    .values(due_at=bindparam("now"), version=_D.c.version + 1)
)
_WAITING = Statement(
    select(_A, _D.c.id.label("delivery_id"))
    .join(_ITEM, _ITEM.c.attempt_id == _A.c.id)
    .join(_D, _D.c.id == _ITEM.c.delivery_id)
    .where(_A.c.connection == bindparam("c"), _ITEM.c.open == 1, _D.c.state == DeliveryState.WAITING.value)
    .order_by(_A.c.id, _ITEM.c.position)
)


def store(tx: Tx, connection: str, message_id: str, request: CallbackRequest, received_at: int) -> bool:
    """Keep a callback; returns whether it is new."""
    if tx.one(_KNOWN, {"c": connection, "m": message_id}) is not None:
        return False
    _insert(tx, connection, message_id, request, received_at)
    return True


def _insert(
    tx: Tx,
    connection: str,
    message_id: str,
    request: CallbackRequest,
    received_at: int,
    handled_at: int | None = None,
    problems: str = "[]",
) -> None:
    head = {
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": [list(pair) for pair in request.headers],
    }
    tx.run(
        _INSERT,
        {
            "connection": connection,
            "message_id": message_id,
            "raw": request.body,
            "request": json.dumps(head),
            "received_at": received_at,
            "handled_at": handled_at,
            "problems": problems,
        },
    )


def failing_name(request: CallbackRequest) -> str:
    """What a callback is called that nobody could read: by its bytes, so that the same one again is the same row."""
    told = hashlib.sha256()
    for part in (request.method, request.path, request.query):
        told.update(f"{part}\n".encode())
    told.update(request.body)
    return f"unread {told.hexdigest()}"


def fail(tx: Tx, connection: str, request: CallbackRequest, received_at: int, problems: tuple[Problem, ...]) -> None:
    """Keep a callback that its connector could not read; it has no effect, and people see it."""
    name = failing_name(request)
    if tx.one(_KNOWN, {"c": connection, "m": name}) is not None:
        note(tx, connection, name, problems)
        return
    if len(tx.rows(_FAILED, {"c": connection})) < _MOST_FAILED:
        _insert(tx, connection, name, request, received_at, received_at, problems_text(problems))


def forget(tx: Tx, connection: str, request: CallbackRequest) -> None:
    """It can be read by now: that it once could not is no matter any more."""
    tx.run(_FORGET, {"c": connection, "m": failing_name(request)})


def note(tx: Tx, connection: str, message_id: str, problems: tuple[Problem, ...]) -> None:
    """What is wrong with a callback that is kept, or nothing."""
    tx.run(_PROBLEMS, {"c": connection, "m": message_id, "p": problems_text(problems)})


def failed(connection: Connection) -> list[tuple[str, int, tuple[Problem, ...]]]:
    """(connection, received at, problems) of what could not be read, oldest first."""
    return [
        (row.connection, row.received_at, problems_from(row.problems))
        for row in connection.execute(
            select(_IN.c.connection, _IN.c.received_at, _IN.c.problems)
            .where(_IN.c.problems != "[]")
            .order_by(_IN.c.received_at)
        )
    ]


def unhandled(tx: Tx, connection: str) -> list[tuple[str, CallbackRequest, int]]:
    """(message id, request, received at) of what had no effect yet, oldest first."""
    return [_kept(row) for row in tx.rows(_OPEN, {"c": connection})]


def unread(tx: Tx, connection: str) -> list[tuple[str, CallbackRequest, int]]:
    """(message id, request, received at) of what could not be read, or of which a document could not."""
    return [_kept(row) for row in tx.rows(_FAILED, {"c": connection})]


def _kept(row: Mapping[str, Any]) -> tuple[str, CallbackRequest, int]:
    return row["message_id"], request_of(row), row["received_at"]


def request_of(row: Mapping[str, Any]) -> CallbackRequest:
    """A callback as it arrived, of a row of the inbox."""
    head = json.loads(row["request"])
    headers = tuple((name, value) for name, value in head["headers"])
    return CallbackRequest(head["method"], head["path"], head["query"], headers, bytes(row["raw"]))


def has_news(tx: Tx, connection: str) -> bool:
    """Whether a callback of this connection had no effect yet."""
    return tx.one(_OPEN, {"c": connection}) is not None


def close(tx: Tx, connection: str, message_id: str) -> None:
    """It has had its effect, or never will."""
    tx.run(_CLOSE, {"c": connection, "m": message_id, "at": epoch_ms()})


def hurry(tx: Tx, connection: str, correlations: Sequence[Correlation], items: Sequence[ItemId] = ()) -> int:
    """A hint: make due at once what these correlations and items belong to. Returns how many attempts are undecided."""
    told = {attempt_of(tx, connection, correlation) for correlation in correlations}
    named = {open_attempt_of_item(tx, connection, item) for item in items}
    attempts = {attempt for attempt in told | named if attempt is not None and is_open(tx, attempt)}
    for attempt in attempts:
        tx.run(_HURRY, {"a": attempt, "now": epoch_ms()})
    return len(attempts)


def waiting_messages(tx: Tx, connection: str, most: int) -> list[Message]:
    """Messages that wait for the ERP to fetch them (reversed roles), oldest first."""
    messages: dict[int, Message] = {}
    for row in tx.rows(_WAITING, {"c": connection}):
        if row["id"] not in messages and len(messages) < most:
            head = json.loads(row["message"])
            messages[row["id"]] = Message(
                tuple(head["items"]),
                bytes(row["body"]),
                head["media_type"],
                headers=head["headers"],
                operation=head["operation"],
            )
    return list(messages.values())
