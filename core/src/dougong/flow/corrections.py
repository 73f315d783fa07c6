"""Bookings that correct another one: what was sent is read from the ledger, never derived again."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import attrs

from dougong import formats
from dougong.accounting import Derivation, business_date, change_day, difference, part_of, red
from dougong.clock import business_now
from dougong.delivery import Blocked, Held
from dougong.delivery.send import facts_of
from dougong.flow.dependents import dependents, lock, stands_on_it
from dougong.flow.intended import Intended
from dougong.ledger import attempts, covering, deliveries, documents, postings, reversals
from dougong.ledger.rows import DeliveryRow
from dougong.ledger.statements import Tx
from dougong.ledger.states import DeliveryState
from dougong.model.bookings import Reversed, Voucher
from dougong.model.documents import Document, SourceRef
from dougong.model.postings import Facts, Posting, PostingLine, Stage
from dougong.model.problems import DougongError, Problem, Text

if TYPE_CHECKING:
    from dougong.flow.deriving import Deriver

__all__ = ["complement", "red_of", "reversal"]


def reversal(deriver: Deriver, row: DeliveryRow) -> Intended | Held | Blocked:
    """The red voucher of what a delivery has booked, or of some documents' part in a merged one.

    It waits for the reversals of what stands on that, and is held while something stands on it that stays.

    :param row: the reversal's delivery.
    :raises DougongError: nothing is known of what was booked, or something else stands in its place.
    """
    look = deriver.project.ledger.look
    original = look(lambda tx: deliveries.by_id(tx, row.reverses_id or 0))
    taken = look(lambda tx: covering.covered_by(tx, row.id))
    refs = [one.ref for one in taken]
    found = look(lambda tx: dependents(tx, original, refs))

    def still(tx: Tx) -> bool:
        lock(tx, original, refs)
        return dependents(tx, original, refs) == found

    if found.staying:
        return Held((stands_on_it(row, original, found.staying),), deriver.inputs.hash, still)
    if found.leaving:
        names = tuple(one.name for one in found.leaving)
        return Blocked(tuple(one.id for one in found.leaving), names, deriver.inputs.hash, still)
    voucher = red_of(deriver, original, [deriver.whole(one) for one in taken], asked_at=row.asked_at)
    return Intended(voucher, row.target_stage, still)


def red_of(deriver: Deriver, one: DeliveryRow, taken: Sequence[Document], *, asked_at: int | None = None) -> Voucher:
    """The red voucher over documents' part in what a delivery has booked.

    :param one: the delivery to be taken back. :param taken: the documents, as they now are.
    :param asked_at: when a person asked for it; by default the documents tell the day.
    :raises DougongError: nothing is known of what was booked, something else stands, or nothing may be booked now.
    """
    refs = [document.ref for document in taken]
    booked = deriver.project.ledger.look(lambda tx: _booked(tx, one, refs))
    rules = deriver.inputs.rules[one.book]
    zone, now = rules.rules.zone, business_now()
    if asked_at is None:
        day = max(change_day(document, zone, now) for document in taken)
    else:
        day = business_date(dt.datetime.fromtimestamp(asked_at / 1000, dt.UTC), zone)
    voucher = red(booked, deriver.correction_date(booked, day), rules, deriver.inputs.limits(one.book))
    return attrs.evolve(voucher, reverses=deriver.project.ledger.look(lambda tx: _reversed(tx, one, refs)))


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
    booked = [_booked(tx, one, [document.ref]) for one in (*accruals, *added)]
    if wanted is None or not booked:
        return None
    rules = deriver.inputs.rules[book]
    day = change_day(document, rules.rules.zone, business_now())
    return difference(wanted, booked, deriver.correction_date(booked[0], day), deriver.inputs.limits(book))


def _booked(tx: Tx, row: DeliveryRow, refs: Collection[SourceRef]) -> Voucher:
    """What stands in the ERP of documents by a delivery: as it was sent, which is all that is known line by line."""
    text = reversals.booking_of(tx, row.id)
    if text is None:
        raise DougongError(_unknown(row))
    voucher = formats.voucher_from_json(json.loads(text))
    accepted, sent = attempts.accepted(tx, row.id), facts_of(voucher)
    if accepted is not None and sent.differences(_as_posting(accepted)):
        raise DougongError(_stands_otherwise(row, sent.changes(_as_posting(accepted))))
    return part_of(voucher, refs)


def _reversed(tx: Tx, row: DeliveryRow, refs: Collection[SourceRef]) -> Reversed | None:
    """What the ERP calls the posting, where all of it is taken back."""
    known = postings.of(tx, row.id) if reversals.takes_all(tx, row.id, refs) else None
    if known is None:
        return None
    period = known["period"] or row.period
    year = int(period[:4]) if period else None
    return Reversed(known["erp_key"], known["erp_number"], known["company"], year)


def _as_posting(facts: Facts) -> Posting:
    lines = tuple(PostingLine(side, "", amount) for side, amount in facts.lines)
    return Posting("", Stage.DRAFT, total=facts.total, currency=facts.currency, date=facts.date, lines=lines)


def _unknown(row: DeliveryRow) -> Problem:
    return Problem.of(
        "BOOKING_UNKNOWN",
        f"{row.name}: 账本中没有原凭证的内容, 无法红冲",
        f"{row.name}: the ledger does not hold what was booked, so it cannot be taken back",
        hint_zh="请在 ERP 中手工更正, 然后 cancel",
        hint_en="correct it in the ERP by hand, then cancel",
    )


def _stands_otherwise(row: DeliveryRow, changes: Text) -> Problem:
    return Problem.of(
        "STANDS_OTHERWISE",
        f"{row.name} 的凭证经人工确认以 ERP 中修改后的内容为准 ({changes.zh}); 按原内容红冲或补差会留下差额",
        f"of {row.name} the ERP's edited version was accepted ({changes.en}): correcting what was sent is not enough",
        hint_zh="请在 ERP 中手工更正, 然后 cancel 红冲凭证",
        hint_en="correct it in the ERP by hand, then cancel the red voucher",
        delivery=row.name,
    )
