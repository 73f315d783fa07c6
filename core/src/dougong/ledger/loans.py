"""What vouchers have lent and cleared: the balance of each loan, from what is or may be in the ERP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import attrs
from sqlalchemy import bindparam, delete, insert, select, update

from dougong.ledger import schema
from dougong.ledger.statements import Statement, Tx
from dougong.ledger.states import UNSENT, DeliveryState
from dougong.model.bookings import LoanMovement
from dougong.model.documents import SourceRef
from dougong.model.money import plain

__all__ = ["Balance", "Moved", "balance", "forget", "lock", "moved", "record"]

_M, _D, _DOC = schema.loan_movement, schema.delivery, schema.document
_INSERT = Statement(insert(_M), [column.name for column in _M.columns])
_DELETE = Statement(delete(_M).where(_M.c.delivery_id == bindparam("d")))
#: What was never sent moves nothing; what was cancelled is proved absent.
_NOTHING = [*(state.value for state in UNSENT), DeliveryState.CANCELLED.value]
#: What was sent and may not be there.
_OPEN = frozenset({DeliveryState.SENDING, DeliveryState.WAITING, DeliveryState.UNKNOWN})
_OF_LOAN = Statement(
    select(
        _M.c.type, _M.c.source_id, _M.c.currency, _M.c.amount, _M.c.base, _M.c.delivery_id, _D.c.reverses_id, _D.c.state
    )
    .join(_D, _D.c.id == _M.c.delivery_id)
    .where(
        _M.c.source == bindparam("source"),
        _M.c.tenant == bindparam("tenant"),
        _M.c.loan == bindparam("loan"),
        _D.c.state.not_in([bindparam(f"s{i}", state) for i, state in enumerate(_NOTHING)]),
    )
)
_LOCK = Statement(update(_DOC).where(_DOC.c.id == bindparam("id_")).values(version=_DOC.c.version))


@attrs.frozen
class Balance:
    """What is left of a loan.

    :param amount: in `currency`; `base` in functional currency, at the loan's carrying rate.
    """

    currency: str
    amount: Decimal
    base: Decimal


@attrs.frozen
class Moved:
    """What one delivery lent (+) or cleared (−) of a loan for one document, in the loan's currency."""

    delivery_id: int
    document: SourceRef
    amount: Decimal


def record(tx: Tx, delivery_id: int, movements: Sequence[LoanMovement]) -> None:
    """Note what a delivery does to loans from the moment on when its bytes may leave."""
    tx.run(_DELETE, {"d": delivery_id})
    rows = [
        {
            "delivery_id": delivery_id,
            "source": one.document.source,
            "tenant": one.document.tenant,
            "type": one.document.type,
            "source_id": one.document.id,
            "loan": one.loan,
            "currency": one.currency,
            "amount": plain(one.amount),
            "base": plain(one.base),
        }
        for one in movements
    ]
    tx.many(_INSERT, rows)


def forget(tx: Tx, delivery_id: int) -> None:
    """A posting is proved gone: what it did to loans is undone."""
    tx.run(_DELETE, {"d": delivery_id})


def balance(tx: Tx, ref: SourceRef, loan: str) -> Balance | None:
    """What is left of a loan without what the document `ref` itself has cleared; `None` when nothing moved it."""
    found = _of_loan(tx, ref, loan)
    others = [row for row in found if (row["type"], row["source_id"]) != (ref.type, ref.id) and _counts(row)]
    if not others:
        return None
    amount = sum((Decimal(row["amount"]) for row in others), Decimal(0))
    base = sum((Decimal(row["base"]) for row in others), Decimal(0))
    return Balance(others[0]["currency"], amount, base)


def _counts(row: Mapping[str, Any]) -> bool:
    """What may be in the ERP has used up its part of a loan, but gives nothing before it is there."""
    return Decimal(row["amount"]) < 0 or row["state"] not in _OPEN


def moved(tx: Tx, ref: SourceRef, loan: str) -> list[Moved]:
    """What has moved a loan, reversals aside: to be read together with what is taken back of it.

    :param ref: any document of the loan's source and tenant.
    """
    return [
        Moved(
            row["delivery_id"], SourceRef(ref.source, ref.tenant, row["type"], row["source_id"]), Decimal(row["amount"])
        )
        for row in _of_loan(tx, ref, loan)
        if row["reverses_id"] is None
    ]


def _of_loan(tx: Tx, ref: SourceRef, loan: str) -> list[dict[str, Any]]:
    return tx.rows(_OF_LOAN, {"source": ref.source, "tenant": ref.tenant, "loan": loan})


def lock(tx: Tx, document_id: int) -> None:
    """Keep other transactions from clearing the same loan until this one ends, where writers do not wait anyway."""
    tx.run(_LOCK, {"id_": document_id})
