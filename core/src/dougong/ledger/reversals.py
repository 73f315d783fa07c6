"""Reversals that have arrived: what they reverse is reversed, as a whole or for one member of a merged voucher."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import bindparam, select, update

from dougong.ledger import covering, deliveries, documents, schema
from dougong.ledger.rows import FOREVER, DeliveryRow, DocumentRow
from dougong.ledger.statements import Statement, Tx
from dougong.ledger.states import DeliveryState, DocumentState
from dougong.model.documents import SourceRef

__all__ = [
    "CORRECTIONS",
    "arrived",
    "booking_of",
    "is_partly_taken_back",
    "let_go",
    "reversal_of",
    "takes_all",
]

#: Moments that correct another voucher.
CORRECTIONS = ("reversal", "difference")

_C, _D, _DOC, _I = schema.coverage, schema.delivery, schema.document, schema.attempt_item
_DOCUMENTS = Statement(select(_DOC).join(_C, _C.c.document_id == _DOC.c.id).where(_C.c.delivery_id == bindparam("d")))
_RELEASE = Statement(
    update(_C).where(_C.c.delivery_id == bindparam("d"), _C.c.document_id == bindparam("document")).values(live=None)
)
_STILL_LIVE = Statement(
    select(_C.c.document_id).where(_C.c.delivery_id == bindparam("d"), _C.c.live.is_not(None)).limit(1)
)
_REVERSAL = Statement(
    select(_D)
    .join(_C, _C.c.delivery_id == _D.c.id)
    .join(_DOC, _DOC.c.id == _C.c.document_id)
    .where(
        _D.c.reverses_id == bindparam("d"),
        _C.c.live.is_not(None),
        documents.of_ref(_DOC),
    )
    .limit(1)
)
_ANY_REVERSAL = Statement(
    select(_D.c.id)
    .where(_D.c.reverses_id == bindparam("d"), _D.c.state != bindparam("gone", DeliveryState.CANCELLED.value))
    .limit(1)
)
_BOOKING = Statement(
    select(_I.c.booking).where(_I.c.delivery_id == bindparam("d")).order_by(_I.c.attempt_id.desc()).limit(1)
)


def arrived(tx: Tx, row: DeliveryRow) -> None:
    """A delivery is delivered: what it reverses is reversed, and what waited for it is free."""
    if row.reverses_id is not None:
        _settle(tx, row, deliveries.by_id(tx, row.reverses_id))
    deliveries.wake(tx, row)


def _settle(tx: Tx, reversal: DeliveryRow, original: DeliveryRow) -> None:
    taken = {document.ref for document in _documents(tx, reversal)}
    for document in _documents(tx, original):
        if document.ref in taken:
            tx.run(_RELEASE, {"d": original.id, "document": document.id})
            if document.state is DocumentState.OPEN and not _is_latest(tx, document):
                documents.change(tx, document, event="superseded", state=DocumentState.SUPERSEDED, problems="[]")
    to = DeliveryState.REVERSED if tx.one(_STILL_LIVE, {"d": original.id}) is None else original.state
    detail: dict[str, Any] = {"by": reversal.name, "documents": list(reversal.numbers)}
    deliveries.move(tx, original, to, event="reversed", detail=detail, due_at=FOREVER, reason=original.reason)


def let_go(tx: Tx, row: DeliveryRow) -> None:
    """A draft is deleted with all that it books: of its documents, those that did not ask for that are opened anew."""
    for document in _documents(tx, row):
        if document.state is DocumentState.OPEN:
            state = DocumentState.ACCEPTED if _is_latest(tx, document) else DocumentState.SUPERSEDED
            documents.change(tx, document, event="voided", detail={"delivery": row.name}, state=state, problems="[]")


def _documents(tx: Tx, row: DeliveryRow) -> list[DocumentRow]:
    return list({found["id"]: DocumentRow(**found) for found in tx.rows(_DOCUMENTS, {"d": row.id})}.values())


def _is_latest(tx: Tx, document: DocumentRow) -> bool:
    latest = documents.latest(tx, document.ref)
    return latest is None or latest.id == document.id


def reversal_of(tx: Tx, delivery_id: int, ref: SourceRef) -> DeliveryRow | None:
    """What takes back, or has taken back, a document's part in a delivery; `None` where nothing does."""
    found = tx.one(_REVERSAL, {"d": delivery_id, **documents.key_of(ref)})
    return None if found is None else DeliveryRow.from_mapping(found)


def is_partly_taken_back(tx: Tx, delivery_id: int) -> bool:
    """Whether a red voucher takes back some of what a delivery books, or is to: then it cannot simply be deleted."""
    return tx.one(_ANY_REVERSAL, {"d": delivery_id}) is not None


def takes_all(tx: Tx, delivery_id: int, refs: Collection[SourceRef]) -> bool:
    """Whether taking back some documents' part takes back all that a delivery has ever booked."""
    return {row.ref for row in covering.covered_by(tx, delivery_id)} <= set(refs)


def booking_of(tx: Tx, delivery_id: int) -> str | None:
    """The booking that a delivery was last sent with, as JSON text."""
    found = tx.one(_BOOKING, {"d": delivery_id})
    return None if found is None else str(found["booking"])
