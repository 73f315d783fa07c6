"""Bookings that correct another one: what was sent is read from the ledger, never derived again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dougong import formats
from dougong.accounting import Derivation, cancel_out, change_day, difference, part_of, red
from dougong.ledger import deliveries, documents, reversals
from dougong.ledger.rows import DeliveryRow
from dougong.ledger.statements import Tx
from dougong.ledger.states import DeliveryState
from dougong.model.bookings import Voucher
from dougong.model.documents import Document, SourceRef
from dougong.model.problems import DougongError, Problem

if TYPE_CHECKING:
    from dougong.flow.deriving import Deriver

__all__ = ["MONEY", "came_back", "complement", "red_of", "reversal"]

#: Moments that settle what an accrual owes.
MONEY = frozenset({"payment", "payment_returned"})


def reversal(deriver: Deriver, row: DeliveryRow, document: Document) -> Voucher:
    """The red voucher of what a delivery has booked, or of its document's part in a merged one.

    :param row: the reversal's delivery. :param document: as it now is.
    :raises DougongError: nothing is known of what was booked.
    """
    return red_of(deriver, deriver.project.ledger.look(lambda tx: deliveries.by_id(tx, row.reverses_id or 0)), document)


def red_of(deriver: Deriver, one: DeliveryRow, document: Document) -> Voucher:
    """The red voucher over a document's part in what a delivery has booked.

    :param one: the delivery to be taken back.
    :raises DougongError: nothing is known of what was booked, or nothing may be booked now.
    """
    text = deriver.project.ledger.look(lambda tx: reversals.booking_of(tx, one.id))
    booked = part_of(_booking(text, one), document.ref)
    rules = deriver.inputs.rules[one.book]
    day = change_day(document, rules.rules.zone, deriver.today)
    return red(booked, deriver.correction_date(booked, day), rules, deriver.inputs.limits(one.book))


def complement(
    deriver: Deriver, tx: Tx, document: Document, derivation: Derivation, entity: str, book: str
) -> Voucher | None:
    """What is missing in the books for a document's new content; `None` when nothing is."""
    wanted = next(
        (
            one.booking
            for one in derivation.drafts
            if (one.moment, one.entity, one.book) == ("accrual", entity, book) and one.booking is not None
        ),
        None,
    )
    booked = [
        part_of(_booking(reversals.booking_of(tx, one.id), one), document.ref)
        for one in documents.live_deliveries_of(tx, document.ref)
        if one.moment in ("accrual", "difference")
        and (one.entity, one.book) == (entity, book)
        and one.state is DeliveryState.DELIVERED
    ]
    if wanted is None or not booked:
        return None
    rules = deriver.inputs.rules[book]
    day = change_day(document, rules.rules.zone, deriver.today)
    return difference(wanted, booked, deriver.correction_date(booked[0], day), deriver.inputs.limits(book))


def came_back(tx: Tx, ref: SourceRef, number: str, money: Sequence[DeliveryRow]) -> bool:
    """Whether all that was paid of a document is back in the books, so that nothing of it stands any more.

    :param number: the document's. :param money: its payments and returned transfers that are in the ERP, or may be.
    """
    texts = [reversals.booking_of(tx, one.id) for one in money if one.state is DeliveryState.DELIVERED]
    booked = [part_of(formats.voucher_from_json(json.loads(text)), ref) for text in texts if text is not None]
    return len(booked) == len(money) and cancel_out(booked, number)


def _booking(text: str | None, row: DeliveryRow) -> Voucher:
    if text is None:
        raise DougongError(
            Problem.of(
                "BOOKING_UNKNOWN",
                f"{row.name}: 账本中没有原凭证的内容, 无法红冲",
                f"{row.name}: the ledger does not hold what was booked, so it cannot be taken back",
                hint_zh="请在 ERP 中手工更正, 然后 cancel",
                hint_en="correct it in the ERP by hand, then cancel",
            )
        )
    return formats.voucher_from_json(json.loads(text))
