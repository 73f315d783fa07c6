"""Documents and their events: one row per revision, events beside them, every change audited."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attrs
from sqlalchemy import bindparam, insert, select, update

from dougong.clock import epoch_ms
from dougong.formats import event_from_json
from dougong.ledger import audit, schema
from dougong.ledger.errors import StaleLease
from dougong.ledger.rows import DeliveryRow, DocumentRow, problems_text
from dougong.ledger.statements import FencedUpdate, Statement, Tx
from dougong.ledger.states import DocumentState
from dougong.model import words
from dougong.model.documents import SourceRef
from dougong.model.events import TAKEN_BACK, money_told, told_otherwise, withdrawn
from dougong.model.identity import content_fingerprint
from dougong.model.problems import Problem

__all__ = [
    "add",
    "add_event",
    "by_id",
    "change",
    "deliveries_of",
    "events_of",
    "find_loan",
    "key_of",
    "latest",
    "miss",
    "miss_again",
    "of_ref",
    "settle_stale",
    "stale_known",
]

_T, _E = schema.document, schema.event
_COLUMNS = [column.name for column in _T.columns]
_INSERT = Statement(insert(_T).returning(_T.c.id), [name for name in _COLUMNS if name != "id"])
_UPDATE = FencedUpdate(_T)


def of_ref(table: Any) -> Any:
    """The condition that rows of a table are of one document; `key_of` gives its parameters."""
    return (
        (table.c.source == bindparam("source"))
        & (table.c.tenant == bindparam("tenant"))
        & (table.c.type == bindparam("type"))
        & (table.c.source_id == bindparam("source_id"))
    )


_LATEST = Statement(select(_T).where(of_ref(_T), _T.c.revision > 0).order_by(_T.c.revision.desc()).limit(1))
_OLDEST = Statement(select(_T.c.revision).where(of_ref(_T)).order_by(_T.c.revision).limit(1))
_STALE = Statement(
    select(_T).where(
        of_ref(_T),
        _T.c.revision < 0,
        _T.c.fingerprint == bindparam("fingerprint"),
        _T.c.source_state == bindparam("source_state"),
    )
)
_STALE_OF = Statement(select(_T).where(of_ref(_T), _T.c.revision < 0, _T.c.state == DocumentState.STALE.value))
_BY_ID = Statement(select(_T).where(_T.c.id == bindparam("id_")))
_EVENTS = Statement(select(_E.c.event_id, _E.c.fact).where(of_ref(_E)).order_by(_E.c.id))
_EVENT = Statement(insert(_E), [c.name for c in _E.columns if c.name != "id"])
_EVENT_KNOWN = Statement(select(_E.c.fact).where(of_ref(_E), _E.c.event_id == bindparam("event_id")))
_EVENT_FACT = Statement(
    update(_E).where(of_ref(_E), _E.c.event_id == bindparam("event_id")).values(fact=bindparam("v_fact"))
)
_DELIVERIES = Statement(
    select(schema.delivery)
    .join(schema.coverage, schema.coverage.c.delivery_id == schema.delivery.c.id)
    .join(_T, _T.c.id == schema.coverage.c.document_id)
    .where(of_ref(_T))
    .distinct()
    .order_by(schema.delivery.c.id)
)
_LIVE_DELIVERIES = Statement(
    select(schema.delivery)
    .join(schema.coverage, schema.coverage.c.delivery_id == schema.delivery.c.id)
    .join(_T, _T.c.id == schema.coverage.c.document_id)
    .where(of_ref(_T), schema.coverage.c.live.is_not(None))
    .distinct()
    .order_by(schema.delivery.c.id)
)
_COVERED_DOCUMENTS = Statement(
    select(_T)
    .join(schema.coverage, schema.coverage.c.document_id == _T.c.id)
    .where(schema.coverage.c.delivery_id == bindparam("d"))
)
_LOAN = Statement(
    select(_T)
    .where(
        _T.c.source == bindparam("source"),
        _T.c.tenant == bindparam("tenant"),
        _T.c.type == "loan",
        _T.c.revision > 0,
        (_T.c.number == bindparam("loan")) | (_T.c.source_id == bindparam("loan")),
    )
    .order_by(_T.c.revision.desc(), _T.c.id)
)
_ACCEPTED = Statement(
    select(_T)
    .where(_T.c.state == DocumentState.ACCEPTED.value)
    .order_by(_T.c.type != "loan", _T.c.id)
    .limit(bindparam("most"))
)
_VERSION = Statement(select(_T.c.version).where(_T.c.id == bindparam("id_")))
_HELD_OTHER = Statement(select(_T).where(_T.c.state == "held", _T.c.inputs != bindparam("inputs"), _T.c.inputs != ""))
_HELD_WITH = Statement(select(_T).where(_T.c.state == "held", _T.c.problems.like(bindparam("code")), _T.c.revision > 0))
_BY_NUMBER = Statement(
    select(_T).where(_T.c.number == bindparam("number"), _T.c.revision > 0).order_by(_T.c.revision.desc())
)


def key_of(ref: SourceRef) -> dict[str, str]:
    """The parameters of `of_ref`."""
    return {"source": ref.source, "tenant": ref.tenant, "type": ref.type, "source_id": ref.id}


def latest(tx: Tx, ref: SourceRef) -> DocumentRow | None:
    """The newest accepted revision of a document."""
    found = tx.one(_LATEST, key_of(ref))
    return DocumentRow(**found) if found else None


def by_id(tx: Tx, id_: int) -> DocumentRow:
    """The document row with this id, which must exist."""
    found = tx.one(_BY_ID, {"id_": id_})
    if found is None:
        raise StaleLease(f"document {id_}")
    return DocumentRow(**found)


def add(
    tx: Tx,
    ref: SourceRef,
    *,
    connection: str,
    revision: int,
    fingerprint: str,
    number: str,
    state: DocumentState,
    source_state: str,
    source_time: int | None,
    canonical: str,
    raw: bytes | None,
    problems: tuple[Problem, ...] = (),
    actor: str = audit.SYSTEM,
) -> DocumentRow:
    """Store a new revision. A stale answer gets the next negative revision: recorded, shown, without effect."""
    if state is DocumentState.STALE:
        oldest = tx.one(_OLDEST, key_of(ref))
        revision = min(0, oldest["revision"] if oldest else 0) - 1
    values = {
        **key_of(ref),
        "connection": connection,
        "revision": revision,
        "fingerprint": fingerprint,
        "number": number,
        "state": state.value,
        "source_state": source_state,
        "source_time": source_time,
        "turned_at": source_time,
        "canonical": canonical,
        "raw": raw,
        "problems": problems_text(problems),
        "inputs": "",
        "version": 1,
        "received_at": epoch_ms(),
        "audit_hash": "",
    }
    id_ = tx.rows(_INSERT, values)[0]["id"]
    entry = audit.entry(
        f"document:{id_}",
        1,
        "",
        actor=actor,
        event="accepted" if revision > 0 else state.value,
        detail={
            "number": number,
            "revision": revision if revision > 0 else None,
            "fingerprint": fingerprint,
            "state": state,
        },
    )
    row = DocumentRow(**{**values, "id": id_, "audit_hash": entry.hash})
    _write(tx, row, 1, {"audit_hash": entry.hash})
    audit.append(tx, entry)
    return row


def change(
    tx: Tx,
    row: DocumentRow,
    *,
    event: str,
    actor: str = audit.SYSTEM,
    detail: Mapping[str, Any] | None = None,
    **changes: Any,
) -> DocumentRow:
    """Change a document row, fenced by its version and audited.

    :raises StaleLease: another process changed it meanwhile.
    """
    version = row.version + 1
    state = changes.get("state", row.state)
    entry = audit.entry(
        row.subject,
        version,
        row.audit_hash,
        actor=actor,
        event=event,
        detail={"from": row.state, "to": state, **(detail or {})},
    )
    changes = {**changes, "version": version, "audit_hash": entry.hash}
    changed = attrs.evolve(row, **changes)
    _write(tx, row, row.version, {**changes, "state": changed.state.value})
    audit.append(tx, entry)
    return changed


def _write(tx: Tx, row: DocumentRow, expected: int, changes: Mapping[str, Any]) -> None:
    if not _UPDATE.run(tx, row.id, expected, changes):
        raise StaleLease(row.subject)


def is_current(tx: Tx, row: DocumentRow) -> bool:
    """Whether nobody has changed the row since it was read."""
    return tx.one(_VERSION, {"id_": row.id}) == {"version": row.version}


def accepted(tx: Tx, most: int) -> list[tuple[DocumentRow, list[str]]]:
    """Accepted documents with their events as JSON texts, loans first: what writes them off finds them."""
    rows = [DocumentRow(**found) for found in tx.rows(_ACCEPTED, {"most": most})]
    return [(row, events_of(tx, row.ref)) for row in rows]


def stale_known(tx: Tx, ref: SourceRef, fingerprint: str, source_state: str) -> DocumentRow | None:
    """The stale record of this very answer, when it was told before."""
    found = tx.one(_STALE, {**key_of(ref), "fingerprint": fingerprint, "source_state": source_state})
    return DocumentRow(**found) if found else None


def miss(tx: Tx, ref: SourceRef) -> DocumentRow:
    """The row that stands for a document of which only events were told, until it comes; made where there is none."""
    found = tx.one(_STALE, {**key_of(ref), "fingerprint": "", "source_state": ""})
    if found is not None:
        return DocumentRow(**found)
    return add(
        tx,
        ref,
        connection="",
        revision=-1,
        fingerprint="",
        number=ref.id,
        state=DocumentState.HELD,
        source_state="",
        source_time=None,
        canonical="{}",
        raw=None,
    )


def miss_again(tx: Tx, ref: SourceRef) -> None:
    """New events of a document that a person does not wait for any more: it is missed again."""
    found = tx.one(_STALE, {**key_of(ref), "fingerprint": "", "source_state": ""})
    if found is not None and found["state"] == DocumentState.WITHDRAWN.value:
        change(tx, DocumentRow(**found), event="events", state=DocumentState.SUPERSEDED)


def settle_stale(tx: Tx, ref: SourceRef, *, actor: str = audit.SYSTEM) -> None:
    """A newer answer about the document is accepted: what its stale answers said is of no interest any more."""
    for found in tx.rows(_STALE_OF, key_of(ref)):
        change(tx, DocumentRow(**found), event="superseded", actor=actor, state=DocumentState.SUPERSEDED, problems="[]")


def add_event(tx: Tx, ref: SourceRef, event_id: str, kind: str, fact: str, *, replace: bool = False) -> bool:
    """Store an event; the same id told again changes nothing. Returns whether it told anything new.

    What is told otherwise of money that moved is kept beside what was told before: accounting sees both. Such a row
    bears a hash for its event's id, which its fact holds.

    :param replace: nothing was booked from it yet, so what is told of it now takes the place of what was told before.
    """
    key = {**key_of(ref), "event_id": event_id}
    known = tx.one(_EVENT_KNOWN, key)
    if known is None:
        tx.run(_EVENT, {**key, "kind": kind, "fact": fact, "at": epoch_ms()})
        return True
    if known["fact"] == fact:
        return False
    if replace:
        tx.run(_EVENT_FACT, {**key, "v_fact": fact})
        return True
    before, again = (event_from_json(json.loads(text)) for text in (known["fact"], fact))
    if not told_otherwise(before, again):
        return False
    other = {**key, "event_id": content_fingerprint({"event": event_id, "money": money_told(again)})}
    if tx.one(_EVENT_KNOWN, other) is not None:
        return False
    tx.run(_EVENT, {**other, "kind": kind, "fact": fact, "at": epoch_ms()})
    return True


def events_of(tx: Tx, ref: SourceRef) -> list[str]:
    """All events of a document as JSON texts, in the order in which they were told."""
    return [row["fact"] for row in tx.rows(_EVENTS, key_of(ref))]


def deliveries_of(tx: Tx, ref: SourceRef) -> list[DeliveryRow]:
    """Every delivery of a document, of all revisions."""
    return [DeliveryRow.from_mapping(row) for row in tx.rows(_DELIVERIES, key_of(ref))]


def live_deliveries_of(tx: Tx, ref: SourceRef) -> list[DeliveryRow]:
    """Deliveries that stand for a document: neither cancelled nor reversed, as far as this document goes."""
    return [DeliveryRow.from_mapping(row) for row in tx.rows(_LIVE_DELIVERIES, key_of(ref))]


def find_loan(tx: Tx, source: str, tenant: str, loan: str) -> DocumentRow | None:
    """A loan by the source's id of it, else by its number, within one source and tenant."""
    return next(iter(loans_named(tx, source, tenant, loan)), None)


def loans_named(tx: Tx, source: str, tenant: str, loan: str) -> list[DocumentRow]:
    """The loans that a name may mean, each in its newest revision: that with this id alone, else all of this number."""
    newest: dict[str, DocumentRow] = {}
    for found in tx.rows(_LOAN, {"source": source, "tenant": tenant, "loan": loan}):
        row = DocumentRow(**found)
        newest.setdefault(row.source_id, row)
    return [newest[loan]] if loan in newest else list(newest.values())


def outdated(tx: Tx, delivery_id: int) -> list[DocumentRow]:
    """Newest revisions that say something else than what a delivery was made from, or that take it back."""
    made: dict[SourceRef, set[str]] = {}
    for found in tx.rows(_COVERED_DOCUMENTS, {"d": delivery_id}):
        covered = DocumentRow(**found)
        made.setdefault(covered.ref, set()).add(covered.fingerprint)
    newest = [row for ref in made if (row := latest(tx, ref)) is not None]
    return [row for row in newest if row.fingerprint not in made[row.ref] or _taken_back(tx, row)]


def _taken_back(tx: Tx, row: DocumentRow) -> bool:
    events = [event_from_json(json.loads(text)) for text in events_of(tx, row.ref)]
    return row.source_state in TAKEN_BACK or withdrawn(events)


def open_again(tx: Tx, row: DocumentRow) -> None:
    """What stood in a document's way is gone: it is looked at anew, unless a fact of its own is missing."""
    if row.state is DocumentState.HELD and row.inputs:
        change(tx, row, event="opened_again", state=DocumentState.ACCEPTED, problems="[]")


def held_with_other_inputs(tx: Tx, inputs: str) -> list[DocumentRow]:
    """Documents that were derived and held under other rules, tables, codes or master data."""
    return [DocumentRow(**row) for row in tx.rows(_HELD_OTHER, {"inputs": inputs})]


def waiting(tx: Tx) -> list[DocumentRow]:
    """Documents whose new content waits until what was booked of the old one is done with, by itself or by a person."""
    codes = ("WAITS_FOR", "CHANGED_AFTER_POSTING", "WITHDRAWN_AFTER_POSTING")
    return list({row.id: row for code in codes for row in held_with_problem(tx, code)}.values())


def held_with_problem(tx: Tx, code: str) -> list[DocumentRow]:
    """Documents that are held for themselves with a problem of this code."""
    return [DocumentRow(**row) for row in tx.rows(_HELD_WITH, {"code": f'%"code": "{code}"%'})]


def by_number(tx: Tx, number: str) -> list[DocumentRow]:
    """The newest revision of every document that bears a number (two tenants may use the same one)."""
    newest: dict[SourceRef, DocumentRow] = {}
    for found in tx.rows(_BY_NUMBER, {"number": number}):
        row = DocumentRow(**found)
        newest.setdefault(row.ref, row)
    return list(newest.values())


def unknown(ref: SourceRef) -> Problem:
    """What to say of events whose document has not come yet."""
    return Problem.of(
        "DOCUMENT_UNKNOWN",
        f"{ref.source}/{ref.tenant} 的{words.document(ref.type).zh} {ref.id} 尚未接收, 事件已保留待其到达",
        f"{ref.type} {ref.id} of {ref.source}/{ref.tenant} is not known yet; its events are kept until it comes",
        hint_zh="请推送该单据",
        hint_en="push the document",
    )
