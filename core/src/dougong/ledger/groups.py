"""Merged deliveries (凭证合并): who is waiting to be merged, and who is in which group."""

from __future__ import annotations

import json
from collections.abc import Sequence

import attrs
from sqlalchemy import bindparam, select

from dougong.ledger import deliveries, documents, schema
from dougong.ledger.errors import StaleLease
from dougong.ledger.rows import FOREVER, DeliveryRow, DocumentRow
from dougong.ledger.statements import Statement, Tx
from dougong.ledger.states import MERGED, DeliveryState

__all__ = [
    "Member",
    "absorb",
    "before",
    "block",
    "blocked",
    "current",
    "members",
    "stuck",
    "superseded",
    "unchanged",
    "waiting",
]

_D, _C, _DOC = schema.delivery, schema.coverage, schema.document
_WAITING = Statement(
    select(_D)
    .where(_D.c.state == DeliveryState.READY.value, _D.c.merge_key.is_not(None))
    .order_by(_D.c.connection, _D.c.merge_key, _D.c.id)
)
_BLOCKED = Statement(
    select(_D).where(
        _D.c.state == DeliveryState.BLOCKED.value,
        _D.c.connection == bindparam("connection"),
        _D.c.merge_key == bindparam("key"),
    )
)
_AWAITED = Statement(
    select(schema.dependency.c.on_delivery_id).where(schema.dependency.c.delivery_id == bindparam("d"))
)
_STUCK = Statement(
    select(_D).where(
        _D.c.state.in_(
            [bindparam("held", DeliveryState.HELD.value), bindparam("refused", DeliveryState.REJECTED.value)]
        ),
        _D.c.group_id.is_not(None),
    )
)
_BEFORE = Statement(
    select(_D)
    .join(_C, _C.c.delivery_id == _D.c.id)
    .where(_C.c.coverage_key == bindparam("key"), _D.c.group_id.is_(None))
    .order_by(_D.c.id.desc())
    .limit(1)
)
_MEMBERS = Statement(
    select(_C.c.coverage_key, _C.c.live, *_DOC.c)
    .join(_DOC, _DOC.c.id == _C.c.document_id)
    .where(_C.c.delivery_id == bindparam("d"))
    .order_by(_DOC.c.revision)
)


@attrs.frozen
class Member:
    """A document in a merged delivery, in its newest revision.

    :param key: of what the group books of it. :param events: as JSON texts.
    """

    key: str
    document: DocumentRow
    events: tuple[str, ...]


def waiting(tx: Tx) -> list[DeliveryRow]:
    """Deliveries that are ready and are sent only together with others, or when there are none."""
    return [DeliveryRow.from_mapping(found) for found in tx.rows(_WAITING)]


def blocked(tx: Tx, row: DeliveryRow) -> list[DeliveryRow]:
    """Who belongs to the same group and waits for something."""
    found = tx.rows(_BLOCKED, {"connection": row.connection, "key": row.merge_key})
    return [DeliveryRow.from_mapping(one) for one in found]


def unchanged(tx: Tx, rows: Sequence[DeliveryRow]) -> list[DeliveryRow]:
    """Those that nobody has moved since they were read: several processes may merge at once."""
    return [row for row in rows if deliveries.by_id(tx, row.id).version == row.version]


def block(tx: Tx, rows: Sequence[DeliveryRow], on: Sequence[DeliveryRow]) -> None:
    """Let some of a group wait for what the others of it wait for, or for their end."""
    awaited = [found["on_delivery_id"] for one in on for found in tx.rows(_AWAITED, {"d": one.id})]
    names = sorted({number for one in on for number in one.numbers})
    for row in rows:
        deliveries.depend(tx, row.id, [*awaited, *(one.id for one in on)])
        deliveries.move(
            tx,
            row,
            DeliveryState.BLOCKED,
            event="blocked",
            detail={"waits_for": names},
            reason="WAITS_FOR",
            waits_for=json.dumps([f"batch {', '.join(names)}"], ensure_ascii=False),
            due_at=FOREVER,
        )


def stuck(tx: Tx) -> list[DeliveryRow]:
    """Merged deliveries that are held or refused: one member may be the reason, the others need not wait for it."""
    return [DeliveryRow.from_mapping(found) for found in tx.rows(_STUCK)]


def members(tx: Tx, delivery_id: int) -> list[Member]:
    """The documents of a merged delivery, in the order in which they joined; those that were released are not in it."""
    newest: dict[str, DocumentRow] = {}
    live: set[str] = set()
    for found in tx.rows(_MEMBERS, {"d": delivery_id}):
        key, is_live = found.pop("coverage_key"), found.pop("live")
        newest[key] = DocumentRow(**found)
        if is_live:
            live.add(key)
    return [
        Member(key, row, tuple(documents.events_of(tx, row.ref)))
        for key, row in sorted(newest.items(), key=lambda item: item[1].id)
        if key in live
    ]


def before(tx: Tx, key: str) -> DeliveryRow:
    """The last delivery of a coverage that was no group: what a member was before it was merged.

    :param key: `Member.key`.
    """
    found = tx.one(_BEFORE, {"key": key})
    if found is None:
        raise StaleLease(f"coverage:{key}")
    return DeliveryRow.from_mapping(found)


def current(tx: Tx, member: Member) -> bool:
    """Whether nobody has changed a member's document since it was read."""
    latest = documents.latest(tx, member.document.ref)
    return latest is not None and (latest.id, latest.version) == (member.document.id, member.document.version)


def superseded(tx: Tx, member: Member) -> bool:
    """Whether a newer revision of a member's document exists that the group does not cover."""
    latest = documents.latest(tx, member.document.ref)
    return latest is not None and latest.id != member.document.id


def absorb(tx: Tx, rows: Sequence[DeliveryRow], group_id: str) -> None:
    """Single deliveries end, for the group takes their place in the same transaction."""
    for row in rows:
        deliveries.move(
            tx,
            row,
            DeliveryState.CANCELLED,
            event="merged",
            detail={"group": group_id},
            due_at=FOREVER,
            reason=MERGED,
        )
