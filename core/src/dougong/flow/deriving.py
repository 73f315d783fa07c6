"""Deriving: accounting and mapping composed into what delivery asks for. Pure, but for reads of the ledger."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import attrs

from dougong import accounting, formats
from dougong.accounting import Context, Dated, Derivation, Draft, LoanFact
from dougong.clock import business_now
from dougong.delivery import Blocked, Derived, Held, Link
from dougong.flow import corrections, pieces
from dougong.flow.inputs import Inputs
from dougong.flow.intended import Intended
from dougong.flow.periods import BookPeriods
from dougong.flow.project import Project
from dougong.flow.waits import Waiting, loan_fact, loans_are_still, waiting_for
from dougong.ledger import deliveries, documents, groups
from dougong.ledger.rows import DeliveryRow, DocumentRow
from dougong.ledger.statements import Tx
from dougong.ledger.states import UNSENT
from dougong.ledger.store import Ledger
from dougong.mapping import apply_changes, place_reference
from dougong.model.bookings import Voucher
from dougong.model.documents import Document, SourceRef
from dougong.model.identity import Coverage
from dougong.model.masterdata import AccountNeeds
from dougong.model.messages import Payload
from dougong.model.operations import Operation
from dougong.model.postings import Stage
from dougong.model.problems import DougongError, Problem
from dougong.plugins import Door

__all__ = ["Deriver"]

#: Derivations kept between opening a document and sending its deliveries, which follows soon.
_MOST_KEPT = 500


class Deriver:
    """Derives documents and deliveries with one set of inputs; thread-safe.

    :param project: open project. :param inputs: rules, tables, mappings, codes.
    """

    def __init__(self, project: Project, inputs: Inputs) -> None:
        self.project = project
        self.inputs = inputs
        self._ledger: Ledger = project.ledger
        self._periods = BookPeriods(project, inputs)
        self._kept: dict[int, tuple[DocumentRow, Derivation]] = {}
        self._kept_with = self._periods.version()
        self._known_needs: dict[tuple[str, str, dt.date], AccountNeeds | None] = {}
        self._lock = threading.Lock()

    # -- documents ----------------------------------------------------------------------------------------------------

    def document(self, row: DocumentRow, events: Sequence[str]) -> Document:
        """The document of a revision with every event told so far."""
        document = formats.document_from_json(json.loads(row.canonical))
        told = tuple(formats.event_from_json(json.loads(text)) for text in events)
        return attrs.evolve(document, events=told, state=row.source_state)

    def derivation(self, row: DocumentRow, events: Sequence[str]) -> Derivation:
        """All bookings of a revision, derived together."""
        return self.derive(self.document(row, events))

    def keep(self, delivery_id: int, row: DocumentRow, derivation: Derivation) -> None:
        """Remember what a delivery was opened with until it is sent; of a loan the ledger may know more by then.

        :param row: the document as it stands now: any change of it makes the derivation void.
        """
        if derivation.loans:
            return
        if any(self._in_order(draft.book) for draft in derivation.drafts):
            return  # what is sent before may move its date
        with self._lock:
            self._kept[delivery_id] = (row, derivation)
            if len(self._kept) > _MOST_KEPT:
                del self._kept[next(iter(self._kept))]

    def _whole(self, row: DocumentRow) -> Document:
        return self.document(row, self._ledger.look(lambda tx: documents.events_of(tx, row.ref)))

    @property
    def today(self) -> dt.date:
        """The business date."""
        return business_now().date()

    def correction_date(self, booked: Voucher, day: dt.date) -> Dated:
        """When a voucher is taken back or complemented: see `[changes] red_date`.

        :param day: of the change.
        :raises DougongError: nothing may be booked then.
        """
        rules = self.inputs.rules[booked.book]
        moment = rules.moments.get(booked.moment) or rules.moments["accrual"]
        periods = accounting.periods_of(self._context({}), booked.book, booked.voucher_type)
        dated = accounting.reversal_date(booked.posting_date, day, moment, rules, periods)
        if dated.problems:
            raise DougongError(dated.problems)
        return dated

    def derive(self, document: Document) -> Derivation:
        """All bookings of a document, as the ledger and the inputs are now."""
        loans = {advance.loan: self._loan(document.ref, advance.loan) for advance in document.advances}
        derivation = accounting.derive(document, self._context(loans))
        return attrs.evolve(derivation, loans=loans) if loans else derivation

    def _context(self, loans: Mapping[str, LoanFact | None]) -> Context:
        """What the ledger and the inputs tell now."""
        now = business_now()
        return Context(
            rules=self.inputs.rules,
            books_for=self.project.config.books_for,
            rates=self.inputs.rates,
            account_needs=partial(self.needs, on=now.date()),
            limits=self.inputs.limits,
            loan=loans.get,
            today=now.date(),
            now=now,
            closed=self._periods.closed,
            last_voucher=self._periods.last_voucher,
        )

    def needs(self, book: str, account: str, on: dt.date) -> AccountNeeds | None:
        """What an account takes, as the ERP of the book told; by our account code."""
        connection = self.inputs.books.get(book)
        if connection is None:
            return None
        key = (book, account, on)
        if key not in self._known_needs:
            theirs = self.inputs.codes_for(connection, book).lookup("account", account, on)
            self._known_needs[key] = self.inputs.needs.get(connection, {}).get(theirs or account)
        return self._known_needs[key]

    def _loan(self, ref: SourceRef, loan: str) -> LoanFact | None:
        """What is known of a loan now."""
        return self._ledger.look(lambda tx: loan_fact(tx, ref, loan))

    # -- deliveries ---------------------------------------------------------------------------------------------------

    def __call__(self, row: DeliveryRow, link: Link) -> Derived | Held | Blocked:
        """Derive one delivery anew (`dougong.delivery.Derive`)."""
        try:
            wanted = self.wanted(row)
            return wanted if isinstance(wanted, (Held, Blocked)) else self._sendable(row, wanted, link)
        except DougongError as error:
            return Held(error.problems, self.inputs.hash)

    def wanted(self, row: DeliveryRow) -> Intended | Held | Blocked:
        """What a delivery has to book now, before it is mapped.

        :raises DougongError: it cannot be derived at all.
        """
        return self._merged(row) if row.group_id is not None else self.single(row)[1]

    def single(self, row: DeliveryRow) -> tuple[DocumentRow, Intended | Held | Blocked]:
        """What a delivery of one document has to book now, and that document.

        :raises DougongError: it cannot be derived at all.
        """
        known = self._periods.version()
        with self._lock:
            if known != self._kept_with:  # a period may have closed since: its vouchers take another date
                self._kept_with = known
                self._kept.clear()
            kept = self._kept.pop(row.id, None)
        document, derivation = kept or self._derived_anew(row)
        found = self._of_document(row, document, derivation)

        def still(tx: Tx) -> bool:
            """Whether the document is as it was read, and its loans as they were."""
            same = documents.is_newest_covered(tx, document, row.id)
            return same and loans_are_still(tx, document.ref, derivation.loans) and found.still(tx)

        return document, attrs.evolve(found, still=still)

    def _of_document(
        self, row: DeliveryRow, document: DocumentRow, derivation: Derivation
    ) -> Intended | Held | Blocked:
        if row.moment == "reversal":
            return Intended(corrections.reversal(self, row, self._whole(document)), row.target_stage)
        if row.moment == "difference":
            whole, book = self._whole(document), row.book
            missing = self._ledger.look(
                lambda tx: corrections.complement(self, tx, whole, derivation, row.entity, book)
            )
            return Held((_gone(row),), self.inputs.hash) if missing is None else Intended(missing, row.target_stage)
        draft = next((d for d in derivation.drafts if (d.moment, d.entity, d.book, d.part) == _place(row)), None)
        found = self._of_draft(row, document.ref, draft, derivation.problems)
        if row.set_id is None or draft is None or not isinstance(found, Intended):
            return found
        if self._ledger.look(lambda tx: pieces.cut_otherwise(tx, row, document.ref, derivation)):
            return Held((pieces.pieces_changed(row),), self.inputs.hash)
        return attrs.evolve(found, beside=tuple(self._rest_of_set(document, draft, derivation)))

    def _rest_of_set(
        self, document: DocumentRow, draft: Draft, derivation: Derivation
    ) -> Iterator[tuple[str, Voucher]]:
        """The other vouchers of a set, but for those that were sent already."""
        for other in derivation.drafts:
            if other.set_id != draft.set_id or other is draft or other.booking is None:
                continue
            key = coverage_of(document.ref, other).key
            live = self._ledger.look(lambda tx, key=key: deliveries.live_for(tx, key))  # type: ignore[misc]
            if live is None or live.state in UNSENT:
                connection = self.project.config.route(other.entity, other.book, other.moment, document.type)
                yield connection, other.booking

    def _of_draft(
        self, row: DeliveryRow, ref: SourceRef, draft: Draft | None, problems: tuple[Problem, ...]
    ) -> Intended | Held | Blocked:
        if draft is None:
            return Held(problems or (_gone(row),), self.inputs.hash)
        if draft.problems or draft.booking is None:
            return Held(draft.problems or (_gone(row),), self.inputs.hash)
        stage = self.target_stage(draft, row.connection)
        if not draft.waits_for:
            return Intended(draft.booking, stage)
        waiting = self._ledger.look(lambda tx: waiting_for(tx, ref, draft))
        still = partial(_waits_still, ref=ref, draft=draft, waiting=waiting)
        if waiting.problems:
            return Held(waiting.problems, self.inputs.hash, still)
        if waiting.on:
            return Blocked(waiting.on, waiting.names, self.inputs.hash, still)
        return Intended(draft.booking, stage, still)

    # -- merged deliveries ------------------------------------------------------------------------------------------

    def _merged(self, row: DeliveryRow) -> Intended | Held:
        """The voucher of a merged delivery: its members are those that were written down when it was made."""
        parts: list[tuple[SourceRef, Voucher]] = []
        checks: list[Callable[[Tx], bool]] = []
        stage = row.target_stage
        for member in self._ledger.look(lambda tx: groups.members(tx, row.id)):
            found, known = self._member(row, member)
            if not isinstance(found, Intended):
                return Held(found.problems if isinstance(found, Held) else (_gone(row),), self.inputs.hash)
            parts.append((member.document.ref, found.booking))
            checks.append(partial(_member_still, member=member, loans=known, found=found))
            stage = found.stage
        voucher = accounting.merge(parts, self.inputs.limits(row.book))
        return Intended(voucher, stage, lambda tx: all(check(tx) for check in checks))

    def _member(
        self, row: DeliveryRow, member: groups.Member
    ) -> tuple[Intended | Held | Blocked, Mapping[str, LoanFact | None]]:
        derivation = self.derivation(member.document, member.events)
        draft = self._draft_of(derivation, member)
        return self._of_draft(row, member.document.ref, draft, derivation.problems), derivation.loans

    def _draft_of(self, derivation: Derivation, member: groups.Member) -> Draft | None:
        ref = member.document.ref
        return next((draft for draft in derivation.drafts if coverage_of(ref, draft).key == member.key), None)

    def unfit(self, row: DeliveryRow, member: groups.Member) -> tuple[Problem, ...]:
        """Why one member of a merged delivery cannot be booked, even by itself; empty when it can."""
        try:
            found, _ = self._member(row, member)
        except DougongError as error:
            return error.problems
        if isinstance(found, Intended):
            return ()
        return found.problems if isinstance(found, Held) else (_gone(row),)

    def coverage_of(self, member: groups.Member) -> tuple[Coverage, str] | None:
        """What a member of a merged delivery books, and what it may be merged by; `None` when it books nothing now."""
        try:
            draft = self._draft_of(self.derivation(member.document, member.events), member)
        except DougongError:
            return None
        return None if draft is None else (coverage_of(member.document.ref, draft), draft.merge_key)

    # -- payloads ---------------------------------------------------------------------------------------------------

    def _sendable(self, row: DeliveryRow, wanted: Intended, link: Link) -> Derived | Held:
        for connection, other in wanted.beside:
            try:
                self._mapped(self.project.door(connection), other)
            except DougongError:
                problem = accounting.set_incomplete(other.entity, other.book)
                return Held((problem,), self.inputs.hash, wanted.still)
        payload, problems = self.payload(wanted.booking, link)
        if problems:
            return Held(problems, self.inputs.hash, wanted.still)
        text = json.dumps(formats.voucher_to_json(wanted.booking), ensure_ascii=False, separators=(",", ":"))
        place = partial(_with_reference, payload, self.inputs.operations[row.connection], wanted.booking.documents)
        if self._in_order(wanted.booking.book):
            self._periods.sends(wanted.booking)
        return Derived(place, wanted.booking, text, self.inputs.hash, wanted.stage, wanted.still)

    def _derived_anew(self, row: DeliveryRow) -> tuple[DocumentRow, Derivation]:
        document, events = self._ledger.look(lambda tx: _document_of(tx, row))
        return document, self.derivation(document, events)

    def _in_order(self, book: str) -> bool:
        """Whether the ERP keeps a book's vouchers in the order of their dates (序时)."""
        return self.inputs.limits(book).sequence_control

    def target_stage(self, draft: Draft, connection: str) -> Stage:
        """The moment asks for a stage, the connection caps it."""
        cap = Stage(self.project.config.connection(connection).target_stage)
        return draft.target_stage if draft.target_stage.rank <= cap.rank else cap

    def payload(self, booking: Voucher, link: Link) -> tuple[Payload, tuple[Problem, ...]]:
        """Map, let add-ons change, check: everything that comes before the freeze.

        :returns: the payload and what speaks against sending it.
        :raises DougongError: it cannot be mapped at all.
        """
        door = link.door
        call = door.call()
        payload = self._mapped(door, booking)
        payload = apply_changes(payload, door.changes(payload, booking, call))
        problems: tuple[Problem, ...] = ()
        if door.supports("check_payload"):
            problems += tuple(door.check_payload(payload, booking, link.session(), call))
        problems += tuple(hold.reason for hold in door.may_send(booking, payload, call))
        return payload, problems

    def _mapped(self, door: Door, booking: Voucher) -> Payload:
        name = door.connection.name
        codes = self.inputs.codes_for(name, booking.book)
        mapping = self.inputs.mappings[name, self.inputs.operations[name].target_type]
        return door.map_booking(booking, mapping, codes, door.call())


def _with_reference(payload: Payload, operation: Operation, keep: tuple[str, ...], text: str) -> Payload:
    """The reference goes behind the text for people: the connector's limit for texts leaves it room."""
    reference = operation.safety.reference
    room = operation.limits.max_summary + 1 + reference.max_length if reference else None
    return place_reference(payload, reference, text, max_summary=room, keep=keep)


def _place(row: DeliveryRow) -> tuple[str, str, str, str]:
    return (row.moment, row.entity, row.book, row.part)


def _document_of(tx: Tx, row: DeliveryRow) -> tuple[DocumentRow, list[str]]:
    document = documents.newest_covered(tx, row.id)
    return document, documents.events_of(tx, document.ref)


def _gone(row: DeliveryRow) -> Problem:
    return Problem.of(
        "BOOKING_GONE",
        f"按当前规则, {', '.join(row.numbers)} 不再产生 {row.moment} 凭证",
        f"under the current rules {', '.join(row.numbers)} makes no {row.moment} booking any more",
        hint_zh="检查规则与路由, 或 cancel",
        hint_en="look at rules and routes, or cancel",
    )


def coverage_of(ref: SourceRef, draft: Draft) -> Coverage:
    """What a draft books of its document."""
    return Coverage(ref, draft.entity, draft.book, draft.moment, draft.part)


def _member_still(tx: Tx, member: groups.Member, loans: Mapping[str, LoanFact | None], found: Intended) -> bool:
    same = groups.current(tx, member)
    return same and loans_are_still(tx, member.document.ref, loans) and found.still(tx)


def _waits_still(tx: Tx, ref: SourceRef, draft: Draft, waiting: Waiting) -> bool:
    """What it waits for may come while it is being derived; then nobody would wake it."""
    return waiting_for(tx, ref, draft) == waiting
