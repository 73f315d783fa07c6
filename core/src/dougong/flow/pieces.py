"""Vouchers in parts (分单): what is already sent of one must still be a part of what is derived now."""

from __future__ import annotations

import json
from decimal import Decimal

from dougong import formats
from dougong.accounting import Derivation
from dougong.ledger import documents, reversals
from dougong.ledger.rows import DeliveryRow
from dougong.ledger.statements import Tx
from dougong.ledger.states import UNSENT
from dougong.model.bookings import Voucher
from dougong.model.documents import SourceRef
from dougong.model.problems import Problem

__all__ = ["cut_otherwise", "in_pieces", "pieces_changed"]


def in_pieces(tx: Tx, row: DeliveryRow, ref: SourceRef, derivation: Derivation) -> bool:
    """Whether the voucher of a delivery was made in parts, or would be now."""
    sent = [one for one in documents.live_deliveries_of(tx, ref) if _place(one) == _place(row)]
    now = [one for one in derivation.drafts if (one.moment, one.entity, one.book) == _place(row)]
    return len(sent) > 1 or len(now) > 1


def cut_otherwise(tx: Tx, row: DeliveryRow, ref: SourceRef, derivation: Derivation) -> bool:
    """Whether a part that is sent already holds other lines than it would now: then the rest would not complete it."""
    now = {one.part: one for one in derivation.drafts if (one.moment, one.entity, one.book) == _place(row)}
    for one in documents.live_deliveries_of(tx, ref):
        if _place(one) != _place(row) or one.id == row.id or one.state in UNSENT:
            continue
        text, draft = reversals.booking_of(tx, one.id), now.get(one.part)
        if text is None or draft is None or draft.booking is None:
            return True
        if _money(formats.voucher_from_json(json.loads(text))) != _money(draft.booking):
            return True
    return False


def pieces_changed(row: DeliveryRow) -> Problem:
    """A part that does not fit those that were sent."""
    names = ", ".join(row.numbers)
    return Problem.of(
        "PIECES_CHANGED",
        f"{names} 的凭证分单发送, 已送部分与现在的分法不同",
        f"the voucher of {names} is sent in parts, and those that were sent are not those that it would have now",
        hint_zh="请恢复当时的规则; 或 reverse 已送部分, 再 repost",
        hint_en="restore the rules of that time, or reverse what was sent and repost it",
    )


def _place(row: DeliveryRow) -> tuple[str, str, str]:
    return (row.moment, row.entity, row.book)


def _money(voucher: Voucher) -> list[tuple[str, Decimal]]:
    """What of a part has to stay; an account may become another one."""
    return [(line.side, line.amount) for line in voucher.lines]
