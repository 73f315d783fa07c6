"""The outbox: what sources are to be told of their documents, each thing once, and whose turn it is to tell it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any

import attrs
from sqlalchemy import bindparam, exists, func, insert, select, update

from dougong.clock import epoch_ms
from dougong.ledger import schema
from dougong.ledger.rows import DeliveryRow, problems_text
from dougong.ledger.statements import Statement, Tx
from dougong.ledger.states import FINAL, DeliveryState
from dougong.model.documents import SourceRef
from dougong.model.problems import Problem

__all__ = [
    "FeedbackState",
    "Member",
    "OutboxRow",
    "close",
    "covered",
    "due",
    "give_turn",
    "looked_at",
    "postpone",
    "served",
    "take_turn",
    "told",
    "untold",
    "write",
]

_D, _C, _P, _O, _DOC, _S = (
    schema.delivery,
    schema.coverage,
    schema.posting,
    schema.outbox,
    schema.document,
    schema.setting,
)
_OLDER, _NEWER = _O.alias("older"), _O.alias("newer")


class FeedbackState(StrEnum):
    """Where a row of the outbox stands."""

    DUE = "due"  # to be told; tried again whatever came of it, since telling is repeatable
    REFUSED = "refused"  # the source says no; tried again, but it holds up nothing
    DONE = "done"
    SUPERSEDED = "superseded"  # refused, and what came later of the same was taken


_ENDED = frozenset(state.value for state in FINAL)
_DUE, _REFUSED, _DONE = (state.value for state in (FeedbackState.DUE, FeedbackState.REFUSED, FeedbackState.DONE))
_OPEN = _O.c.state.in_([bindparam("due", _DUE), bindparam("refused", _REFUSED)])
_UNTOLD = Statement(select(_D).where(schema.untold).order_by(_D.c.id).limit(bindparam("count")))
_LOOKED_AT = Statement(
    update(_D).where(_D.c.id == bindparam("_id"), _D.c.version == bindparam("_version")).values(told=_D.c.version)
)
_IDENTITY = (_DOC.c.source, _DOC.c.tenant, _DOC.c.type, _DOC.c.source_id)
_SERVED = Statement(
    select(_DOC.c.id, _DOC.c.revision, *_IDENTITY)
    .join(_C, _C.c.document_id == _DOC.c.id)
    .where(_C.c.delivery_id == bindparam("d"))
    .order_by(_DOC.c.id)
)
_MEMBER = [_D.c[name] for name in ("id", "entity", "book", "moment", "part", "set_id", "state", "reason", "stage")]
_HELD_BY_ERP = [_P.c.erp_key.label("erp_id"), _P.c.erp_number.label("number"), _P.c.date]
_PART = _C.alias("part")
_COVERED = Statement(
    select(
        *_MEMBER,
        *_HELD_BY_ERP,
        func.coalesce(_P.c.period, _D.c.period).label("period"),
        exists().where(_PART.c.delivery_id == _C.c.delivery_id, _PART.c.live == _C.c.coverage_key).label("stands"),
    )
    .join(_C, _C.c.delivery_id == _D.c.id)
    .outerjoin(_P, _P.c.delivery_id == _D.c.id)
    .where(_C.c.document_id == bindparam("document"))
    .order_by(_D.c.id)
)
_TOLD = Statement(
    select(_O.c.subject, _O.c.kind, _O.c.content).where(_O.c.document_id == bindparam("document")).order_by(_O.c.id)
)
_INSERT = Statement(insert(_O), [column.name for column in _O.columns if column.name != "id"])
_WHOSE = [_DOC.c.connection, *_IDENTITY, _DOC.c.number]
_SEND = Statement(
    select(_O, *_WHOSE)
    .join(_DOC, _DOC.c.id == _O.c.document_id)
    .where(
        _OPEN,
        _O.c.id > bindparam("after"),
        _O.c.due_at <= bindparam("now"),
        # in order for each document: what came later waits for what has to be tried again
        ~exists().where(
            _OLDER.c.document_id == _O.c.document_id,
            _OLDER.c.id < _O.c.id,
            _OLDER.c.state == bindparam("due", _DUE),
            _OLDER.c.due_at > bindparam("now"),
        ),
    )
    .order_by(_O.c.id)
    .limit(bindparam("count"))
)
_SUPERSEDE = Statement(
    update(_O)
    .where(
        _O.c.state == bindparam("refused", _REFUSED),
        exists().where(
            _NEWER.c.document_id == _O.c.document_id,
            _NEWER.c.subject == _O.c.subject,
            _NEWER.c.id > _O.c.id,
            _NEWER.c.state == bindparam("done", _DONE),
        ),
    )
    .values(state=FeedbackState.SUPERSEDED.value)
)
_CLOSE = Statement(
    update(_O)
    .where(_O.c.id == bindparam("_id"))
    .values(state=_DONE, attempts=_O.c.attempts + 1, problems="[]", due_at=0)
)
_POSTPONE = Statement(
    update(_O)
    .where(_O.c.id == bindparam("_id"))
    .values(
        state=bindparam("v_state"),
        attempts=_O.c.attempts + 1,
        due_at=bindparam("v_due"),
        problems=bindparam("v_problems"),
    )
)
#: Whose turn it is to tell: `until owner`.
_TURN = "feedback.turn"
_TURN_OF = Statement(select(_S.c.value).where(_S.c.name == bindparam("n", _TURN)))
_TURN_NEW = Statement(insert(_S), ["name", "value"])
_TURN_TAKE = Statement(
    update(_S)
    .where(_S.c.name == bindparam("n", _TURN), _S.c.value == bindparam("before"))
    .values(value=bindparam("v_value"))
)


@attrs.frozen
class OutboxRow:
    """One thing that a source is to be told.

    :param connection: that read the document; empty for canonical input. :param number: the document's.
    :param content: as JSON. :param attempts: how often it was tried.
    """

    id: int
    document_id: int
    connection: str
    ref: SourceRef
    number: str
    kind: str
    content: Mapping[str, Any]
    state: FeedbackState
    attempts: int


@attrs.frozen
class Member:
    """One delivery of a document, with what the ERP holds for it as last heard. `date` is ISO text.

    :param state: as far as the document goes: its part in a merged delivery may be taken back while the others stand.
    """

    id: int
    entity: str
    book: str
    moment: str
    part: str
    set_id: str | None
    state: DeliveryState = attrs.field(converter=DeliveryState)
    reason: str
    stage: str | None
    erp_id: str | None
    number: str | None
    date: str | None
    period: str | None


# -- what is to be told -----------------------------------------------------------------------------------------------


def untold(tx: Tx, *, count: int) -> list[DeliveryRow]:
    """Deliveries with an outcome that have changed since feedback has looked at them, at most `count`."""
    return [DeliveryRow.from_mapping(row) for row in tx.rows(_UNTOLD, {"count": count})]


def looked_at(tx: Tx, rows: Iterable[DeliveryRow]) -> None:
    """Note that nothing is to be told of these as they are; one that has changed meanwhile stays to be looked at."""
    tx.many(_LOOKED_AT, [{"_id": row.id, "_version": row.version} for row in rows])


def served(tx: Tx, delivery_id: int) -> dict[int, int]:
    """Document rows that a delivery serves, with their revisions: of each document the newest that it covers."""
    newest: dict[SourceRef, tuple[int, int]] = {}
    for row in tx.rows(_SERVED, {"d": delivery_id}):
        newest[SourceRef(row["source"], row["tenant"], row["type"], row["source_id"])] = row["id"], row["revision"]
    return dict(newest.values())


def covered(tx: Tx, document_id: int) -> list[Member]:
    """Every delivery of a document row, with what the ERP holds for it, oldest first."""
    return [_member(row) for row in tx.rows(_COVERED, {"document": document_id})]


def _member(row: dict[str, Any]) -> Member:
    taken_back = not row.pop("stands") and row["state"] not in _ENDED
    return Member(**{**row, "state": DeliveryState.REVERSED} if taken_back else row)


def told(tx: Tx, document_id: int) -> list[tuple[str, str, dict[str, Any]]]:
    """(subject, kind, content) of what is in the outbox of a document row, oldest first."""
    rows = tx.rows(_TOLD, {"document": document_id})
    return [(row["subject"], row["kind"], json.loads(row["content"])) for row in rows]


def write(tx: Tx, document_id: int, subject: str, kind: str, content: Mapping[str, Any]) -> None:
    """Put one thing into the outbox, due now; the database refuses the same content of a kind twice."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    values = {
        "document_id": document_id,
        "subject": subject,
        "kind": kind,
        "content": text,
        "content_hash": hashlib.sha256(text.encode()).hexdigest(),
        "state": _DUE,
        "attempts": 0,
        "due_at": epoch_ms(),
        "problems": "[]",
    }
    tx.run(_INSERT, values)


# -- telling it -------------------------------------------------------------------------------------------------------


def due(tx: Tx, *, count: int, after: int = 0) -> list[OutboxRow]:
    """What may be told now, in the order in which it came about. :param after: only rows with a higher id."""
    return [_row(row) for row in tx.rows(_SEND, {"now": epoch_ms(), "count": count, "after": after})]


def _row(row: Mapping[str, Any]) -> OutboxRow:
    return OutboxRow(
        id=row["id"],
        document_id=row["document_id"],
        connection=row["connection"],
        ref=SourceRef(row["source"], row["tenant"], row["type"], row["source_id"]),
        number=row["number"],
        kind=row["kind"],
        content=json.loads(row["content"]),
        state=FeedbackState(row["state"]),
        attempts=row["attempts"],
    )


def close(tx: Tx, rows: Iterable[OutboxRow]) -> None:
    """They are told; what was refused of the same before will not be told any more."""
    if tx.many(_CLOSE, [{"_id": row.id} for row in rows]):
        tx.run(_SUPERSEDE, {})


def postpone(tx: Tx, row: OutboxRow, state: FeedbackState, problems: tuple[Problem, ...], due_at: int) -> None:
    """It was not taken: tried again at `due_at`, epoch milliseconds."""
    changes = {"v_state": state.value, "v_due": due_at, "v_problems": problems_text(problems)}
    tx.run(_POSTPONE, {"_id": row.id, **changes})


def take_turn(tx: Tx, owner: str, until: int, is_dead: Callable[[str], bool]) -> bool:
    """Whether `owner` may tell now, until `until` (epoch milliseconds): one at a time, so that order is kept."""
    found = tx.one(_TURN_OF)
    if found is None:
        tx.run(_TURN_NEW, {"name": _TURN, "value": f"{until} {owner}"})
        return True
    end, _, holder = found["value"].partition(" ")
    if holder and int(end) > epoch_ms() and not is_dead(holder):
        return False
    return tx.run(_TURN_TAKE, {"before": found["value"], "v_value": f"{until} {owner}"}) == 1


def give_turn(tx: Tx, owner: str, until: int) -> None:
    """Let the next one have it."""
    tx.run(_TURN_TAKE, {"before": f"{until} {owner}", "v_value": "0 "})
