"""Other content of a document that is just being worked on: who can come again is asked to."""

from __future__ import annotations

from dougong.clock import epoch_ms
from dougong.ledger import documents
from dougong.ledger.rows import DeliveryRow, DocumentRow
from dougong.ledger.statements import Tx
from dougong.ledger.states import DeliveryState, DocumentState
from dougong.model.problems import Problem

__all__ = ["in_work", "refuse_for_now"]

_MOVING = frozenset({DeliveryState.SENDING, DeliveryState.WAITING, DeliveryState.UNKNOWN})


def in_work(tx: Tx, known: DocumentRow) -> bool:
    """Whether a document's deliveries are not made yet, or one of them is on its way to the ERP."""
    return known.state is DocumentState.ACCEPTED or any(map(_moves, documents.deliveries_of(tx, known.ref)))


def _moves(row: DeliveryRow) -> bool:
    """What was refused a connection waits for its next try: nothing of it is there, and it may be replaced."""
    about_to = row.state is DeliveryState.READY and not row.failures
    return row.state in _MOVING or about_to or row.lease_until > epoch_ms()


def refuse_for_now(tx: Tx, known: DocumentRow, fingerprint: str, actor: str) -> Problem:
    """Put on record that other content came meanwhile, and say so; what is in work stays as it is."""
    documents.change(tx, known, event="refused_in_work", actor=actor, detail={"fingerprint": fingerprint})
    return Problem.of(
        "DOCUMENT_IN_WORK",
        f"{known.number} 正在处理中, 此时不接收另一内容",
        f"{known.number} is in work: other content is not accepted just now",
        hint_zh="请稍后再次发送",
        hint_en="send it again in a while",
    )
