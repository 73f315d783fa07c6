"""Sets: vouchers of one document that are only whole together, of several entities or in parts (posting-rules.md §1.7).

A set is counted by its places, entity, book and part: whatever became of its vouchers, a place has one, or lacks it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol, TypeVar

import attrs
from sqlalchemy import bindparam, select
from sqlalchemy.engine import Connection

from dougong.ledger import covering, documents, schema
from dougong.ledger.rows import DeliveryRow, DocumentRow
from dougong.ledger.statements import Tx
from dougong.ledger.states import FINAL, GIVEN_UP, DeliveryState
from dougong.model.documents import SourceRef

__all__ = ["beside", "by_place", "counted", "name_for", "of_revision"]

_D, _C, _DOC = schema.delivery, schema.coverage, schema.document
_PIECES = (
    select(_D.c.set_id, _DOC.c.revision, _D.c.entity, _D.c.book, _D.c.moment, _D.c.part, _D.c.state, _D.c.reason)
    .join(_C, _C.c.delivery_id == _D.c.id)
    .join(_DOC, _DOC.c.id == _C.c.document_id)
    .where(_D.c.set_id.in_(bindparam("ids", expanding=True)))
)


class _Piece(Protocol):
    """A delivery, or what is known of one."""

    @property
    def entity(self) -> str: ...
    @property
    def book(self) -> str: ...
    @property
    def moment(self) -> str: ...
    @property
    def part(self) -> str: ...
    @property
    def state(self) -> DeliveryState: ...
    @property
    def reason(self) -> str: ...


_P = TypeVar("_P", bound=_Piece)


@attrs.frozen
class _Counted:
    """What counts of a delivery."""

    entity: str
    book: str
    moment: str
    part: str
    state: DeliveryState = attrs.field(converter=DeliveryState)
    reason: str


def name_for(tx: Tx, row: DocumentRow) -> str:
    """The name of a document's set: of the one that stands, whatever revision it was made for, or a new one."""
    live = documents.live_deliveries_of(tx, row.ref)
    known = next((one.set_id for one in live if one.set_id and one.moment == "accrual"), None)
    return known or f"{row.number}#{row.id}"


def by_place(pieces: Iterable[_P]) -> dict[tuple[str, str, str], list[_P]]:
    """What stands at each place of a set; nothing where its voucher was reversed or given up, and no other has come.

    What was cancelled by itself, since another delivery took its place or other rules its lines, makes no place.

    :param pieces: vouchers of one revision, with the differences that complement them.
    """
    found: dict[tuple[str, str, str], list[_P]] = {}
    for piece in pieces:
        if piece.state is not DeliveryState.CANCELLED or piece.reason == GIVEN_UP:
            standing = found.setdefault(_place(piece), [])
            standing += [piece] * (piece.state not in FINAL)
    return found


def _place(piece: _Piece) -> tuple[str, str, str]:
    """A difference is named by its revision, and complements a voucher that is not in parts."""
    return (piece.entity, piece.book, "1" if piece.moment == "difference" else piece.part)


def counted(connection: Connection, ids: Collection[str]) -> dict[str, tuple[int, int]]:
    """At how many places of each set all is delivered, and of how many, as the newest revision has them.

    :param ids: names of sets; of one that is wholly gone nothing is told.
    """
    found: dict[str, dict[int, list[_Counted]]] = {}
    for id_, revision, *piece in connection.execute(_PIECES, {"ids": sorted(ids)}) if ids else ():
        found.setdefault(id_, {}).setdefault(revision, []).append(_Counted(*piece))
    places = {id_: list(by_place(revisions[max(revisions)]).values()) for id_, revisions in found.items()}
    return {id_: (sum(map(_is_whole, each)), len(each)) for id_, each in places.items() if any(each)}


def _is_whole(there: Collection[_Counted]) -> bool:
    return bool(there) and all(one.state is DeliveryState.DELIVERED for one in there)


def beside(tx: Tx, row: DeliveryRow, ref: SourceRef) -> list[DeliveryRow]:
    """The other vouchers of its set that stand for a document; of a difference, those of the same change."""
    part = row.part if row.moment == "difference" else None
    return [
        one
        for one in documents.live_deliveries_of(tx, ref)
        if _together(one, row) and one.id != row.id and part in (None, one.part)
    ]


def of_revision(tx: Tx, row: DeliveryRow) -> list[DeliveryRow]:
    """All vouchers of its set that serve, or have served, the newest revision that it serves; itself among them."""
    document = covering.newest_covered(tx, row.id)
    every = documents.deliveries_of(tx, document.ref)
    return [one for one in every if _together(one, row) and covering.covers(tx, one.id, document.id)]


def _together(one: DeliveryRow, row: DeliveryRow) -> bool:
    return row.set_id is not None and (one.set_id, one.moment) == (row.set_id, row.moment)
