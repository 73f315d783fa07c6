"""Postings: what the ERP is known to hold for a delivery."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from dougong.ledger import schema
from dougong.ledger.rows import DeliveryRow
from dougong.ledger.statements import Statement, Tx
from dougong.model.postings import Posting

__all__ = ["of", "record", "whose"]

_P = schema.posting
#: What an ERP may tell only later; an answer without it does not forget it.
_TOLD_LATER = ("erp_number", "company", "book", "date", "period", "currency", "total")
_POSTING = Statement(insert(_P), [c.name for c in _P.columns if c.name != "id"])
_POSTING_OF = Statement(select(_P).where(_P.c.delivery_id == bindparam("d")))
_WHOSE = Statement(
    select(_P.c.delivery_id).where(_P.c.connection == bindparam("connection"), _P.c.erp_key == bindparam("key"))
)
_POSTING_UPDATE = Statement(
    update(_P)
    .where(_P.c.delivery_id == bindparam("d"))
    .values(
        erp_key=bindparam("v_erp_key"),
        stage=bindparam("v_stage"),
        **{name: func.coalesce(bindparam(f"v_{name}"), _P.c[name]) for name in _TOLD_LATER},
    )
)


def record(tx: Tx, row: DeliveryRow, posting: Posting) -> None:
    """Keep what the ERP holds for a delivery; the database refuses one ERP key for two deliveries."""
    told = {
        "erp_key": posting.erp_key,
        "erp_number": posting.number or None,
        "stage": posting.stage.value,
        "company": posting.company,
        "book": posting.book,
        "date": posting.date.isoformat() if posting.date else None,
        "period": posting.period,
        "currency": posting.currency,
        "total": None if posting.total is None else format(posting.total, "f"),
    }
    if not tx.run(_POSTING_UPDATE, {"d": row.id, **{f"v_{name}": value for name, value in told.items()}}):
        tx.run(_POSTING, {"delivery_id": row.id, "connection": row.connection, **told})


def of(tx: Tx, delivery_id: int) -> dict[str, Any] | None:
    """The posting row of a delivery."""
    return tx.one(_POSTING_OF, {"d": delivery_id})


def whose(tx: Tx, connection: str, erp_key: str) -> int | None:
    """The delivery that a voucher of an ERP belongs to; `None`: to none of ours."""
    found = tx.one(_WHOSE, {"connection": connection, "key": erp_key})
    return None if found is None else int(found["delivery_id"])
