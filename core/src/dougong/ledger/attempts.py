"""Attempts: what was frozen before the first byte left, and what came of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
from sqlalchemy import bindparam, insert, select, update

from dougong.clock import epoch_ms
from dougong.formats import facts_from_json, facts_to_json
from dougong.ledger import postings, schema
from dougong.ledger.rows import DeliveryRow
from dougong.ledger.statements import Statement, Tx
from dougong.model.messages import Correlation, ItemId, Message, Wanted
from dougong.model.postings import Facts

__all__ = [
    "ACCEPTED",
    "PERIOD_CLOSED",
    "Frozen",
    "add_correlations",
    "close_items",
    "freeze",
    "keep_artifacts",
    "load_open",
    "mark_absent",
    "mark_left",
    "mark_sent",
    "was_closed",
]

#: Outcome of an item that was refused because its period is closed.
PERIOD_CLOSED = "period_closed"
#: Outcome of an item of which a person has accepted what the ERP shows, in place of what was sent.
ACCEPTED = "accepted"

_A, _I, _C = schema.attempt, schema.attempt_item, schema.correlation
_INSERT = Statement(insert(_A).returning(_A.c.id), [c.name for c in _A.columns if c.name != "id"])
_ITEM = Statement(insert(_I), [c.name for c in _I.columns])
_CORRELATION = Statement(insert(_C), [c.name for c in _C.columns])
_KNOWN_CORRELATION = Statement(
    select(_C.c.attempt_id).where(
        _C.c.connection == bindparam("connection"), _C.c.kind == bindparam("kind"), _C.c.value == bindparam("value")
    )
)
_CLOSE = Statement(
    update(_I)
    .where(_I.c.attempt_id == bindparam("a"), _I.c.delivery_id == bindparam("d"))
    .values(outcome=bindparam("o"), open=None)
)
_SENT = Statement(
    update(_A).where(_A.c.id == bindparam("id_")).values(last_sent_at=bindparam("at"), sends=_A.c.sends + 1, absences=0)
)
_LEFT = Statement(update(_A).where(_A.c.id == bindparam("id_")).values(last_sent_at=bindparam("at")))
_ABSENT = Statement(update(_A).where(_A.c.id == bindparam("id_")).values(absences=_A.c.absences + 1))
_OPEN = Statement(
    select(_A, _I.c.position, _I.c.reference_as_sent, _I.c.facts, _I.c.booking, _I.c.delivery_id)
    .join(_I, _I.c.attempt_id == _A.c.id)
    .where(
        _A.c.id == select(_I.c.attempt_id).where(_I.c.delivery_id == bindparam("d"), _I.c.open == 1).scalar_subquery()
    )
    .where(_I.c.open == 1)
    .order_by(_I.c.position)
)
_ANY_OPEN = Statement(select(_I.c.delivery_id).where(_I.c.attempt_id == bindparam("a"), _I.c.open == 1).limit(1))
_OPEN_ATTEMPT = Statement(
    select(_A.c.id, _A.c.message)
    .join(_I, _I.c.attempt_id == _A.c.id)
    .where(_I.c.delivery_id == bindparam("d"), _I.c.open == 1, _A.c.connection == bindparam("c"))
)
_CORRELATIONS = Statement(select(_C.c.kind, _C.c.value).where(_C.c.attempt_id == bindparam("a")))
_LAST_SENT = Statement(
    select(_I.c.attempt_id, _I.c.reference_as_sent, _I.c.facts, _A.c.message, _A.c.first_sent_at)
    .join(_A, _A.c.id == _I.c.attempt_id)
    .where(_I.c.delivery_id == bindparam("d"))
    .order_by(_I.c.attempt_id.desc())
    .limit(1)
)
_BOOKINGS = Statement(select(_I.c.booking).where(_I.c.delivery_id == bindparam("d"), _I.c.outcome == bindparam("o")))
_ACCEPT_FACTS = Statement(
    update(_I).where(_I.c.delivery_id == bindparam("d")).values(facts=bindparam("f"), outcome=bindparam("o", ACCEPTED))
)
_ACCEPTED = Statement(
    select(_I.c.facts).where(_I.c.delivery_id == bindparam("d"), _I.c.outcome == bindparam("o", ACCEPTED))
)
_LAST_FACTS = Statement(
    select(_I.c.facts).where(_I.c.delivery_id == bindparam("d")).order_by(_I.c.attempt_id.desc()).limit(1)
)
_ARTIFACT_KNOWN = Statement(select(schema.artifact.c.hash).where(schema.artifact.c.hash == bindparam("h")))
_ARTIFACT = Statement(insert(schema.artifact), ["hash", "kind", "text"])


@attrs.frozen
class Frozen:
    """An open attempt as the ledger holds it: the message to resend and what each posting must show."""

    id: int
    connection: str
    operation: str
    message: Message
    references: Mapping[ItemId, str]
    facts: Mapping[ItemId, Facts]
    delivery_ids: tuple[int, ...]
    correlations: tuple[Correlation, ...]
    first_sent_at: int | None
    last_sent_at: int | None
    sends: int
    absences: int
    reference_field: str
    body_hash: str


def item_id(row: DeliveryRow) -> ItemId:
    """The item's name within a message: stable for a delivery and a generation."""
    return ItemId(f"{row.id}.{row.generation}")


def freeze(
    tx: Tx,
    rows: Sequence[DeliveryRow],
    message: Message,
    *,
    operation: str,
    reference_field: str,
    references: Mapping[ItemId, str],
    facts: Mapping[ItemId, Facts],
    bookings: Mapping[ItemId, str],
    request_id: str,
    artifacts: Sequence[str],
    connector_version: str,
) -> Frozen:
    """Write attempt, items and correlations; the caller moves the rows to `sending` in the same transaction.

    :param reference_field: where the references stand in the body: there they are looked for, whatever the settings
        say by then.
    """
    now, body_hash = epoch_ms(), hashlib.sha256(message.body).hexdigest()
    connection = rows[0].connection
    values = {
        "connection": connection,
        "operation": operation,
        "request_id": request_id,
        "message": _head(message, reference_field),
        "body": message.body,
        "body_key": None,
        "body_hash": body_hash,
        "artifacts": json.dumps(list(artifacts)),
        "connector_version": connector_version,
        "state": "open",
        **dict.fromkeys(("prepared_at", "first_sent_at", "last_sent_at"), now),
        "sends": 1,
        "absences": 0,
    }
    attempt_id = tx.rows(_INSERT, values)[0]["id"]
    items = [
        _item(attempt_id, position, row, references[item_id(row)], facts[item_id(row)], bookings[item_id(row)])
        for position, row in enumerate(rows)
    ]
    tx.many(_ITEM, items)
    add_correlations(tx, connection, attempt_id, message.correlations)
    return Frozen(
        attempt_id,
        connection,
        operation,
        message,
        references,
        facts,
        tuple(row.id for row in rows),
        message.correlations,
        now,
        now,
        1,
        0,
        reference_field,
        body_hash,
    )


def _head(message: Message, reference_field: str) -> str:
    """What is frozen of a message beside its bytes."""
    head = {
        "media_type": message.media_type,
        "headers": dict(message.headers),
        "operation": message.operation,
        "items": list(message.items),
        "reference_field": reference_field,
    }
    return json.dumps(head, ensure_ascii=False)


def reference_field(message: str) -> str:
    """Where the references of an attempt stand, by its `message` column; empty where it was not noted."""
    return str(json.loads(message).get("reference_field", ""))


def _item(
    attempt_id: int, position: int, row: DeliveryRow, reference: str, facts: Facts, booking: str
) -> dict[str, Any]:
    return {
        "attempt_id": attempt_id,
        "delivery_id": row.id,
        "position": position,
        "reference_as_sent": reference,
        "facts": _facts_text(facts),
        "booking": booking,
        "outcome": None,
        "open": 1,
    }


def add_correlations(tx: Tx, connection: str, attempt_id: int, correlations: Sequence[Correlation]) -> None:
    """Remember what an answer will carry; a value that is known already stays with its first attempt."""
    for correlation in correlations:
        key = {"connection": connection, "kind": correlation.kind, "value": correlation.value}
        if tx.one(_KNOWN_CORRELATION, key) is None:
            tx.run(_CORRELATION, {**key, "attempt_id": attempt_id})


def attempt_of(tx: Tx, connection: str, correlation: Correlation) -> int | None:
    """The attempt that a correlation belongs to."""
    found = tx.one(_KNOWN_CORRELATION, {"connection": connection, "kind": correlation.kind, "value": correlation.value})
    return None if found is None else int(found["attempt_id"])


def open_attempt_of_item(tx: Tx, connection: str, item: ItemId) -> int | None:
    """The open attempt that an item's name belongs to; what is no name of ours belongs to none."""
    delivery = item.partition(".")[0]
    if not (delivery.isascii() and delivery.isdigit()):
        return None
    found = tx.one(_OPEN_ATTEMPT, {"d": int(delivery), "c": connection})
    return int(found["id"]) if found and item in json.loads(found["message"])["items"] else None


def load_open(tx: Tx, delivery_id: int) -> Frozen | None:
    """The open attempt of a delivery with every item that is still undecided in it, or `None`."""
    found = tx.rows(_OPEN, {"d": delivery_id})
    if not found:
        return None
    first = found[0]
    head = json.loads(first["message"])
    correlations = _correlations(tx, first["id"])
    names = [ItemId(name) for name in head["items"]]
    items = {row["delivery_id"]: names[row["position"]] for row in found}
    message = Message(
        tuple(names), first["body"], head["media_type"], correlations, {}, head["headers"], head["operation"]
    )
    return Frozen(
        first["id"],
        first["connection"],
        first["operation"],
        message,
        {items[row["delivery_id"]]: row["reference_as_sent"] for row in found},
        {items[row["delivery_id"]]: facts_of(row["facts"]) for row in found},
        tuple(row["delivery_id"] for row in found),
        correlations,
        first["first_sent_at"],
        first["last_sent_at"],
        first["sends"],
        first["absences"],
        reference_field(first["message"]),
        first["body_hash"],
    )


def is_open(tx: Tx, attempt_id: int) -> bool:
    """Whether an item of the attempt is undecided."""
    return tx.one(_ANY_OPEN, {"a": attempt_id}) is not None


def close_items(tx: Tx, attempt_id: int, outcomes: Mapping[int, str]) -> None:
    """Decide items (delivery id → outcome); a decided item leaves the attempt."""
    tx.many(_CLOSE, [{"a": attempt_id, "d": delivery, "o": outcome} for delivery, outcome in outcomes.items()])


def was_closed(tx: Tx, delivery_id: int, period: str) -> bool:
    """Whether the ERP has refused this delivery before because that period is closed (outcome `PERIOD_CLOSED`)."""
    found = tx.rows(_BOOKINGS, {"d": delivery_id, "o": PERIOD_CLOSED})
    return any(json.loads(row["booking"]).get("period") == period for row in found)


def mark_sent(tx: Tx, attempt_id: int) -> None:
    """The same bytes are about to leave again."""
    tx.run(_SENT, {"id_": attempt_id, "at": epoch_ms()})


def mark_left(tx: Tx, frozen: Frozen) -> Frozen:
    """The last byte of the latest sending may have left as late as now: settle times count from here."""
    now = epoch_ms()
    tx.run(_LEFT, {"id_": frozen.id, "at": now})
    return attrs.evolve(frozen, last_sent_at=now)


def mark_absent(tx: Tx, attempt_id: int) -> None:
    """The ERP was searched and does not have it."""
    tx.run(_ABSENT, {"id_": attempt_id})


def _correlations(tx: Tx, attempt_id: int) -> tuple[Correlation, ...]:
    return tuple(Correlation(found["kind"], found["value"]) for found in tx.rows(_CORRELATIONS, {"a": attempt_id}))


def keep_artifacts(tx: Tx, texts: Mapping[str, tuple[str, str]]) -> None:
    """Keep the texts that derivations were made with, by content hash: hash → (kind, text)."""
    for digest, (kind, text) in texts.items():
        if tx.one(_ARTIFACT_KNOWN, {"h": digest}) is None:
            tx.run(_ARTIFACT, {"hash": digest, "kind": kind, "text": text})


def facts_of(text: str) -> Facts:
    """The facts that a `facts` column holds."""
    return facts_from_json(json.loads(text))


def _facts_text(facts: Facts) -> str:
    return json.dumps(facts_to_json(facts))


def last_facts(tx: Tx, delivery_id: int) -> Facts:
    """What the posting of a delivery must show: the facts of the attempt that made it."""
    found = tx.one(_LAST_FACTS, {"d": delivery_id})
    return facts_of(found["facts"]) if found else Facts()


def last_wanted(tx: Tx, delivery_id: int) -> Wanted | None:
    """What to look for to see whether a delivery is in the ERP, as it was sent last; `None` when it never was."""
    found = tx.one(_LAST_SENT, {"d": delivery_id})
    if found is None:
        return None
    known = postings.of(tx, delivery_id)
    return Wanted(
        ItemId(str(delivery_id)),
        found["reference_as_sent"],
        facts_of(found["facts"]),
        _correlations(tx, found["attempt_id"]),
        erp_key=known["erp_key"] if known else None,
        first_sent=found["first_sent_at"] / 1000,
        reference_field=reference_field(found["message"]),
    )


def accept_facts(tx: Tx, delivery_id: int, facts: Facts) -> None:
    """A person has accepted what the ERP shows: that is what the posting must show from now on."""
    tx.run(_ACCEPT_FACTS, {"d": delivery_id, "f": _facts_text(facts)})


def accepted(tx: Tx, delivery_id: int) -> Facts | None:
    """What a person has accepted of a posting in place of what was sent; `None` where nothing."""
    found = tx.one(_ACCEPTED, {"d": delivery_id})
    return None if found is None else facts_of(found["facts"])
