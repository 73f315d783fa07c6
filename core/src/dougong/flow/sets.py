"""Sets: the vouchers of one document in several entities, or in parts, stand together or not at all.

posting-rules.md §1, "Both or none". Each is a delivery with a state of its own; what a person does to one of them has
to be done to all, or half of a report would stay in the books and two companies would owe each other what nobody bears.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from dougong.ledger import deliveries, documents, reversals
from dougong.ledger.rows import DeliveryRow
from dougong.ledger.statements import Tx
from dougong.ledger.states import UNSENT, DeliveryState
from dougong.model.documents import SourceRef
from dougong.model.problems import Text

__all__ = ["cancelled_alone", "members", "reversed_alone"]


def members(tx: Tx, row: DeliveryRow, ref: SourceRef) -> list[DeliveryRow]:
    """The other deliveries of a set, those that were cancelled or reversed too; none for what is not in a set."""
    every = documents.deliveries_of(tx, ref) if row.set_id else []
    return [one for one in every if (one.set_id, one.moment) == (row.set_id, row.moment) and one.id != row.id]


def cancelled_alone(tx: Tx, row: DeliveryRow, ref: SourceRef, ids: Collection[int]) -> Text | None:
    """Why an unsent member is not given up: others would still be sent without it.

    Where others are in the ERP already it may be: somebody books it there by hand, or is about to reverse them.

    :param ids: deliveries that are given up together.
    """
    rest = [one for one in members(tx, row, ref) if one.state in UNSENT and one.id not in ids]
    if not rest:
        return None
    names, together = _names(rest), _names([*_rows(tx, ids), *rest])
    zh = f"与 {names} 成套, 单独放弃会使报销单只入一半的账; 请一并放弃: cancel {together}"
    en = f"{names} belongs to the same set and would be sent without it; cancel them together: `cancel {together}`"
    return Text(zh, en)


def reversed_alone(tx: Tx, row: DeliveryRow, ref: SourceRef, ids: Collection[int]) -> Text | None:
    """Why a member is not taken back: others would stand, or be sent, without it.

    :param ids: deliveries that are taken back together.
    """
    others = [one for one in members(tx, row, ref) if one.id not in ids]
    unsent = [one for one in others if one.state in UNSENT]
    if unsent:
        names = _names(unsent)
        zh = f"与 {names} 成套, 后者尚未入账; 请先 cancel {names}, 再红冲"
        return Text(zh, f"{names} of the same set is not in the ERP yet; `cancel {names}` first, then reverse it")
    staying = [
        one
        for one in others
        if one.state not in (DeliveryState.CANCELLED, DeliveryState.REVERSED)
        and reversals.reversal_of(tx, one.id, ref) is None
    ]
    if not staying:
        return None
    names, together = _names(staying), _names([*_rows(tx, ids), *staying])
    zh = f"与 {names} 成套, 单独红冲会使报销单只入一半的账; 请一并红冲: reverse {together}"
    en = f"{names} belongs to the same set and would be half a report; reverse them together: `reverse {together}`"
    return Text(zh, en)


def _rows(tx: Tx, ids: Iterable[int]) -> list[DeliveryRow]:
    return [deliveries.by_id(tx, id_) for id_ in ids]


def _names(rows: Iterable[DeliveryRow]) -> str:
    return " ".join(dict.fromkeys(row.name for row in sorted(rows, key=lambda one: one.id)))
