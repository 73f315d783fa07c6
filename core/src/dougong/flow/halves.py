"""No half of a document is booked, taken back or given up: what goes together, and what speaks against less."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from dougong.flow.dependents import Part, dependents, named
from dougong.ledger import covering, deliveries, documents, reversals, sets
from dougong.ledger.rows import DeliveryRow
from dougong.ledger.statements import Tx
from dougong.ledger.states import UNSENT, DeliveryState, ParkReason
from dougong.model.documents import SourceRef
from dougong.model.problems import Text

__all__ = ["cancels_half", "goes_with", "is_gone", "is_the_rest", "rest_of_set"]

#: A reversal that goes its way by itself; of one that is held or refused a person knows more.
_GOES_ON = frozenset({DeliveryState.READY, DeliveryState.BLOCKED})
#: Why a voucher is held that the document does not make any more: its rest is whole without it.
_NOT_MADE = "BOOKING_GONE"


def rest_of_set(tx: Tx, row: DeliveryRow, ref: SourceRef, going: Collection[Part] = ()) -> list[DeliveryRow]:
    """The other vouchers of a delivery's set that are in the ERP, or may be, and that nothing takes back.

    :param going: what is to be taken back with it, though nothing does so yet.
    """
    return [
        one
        for one in sets.beside(tx, row, ref)
        if (one.id, ref) not in going
        and one.state not in UNSENT
        and not is_gone(one)
        and reversals.reversal_of(tx, one.id, ref) is None
    ]


def is_gone(row: DeliveryRow) -> bool:
    """Whether a person has deleted it in the ERP, and nobody has said yet what is to become of it."""
    return row.state is DeliveryState.PARKED and row.reason == ParkReason.DELETED_IN_ERP


def goes_with(tx: Tx, rows: Iterable[DeliveryRow], going: Collection[Part] = ()) -> list[DeliveryRow]:
    """All that has to be taken back together with deliveries: the rest of their sets, what stands on each, and so on.

    :param going: what is taken back anyway.
    """
    waiting = list(rows)
    found: dict[int, DeliveryRow] = {}
    while waiting:
        one = waiting.pop(0)
        if one.id not in found:
            found[one.id] = one
            refs = [document.ref for document in covering.standing_in(tx, one.id)]
            waiting += [other for ref in refs for other in rest_of_set(tx, one, ref, going)]
            waiting += dependents(tx, one, refs, going).staying
    return list(found.values())


def is_the_rest(row: DeliveryRow, others: Iterable[DeliveryRow]) -> Text:
    """Why a voucher of a set does not go alone."""
    names = ", ".join(named(one, row) for one in others)
    return Text(
        f"{names} 是同一单据的另一部分 (成组), 单据会只剩一半入账",
        f"{names} books the rest of the same document, of which half would be left in the books",
    )


def cancels_half(tx: Tx, row: DeliveryRow, ids: Collection[int]) -> Text | None:
    """What speaks against giving up a delivery: half of its document would be booked, or taken back.

    :param ids: all that is given up together.
    """
    for document in covering.standing_in(tx, row.id):
        if row.reverses_id is not None:
            found = _half_a_reversal(tx, row, deliveries.by_id(tx, row.reverses_id), document.ref, ids)
        else:
            found = _half_a_set(tx, row, document.ref, ids)
        if found is not None:
            return found
    return None


def _half_a_set(tx: Tx, row: DeliveryRow, ref: SourceRef, ids: Collection[int]) -> Text | None:
    there = [one for one in rest_of_set(tx, row, ref) if one.id not in ids]
    if there:
        why = is_the_rest(row, there)
        call = "reverse " + _names(_accruals(tx, ref, there))
        zh = f"{why.zh}; 请红冲已入账的, 未入账的随之放弃: {call}"
        return Text(zh, f"{why.en}; take back what is booked, and this is given up with it: `{call}`")
    others = [one for one in sets.beside(tx, row, ref) if one.id not in ids and (one.state in UNSENT or is_gone(one))]
    if not others or row.reason == _NOT_MADE:
        return None
    return _together(row, others, ids)


def _accruals(tx: Tx, ref: SourceRef, there: Sequence[DeliveryRow]) -> list[DeliveryRow]:
    """What is to be named to take vouchers back: differences go with what they complement."""
    if all(one.moment != "difference" for one in there):
        return goes_with(tx, there)
    booked = [one for one in documents.live_deliveries_of(tx, ref) if one.moment == "accrual"]
    return goes_with(tx, [one for one in booked if one.state not in UNSENT])


def _half_a_reversal(
    tx: Tx, row: DeliveryRow, original: DeliveryRow, ref: SourceRef, ids: Collection[int]
) -> Text | None:
    """Of a set that is being taken back all is, unless something stands in its way that a person has seen to."""
    if original.set_id is None or row.state not in _GOES_ON:
        return None
    backs = [reversals.reversal_of(tx, one.id, ref) for one in sets.beside(tx, original, ref)]
    others = [back for back in backs if back is not None and back.state in UNSENT and back.id not in ids]
    places = sets.by_place(sets.of_revision(tx, original)).values()
    if not all(places) or any(back is not None and back.state not in UNSENT for back in backs):
        return Text(
            "同一单据的另一部分已红冲或正在红冲, 放弃会使单据只剩一半入账; 请 dougong run 继续, 之后需要时再 repost",
            "the rest of the same document is taken back already, or about to be, and half of it would be left in the"
            " books; `dougong run` goes on with it, then `repost` what is wanted after all",
        )
    return _together(row, others, ids) if others else None


def _together(row: DeliveryRow, others: Sequence[DeliveryRow], ids: Collection[int]) -> Text:
    why = is_the_rest(row, others)
    call = "cancel " + " ".join(f"D{id_}" for id_ in sorted({*ids, *(one.id for one in others)}))
    return Text(f"{why.zh}; 请一并放弃: {call}", f"{why.en}; give them up together: `{call}`")


def _names(rows: Iterable[DeliveryRow]) -> str:
    return " ".join(row.name for row in rows)
