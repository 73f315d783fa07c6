"""Which revisions of documents a delivery serves, and what a person has given up of that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from dougong.ledger import schema
from dougong.ledger.documents import key_of, of_ref
from dougong.ledger.errors import StaleLease
from dougong.ledger.rows import DocumentRow
from dougong.ledger.statements import Statement, Tx
from dougong.ledger.states import DeliveryState
from dougong.model.documents import SourceRef
from dougong.model.identity import Coverage

__all__ = [
    "content_shown",
    "cover_too",
    "covered_by",
    "covers",
    "give_up",
    "given_up",
    "given_up_in",
    "is_given_up",
    "is_newest_covered",
    "newest_covered",
    "standing_in",
]

_T = schema.document
_COVERED = (
    select(_T)
    .join(schema.coverage, schema.coverage.c.document_id == _T.c.id)
    .where(schema.coverage.c.delivery_id == bindparam("d"))
    .order_by(_T.c.revision.desc())
    .limit(1)
)
_NEWEST_COVERED = Statement(_COVERED)
_ALL_COVERED = Statement(
    select(_T)
    .join(schema.coverage, schema.coverage.c.document_id == _T.c.id)
    .where(schema.coverage.c.delivery_id == bindparam("d"))
    .order_by(_T.c.revision.desc(), _T.c.id)
)
_NEWEST_VERSION = Statement(_COVERED.with_only_columns(_T.c.id, _T.c.version))
_STANDING_IN = Statement(
    select(_T)
    .join(schema.coverage, schema.coverage.c.document_id == _T.c.id)
    .where(schema.coverage.c.delivery_id == bindparam("d"), schema.coverage.c.live.is_not(None))
)
_GIVE_UP = Statement(
    update(schema.coverage)
    .where(
        schema.coverage.c.delivery_id == bindparam("d"),
        schema.coverage.c.document_id.in_(select(_T.c.id).where(of_ref(_T))),
    )
    .values(given_up=bindparam("v_given_up"))
)
_GIVEN_UP = Statement(
    select(schema.coverage.c.delivery_id)
    .join(_T, _T.c.id == schema.coverage.c.document_id)
    .where(
        schema.coverage.c.coverage_key == bindparam("key"),
        schema.coverage.c.given_up == 1,
        _T.c.fingerprint == bindparam("fingerprint"),
    )
)
_BOOKED_SINCE = Statement(
    select(schema.delivery.c.id)
    .join(schema.coverage, schema.coverage.c.delivery_id == schema.delivery.c.id)
    .join(_T, _T.c.id == schema.coverage.c.document_id)
    .where(
        of_ref(_T),
        _T.c.fingerprint != bindparam("fingerprint"),
        schema.delivery.c.id > bindparam("d"),
        schema.delivery.c.moment == bindparam("moment"),
        schema.delivery.c.state != bindparam("gone", DeliveryState.CANCELLED.value),
    )
    .limit(1)
)
_GIVEN_UP_IN = Statement(
    select(_T)
    .join(schema.coverage, schema.coverage.c.document_id == _T.c.id)
    .where(schema.coverage.c.delivery_id == bindparam("d"), schema.coverage.c.given_up == 1)
    .order_by(_T.c.revision.desc(), _T.c.id)
)
_COVERS = Statement(
    select(schema.coverage.c.delivery_id).where(
        schema.coverage.c.delivery_id == bindparam("delivery_id"),
        schema.coverage.c.document_id == bindparam("document_id"),
    )
)
_COVER_KNOWN = Statement(
    select(schema.coverage.c.delivery_id).where(
        schema.coverage.c.delivery_id == bindparam("delivery_id"),
        schema.coverage.c.document_id == bindparam("document_id"),
        schema.coverage.c.coverage_key == bindparam("coverage_key"),
    )
)
_COVER = Statement(insert(schema.coverage), ["delivery_id", "document_id", "coverage_key", "live"])


def covered_by(tx: Tx, delivery_id: int) -> list[DocumentRow]:
    """The documents that a delivery serves, each in the newest revision that it covers."""
    return _newest(tx.rows(_ALL_COVERED, {"d": delivery_id}))


def _newest(rows: Iterable[Mapping[str, Any]]) -> list[DocumentRow]:
    """One row for each document: the first that is found."""
    newest: dict[SourceRef, DocumentRow] = {}
    for found in rows:
        row = DocumentRow(**found)
        newest.setdefault(row.ref, row)
    return list(newest.values())


def standing_in(tx: Tx, delivery_id: int) -> list[DocumentRow]:
    """The documents that a delivery stands for: of a merged one, those that were not taken out or taken back."""
    live = {DocumentRow(**found).ref for found in tx.rows(_STANDING_IN, {"d": delivery_id})}
    return [row for row in covered_by(tx, delivery_id) if row.ref in live]


def content_shown(tx: Tx, delivery_id: int, ref: SourceRef) -> str | None:
    """Fingerprint of the content of a document that a delivery stands for, with the differences that complement it.

    It is that of the newest revision that it serves: of one that came back (A, B, A) the first is not what it shows.
    """
    return next((row.fingerprint for row in covered_by(tx, delivery_id) if row.ref == ref), None)


def given_up(tx: Tx, coverage: Coverage, fingerprint: str) -> bool:
    """Whether a person has cancelled or reversed a delivery of this coverage that showed this very content.

    That delivery was given up, not the content for ever: once other content was booked it counts like any other.
    """
    told = {"key": coverage.key, "fingerprint": fingerprint}
    return any(
        content_shown(tx, found["delivery_id"], coverage.ref) == fingerprint
        and not _booked_since(tx, found["delivery_id"], coverage, fingerprint)
        for found in tx.rows(_GIVEN_UP, told)
    )


def _booked_since(tx: Tx, delivery_id: int, coverage: Coverage, fingerprint: str) -> bool:
    """Whether other content of the document was booked after a delivery, be it for another company."""
    told = {"d": delivery_id, "fingerprint": fingerprint, "moment": coverage.moment}
    return tx.one(_BOOKED_SINCE, {**key_of(coverage.ref), **told}) is not None


def give_up(tx: Tx, delivery_id: int, ref: SourceRef, *, given_up: bool = True) -> None:
    """Note that a person has given up what a delivery books of a document, or wants it after all."""
    tx.run(_GIVE_UP, {"d": delivery_id, **key_of(ref), "v_given_up": int(given_up)})


def is_given_up(tx: Tx, delivery_id: int, ref: SourceRef) -> bool:
    """Whether a person has given up what a delivery books of a document."""
    return any(row.ref == ref for row in given_up_in(tx, delivery_id))


def given_up_in(tx: Tx, delivery_id: int) -> list[DocumentRow]:
    """The documents whose part in a delivery a person has given up."""
    return _newest(tx.rows(_GIVEN_UP_IN, {"d": delivery_id}))


def covers(tx: Tx, delivery_id: int, document_id: int) -> bool:
    """Whether a delivery serves this very revision."""
    return tx.one(_COVERS, {"delivery_id": delivery_id, "document_id": document_id}) is not None


def cover_too(tx: Tx, delivery_id: int, document_id: int, coverage_key: str) -> None:
    """Note that a delivery serves this revision as well: same content, told again."""
    key = {"delivery_id": delivery_id, "document_id": document_id, "coverage_key": coverage_key}
    if tx.one(_COVER_KNOWN, key) is None:
        tx.run(_COVER, {**key, "live": None})


def newest_covered(tx: Tx, delivery_id: int) -> DocumentRow:
    """The newest revision that a delivery covers."""
    found = tx.one(_NEWEST_COVERED, {"d": delivery_id})
    if found is None:
        raise StaleLease(f"delivery:{delivery_id}")
    return DocumentRow(**found)


def is_newest_covered(tx: Tx, row: DocumentRow, delivery_id: int) -> bool:
    """Whether a delivery still covers no newer revision than this one, and nobody has changed it since it was read."""
    return tx.one(_NEWEST_VERSION, {"d": delivery_id}) == {"id": row.id, "version": row.version}
