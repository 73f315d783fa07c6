"""Deriving: accounting and mapping composed into what delivery asks for. Pure, but for reads of the ledger."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import attrs

from dougong import accounting, formats
from dougong.accounting import Context, Dated, Derivation, Draft, LoanFact
from dougong.delivery import Blocked, Derived, Held, Link, PutOff
from dougong.flow.failing import reasons
from dougong.flow.inputs import Inputs
from dougong.flow.intended import Intended
from dougong.flow.intentions import Intentions
from dougong.flow.payloads import Payloads
from dougong.flow.periods import BookPeriods
from dougong.flow.project import Project
from dougong.flow.standing import objections
from dougong.flow.waits import loan_fact
from dougong.ledger import claims, documents
from dougong.ledger.rows import DeliveryRow, DocumentRow
from dougong.ledger.statements import Tx
from dougong.ledger.store import Ledger
from dougong.model.bookings import Voucher
from dougong.model.documents import Document, SourceRef
from dougong.model.masterdata import AccountNeeds
from dougong.model.postings import Stage
from dougong.model.problems import DougongError, Problem

__all__ = ["Deriver"]

#: Derivations kept between opening a document and sending its deliveries, which follows soon.
_MOST_KEPT = 500


class Deriver:
    """Derives documents and deliveries with one set of inputs; thread-safe.

    :param project: open project. :param inputs: rules, tables, mappings, codes.
    """

    #: Whether nothing that is derived is opened in the ledger afterwards, so that it has to know everything itself.
    looks_ahead = False

    def __init__(self, project: Project, inputs: Inputs) -> None:
        self.project = project
        self.inputs = inputs
        self._ledger: Ledger = project.ledger
        self._periods = BookPeriods(project, inputs)
        self._kept: dict[int, tuple[DocumentRow, Derivation]] = {}
        self._kept_with = self._periods.version()
        self._known_needs: dict[tuple[str, str, dt.date], AccountNeeds | None] = {}
        self._contested: set[SourceRef] = set()
        self._lock = threading.Lock()
        self.payloads = Payloads(project, inputs)
        self.intentions = Intentions(self)

    # -- documents ----------------------------------------------------------------------------------------------------

    def document(self, row: DocumentRow, events: Sequence[str]) -> Document:
        """The document of a revision with every event told so far, and when it came to say what it says now."""
        document = formats.document_from_json(json.loads(row.canonical))
        told = tuple(formats.event_from_json(json.loads(text)) for text in events)
        turned = None if row.turned_at is None else dt.datetime.fromtimestamp(row.turned_at / 1000, dt.UTC)
        return attrs.evolve(document, events=told, state=row.source_state, updated_at=turned)

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

    def kept(self, row: DeliveryRow) -> tuple[DocumentRow, Derivation] | None:
        """What a delivery was opened with, once; nothing when a period has closed since: its voucher is dated anew."""
        known = self._periods.version(fresh=row.attempts > 0)  # it may have been refused for just that
        with self._lock:
            if known != self._kept_with:
                self._kept_with = known
                self._kept.clear()
            return self._kept.pop(row.id, None)

    def whole(self, row: DocumentRow) -> Document:
        """A document with its events as the ledger holds them."""
        return self.document(row, self._ledger.look(lambda tx: documents.events_of(tx, row.ref)))

    def correction_date(self, booked: Voucher, day: dt.date) -> Dated:
        """When a voucher is taken back or complemented: see `[changes] red_date`.

        :param day: of the change.
        :raises DougongError: nothing may be booked then.
        """
        rules = self.inputs.rules[booked.book]
        moment = rules.moments.get(booked.moment) or rules.moments["accrual"]
        periods = accounting.periods_of(self._context({}, {}), booked.book, booked.voucher_type)
        dated = accounting.reversal_date(booked.posting_date, day, moment, rules, periods)
        if dated.problems:
            raise DougongError(dated.problems)
        return dated

    def derive(self, document: Document) -> Derivation:
        """All bookings of a document, as the ledger and the inputs are now.

        :raises DougongError: one of them goes to a connection that cannot be used: nobody knows what it can take.
        """
        loans = {advance.loan: self._loan(document.ref, advance.loan) for advance in document.advances}
        claimed = self._claimed(document)
        derivation = accounting.derive(document, self._context(loans, claimed))
        self._refuse_shut(document, derivation)
        return attrs.evolve(derivation, loans=loans, claimed=claimed) if loans or claimed else derivation

    def _refuse_shut(self, document: Document, derivation: Derivation) -> None:
        shut, config = self.project.shut, self.project.config
        for draft in derivation.bookable if shut else ():
            connection = config.route(draft.entity, draft.book, draft.moment, document.type)
            if connection in shut and draft.owner == "dougong":
                raise DougongError(shut[connection])

    def contested(self, ref: SourceRef) -> None:
        """Other reports claim invoices of a document: from now on they are looked up when it is derived."""
        self._contested.add(ref)

    def _claimed(self, document: Document) -> dict[str, Mapping[str, Decimal]]:
        """What others claim of its invoices; taken for nothing, which opening it checks, until it is known better."""
        keys = [key for invoice in document.invoices if (key := accounting.claim_key(invoice)) is not None]
        if self.looks_ahead or document.ref in self._contested:
            return self._ledger.look(lambda tx: _claimed(tx, document.ref, keys))
        return {key: {} for key in keys}

    def _context(self, loans: Mapping[str, LoanFact | None], claimed: Mapping[str, Mapping[str, Decimal]]) -> Context:
        """What the ledger and the inputs tell now."""
        return Context(
            rules=self.inputs.rules,
            books_for=self.project.config.books_for,
            rates=self.inputs.rates,
            account_needs=lambda book, account: self.needs(book, account, self.inputs.today(book)),
            limits=self.inputs.limits,
            loan=loans.get,
            closed=self._periods.closed,
            last_voucher=self._periods.last_voucher,
            claimed=lambda key: claimed.get(key, {}),
        )

    def needs(self, book: str, account: str, on: dt.date) -> AccountNeeds | None:
        """What an account takes, as the ERP of the book told; by our account code."""
        key = (book, account, on)
        if key not in self._known_needs:
            self._known_needs[key] = self.inputs.account_needs(book, account, on)
        return self._known_needs[key]

    def _loan(self, ref: SourceRef, loan: str) -> LoanFact | None:
        """What is known of a loan now.

        :raises DougongError: `LOAN_AMBIGUOUS`: several bear that number, and no write-off is guessed.
        """
        named = self._ledger.look(lambda tx: documents.loans_named(tx, ref.source, ref.tenant, loan))
        if len(named) > 1:
            raise DougongError(_ambiguous(loan, [row.source_id for row in named]))
        return self._ledger.look(lambda tx: loan_fact(tx, ref, loan))

    # -- deliveries ---------------------------------------------------------------------------------------------------

    def __call__(self, row: DeliveryRow, link: Link) -> Derived | Held | Blocked | PutOff:
        """Derive one delivery anew (`dougong.delivery.Derive`)."""
        try:
            return self._made(row, link)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this delivery's matter
            return Held(reasons(error, row.name, self._ledger), self.inputs.hash)

    def _made(self, row: DeliveryRow, link: Link) -> Derived | Held | Blocked | PutOff:
        wanted = self.intentions.of(row)
        if not isinstance(wanted, Intended):
            return wanted
        if row.moment == "reversal" and (objection := objections(self._ledger, row, link)):
            return objection if isinstance(objection, PutOff) else Held((objection,), self.inputs.hash, wanted.still)
        made = self.payloads.sendable(row, wanted, link)
        if isinstance(made, Derived) and self._in_order(made.booking.book):
            self._periods.sends(made.booking)
        return made

    def _in_order(self, book: str) -> bool:
        """Whether the ERP keeps a book's vouchers in the order of their dates (序时)."""
        return self.inputs.limits(book).sequence_control

    def target_stage(self, draft: Draft, connection: str) -> Stage:
        """The moment asks for a stage, the connection caps it; of what the ERP has, the highest that is not above."""
        cap = Stage(self.project.config.connection(connection).target_stage)
        asked = draft.target_stage if draft.target_stage.rank <= cap.rank else cap
        return self.inputs.operations[connection].highest(asked)


def claims_are_still(tx: Tx, ref: SourceRef, known: Mapping[str, Mapping[str, Decimal]]) -> bool:
    """Whether no other report has claimed or given back an invoice since a document was derived."""
    return _claimed(tx, ref, known) == known


def _claimed(tx: Tx, ref: SourceRef, keys: Iterable[str]) -> dict[str, Mapping[str, Decimal]]:
    return {key: claims.others(tx, ref, key) for key in keys}


def _ambiguous(loan: str, ids: Sequence[str]) -> Problem:
    return Problem.of(
        "LOAN_AMBIGUOUS",
        f"有多张借款单的单号为 {loan} ({', '.join(ids)}), 无法判断核销哪一张",
        f"several loans bear the number {loan} ({', '.join(ids)}): it cannot be told which one is written off",
        hint_zh="请在来源中以借款单 ID 关联, 或更正单号, 然后 retry",
        hint_en="name the loan by its id in the source, or correct the number, then retry",
        loan=loan,
    )
