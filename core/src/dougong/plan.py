"""Plan: what would be sent, before anything is. The same pure functions as the flow, without writes."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import attrs

from dougong import formats
from dougong.accounting import Derivation, Draft, LoanFact, Wait
from dougong.delivery.send import facts_of, keys_of, reference_text
from dougong.flow import Deriver, Project, corrections, load_inputs, read_files
from dougong.flow.changes import Verdict, how, judge
from dougong.flow.failing import reasons
from dougong.flow.inputs import Inputs
from dougong.flow.intentions import coverage_of
from dougong.flow.together import together
from dougong.flow.waits import Waiting, waiting_for
from dougong.flow.working import accounts_not_read, refresh_master_data
from dougong.ledger import covering, deliveries, documents, postings, reversals
from dougong.ledger.rows import DeliveryRow, DocumentRow, problems_from
from dougong.ledger.statements import Tx
from dougong.ledger.states import FINAL, UNSENT, DocumentState
from dougong.model.bookings import Voucher
from dougong.model.documents import Document, Event, SourceRef
from dougong.model.events import told_otherwise
from dougong.model.identity import Coverage, content_fingerprint, document_content
from dougong.model.messages import ItemId, Payload, Wanted
from dougong.model.outcomes import Found
from dougong.model.problems import DougongError, Problem
from dougong.model.sources import EventsOnly, SourceDocument
from dougong.planned import Planned, Undelivered, approvals_checked, mergeable, merged_draft, sets_checked
from dougong.runtime.lane import Lane, Slot

__all__ = ["Planned", "Undelivered", "plan_documents", "plan_files", "plan_number"]


def plan_files(
    project: Project, paths: list[Path], source: str | None = None
) -> tuple[list[Planned | Undelivered], list[tuple[Path, Problem]]]:
    """Plan files without accepting them. Returns the plan and what could not be read."""
    read = read_files(project, paths, source)
    return list(plan_documents(project, [item for _, item in read.documents])), list(read.bad)


def plan_number(project: Project, *numbers: str) -> list[Planned | Undelivered]:
    """Plan documents that were accepted already, by number; what was sent is named with what the ERP holds."""
    deriver = Deriver(project, load_inputs(project))
    known = [one for number in numbers for one in project.ledger.look(partial(_known, number=number))]
    return list(_plan_all(project, [_Item.of_row(deriver, row, events) for row, events in known], tell_sent=True))


def _known(tx: Tx, number: str) -> list[tuple[DocumentRow, list[str]]]:
    return [(row, documents.events_of(tx, row.ref)) for row in documents.by_number(tx, number)]


def plan_documents(project: Project, items: Iterable[SourceDocument | EventsOnly]) -> Iterator[Planned | Undelivered]:
    """Derive, map and check each document; what is in the ERP already with this content is left out.

    All that is told of one document counts together, and what the ledger knows of its events, or of the document
    where only events are told.
    Loans among `items` count as on their way. What the ERPs' accounts take is asked where it is not known yet.
    """
    deriver = Deriver(project, load_inputs(project))
    found = [project.ledger.look(partial(_item, item=item, deriver=deriver)) for item in together(items)]
    for one in found:
        if isinstance(one, Undelivered):
            yield one
    yield from _plan_all(project, [one for one in found if isinstance(one, _Item)])


def _item(tx: Tx, item: SourceDocument | EventsOnly, deriver: Deriver) -> _Item | Undelivered:
    """What is told, on top of what the ledger knows."""
    if isinstance(item, SourceDocument):
        told = item.document
        return attrs.evolve(_Item.of_source(item), document=_with_events(tx, told, told.events, deriver))
    known = documents.latest(tx, item.ref)
    if known is None:
        return Undelivered(item.ref.id, DocumentState.HELD, (documents.unknown(item.ref),))
    row = _Item.of_row(deriver, known, [])
    return attrs.evolve(row, document=_with_events(tx, row.document, item.events, deriver))


def _with_events(tx: Tx, document: Document, told: tuple[Event, ...], deriver: Deriver) -> Document:
    """The document with every event; of two readings of one the later counts until something of it was sent."""
    known = documents.latest(tx, document.ref)
    before = () if known is None else deriver.document(known, documents.events_of(tx, document.ref)).events
    sent = any(one.state not in UNSENT | FINAL for one in documents.deliveries_of(tx, document.ref))
    again = {event.id: event for event in told}
    if not sent:
        before = tuple(again.pop(event.id, event) for event in before)
    ids = {event.id for event in before}
    fresh = (
        event
        for event in again.values()
        if event.id not in ids or all(told_otherwise(one, event) for one in before if one.id == event.id)
    )
    return attrs.evolve(document, events=(*before, *fresh))


@attrs.frozen
class _Item:
    """A document to be planned.

    :param fingerprint: of its money, as accepting counts it. :param problems: what keeps it from being derived at all.
    """

    document: Document
    fingerprint: str
    problems: tuple[Problem, ...]

    @classmethod
    def of_source(cls, item: SourceDocument) -> _Item:
        """As a source told it."""
        content = document_content(item.document) if item.content is None else item.content
        return cls(item.document, content_fingerprint(content), item.problems)

    @classmethod
    def of_row(cls, deriver: Deriver, row: DocumentRow, events: list[str]) -> _Item:
        """As the ledger holds it."""
        incomplete = row.state is DocumentState.HELD and not row.inputs
        problems = problems_from(row.problems) if incomplete else ()
        return cls(deriver.document(row, events), row.fingerprint, problems)


def _plan_all(project: Project, items: Sequence[_Item], *, tell_sent: bool = False) -> Iterator[Planned | Undelivered]:
    troubles = refresh_master_data(project, project.usable)
    deriver = _PlanDeriver(project, load_inputs(project), items, troubles)
    slots = {name: Slot(Lane(project.door(name))) for name in project.usable}
    try:
        found = [one for item in items for one in _plan(project, deriver, slots, item)]
        found = [one for one in found if tell_sent or isinstance(one, Undelivered) or not one.sent]
        yield from approvals_checked(_merged(deriver, slots, found), project.config)
    finally:
        for slot in slots.values():
            slot.close()


def _merged(
    deriver: _PlanDeriver, slots: dict[str, Slot], found: Sequence[Planned | Undelivered]
) -> Iterator[Planned | Undelivered]:
    """Those that become one voucher are shown as that voucher, where the first of them stands."""
    groups: dict[str, list[Planned]] = {}
    for one in found:
        if isinstance(one, Planned) and (key := mergeable(one)):
            groups.setdefault(key, []).append(one)
    for one in found:
        members = groups.get(mergeable(one), [])
        if len(members) < 2 or not isinstance(one, Planned):
            yield one
        elif one is members[0]:
            yield _group(deriver, slots, members)


def _group(deriver: _PlanDeriver, slots: dict[str, Slot], members: list[Planned]) -> Planned:
    first, draft = members[0], merged_draft(members, deriver.inputs.limits)
    payload, problems = _payload(deriver, slots[first.connection], draft)
    waits = tuple(dict.fromkeys(name for one in members for name in one.waits_for))
    numbers = tuple(dict.fromkeys(number for one in members for number in one.documents))
    return attrs.evolve(first, documents=numbers, draft=draft, payload=payload, problems=problems, waits_for=waits)


class _PlanDeriver(Deriver):
    """Knows the loans of the plan itself beside those of the ledger.

    :param troubles: why connections could not be asked for their master data.
    """

    looks_ahead = True

    def __init__(self, project: Project, inputs: Inputs, items: Iterable[_Item], troubles: Iterable[Problem]) -> None:
        super().__init__(project, inputs)
        causes = list(troubles)
        self._unread = {name: accounts_not_read(name, causes) for name in inputs.blind}
        loans = [item.document for item in items if item.document.type == "loan"]
        self._beside = {(d.source, d.tenant, key): d.number for d in loans for key in (d.id, d.number)}

    def _loan(self, ref: SourceRef, loan: str) -> LoanFact | None:
        number = self.loan_beside(ref, loan)
        return super()._loan(ref, loan) if number is None else LoanFact(number=number)

    def without_accounts(self, connection: str, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
        """One problem in place of one per line, where the ERP has never told its accounts."""
        unread = self._unread.get(connection)
        if unread is None or all(problem.code != "ACCOUNT_UNKNOWN" for problem in problems):
            return problems
        return (unread, *(problem for problem in problems if problem.code != "ACCOUNT_UNKNOWN"))

    def loan_beside(self, ref: SourceRef, loan: str) -> str | None:
        """Number of a loan in the same plan; `None` when it is not there."""
        return self._beside.get((ref.source, ref.tenant, loan))

    def _is_met(self, ref: SourceRef, draft: Draft, wait: Wait) -> bool:
        """Whether the ledger has delivered what a draft waits for."""
        found = self.project.ledger.look(lambda tx: waiting_for(tx, ref, attrs.evolve(draft, waits_for=(wait,))))
        return not found.on and not found.problems

    def waiting(self, ref: SourceRef, draft: Draft, own: Mapping[str, str]) -> Waiting:
        """What a draft waits for, or is held for, in the ledger and in the same plan.

        :param own: moments of the same document that are in the plan, with its number.
        """
        waits = [wait for wait in draft.waits_for if not self._is_met(ref, draft, wait)]
        numbers = {w: self.loan_beside(ref, w.document) if w.document else own.get(w.moment) for w in waits}
        beside = {wait: number for wait, number in numbers.items() if number}
        others = attrs.evolve(draft, waits_for=tuple(wait for wait in waits if wait not in beside))
        found = self.project.ledger.look(lambda tx: waiting_for(tx, ref, others))
        names = found.names + tuple(f"{wait.moment} {beside[wait]}" for wait in beside)
        return attrs.evolve(found, names=names, contradicted=tuple(rival.problem for rival in draft.rivals))


def _plan(
    project: Project, deriver: _PlanDeriver, slots: dict[str, Slot], item: _Item
) -> Iterator[Planned | Undelivered]:
    document = item.document
    if project.ledger.look(partial(_given_up, item=item)):
        yield Undelivered(document.number, DocumentState.WITHDRAWN, ())
        return
    if item.problems:
        yield Undelivered(document.number, DocumentState.HELD, item.problems)
        return
    try:
        derivation = deriver.derive(document)
    except Exception as error:  # noqa: BLE001 - whatever it is, push would hold this document alone for it
        yield Undelivered(document.number, DocumentState.HELD, reasons(error, document.number, project.ledger))
        return
    if derivation.problems:
        yield Undelivered(document.number, DocumentState.HELD, derivation.problems)
        return
    verdict = project.ledger.look(partial(_verdict, item=item, derivation=derivation, deriver=deriver))
    if verdict.problems:
        yield Undelivered(document.number, DocumentState.HELD, verdict.problems)
        returned = (_one(deriver, slots, item, derivation, draft, ()) for draft in verdict.returned)
        yield from (one for one in returned if one is not None)
        return
    corrections = [_correction(deriver, slots, item, derivation, one) for one in verdict.wrong]
    yield from (one for one in corrections if one is not None)
    drafts = [draft for draft in derivation.drafts if draft.owner == "dougong"]
    if not drafts:
        state = DocumentState.WITHDRAWN if verdict.wrong else DocumentState.NOT_DUE
        yield Undelivered(document.number, state, ())
        return
    found = (_one(deriver, slots, item, derivation, draft, verdict.wrong) for draft in drafts)
    yield from sets_checked(one for one in found if one is not None)


def _verdict(tx: Tx, item: _Item, derivation: Derivation, deriver: Deriver) -> Verdict:
    document = item.document
    return judge(tx, document.ref, document.number, item.fingerprint, derivation, deriver)


def _one(
    deriver: _PlanDeriver,
    slots: dict[str, Slot],
    item: _Item,
    derivation: Derivation,
    draft: Draft,
    wrong: Collection[DeliveryRow],
) -> Planned | None:
    """One booking of a document; `None` where a person has given it up, or another voucher makes up for it."""
    coverage = coverage_of(item.document.ref, draft)
    project, beside = deriver.project, {one.moment for one in derivation.drafts if one.owner == "dougong"}
    live = project.ledger.look(lambda tx: deliveries.live_for(tx, coverage.key))
    if live is not None and live in wrong:
        here = [one for one in wrong if (one.entity, one.book) == (live.entity, live.book)]
        ways = {
            one.id: project.ledger.look(partial(_way, one=one, item=item, derivation=derivation, deriver=deriver))
            for one in here
        }
        waits = tuple(f"{ways[one.id]} {one.name}" for one in here)
        return None if ways[live.id] == "difference" else _draft(deriver, slots, item, draft, beside, waits)
    if live is not None and live.state not in UNSENT:
        return project.ledger.look(lambda tx: _sent(tx, live, item, draft))
    if live is None and project.ledger.look(lambda tx: covering.given_up(tx, coverage, item.fingerprint)):
        return None
    made = _draft(deriver, slots, item, draft, beside)
    there = None if made.payload is None else _already(slots[made.connection], made.draft, coverage, live)
    return attrs.evolve(made, already=there, approved=None if live is None else live.approved)


def _way(tx: Tx, one: DeliveryRow, item: _Item, derivation: Derivation, deriver: Deriver) -> str:
    return how(tx, item.document.ref, one, derivation, deriver)


def _given_up(tx: Tx, item: _Item) -> bool:
    """Whether a person has given this very content up: `push` would not open it."""
    known = documents.latest(tx, item.document.ref)
    return known is not None and known.state is DocumentState.WITHDRAWN and known.fingerprint == item.fingerprint


def _sent(tx: Tx, live: DeliveryRow, item: _Item, draft: Draft) -> Planned:
    """As it was sent, not as it would be derived now: a period may have closed since."""
    text = reversals.booking_of(tx, live.id)
    booking = draft.booking if text is None else formats.voucher_from_json(json.loads(text))
    reasons = booking.date_reasons if booking else ()
    as_sent = attrs.evolve(draft, booking=booking, problems=(), date_reasons=reasons)
    return Planned(
        live.numbers,
        as_sent,
        live.connection,
        None,
        (),
        already=_voucher_of(tx, live),
        sent=True,
        document=item.document.ref,
        delivery=live.name,
    )


def _voucher_of(tx: Tx, row: DeliveryRow) -> str | None:
    """Number of the voucher of a delivery, as far as the ERP has told."""
    known = postings.of(tx, row.id)
    return None if known is None else known["erp_number"] or known["erp_key"]


def _correction(
    deriver: _PlanDeriver, slots: dict[str, Slot], item: _Item, derivation: Derivation, one: DeliveryRow
) -> Planned | None:
    """What takes back or complements a delivery whose document says something else now."""
    document, ledger = item.document, deriver.project.ledger
    way = ledger.look(partial(_way, one=one, item=item, derivation=derivation, deriver=deriver))
    booking: Voucher | None = None
    problems: tuple[Problem, ...] = ()
    try:
        if way == "reversal":
            booking = corrections.red_of(deriver, one, [document])
        elif way == "difference":
            booking = deriver.project.ledger.look(
                lambda tx: corrections.complement(deriver, tx, document, derivation, one.entity, one.book)
            )
            if booking is None:
                return None  # the books show it already
    except DougongError as error:
        problems = error.problems
    moment = "difference" if way == "difference" else "reversal"
    reasons = booking.date_reasons if booking else ()
    draft = Draft(moment, one.entity, one.book, booking=booking, problems=problems, date_reasons=reasons)
    payload, found = _payload(deriver, slots[one.connection], draft)
    there = deriver.project.ledger.look(lambda tx: _voucher_of(tx, one))
    return Planned(
        (document.number,),
        draft,
        one.connection,
        payload,
        problems + found,
        document=document.ref,
        corrects=f"{one.name} {there or ''}".strip(),
        how=way,
    )


def _draft(
    deriver: _PlanDeriver,
    slots: dict[str, Slot],
    item: _Item,
    draft: Draft,
    beside: Collection[str],
    waits: tuple[str, ...] = (),
) -> Planned:
    """A booking as it would be sent now.

    :param beside: moments that are booked of the same document by the same push. :param waits: for what it waits too.
    """
    document = item.document
    name = deriver.project.config.route(draft.entity, draft.book, draft.moment, document.type)
    waiting = deriver.waiting(document.ref, draft, dict.fromkeys(beside, document.number))
    payload, found = _payload(deriver, slots[name], draft)
    problems = waiting.contradicted + deriver.without_accounts(name, draft.problems) + waiting.problems + found
    names = waits + waiting.names
    return Planned((document.number,), draft, name, payload, problems, names, document=document.ref)


def _payload(deriver: Deriver, slot: Slot, draft: Draft) -> tuple[Payload | None, tuple[Problem, ...]]:
    """The message of a draft, or why there is none."""
    if draft.booking is None or draft.problems:
        return None, ()
    try:
        return deriver.payloads.of(draft.booking, slot)
    except DougongError as error:
        return None, error.problems


def _already(slot: Slot, draft: Draft, coverage: Coverage, live: DeliveryRow | None) -> str | None:
    """What the ERP holds under the reference that the next sending would carry."""
    if draft.booking is None or not slot.door.supports("find"):
        return None
    text = live.reference if live else coverage.reference(1).base64()
    operation = slot.door.operation_for()
    wanted = Wanted(
        ItemId("plan"), reference_text(keys_of(text, 0)[0], operation.safety.reference), facts_of(draft.booking)
    )
    found = [a for a in slot.door.find([wanted], slot.session(), slot.call(operation)) if isinstance(a, Found)]
    return (found[0].posting.number or found[0].posting.erp_key) if found else None
