"""What stands on a voucher and would lose its ground with it: money paid for an accrual, what clears a loan."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence

import attrs

from dougong import formats
from dougong.accounting import cancel_out, part_of
from dougong.ledger import deliveries, documents, loans, reversals
from dougong.ledger.rows import DeliveryRow
from dougong.ledger.statements import Tx
from dougong.ledger.states import UNSENT, DeliveryState
from dougong.model.documents import SourceRef
from dougong.model.problems import Problem, Text

__all__ = ["MONEY", "Dependents", "Part", "builds_on_it", "came_back", "dependents", "lock", "stands_on_it"]

#: Moments that settle what an accrual owes.
MONEY = frozenset({"payment", "payment_returned"})
#: Id of a delivery, and a document that it serves.
Part = tuple[int, SourceRef]
_Standing = list[tuple[DeliveryRow, SourceRef]]


@attrs.frozen
class Dependents:
    """What stands on a voucher that is to be taken back.

    :param staying: nothing takes it back: it would be left without what it settles.
    :param leaving: reversals of the rest that are not delivered yet; the voucher is taken back after them.
    """

    staying: tuple[DeliveryRow, ...] = ()
    leaving: tuple[DeliveryRow, ...] = ()


def dependents(tx: Tx, row: DeliveryRow, refs: Iterable[SourceRef], going: Collection[Part] = ()) -> Dependents:
    """What stands on a delivery's part for some documents.

    :param going: what is to be taken back with it, though nothing does so yet.
    """
    staying: dict[int, DeliveryRow] = {}
    leaving: dict[int, DeliveryRow] = {}
    for ref in refs:
        for one, whose in _standing(tx, row, ref, going):
            back = reversals.reversal_of(tx, one.id, whose)
            if back is not None and back.state is not DeliveryState.DELIVERED:
                leaving[back.id] = back
            elif back is None and (one.id, whose) not in going:
                staying[one.id] = one
    return Dependents(tuple(staying.values()), tuple(leaving.values()))


def _standing(tx: Tx, row: DeliveryRow, ref: SourceRef, going: Collection[Part]) -> _Standing:
    if row.moment == "accrual":
        money = [one for one in documents.live_deliveries_of(tx, ref) if _settles(one, row)]
        latest = documents.latest(tx, ref)
        back = latest is not None and came_back(tx, ref, latest.number, money)
        return [] if back else [(one, ref) for one in money]
    return _clearing(tx, row, ref, going) if row.moment == "loan" else []


def _settles(one: DeliveryRow, accrual: DeliveryRow) -> bool:
    """Whether a delivery of the same document books money paid for an accrual."""
    same = (one.entity, one.book) == (accrual.entity, accrual.book)
    return one.moment in MONEY and same and one.state not in UNSENT


def came_back(tx: Tx, ref: SourceRef, number: str, money: Sequence[DeliveryRow]) -> bool:
    """Whether all that was paid of a document is back in the books, so that nothing of it stands any more.

    :param number: the document's. :param money: its payments and returned transfers that are in the ERP, or may be.
    """
    texts = [reversals.booking_of(tx, one.id) for one in money if one.state is DeliveryState.DELIVERED]
    booked = [part_of(formats.voucher_from_json(json.loads(text)), [ref]) for text in texts if text is not None]
    return len(booked) == len(money) and cancel_out(booked, number)


def _clearing(tx: Tx, row: DeliveryRow, ref: SourceRef, going: Collection[Part]) -> _Standing:
    """What clears a loan; those alone that are taken back where what is left of the loan bears the others."""
    loan = documents.latest(tx, ref)
    moved = [] if loan is None else loans.moved(tx, ref, loan.number)
    stays = [
        one
        for one in moved
        if one.delivery_id != row.id
        and (one.delivery_id, one.document) not in going
        and reversals.reversal_of(tx, one.delivery_id, one.document) is None
    ]
    borne = sum(one.amount for one in stays) >= 0
    clearing = [one for one in moved if one.amount < 0 and not (borne and one in stays)]
    return [(deliveries.by_id(tx, one.delivery_id), one.document) for one in clearing]


def lock(tx: Tx, row: DeliveryRow, refs: Iterable[SourceRef]) -> None:
    """Keep others from clearing a loan until this transaction, which takes it back, ends."""
    for ref in refs if row.moment == "loan" else ():
        loan = documents.latest(tx, ref)
        if loan is not None:
            loans.lock(tx, loan.id)


def builds_on_it(row: DeliveryRow, standing: Iterable[DeliveryRow]) -> Text:
    """Who stands on a delivery, and why it does not go alone."""
    names = ", ".join(_named(one, row) for one in standing)
    if row.moment == "loan":
        return Text(
            f"{names} 核销或归还了这笔借款, 会失去所冲的借款",
            f"{names} clears this loan and would be left without it",
        )
    return Text(
        f"{names} 记录了它的付款, 会失去对应的负债",
        f"{names} books money paid for it, which would lose what it settles",
    )


def stands_on_it(reversal: DeliveryRow, original: DeliveryRow, staying: Iterable[DeliveryRow]) -> Problem:
    """Why a reversal is not sent: something has come to stand on what it takes back."""
    standing = list(staying)
    why = builds_on_it(original, standing)
    names = " ".join(one.name for one in standing)
    return Problem.of(
        "STANDS_ON_IT",
        f"不能红冲 {original.name}: {why.zh}",
        f"{original.name} is not taken back: {why.en}",
        hint_zh=f"reverse {names} 一并红冲, 然后 retry {reversal.name}; 不再红冲: cancel {reversal.name}",
        hint_en=f"`reverse {names}` as well, then retry {reversal.name}; or cancel {reversal.name}",
        deliveries=names,
    )


def _named(one: DeliveryRow, beside: DeliveryRow) -> str:
    """A delivery; one of other documents with their numbers."""
    return one.name if one.numbers == beside.numbers else f"{one.name} ({', '.join(one.numbers)})"
