"""Deriving: accounting and mapping composed into what delivery asks for. Pure, but for reads of the ledger."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import attrs

from dougong import accounting, formats
from dougong.accounting import Context, Derivation, Draft, LoanFact
from dougong.clock import business_now
from dougong.delivery import Blocked, Derived, Held, Link
from dougong.flow.inputs import Inputs
from dougong.flow.periods import BookPeriods
from dougong.flow.project import Project
from dougong.ledger import documents
from dougong.ledger.rows import DeliveryRow, DocumentRow
from dougong.ledger.statements import Tx
from dougong.ledger.states import DeliveryState
from dougong.ledger.store import Ledger
from dougong.mapping import apply_changes, place_reference
from dougong.model.bookings import Voucher
from dougong.model.documents import Document, SourceRef
from dougong.model.masterdata import AccountNeeds
from dougong.model.messages import Payload
from dougong.model.operations import Operation
from dougong.model.postings import Stage
from dougong.model.problems import DougongError, Problem

__all__ = ["Deriver", "Waiting", "waiting_for"]

#: Derivations kept between opening a document and sending its deliveries, which follows soon.
_MOST_KEPT = 500


@attrs.frozen
class Waiting:
    """What a draft waits for, looked up in the ledger.

    :param on: deliveries that have to be delivered first. :param names: for people. :param problems: `LOAN_NOT_POSTED`.
    """

    on: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


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
        if derivation.settled is None or derivation.settled.advances:
            return
        if any(self._in_order(draft.book) for draft in derivation.drafts):
            return  # what is sent before may move its date
        with self._lock:
            self._kept[delivery_id] = (row, derivation)
            if len(self._kept) > _MOST_KEPT:
                del self._kept[next(iter(self._kept))]

    def derive(self, document: Document) -> Derivation:
        """All bookings of a document, as the ledger and the inputs are now."""
        return self._derive(document, self._loans(document.ref, (advance.loan for advance in document.advances)))

    def _derive(self, document: Document, loans: Mapping[str, LoanFact | None]) -> Derivation:
        now = business_now()
        context = Context(
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
        return accounting.derive(document, context)

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

    def _loans(self, ref: SourceRef, numbers: Iterable[str]) -> dict[str, LoanFact | None]:
        """What is known of loans now."""
        return {number: self._loan(ref, number) for number in numbers}

    def _loan(self, ref: SourceRef, loan: str) -> LoanFact | None:
        found = self._ledger.look(lambda tx: documents.find_loan(tx, ref.source, ref.tenant, loan))
        return None if found is None else LoanFact(number=found.number)

    # -- deliveries ---------------------------------------------------------------------------------------------------

    def __call__(self, row: DeliveryRow, link: Link) -> Derived | Held | Blocked:
        """Derive one delivery anew (`dougong.delivery.Derive`)."""
        known = self._periods.version()
        with self._lock:
            if known != self._kept_with:  # a period may have closed since: its vouchers take another date
                self._kept_with = known
                self._kept.clear()
            kept = self._kept.pop(row.id, None)
        try:
            document, derivation = kept or self._derived_anew(row)
        except DougongError as error:
            return Held(error.problems, self.inputs.hash)
        try:
            made = self._delivery(row, link, document.ref, derivation)
        except DougongError as error:
            made = Held(error.problems, self.inputs.hash)
        # Whatever came out of it holds for the document as it was read.
        return attrs.evolve(made, still=lambda tx: documents.is_newest_covered(tx, document, row.id) and made.still(tx))

    def _delivery(
        self, row: DeliveryRow, link: Link, ref: SourceRef, derivation: Derivation
    ) -> Derived | Held | Blocked:
        draft = next((d for d in derivation.drafts if (d.moment, d.entity, d.book, d.part) == _place(row)), None)
        if draft is None:
            return Held(derivation.problems or (_gone(row),), self.inputs.hash)
        if draft.problems or draft.booking is None:
            return Held(draft.problems or (_gone(row),), self.inputs.hash)
        if draft.waits_for:
            waiting = self._ledger.look(lambda tx: waiting_for(tx, ref, draft))
            still = partial(_waits_still, ref=ref, draft=draft, waiting=waiting)
            if waiting.problems:
                return Held(waiting.problems, self.inputs.hash, still)
            if waiting.on:
                return Blocked(waiting.on, waiting.names, self.inputs.hash, still)
        payload, problems = self.payload(draft.booking, link)
        if problems:
            return Held(problems, self.inputs.hash)
        text = json.dumps(formats.voucher_to_json(draft.booking), ensure_ascii=False, separators=(",", ":"))
        place = partial(_with_reference, payload, self.inputs.operations[row.connection], draft.booking.documents)
        stage = self.target_stage(draft, row.connection)
        if self._in_order(draft.book):
            self._periods.sends(draft.booking)
        return Derived(place, draft.booking, text, self.inputs.hash, stage)

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
        door, name = link.door, link.door.connection.name
        call = door.call()
        codes = self.inputs.codes_for(name, booking.book)
        mapping = self.inputs.mappings[name, self.inputs.operations[name].target_type]
        payload = door.map_booking(booking, mapping, codes, call)
        payload = apply_changes(payload, door.changes(payload, booking, call))
        problems: tuple[Problem, ...] = ()
        if door.supports("check_payload"):
            problems += tuple(door.check_payload(payload, booking, link.session(), call))
        problems += tuple(hold.reason for hold in door.may_send(booking, payload, call))
        return payload, problems


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


def _waits_still(tx: Tx, ref: SourceRef, draft: Draft, waiting: Waiting) -> bool:
    """What it waits for may come while it is being derived; then nobody would wake it."""
    return waiting_for(tx, ref, draft) == waiting


def waiting_for(tx: Tx, ref: SourceRef, draft: Draft) -> Waiting:
    """Whether what a draft waits for is delivered, on its way, or not known to be posted at all."""
    on: list[int] = []
    names: list[str] = []
    problems: list[Problem] = []
    for wait in draft.waits_for:
        loan = documents.find_loan(tx, ref.source, ref.tenant, wait.document)
        posted = [] if loan is None else _deliveries(tx, loan, wait.kind)
        if any(delivery.state is DeliveryState.DELIVERED for delivery in posted):
            continue
        if posted:
            on += [delivery.id for delivery in posted]
            names.append(f"{wait.kind} {loan.number if loan else wait.document}")
        else:
            problems.append(_loan_not_posted(wait.document, loan))
    return Waiting(tuple(on), tuple(names), tuple(problems))


def _deliveries(tx: Tx, loan: DocumentRow, moment: str) -> list[DeliveryRow]:
    gone = {DeliveryState.CANCELLED, DeliveryState.REVERSED}
    return [row for row in documents.deliveries_of(tx, loan.ref) if row.moment == moment and row.state not in gone]


def _loan_not_posted(loan: str, known: DocumentRow | None) -> Problem:
    what = ("尚未收到", "is not known") if known is None else ("尚未入账", "is not posted")
    return Problem.of(
        "LOAN_NOT_POSTED",
        f"借款 {loan} {what[0]}, 核销须等其入账",
        f"loan {loan} {what[1]}; the write-off waits for it",
        hint_zh="推送该借款单; 其凭证送达后自动放行",
        hint_en="push the loan; this is freed by itself when the loan is delivered",
        loan=loan,
    )
