"""Sets: the vouchers of one document in several entities, or in parts, stand together or not at all.

posting-rules.md §1, "Both or none". Each is a delivery with a state of its own; what a person does to one of them has
to be done to all, or half of a report would stay in the books and two companies would owe each other what nobody bears.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from dougong.flow.dependents import Part, dependents
from dougong.ledger import covering, deliveries, reversals, sets
from dougong.ledger.rows import DeliveryRow
from dougong.ledger.statements import Tx
from dougong.ledger.states import UNSENT, DeliveryState, ParkReason
from dougong.model.documents import SourceRef
from dougong.model.problems import Text

__all__ = ["cancelled_alone", "goes_with", "is_gone", "is_left_over", "names_of", "not_there_yet", "reversed_alone"]

#: A reversal that goes its way by itself; of one that is held or refused a person knows more.
_GOES_ON = frozenset({DeliveryState.READY, DeliveryState.BLOCKED})


def cancelled_alone(tx: Tx, row: DeliveryRow, ref: SourceRef, ids: Collection[int]) -> Text | None:
    """Why an unsent member is not given up: others would still be sent without it.

    Where others are in the ERP already it may be: somebody books it there by hand, or is about to reverse them.

    :param ids: deliveries that are given up together.
    """
    if row.reverses_id is not None:
        return _kept_alone(tx, row, deliveries.by_id(tx, row.reverses_id), ref, ids)
    rest = [one for one in sets.beside(tx, row, ref) if one.state in UNSENT and one.id not in ids]
    return None if not rest or is_left_over(tx, row, ref) else _together(tx, rest, ids)


def _kept_alone(tx: Tx, row: DeliveryRow, original: DeliveryRow, ref: SourceRef, ids: Collection[int]) -> Text | None:
    """Why a reversal is not given up: others of the set would still be taken back, or are."""
    if original.set_id is None or row.state not in _GOES_ON:
        return None
    found = (reversals.reversal_of(tx, one.id, ref) for one in sets.beside(tx, original, ref))
    backs = [back for back in found if back is not None]
    whole = all(sets.by_place(sets.of_revision(tx, original)).values())
    if whole and all(back.state in UNSENT for back in backs):
        rest = [back for back in backs if back.id not in ids]
        return _together(tx, rest, ids) if rest else None
    return Text(
        "同套的另一张已红冲或正在红冲, 放弃会使报销单只入一半的账; 请 dougong run 继续, 之后需要时再 repost",
        "another voucher of the same set is taken back already, or about to be, and half a report would stay;"
        " `dougong run` goes on with it, then `repost` what is wanted after all",
    )


def _together(tx: Tx, rest: Sequence[DeliveryRow], ids: Collection[int]) -> Text:
    names, together = names_of(rest), names_of([*(deliveries.by_id(tx, id_) for id_ in ids), *rest])
    zh = f"与 {names} 成套, 单独放弃会使报销单只入一半的账; 请一并放弃: cancel {together}"
    en = f"{names} belongs to the same set and would be sent without it; cancel them together: `cancel {together}`"
    return Text(zh, en)


def is_left_over(tx: Tx, row: DeliveryRow, ref: SourceRef) -> bool:
    """Whether the document does not make it any more, and nothing was sent of the set that it was made for."""
    return row.reason == "BOOKING_GONE" and all(one.state in UNSENT for one in sets.beside(tx, row, ref))


def not_there_yet(tx: Tx, row: DeliveryRow, ref: SourceRef) -> Text | None:
    """Why a member is not taken back: others would still be sent."""
    unsent = names_of(one for one in sets.beside(tx, row, ref) if one.state in UNSENT)
    zh = f"与 {unsent} 成套, 后者尚未入账; 请先 cancel {unsent}, 再红冲"
    en = f"{unsent} of the same set is not in the ERP yet; `cancel {unsent}` first, then reverse it"
    return Text(zh, en) if unsent else None


def reversed_alone(tx: Tx, row: DeliveryRow, ref: SourceRef, going: Collection[Part]) -> Text | None:
    """Why a member is not taken back: others would stand without it; `goes_with` says what goes together.

    :param going: what is taken back together.
    """
    names = names_of(_staying(tx, row, ref, going))
    if not names:
        return None
    zh = f"与 {names} 成套, 单独红冲会使报销单只入一半的账"
    return Text(zh, f"{names} belongs to the same set and would be half a report")


def goes_with(tx: Tx, rows: Iterable[DeliveryRow], going: Collection[Part]) -> list[DeliveryRow]:
    """All that has to be taken back together: deliveries, the rest of their sets, what stands on each, and so on.

    :param going: what is taken back anyway.
    """
    waiting = list(rows)
    found: dict[int, DeliveryRow] = {}
    while waiting:
        one = waiting.pop()
        if one.id not in found:
            found[one.id] = one
            refs = [document.ref for document in covering.standing_in(tx, one.id)]
            waiting += [other for ref in refs for other in _staying(tx, one, ref, going)]
            waiting += dependents(tx, one, refs, going).staying
    return list(found.values())


def _staying(tx: Tx, row: DeliveryRow, ref: SourceRef, going: Collection[Part]) -> list[DeliveryRow]:
    """The other members that are in the ERP, or may be, and that nothing takes back."""
    return [
        one
        for one in sets.beside(tx, row, ref)
        if one.state not in UNSENT
        and not is_gone(one)
        and (one.id, ref) not in going
        and reversals.reversal_of(tx, one.id, ref) is None
    ]


def is_gone(row: DeliveryRow) -> bool:
    """Whether a person has deleted it in the ERP, and nobody has said yet what is to become of it."""
    return row.state is DeliveryState.PARKED and row.reason == ParkReason.DELETED_IN_ERP


def names_of(rows: Iterable[DeliveryRow]) -> str:
    """Deliveries as a command names them."""
    return " ".join(f"D{id_}" for id_ in sorted({row.id for row in rows}))
