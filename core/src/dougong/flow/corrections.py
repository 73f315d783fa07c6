"""Bookings that correct another one: what was sent is read from the ledger, never derived again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from dougong import formats
from dougong.accounting import Derivation, change_day, difference, part_of, red
from dougong.delivery import Blocked, Held
from dougong.flow.dependents import dependents, lock, stands_on_it
from dougong.flow.intended import Intended
from dougong.ledger import deliveries, documents, reversals
from dougong.ledger.rows import DeliveryRow
from dougong.ledger.statements import Tx
from dougong.ledger.states import DeliveryState
from dougong.model.bookings import Voucher
from dougong.model.documents import Document
from dougong.model.problems import DougongError, Problem

if TYPE_CHECKING:
    from dougong.flow.deriving import Deriver

__all__ = ["complement", "red_of", "reversal"]


def reversal(deriver: Deriver, row: DeliveryRow, document: Document) -> Intended | Held | Blocked:
    """The red voucher of what a delivery has booked, or of its document's part in a merged one.

    It waits for the reversals of what stands on that, and is held while something stands on it that stays.

    :param row: the reversal's delivery. :param document: as it now is.
    :raises DougongError: nothing is known of what was booked.
    """
    look, refs = deriver.project.ledger.look, [document.ref]
    original = look(lambda tx: deliveries.by_id(tx, row.reverses_id or 0))
    found = look(lambda tx: dependents(tx, original, refs))

    def still(tx: Tx) -> bool:
        lock(tx, original, refs)
        return dependents(tx, original, refs) == found

    if found.staying:
        return Held((stands_on_it(row, original, found.staying),), deriver.inputs.hash, still)
    if found.leaving:
        names = tuple(one.name for one in found.leaving)
        return Blocked(tuple(one.id for one in found.leaving), names, deriver.inputs.hash, still)
    return Intended(red_of(deriver, original, document), row.target_stage, still)


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
    place = (entity, book, DeliveryState.DELIVERED)
    there = [
        one for one in documents.live_deliveries_of(tx, document.ref) if (one.entity, one.book, one.state) == place
    ]
    accruals = [one for one in there if one.moment == "accrual"]
    added = [one for one in there if one.moment == "difference" and accruals and one.id > accruals[0].id]
    booked = [part_of(_booking(reversals.booking_of(tx, one.id), one), document.ref) for one in (*accruals, *added)]
    if wanted is None or not booked:
        return None
    rules = deriver.inputs.rules[book]
    day = change_day(document, rules.rules.zone, deriver.today)
    return difference(wanted, booked, deriver.correction_date(booked[0], day), deriver.inputs.limits(book))


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
