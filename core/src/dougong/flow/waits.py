"""What a draft waits for, and what is known of the loans that it clears: asked of the ledger, again at the freeze."""

from __future__ import annotations

import json
from collections.abc import Mapping

import attrs

from dougong.accounting import Draft, LoanFact, Wait
from dougong.ledger import deliveries, documents, loans
from dougong.ledger.rows import DeliveryRow, DocumentRow
from dougong.ledger.statements import Tx
from dougong.ledger.states import DeliveryState
from dougong.model import words
from dougong.model.documents import SourceRef
from dougong.model.identity import Coverage
from dougong.model.problems import Problem

__all__ = ["Waiting", "loan_fact", "loans_are_still", "waiting_for"]


@attrs.frozen
class Waiting:
    """What a draft waits for, looked up in the ledger.

    :param on: deliveries that have to be delivered first. :param names: for people.
    :param problems: `LOAN_NOT_POSTED`, `WAITS_FOR`: nothing is on its way that could be waited for.
    :param contradicted: `TRANSFER_CONTRADICTED`: what else was told of its transfer is booked, or not given up yet.
    """

    on: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    contradicted: tuple[Problem, ...] = ()

    def held(self, draft: Draft) -> tuple[Problem, ...]:
        """Why a draft cannot be sent, were everything delivered that it waits for."""
        return self.contradicted + (draft.problems or self.problems)


def loan_fact(tx: Tx, ref: SourceRef, loan: str) -> LoanFact | None:
    """What the ledger knows of a loan that a document names; its balance once its voucher is delivered."""
    found = documents.find_loan(tx, ref.source, ref.tenant, loan)
    left = loans.balance(tx, ref, loan if found is None else found.number)
    if found is None:  # one from before go-live may have been cleared by others
        return None if left is None else LoanFact(loan, remaining=left.amount, carrying=left.base)
    employee = json.loads(found.canonical).get("submitter")
    posted = any(delivery.state is DeliveryState.DELIVERED for delivery in _deliveries(tx, found.ref, "loan"))
    if left is None or not posted:
        return LoanFact(found.number, employee, left.currency if left else None)
    return LoanFact(found.number, employee, left.currency, remaining=left.amount, carrying=left.base)


def loans_are_still(tx: Tx, ref: SourceRef, known: Mapping[str, LoanFact | None]) -> bool:
    """Whether nobody else has cleared the loans that a document clears since it was derived."""
    for number in known:
        found = documents.find_loan(tx, ref.source, ref.tenant, number)
        if found is not None:
            loans.lock(tx, found.id)
    return all(loan_fact(tx, ref, number) == fact for number, fact in known.items())


def waiting_for(tx: Tx, ref: SourceRef, draft: Draft) -> Waiting:
    """Whether what a draft waits for is delivered, on its way, or not known to be posted at all."""
    on: list[int] = []
    names: list[str] = []
    problems: list[Problem] = []
    for wait in draft.waits_for:
        if wait.document:
            found, name, problem = _loan(tx, ref, wait.document)
        else:
            found, name, problem = _own(tx, ref, draft, wait)
        on += found
        names += [name] if found else []
        problems += [problem] if problem is not None else []
    rivals = tuple(rival.problem for rival in draft.rivals if _live(tx, ref, draft, draft.moment, rival.part))
    return Waiting(tuple(dict.fromkeys(on)), tuple(names), tuple(problems), rivals)


def _loan(tx: Tx, ref: SourceRef, name: str) -> tuple[list[int], str, Problem | None]:
    """One payment of a loan is enough to write off from it."""
    loan = documents.find_loan(tx, ref.source, ref.tenant, name)
    posted = [] if loan is None else _deliveries(tx, loan.ref, "loan")
    if any(delivery.state is DeliveryState.DELIVERED for delivery in posted):
        return [], "", None
    if posted:
        return [delivery.id for delivery in posted], f"loan {loan.number if loan else name}", None
    return [], "", _loan_not_posted(name, loan)


def _own(tx: Tx, ref: SourceRef, draft: Draft, wait: Wait) -> tuple[list[int], str, Problem | None]:
    """Another moment of the same document, in the books of the same entity; of a payment that came back, that one."""
    posted = [one for one in _deliveries(tx, ref, wait.moment) if one.entity == draft.entity]
    if wait.part:
        live = _live(tx, ref, draft, wait.moment, wait.part)
        posted = [] if live is None else [live]
    if not posted:
        return [], "", _waits_for(wait.moment)
    return [one.id for one in posted if one.state is not DeliveryState.DELIVERED], wait.moment, None


def _live(tx: Tx, ref: SourceRef, draft: Draft, moment: str, part: str) -> DeliveryRow | None:
    """The delivery that stands for one part of a moment, in the books of a draft."""
    return deliveries.live_for(tx, Coverage(ref, draft.entity, draft.book, moment, part).key)


def _deliveries(tx: Tx, ref: SourceRef, moment: str) -> list[DeliveryRow]:
    return [row for row in documents.live_deliveries_of(tx, ref) if row.moment == moment]


def _waits_for(moment: str) -> Problem:
    return Problem.of(
        "WAITS_FOR",
        f"须先有{words.moment(moment).zh}凭证",
        f"a voucher of the moment {moment} has to be there first",
        hint_zh="推送带有相应事件的单据; 其凭证送达后自动放行",
        hint_en="push the document with the event for it; this is freed by itself when that voucher is delivered",
        moment=moment,
    )


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
