"""Accepting documents and events (contract.md §2): revisions by money, events beside, stale answers without effect."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Literal

import attrs

from dougong.crashpoints import crashpoint
from dougong.formats import document_to_json, event_from_json, event_to_json
from dougong.intake.in_work import in_work, refuse_for_now
from dougong.ledger import audit, covering, deliveries, documents
from dougong.ledger.rows import FOREVER, DeliveryRow, DocumentRow, problems_from, problems_text
from dougong.ledger.statements import Tx
from dougong.ledger.states import FINAL, UNSENT, DeliveryState, DocumentState
from dougong.ledger.store import Ledger
from dougong.model.documents import Event, SourceRef
from dougong.model.events import TAKEN_BACK, withdrawn
from dougong.model.identity import content_fingerprint, document_content
from dougong.model.problems import Problem
from dougong.model.sources import EventsOnly, SourceDocument

__all__ = ["Accepted", "Said", "accept", "is_stale"]

_GROUP = 200

#: Type of an event → moments that come before it and are booked without it.
_BEFORE = {"paid": frozenset({"accrual"}), "payment_returned": frozenset({"accrual", "payment"})}
#: How far a source's state has come; an answer that is not newer and goes back is stale.
_PROGRESS = {"draft": 0, "approving": 1, "rejected": 1, "approved": 3, "paying": 4, "paid": 5, "archived": 6}


@attrs.frozen
class Accepted:
    """What became of one document or set of events.

    :param document_id: row of the revision that it belongs to; `None` for events of a document that is not known yet.
    :param outcome: `new`, `revised`, `events` (same content, more facts), `known` (nothing new), `stale`, `waiting`,
        `in_work` (refused: come again).
    """

    ref: SourceRef
    number: str
    outcome: Literal["new", "revised", "events", "known", "stale", "waiting", "in_work"]
    document_id: int | None
    problems: tuple[Problem, ...] = ()


def accept(
    ledger: Ledger,
    incoming: Iterable[SourceDocument | EventsOnly],
    *,
    connection: str = "",
    actor: str = audit.SYSTEM,
    wait: bool = False,
) -> list[Accepted]:
    """Accept documents and events; returns after they are committed and synced.

    :param incoming: as a source or a canonical file tells them, in order.
    :param connection: the source connection that read them; empty for canonical files.
    :param wait: other content of a document that is in work is refused; who brings it can come again.
    :returns: one `Accepted` each, in order.
    """
    items = list(incoming)
    prepared = [(item, _Content.of(item)) if isinstance(item, SourceDocument) else (item, None) for item in items]
    results: list[Accepted] = []
    for start in range(0, len(prepared), _GROUP):
        group = prepared[start : start + _GROUP]
        results += ledger.write(partial(_accept_group, group=group, connection=connection, actor=actor, wait=wait))
        crashpoint("accepted")
    return results


def _accept_group(
    tx: Tx,
    group: Sequence[tuple[SourceDocument | EventsOnly, _Content | None]],
    connection: str,
    actor: str,
    wait: bool,
) -> list[Accepted]:
    return [_accept_one(tx, item, content, connection, actor, wait=wait) for item, content in group]


@attrs.frozen
class Said:
    """What tells one answer of a source about a document from a later one.

    :param time: the source's, milliseconds since 1970; `None` = it tells none. :param fingerprint: of the money.
    """

    time: int | None
    state: str
    fingerprint: str

    @classmethod
    def of(cls, item: SourceDocument) -> Said:
        """As a source told it."""
        document = item.document
        content = document_content(document) if item.content is None else item.content
        time = None if document.updated_at is None else int(document.updated_at.timestamp() * 1000)
        return cls(time, document.state, content_fingerprint(content))


@attrs.frozen
class _Content:
    """What is computed outside the transaction: it does not depend on the ledger."""

    fingerprint: str
    canonical: str
    events: tuple[tuple[str, str, str], ...]
    source_time: int | None

    @classmethod
    def of(cls, item: SourceDocument) -> _Content:
        said = Said.of(item)
        bare = document_to_json(attrs.evolve(item.document, events=()))
        return cls(
            said.fingerprint,
            json.dumps(bare, ensure_ascii=False, separators=(",", ":")),
            _event_texts(item.document.events),
            said.time,
        )


def _event_texts(events: Sequence[Event]) -> tuple[tuple[str, str, str], ...]:
    return tuple((event.id, event.type, json.dumps(event_to_json(event), ensure_ascii=False)) for event in events)


def _add_events(tx: Tx, ref: SourceRef, content: _Content) -> int:
    """Keep what is told of events; returns how many say something new.

    While nothing was sent, a later reading of an event counts: reference data may name its account only then. What an
    approval has booked says nothing of a payment, and what a payment has, nothing of its return. What is told otherwise
    of money after that is kept beside what was booked.
    """
    if not content.events:
        return 0
    sent = _sent(tx, ref)
    told = ((texts, sent - _BEFORE.get(texts[1], frozenset())) for texts in content.events)
    return sum(documents.add_event(tx, ref, *texts, replace=not booked) for texts, booked in told)


def _sent(tx: Tx, ref: SourceRef) -> set[str]:
    """Moments of a document that are in the ERP, or may be."""
    return {row.moment for row in documents.deliveries_of(tx, ref) if row.state not in UNSENT | FINAL}


def _accept_one(
    tx: Tx, item: SourceDocument | EventsOnly, content: _Content | None, connection: str, actor: str, *, wait: bool
) -> Accepted:
    if isinstance(item, EventsOnly) or content is None:
        assert isinstance(item, EventsOnly)  # noqa: S101 - narrows for the type checker
        return _accept_events(tx, item)
    known = documents.latest(tx, item.document.ref)
    if known is None:
        return _store(tx, item, content, connection, actor, revision=1, outcome="new")
    unread = _never_derived(known) and (known.fingerprint == content.fingerprint or not _booked(tx, known))
    # The kept answer itself, read with more reference data or other settings, is not stale.
    before = Said(known.source_time, known.source_state, known.fingerprint)
    now = Said(content.source_time, item.document.state, content.fingerprint)
    if not (unread and known.raw == item.raw) and is_stale(before, now):
        return _stale(tx, known, item, content, connection, actor)
    if unread:
        return _renew(tx, known, item, content, actor)
    if known.fingerprint == content.fingerprint:
        return _told_again(tx, known, item, content)
    if wait and in_work(tx, known):
        problem = refuse_for_now(tx, known, content.fingerprint, actor)
        return Accepted(item.document.ref, known.number, "in_work", known.id, (problem,))
    return _revise(tx, known, item, content, connection, actor)


def _accept_events(tx: Tx, item: EventsOnly) -> Accepted:
    """Events of a document that is not known yet are kept and held; they apply when it comes."""
    known = documents.latest(tx, item.ref)
    given_up = known is not None and _given_up(tx, known)
    fresh = [documents.add_event(tx, item.ref, *texts) for texts in _event_texts(item.events)]
    if known is None:
        if any(fresh):
            documents.miss_again(tx, item.ref)
        return Accepted(item.ref, item.ref.id, "waiting", None, (documents.unknown(item.ref),))
    if any(fresh):
        documents.settle_stale(tx, item.ref)
    if any(fresh) and known.state is not DocumentState.SUPERSEDED and not given_up:
        if _withdrawn(tx, item.ref):
            _cancel_unsent(tx, item.ref, "withdrawn")
        state = known.state if _lacks_facts(known) else DocumentState.ACCEPTED
        documents.change(tx, known, event="events", detail={"new": sum(fresh)}, state=state)
    return Accepted(item.ref, known.number, "events" if any(fresh) else "known", known.id)


def _store(
    tx: Tx,
    item: SourceDocument,
    content: _Content,
    connection: str,
    actor: str,
    *,
    revision: int,
    outcome: Literal["new", "revised"],
) -> Accepted:
    document = item.document
    _add_events(tx, document.ref, content)
    row = documents.add(
        tx,
        document.ref,
        connection=connection,
        revision=revision,
        fingerprint=content.fingerprint,
        number=document.number,
        state=DocumentState.HELD if item.problems else DocumentState.ACCEPTED,
        source_state=document.state,
        source_time=content.source_time,
        canonical=content.canonical,
        raw=item.raw or None,
        problems=item.problems,
        actor=actor,
    )
    return Accepted(document.ref, document.number, outcome, row.id, item.problems)


def _lacks_facts(row: DocumentRow) -> bool:
    """Held by the source's own problems, before any rule saw it."""
    return row.state is DocumentState.HELD and row.inputs == ""


def _never_derived(row: DocumentRow) -> bool:
    """It lacks facts and may be read again with more reference data."""
    return _lacks_facts(row) and row.raw is not None


def _booked(tx: Tx, row: DocumentRow) -> bool:
    """Whether this revision is in the ERP, or may be: what it was posted from stays as it is."""
    sent = [one for one in documents.deliveries_of(tx, row.ref) if one.state not in UNSENT | FINAL]
    return any(covering.covers(tx, one.id, row.id) for one in sent)


def _renew(tx: Tx, known: DocumentRow, item: SourceDocument, content: _Content, actor: str) -> Accepted:
    """What was held for a missing fact is read again; nothing was derived from it, so it is no new revision."""
    document = item.document
    fresh = _add_events(tx, document.ref, content)
    if fresh or _newer(known, content):
        documents.settle_stale(tx, document.ref, actor=actor)
    same = known.fingerprint == content.fingerprint and problems_from(known.problems) == item.problems
    if same and not fresh and known.source_state == document.state:
        return Accepted(document.ref, document.number, "known", known.id, item.problems)
    documents.change(
        tx,
        known,
        event="read_again",
        actor=actor,
        state=DocumentState.HELD if item.problems else DocumentState.ACCEPTED,
        fingerprint=content.fingerprint,
        canonical=known.canonical if _booked(tx, known) else content.canonical,
        source_state=document.state,
        source_time=_latest_time(known, content),
        turned_at=content.source_time,
        number=document.number,
        raw=item.raw or known.raw,
        problems=problems_text(item.problems),
    )
    return Accepted(document.ref, document.number, "events", known.id, item.problems)


def _newer(known: DocumentRow, content: _Content) -> bool:
    return content.source_time is not None and (known.source_time is None or content.source_time > known.source_time)


def _latest_time(known: DocumentRow, content: _Content) -> int | None:
    """The source's time goes forward only: the same content told with an older one, or none, is no way back."""
    return content.source_time if known.source_time is None or _newer(known, content) else known.source_time


def is_stale(before: Said, now: Said) -> bool:
    """Not newer than the last accepted answer, and other content or an earlier state."""
    if before.time is None or now.time is None or now.time > before.time:
        return False
    back = _PROGRESS.get(now.state, -1) < _PROGRESS.get(before.state, -1)
    return back or before.fingerprint != now.fingerprint


def _stale(
    tx: Tx, known: DocumentRow, item: SourceDocument, content: _Content, connection: str, actor: str
) -> Accepted:
    """Recorded and shown until a newer answer is accepted; then that very answer, told again, says nothing any more."""
    document = item.document
    problem = Problem.of(
        "STALE",
        f"{document.number} 的此版本不比已接收的新, 已记录但不生效",
        f"this answer about {document.number} is not newer than the accepted one; recorded, without effect",
        hint_zh="如确为最新内容, 请在来源系统更新后重新推送",
        hint_en="if it is the latest content, touch it in the source and push it again",
    )
    row = documents.stale_known(tx, document.ref, content.fingerprint, document.state)
    if row is None:
        row = documents.add(
            tx,
            document.ref,
            connection=connection,
            revision=-1,
            fingerprint=content.fingerprint,
            number=document.number,
            state=DocumentState.STALE,
            source_state=document.state,
            source_time=content.source_time,
            canonical=content.canonical,
            raw=item.raw or None,
            problems=(problem,),
            actor=actor,
        )
    elif row.state is DocumentState.SUPERSEDED:
        if (content.source_time or 0) <= (row.source_time or 0):
            return Accepted(document.ref, document.number, "known", known.id)
        documents.change(
            tx,
            row,
            event="stale",
            actor=actor,
            state=DocumentState.STALE,
            source_time=content.source_time,
            problems=problems_text((problem,)),
        )
    return Accepted(document.ref, document.number, "stale", row.id, (problem,))


def _told_again(tx: Tx, known: DocumentRow, item: SourceDocument, content: _Content) -> Accepted:
    """Same content: only facts, the source's state and what is not money may be new."""
    document = item.document
    given_up = _given_up(tx, known)
    fresh = _add_events(tx, document.ref, content)
    if fresh or _newer(known, content):
        documents.settle_stale(tx, document.ref)
    turned = (known.source_state in TAKEN_BACK) != (document.state in TAKEN_BACK)
    time = _latest_time(known, content)
    told: dict[str, Any] = {"source_state": document.state, "source_time": time}
    if turned:
        told["turned_at"] = content.source_time
    if given_up:
        told["state"] = known.state
    elif item.problems and item.raw != known.raw and document.state not in TAKEN_BACK:
        return _unusable(tx, known, item, content, told)
    if fresh or turned:
        if document.state in TAKEN_BACK or _withdrawn(tx, document.ref):
            _cancel_unsent(tx, document.ref, "withdrawn")
        told = _reread(tx, known, item, content) | told
        told.setdefault("state", DocumentState.ACCEPTED)
        documents.change(tx, known, event="events", detail={"new": fresh, "said": document.state}, **told)
        return Accepted(document.ref, document.number, "events", known.id, item.problems)
    if (known.source_state, known.source_time) != (document.state, time):
        documents.change(tx, known, event="told_again", **told)
    return Accepted(document.ref, document.number, "known", known.id)


def _unusable(tx: Tx, known: DocumentRow, item: SourceDocument, content: _Content, told: dict[str, Any]) -> Accepted:
    """A newer answer that cannot be used: held until a better one comes; what is in the ERP already stays there."""
    _cancel_unsent(tx, known.ref, "unusable")
    documents.change(
        tx,
        known,
        event="unusable",
        state=DocumentState.HELD,
        canonical=known.canonical if _booked(tx, known) else content.canonical,
        raw=item.raw,
        problems=problems_text(item.problems),
        inputs="",
        **told,
    )
    return Accepted(known.ref, known.number, "events", known.id, item.problems)


def _reread(tx: Tx, known: DocumentRow, item: SourceDocument, content: _Content) -> dict[str, Any]:
    """Codes and texts that reference data has supplied since: taken on while nothing was sent with the old ones."""
    if _sent(tx, known.ref) or (known.canonical == content.canonical and not item.problems):
        return {}
    changes: dict[str, Any] = {"canonical": content.canonical, "raw": item.raw or known.raw}
    if item.problems:
        return changes | {"state": DocumentState.HELD, "problems": problems_text(item.problems), "inputs": ""}
    return changes


def _revise(
    tx: Tx, known: DocumentRow, item: SourceDocument, content: _Content, connection: str, actor: str
) -> Accepted:
    """Other content: a new revision. What was not sent of the old one is cancelled; the rest is policy's matter."""
    documents.settle_stale(tx, known.ref, actor=actor)
    sent = _cancel_unsent(tx, known.ref, "superseded")
    # Only a revision that is in the ERP, or may be, stands beside its successor.
    stands = sent and (known.state is DocumentState.OPEN or (_lacks_facts(known) and _booked(tx, known)))
    state = DocumentState.OPEN if stands else DocumentState.SUPERSEDED
    if known.state is not state:
        documents.change(tx, known, event="superseded", state=state, problems="[]")
    return _store(tx, item, content, connection, actor, revision=known.revision + 1, outcome="revised")


def _given_up(tx: Tx, known: DocumentRow) -> bool:
    """Whether a person has given this very content up; what its source took back may be approved again."""
    by_source = known.source_state in TAKEN_BACK or _withdrawn(tx, known.ref)
    return known.state is DocumentState.WITHDRAWN and not by_source


def _withdrawn(tx: Tx, ref: SourceRef) -> bool:
    return withdrawn([event_from_json(json.loads(text)) for text in documents.events_of(tx, ref)])


def _cancel_unsent(tx: Tx, ref: SourceRef, why: str) -> list[DeliveryRow]:
    """Cancel the document's deliveries that nothing was sent of; returns those that something was, or may have been.

    A reversal is about what is in the ERP: whether it is still wanted is decided with the new content.
    """
    sent = []
    for row in documents.deliveries_of(tx, ref):
        if row.moment == "reversal":
            continue
        if row.state in UNSENT and len(row.numbers) == 1:
            deliveries.move(tx, row, DeliveryState.CANCELLED, event=why, due_at=FOREVER, reason=why)
        elif row.state not in FINAL:
            sent.append(row)
    return sent
