"""Opening: what was accepted becomes deliveries, one per booking, in one transaction per document."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import attrs

from dougong.accounting import Derivation, Draft
from dougong.clock import epoch_ms
from dougong.crashpoints import crashpoint
from dougong.flow.change_messages import waits_for
from dougong.flow.changes import Reaction, react, still_waits
from dougong.flow.deriving import Deriver, claims_are_still
from dougong.flow.failing import reasons
from dougong.flow.intentions import coverage_of
from dougong.flow.waits import Waiting, waiting_for
from dougong.ledger import claims, covering, deliveries, documents, sets
from dougong.ledger.deliveries import NewDelivery
from dougong.ledger.errors import StaleLease
from dougong.ledger.rows import DocumentRow, problems_from, problems_text
from dougong.ledger.statements import Tx
from dougong.ledger.states import DeliveryState, DocumentState
from dougong.model.problems import Problem, Text

__all__ = ["open_documents"]

#: Opened at a time: what they become is on its way to the ERP while the next ones are derived.
_GROUP = 50
_ERP_OWNS = Text("规则说由 ERP 自行生成凭证", "the rules say that the ERP makes its voucher itself")


def open_documents(deriver: Deriver) -> int:
    """Open the moments of some accepted documents, loans first; returns how many were opened, held or found not due.

    Zero says that there are none, or that another process is opening the same ones; what it leaves comes up again.
    """
    rows = deriver.project.ledger.look(lambda tx: documents.accepted(tx, _GROUP))
    if not rows:
        return _free_waiting(deriver)
    work = [(row, _derive(deriver, row, events)) for row, events in rows]
    opened = _write(deriver, work)
    crashpoint("opened")
    for one in opened:
        for delivery_id in one.ready:
            deriver.keep(delivery_id, one.document, one.derivation)
    return len(opened)


@attrs.frozen
class _Opened:
    """A document as opening left it. :param ready: its new deliveries that can be sent."""

    document: DocumentRow
    derivation: Derivation
    ready: tuple[int, ...] = ()


def _derive(deriver: Deriver, row: DocumentRow, events: Sequence[str]) -> Derivation:
    """A document that cannot be derived at all is held and blocks no other."""
    try:
        return deriver.derivation(row, events)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this document's matter
        return Derivation((), reasons(error, row.subject, deriver.project.ledger))


def _write(deriver: Deriver, work: Sequence[tuple[DocumentRow, Derivation]]) -> list[_Opened]:
    """All in one transaction; where one fails, each in its own, and the one that fails is held."""
    ledger = deriver.project.ledger
    try:
        return ledger.write(partial(_open_all, work=work, deriver=deriver))
    except StaleLease:
        if len(work) == 1:
            return []  # another process has it
    except Exception as error:
        if len(work) == 1:
            row, derivation = work[0]
            if derivation.problems:
                raise  # it cannot even be held
            return _write(deriver, [(row, Derivation((), reasons(error, row.subject, ledger)))])
        if isinstance(error, ledger.unwell):
            raise
    return [opened for one in work for opened in _write(deriver, [one])]


def _open_all(tx: Tx, work: Sequence[tuple[DocumentRow, Derivation]], deriver: Deriver) -> list[_Opened]:
    opened = (_open(tx, row, derivation, deriver) for row, derivation in work)
    return [one for one in opened if one is not None]


def _open(tx: Tx, row: DocumentRow, derivation: Derivation, deriver: Deriver) -> _Opened | None:
    """One document; does nothing when somebody else was faster."""
    if not documents.is_current(tx, row):
        return None
    if not claims_are_still(tx, row.ref, derivation.claimed):
        deriver.contested(row.ref)
        return None  # it comes up again, and is derived with what is known by then
    inputs = deriver.inputs.hash
    drafts = [draft for draft in derivation.drafts if draft.owner == "dougong"]
    before = [] if row.is_new else documents.deliveries_of(tx, row.ref)
    reaction = Reaction(derivation.problems)
    if before and not derivation.problems:
        reaction = react(tx, row, derivation, deriver)
    problems = reaction.problems
    if reaction.returned:
        problems = (_open_returned(tx, row, reaction.returned, deriver),)
    if not problems:
        _claim(tx, row, derivation)
    if reaction.withdrawn:
        state = DocumentState.WITHDRAWN
        taken = documents.change(tx, row, event="taken_back", state=state, problems="[]", inputs=inputs)
        return _Opened(taken, derivation)
    if problems:
        held = documents.change(
            tx, row, event="held", state=DocumentState.HELD, problems=problems_text(problems), inputs=inputs
        )
        return _Opened(held, derivation)
    ready = [
        _deliver(tx, row, draft, deriver, first_ever=not before and number == 0) for number, draft in enumerate(drafts)
    ]
    if row.type == "loan" and drafts:
        _wake_held_by_loan(tx, row)
    if before and drafts:
        _wake_held_by_own(tx, row)
    state = DocumentState.OPEN if drafts else DocumentState.NOT_DUE
    told = () if drafts else (_not_due(derivation.not_due or _ERP_OWNS),)
    changed = documents.change(tx, row, event="opened", state=state, problems=problems_text(told), inputs=inputs)
    return _Opened(changed, derivation, tuple(id_ for id_ in ready if id_ is not None))


def _open_returned(tx: Tx, row: DocumentRow, drafts: Sequence[Draft], deriver: Deriver) -> Problem:
    """Book money that came back of a document that is held; it waits for that, and is looked at again."""
    for draft in drafts:
        _deliver(tx, row, draft, deriver, first_ever=False)
    keys = [coverage_of(row.ref, draft).key for draft in drafts]
    opened = [one for key in keys if (one := deliveries.live_for(tx, key)) is not None]
    return waits_for(row.number, opened, until="booked")


def _claim(tx: Tx, row: DocumentRow, derivation: Derivation) -> None:
    """Note what the document claims of invoices; what it gives back may free another report."""
    mine = derivation.settled.claims if derivation.settled else ()
    if row.is_new and not mine:
        return
    if claims.record(tx, row.ref, row.number, mine):
        for other in documents.held_with_problem(tx, "INVOICE_OVERCLAIMED"):
            documents.change(tx, other, event="invoice_given_back", state=DocumentState.ACCEPTED)


def _free_waiting(deriver: Deriver) -> int:
    """Accept again what waited for what becomes of its old content, and waits no more; returns how many."""

    def free(tx: Tx) -> int:
        rows = [
            row
            for row in documents.waiting(tx)
            if not any(still_waits(tx, row, problem) for problem in problems_from(row.problems))
        ]
        for row in rows:
            documents.change(tx, row, event="waits_no_more", state=DocumentState.ACCEPTED, problems="[]")
        return len(rows)

    ledger = deriver.project.ledger
    return ledger.write(free) if ledger.look(documents.waiting) else 0


def _deliver(tx: Tx, row: DocumentRow, draft: Draft, deriver: Deriver, *, first_ever: bool) -> int | None:
    """The delivery of a draft: created, or found. Returns the id of a new one that can be sent.

    One that is held is derived again, for its document has changed.
    """
    coverage = coverage_of(row.ref, draft)
    set_id = sets.name_for(tx, row) if draft.set_id else None
    live = None if first_ever else deliveries.live_for(tx, coverage.key)
    if live is not None:
        covering.cover_too(tx, live.id, row.id, coverage.key)
        if live.state is DeliveryState.HELD:
            deliveries.move(tx, live, DeliveryState.READY, event="document_changed", due_at=epoch_ms(), set_id=set_id)
        elif live.state is DeliveryState.DELIVERED and set_id not in (None, live.set_id):
            deliveries.move(tx, live, live.state, event="joins_set", set_id=set_id)
        return None
    if not first_ever and covering.given_up(tx, coverage, row.fingerprint):
        return None  # a person has decided; only other content asks again
    waiting = waiting_for(tx, row.ref, draft)
    config = deriver.project.config
    connection = config.route(draft.entity, draft.book, draft.moment, row.type)
    problems = waiting.held(draft)
    if connection in deriver.inputs.blind:
        # Its accounts are not known yet, so nothing can be said of it: due when the ERP is there, not held.
        problems, waiting = (), Waiting()
    state = DeliveryState.HELD if problems else DeliveryState.BLOCKED if waiting.on else DeliveryState.READY
    booking = draft.booking
    created = deliveries.create(
        tx,
        NewDelivery(
            connection,
            deriver.inputs.operations[connection].target_type,
            ((row.id, coverage),),
            (row.number,),
            row.revision,
            deriver.target_stage(draft, connection),
            state,
            deriver.inputs.hash,
            problems=problems,
            waits_for=waiting.names,
            period=booking.period if booking else None,
            currency=booking.currency if booking else None,
            total=format(booking.total, "f") if booking else None,
            set_id=set_id,
            merge_key=draft.merge_key or None,
        ),
        first_ever=first_ever,
    )
    deliveries.depend(tx, created.id, waiting.on)
    return created.id if state is DeliveryState.READY and created.merge_key is None else None


def _wake_held_by_loan(tx: Tx, loan: DocumentRow) -> None:
    """A loan has come: what was held for it is derived again."""
    names = {loan.number, loan.source_id}
    for row in deliveries.held_for(tx, "LOAN_NOT_POSTED"):
        if any(problem.facts.get("loan") in names for problem in problems_from(row.problems)):
            deliveries.free(tx, row, event="loan_known")


def _wake_held_by_own(tx: Tx, row: DocumentRow) -> None:
    """A moment has opened: what of the same document was held for it is derived again."""
    for delivery in documents.deliveries_of(tx, row.ref):
        if delivery.state is DeliveryState.HELD and delivery.reason == "WAITS_FOR":
            deliveries.move(tx, delivery, DeliveryState.READY, event="moment_opened", due_at=epoch_ms())


def _not_due(reason: Text) -> Problem:
    return Problem.of("NOT_DUE", f"尚不入账: {reason.zh}", f"not due: {reason.en}")
