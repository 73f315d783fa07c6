"""Plan: what would be sent, before anything is. The same pure functions as the flow, without writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from dougong.accounting import Draft, LoanFact
from dougong.delivery.send import facts_of, keys_of, reference_text
from dougong.flow import Deriver, Project, load_inputs, read_files
from dougong.flow.failing import reasons
from dougong.flow.inputs import Inputs
from dougong.flow.intentions import coverage_of
from dougong.flow.waits import Waiting, waiting_for
from dougong.flow.working import accounts_not_read, refresh_master_data
from dougong.ledger import deliveries, documents, postings
from dougong.ledger.rows import DeliveryRow, DocumentRow, problems_from
from dougong.ledger.statements import Tx
from dougong.ledger.states import UNSENT, DocumentState
from dougong.model.bookings import Voucher, VoucherLine
from dougong.model.documents import Document, SourceRef
from dougong.model.identity import Coverage, content_fingerprint, document_content
from dougong.model.messages import ItemId, Payload, Wanted
from dougong.model.money import plain
from dougong.model.outcomes import Found
from dougong.model.problems import DougongError, Problem
from dougong.model.sources import SourceDocument
from dougong.runtime.lane import Lane, Slot

__all__ = ["Planned", "Undelivered", "line_view", "plan_documents", "plan_files", "plan_number"]


@attrs.frozen
class Planned:
    """One booking as it would be sent now.

    :param payload: with the source of each field; `None` where it cannot be mapped.
    :param already: number of what the ERP holds under our reference already, if anything.
    :param sent: whether it is this very content that was sent: there is nothing to be done.
    """

    documents: tuple[str, ...]
    draft: Draft
    connection: str
    payload: Payload | None
    problems: tuple[Problem, ...]
    waits_for: tuple[str, ...] = ()
    already: str | None = None
    sent: bool = False


@attrs.frozen
class Undelivered:
    """A document that makes no booking now: not due, or held for a fact that is missing."""

    number: str
    state: str
    problems: tuple[Problem, ...]


def plan_files(
    project: Project, paths: list[Path], source: str | None = None
) -> tuple[list[Planned | Undelivered], list[tuple[Path, Problem]]]:
    """Plan files without accepting them. Returns the plan and what could not be read."""
    read = read_files(project, paths, source)
    items = [item for _, item in read.documents if isinstance(item, SourceDocument)]
    return list(plan_documents(project, items)), list(read.bad)


def plan_number(project: Project, number: str) -> list[Planned | Undelivered]:
    """Plan a document that was accepted already, by its number; what was sent is named with what the ERP holds."""
    deriver = Deriver(project, load_inputs(project))
    known = project.ledger.look(partial(_known, number=number))
    return list(_plan_all(project, [_Item.of_row(deriver, row, events) for row, events in known], tell_sent=True))


def _known(tx: Tx, number: str) -> list[tuple[DocumentRow, list[str]]]:
    return [(row, documents.events_of(tx, row.ref)) for row in documents.by_number(tx, number)]


def plan_documents(project: Project, items: Iterable[SourceDocument]) -> Iterator[Planned | Undelivered]:
    """Derive, map and check each document; what is in the ERP already with this content is left out.

    Loans among `items` count as on their way. What the ERPs' accounts take is asked where it is not known yet.
    """
    return _plan_all(project, [_Item.of_source(item) for item in items])


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
    troubles = refresh_master_data(project, project.targets)
    deriver = _PlanDeriver(project, load_inputs(project), items, troubles)
    slots = {name: Slot(Lane(project.door(name))) for name in project.targets}
    try:
        for item in items:
            planned = _plan(project, deriver, slots, item)
            yield from (one for one in planned if tell_sent or isinstance(one, Undelivered) or not one.sent)
    finally:
        for slot in slots.values():
            slot.close()


class _PlanDeriver(Deriver):
    """Knows the loans of the plan itself beside those of the ledger.

    :param troubles: why connections could not be asked for their master data.
    """

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

    def waiting(self, ref: SourceRef, draft: Draft) -> Waiting:
        """What a draft waits for, in the ledger and in the same plan."""
        beside = {wait: number for wait in draft.waits_for if (number := self.loan_beside(ref, wait.document))}
        others = attrs.evolve(draft, waits_for=tuple(wait for wait in draft.waits_for if wait not in beside))
        found = self.project.ledger.look(lambda tx: waiting_for(tx, ref, others))
        return attrs.evolve(found, names=found.names + tuple(f"{wait.moment} {beside[wait]}" for wait in beside))


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
    drafts = [draft for draft in derivation.drafts if draft.owner == "dougong"]
    if derivation.problems or not drafts:
        state = DocumentState.HELD if derivation.problems else DocumentState.NOT_DUE
        yield Undelivered(document.number, state, derivation.problems)
        return
    for draft in drafts:
        coverage = coverage_of(document.ref, draft)
        sent = project.ledger.look(partial(_sent_already, coverage=coverage, fingerprint=item.fingerprint))
        if isinstance(sent, DeliveryRow):
            there = project.ledger.look(partial(_voucher_of, row=sent))
            yield Planned((document.number,), draft, sent.connection, None, (), already=there, sent=True)
        elif not sent:
            yield _draft(project, deriver, slots, document, draft, coverage)


def _given_up(tx: Tx, item: _Item) -> bool:
    """Whether a person has given this very content up: `push` would not open it."""
    known = documents.latest(tx, item.document.ref)
    return known is not None and known.state is DocumentState.WITHDRAWN and known.fingerprint == item.fingerprint


def _sent_already(tx: Tx, coverage: Coverage, fingerprint: str) -> DeliveryRow | bool:
    """The delivery with which this content is or may be in the ERP, or whether a person has given it up."""
    live = deliveries.live_for(tx, coverage.key)
    if live is None:
        return documents.given_up(tx, coverage.key, fingerprint)
    sent = live.state not in UNSENT and fingerprint in documents.covered_fingerprints(tx, live.id)
    return live if sent else False


def _voucher_of(tx: Tx, row: DeliveryRow) -> str | None:
    """Number of the voucher of a delivery, as far as the ERP has told."""
    known = postings.of(tx, row.id)
    return None if known is None else known["erp_number"] or known["erp_key"]


def _draft(
    project: Project,
    deriver: _PlanDeriver,
    slots: dict[str, Slot],
    document: Document,
    draft: Draft,
    coverage: Coverage,
) -> Planned:
    name = project.config.route(draft.entity, draft.book, draft.moment, document.type)
    waiting = deriver.waiting(document.ref, draft)
    problems = deriver.without_accounts(name, draft.problems) + waiting.problems
    payload: Payload | None = None
    already: str | None = None
    if draft.booking is not None and not draft.problems:
        try:
            payload, found = deriver.payloads.of(draft.booking, slots[name])
            problems += found
            already = _already(project, slots[name], draft.booking, coverage)
        except DougongError as error:
            problems += error.problems
    return Planned((document.number,), draft, name, payload, problems, waiting.names, already)


def _already(project: Project, slot: Slot, booking: Voucher, coverage: Coverage) -> str | None:
    """What the ERP holds under the reference that the next sending would carry."""
    if not slot.door.supports("find"):
        return None
    live = project.ledger.look(lambda tx: deliveries.live_for(tx, coverage.key))
    text = live.reference if live else coverage.reference(1).base64()
    operation = slot.door.operation_for()
    wanted = Wanted(ItemId("plan"), reference_text(keys_of(text, 0)[0], operation.safety.reference), facts_of(booking))
    found = [a for a in slot.door.find([wanted], slot.session(), slot.call(operation)) if isinstance(a, Found)]
    return (found[0].posting.number or found[0].posting.erp_key) if found else None


def line_view(line: VoucherLine, currency: str) -> dict[str, Any]:
    """A line in the shape of interfaces.md §4, in our own codes."""
    original = line.original
    return {
        "account": line.account,
        "side": line.side,
        "amount": plain(original.amount if original else line.amount),
        "currency": original.currency if original else currency,
        "base_amount": plain(line.amount),
        "rate": plain(original.rate) if original else None,
        "summary": line.summary,
        "dimensions": dict(line.dimensions),
        "tax_code": line.tax.code if line.tax else None,
        "tax_rate": plain(line.tax.rate) if line.tax and line.tax.rate is not None else None,
        "tax_base": plain(line.tax.base) if line.tax and line.tax.base is not None else None,
        "clears": line.clears,
        "opens": line.opens,
        "cash_flow": line.cash_flow,
        "coordination": line.coordination,
    }
