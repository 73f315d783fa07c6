"""How much of each invoice reports claim: no invoice is claimed for more than it says, by however many reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from sqlalchemy import bindparam, delete, insert, select

from dougong.ledger import schema
from dougong.ledger.statements import Statement, Tx
from dougong.model.documents import SourceRef
from dougong.model.money import plain
from dougong.model.settled import InvoiceClaim

__all__ = ["others", "record"]

_T = schema.invoice_claim
_OWNER = ("source", "tenant", "type", "source_id")
_OWN = [_T.c[name] == bindparam(name) for name in _OWNER]
_INSERT = Statement(insert(_T), [column.name for column in _T.columns])
_DELETE = Statement(delete(_T).where(*_OWN))
_BEFORE = Statement(select(_T.c.invoice, _T.c.share).where(*_OWN))
_OF_INVOICE = Statement(
    select(_T.c.type, _T.c.source_id, _T.c.number, _T.c.share).where(
        _T.c.source == bindparam("source"), _T.c.tenant == bindparam("tenant"), _T.c.invoice == bindparam("invoice")
    )
)


def others(tx: Tx, ref: SourceRef, invoice: str) -> Mapping[str, Decimal]:
    """Number of each other report that claims an invoice → how much of it, in the invoice's currency.

    :param invoice: its key (`InvoiceClaim.key`).
    """
    found = tx.rows(_OF_INVOICE, {"source": ref.source, "tenant": ref.tenant, "invoice": invoice})
    return {
        row["number"]: Decimal(row["share"]) for row in found if (row["type"], row["source_id"]) != (ref.type, ref.id)
    }


def record(tx: Tx, ref: SourceRef, number: str, claims: Sequence[InvoiceClaim]) -> bool:
    """Note what a report claims now, in place of what it claimed before; returns whether it gave anything back."""
    owner = dict(zip(_OWNER, (ref.source, ref.tenant, ref.type, ref.id), strict=True))
    before = {row["invoice"]: row["share"] for row in tx.rows(_BEFORE, owner)}
    now = {one.key: plain(one.share) for one in claims}
    if before == now:
        return False
    tx.run(_DELETE, owner)
    tx.many(_INSERT, [{**owner, "number": number, "invoice": key, "share": share} for key, share in now.items()])
    return any(now.get(key) != share for key, share in before.items())
