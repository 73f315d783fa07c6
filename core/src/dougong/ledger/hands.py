"""Whose hands a delivery has gone through: who has brought its documents, who has changed it last."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from dougong.ledger import audit, covering, schema
from dougong.ledger.rows import DeliveryRow
from dougong.ledger.statements import Statement, Tx

__all__ = ["APPROVED", "hands"]

#: Event of an approval: whoever approves a voucher has not changed it.
APPROVED = "approved"

_A = schema.audit
_ACTORS = Statement(
    select(_A.c.actor)
    .where(_A.c.subject == bindparam("subject"), _A.c.event != bindparam("event", APPROVED))
    .order_by(_A.c.version)
)


def hands(tx: Tx, row: DeliveryRow) -> tuple[str, ...]:
    """Who cannot be the second person for a delivery, in alphabetical order.

    That is who accepted each of its documents, who told something of it last, and who changed or retried the delivery
    last; steps that go by themselves are nobody's.
    """
    found: set[str] = set()
    for document in covering.covered_by(tx, row.id):
        told = _actors(tx, document.subject)
        found |= {*told[:1], *told[-1:]}
    found |= set(_actors(tx, row.subject)[-1:])
    return tuple(sorted(found))


def _actors(tx: Tx, subject: str) -> list[str]:
    return [found["actor"] for found in tx.rows(_ACTORS, {"subject": subject}) if found["actor"] != audit.SYSTEM]
