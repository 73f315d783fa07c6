"""Going on from a draft: one harmless step at a time, until the posting stands at its target stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import attrs

from dougong.crashpoints import crashpoint
from dougong.delivery.apply import apply_posting, broken, deleted, edited, park, stage_of
from dougong.delivery.link import Link, backoff_ms
from dougong.ledger import attempts, deliveries, loans, postings, reversals
from dougong.ledger.errors import StaleLease
from dougong.ledger.rows import FOREVER, DeliveryRow, problems_text
from dougong.ledger.statements import Tx
from dougong.ledger.states import DeliveryState, ParkReason
from dougong.ledger.store import Ledger
from dougong.model import words
from dougong.model.operations import Operation
from dougong.model.outcomes import AlreadyThere, Done, NotDone, Outcome, Rejected, Unknown, Waiting
from dougong.model.postings import Facts, Posting, Stage
from dougong.model.problems import DougongError, Problem

__all__ = ["complete", "guarded"]

#: A ladder has three steps; whoever needs more is going round in circles.
_MOST_STEPS = 5


def complete(ledger: Ledger, row: DeliveryRow, link: Link, known: tuple[Posting, Facts] | None = None) -> DeliveryRow:
    """Bring one incomplete delivery towards its target stage; harmless to repeat, never creates.

    :param row: `incomplete`, leased.
    :param known: its posting and facts, when the caller has just recorded them.
    :returns: the row as it now is: delivered, parked, or incomplete and due again.
    """
    operation = link.door.operation(f"{row.target_type}.{row.verb}")
    for _ in range(_MOST_STEPS):
        found = known or ledger.look(partial(_posting_and_facts, delivery_id=row.id))
        if found is None:
            return _broken(ledger, row)
        known = None
        posting, facts = found
        outcome = _step(row, posting, facts, operation, link)
        crashpoint("step_answered")
        row = _recorded(ledger, row, posting, facts, outcome)
        crashpoint("step_outcome")
        if row.state is not DeliveryState.INCOMPLETE or not row.lease_owner:
            return row
    return ledger.write(lambda tx: _later(tx, row, "the ERP does not reach the target stage"))


def _recorded(ledger: Ledger, row: DeliveryRow, posting: Posting, facts: Facts, outcome: Outcome) -> DeliveryRow:
    return guarded(ledger, [row], lambda tx: [_record(tx, row, posting, facts, outcome)])[0]


def guarded(ledger: Ledger, rows: Sequence[DeliveryRow], work: Callable[[Tx], list[DeliveryRow]]) -> list[DeliveryRow]:
    """Write an outcome; what the database refuses is a broken invariant: parked for a person, never guessed.

    :raises StaleLease: another process has the deliveries by now.
    """
    try:
        return ledger.write(work)
    except StaleLease:
        raise
    except Exception as error:
        # a constraint of any driver, or a table of transitions that says no
        if isinstance(error, ledger.unwell):
            raise
        problem = broken(
            f"账本拒绝记录结果, 需人工处理: {error}",
            f"the ledger refuses to record the outcome, a person has to look: {error}",
        )
        return ledger.write(lambda tx: [park(tx, row, ParkReason.BROKEN_INVARIANT, problem) for row in rows])


def _step(row: DeliveryRow, posting: Posting, facts: Facts, operation: Operation, link: Link) -> Outcome:
    """One step of the ladder; audit and beyond use the second credential (maker is not checker).

    That the auditor cannot log in says nothing about the ERP, which goes on taking vouchers.
    """
    following = row.target_stage
    if following is not Stage.VOID:
        above = (stage for stage in operation.stages if posting.stage.rank < stage.rank <= following.rank)
        following = next(above, following)
    credential = "auditor" if following.rank >= Stage.AUDITED.rank else "main"
    try:
        session = link.session(credential)
    except DougongError as error:
        outcome: Outcome = NotDone(error.problems[0].message.en)
        if credential != "auditor":
            link.report([outcome])
        return outcome
    outcome = link.door.complete(posting, following, facts, session, link.call(operation, credential))
    link.report([outcome])
    return outcome if credential == "main" else _by(credential, outcome)


def _by(credential: str, outcome: Outcome) -> Outcome:
    """What the ERP refuses to another user than the maker says whom it refuses."""
    if isinstance(outcome, Rejected):
        return attrs.evolve(outcome, problems=tuple(problem.at(credential) for problem in outcome.problems))
    return outcome


def _record(tx: Tx, row: DeliveryRow, before: Posting, facts: Facts, outcome: Outcome) -> DeliveryRow:
    match outcome:
        case Done(posting) | AlreadyThere(posting):
            return _shown(tx, row, before, facts, posting)
        case Rejected(problems, _):
            return _refused(tx, row, before, problems)
        case NotDone(reason, after):
            return _later(tx, row, reason, after)
        case Waiting(_, poll_after):
            return _later(tx, row, "taken, not done yet", poll_after)
        case Unknown(reason, ask_after):
            return _later(tx, row, reason, ask_after)
    raise TypeError(f"not an outcome: {outcome!r}")


def _shown(tx: Tx, row: DeliveryRow, before: Posting, facts: Facts, posting: Posting) -> DeliveryRow:
    """What the ERP shows now: it must still be ours, and further up the ladder, or gone where it is to be deleted."""
    if row.target_stage is Stage.VOID and posting.stage is Stage.VOID:
        return _voided(tx, row, posting)
    if facts.differences(posting):
        return park(tx, row, ParkReason.EDITED_IN_ERP, edited(posting, facts), stage=posting.stage.value)
    if not posting.stage.stands:
        return park(tx, row, ParkReason.DELETED_IN_ERP, deleted(row, posting), stage=posting.stage.value)
    moved = apply_posting(tx, row, posting, event="completed")
    if moved.state is DeliveryState.INCOMPLETE and posting.stage.rank <= before.stage.rank:
        return _later(tx, moved.changed(failures=row.failures), f"still {posting.stage}")
    return moved


def _voided(tx: Tx, row: DeliveryRow, posting: Posting) -> DeliveryRow:
    """A draft is deleted as the rules want it: its coverage is free, as if it had never been."""
    postings.record(tx, row, posting)
    reversals.let_go(tx, row)
    detail = {"erp_id": posting.erp_key, "erp_number": posting.number}
    voided = deliveries.move(
        tx,
        row,
        DeliveryState.REVERSED,
        event="voided",
        detail=detail,
        stage=posting.stage.value,
        due_at=FOREVER,
        problems="[]",
        reason="",
    )
    loans.forget(tx, row.id)
    return voided


def _refused(tx: Tx, row: DeliveryRow, before: Posting, problems: tuple[Problem, ...]) -> DeliveryRow:
    """The ERP refuses the step: the posting stays where it is, and a person looks."""
    if any(problem.code == "DELETED_IN_ERP" for problem in problems):
        return park(tx, row, ParkReason.DELETED_IN_ERP, deleted(row, before))
    return deliveries.move(
        tx,
        row,
        DeliveryState.INCOMPLETE,
        event="step_refused",
        detail={"problems": [problem.code for problem in problems]},
        problems=problems_text(problems),
        reason=problems[0].code if problems else "",
        due_at=FOREVER,
    )


def _later(tx: Tx, row: DeliveryRow, reason: str, after: float | None = None) -> DeliveryRow:
    """Due again; `complete` reads the ERP before it does anything, so nothing is asked first."""
    problem = Problem.of(
        "STEP_PENDING",
        f"凭证已在 ERP 中, 尚未到达目标状态 ({words.stage(row.target_stage).zh}): {reason}",
        f"it is in the ERP, not yet {row.target_stage}: {reason}",
    )
    return deliveries.move(
        tx,
        row,
        DeliveryState.INCOMPLETE,
        event="step_pending",
        detail={"reason": reason},
        due_at=backoff_ms(row.failures, after),
        failures=row.failures + 1,
        problems=problems_text((problem,)),
        reason="STEP_PENDING",
    )


def _posting_and_facts(tx: Tx, delivery_id: int) -> tuple[Posting, Facts] | None:
    known = postings.of(tx, delivery_id)
    if known is None:
        return None
    total: Any = known["total"]
    posting = Posting(
        known["erp_key"],
        stage_of(known["stage"]),
        known["erp_number"],
        company=known["company"],
        book=known["book"],
        period=known["period"],
        currency=known["currency"],
        total=None if total is None else Decimal(total),
    )
    return posting, attempts.last_facts(tx, delivery_id)


def _broken(ledger: Ledger, row: DeliveryRow) -> DeliveryRow:
    problem = broken("没有凭证记录", "there is no posting to complete")
    return ledger.write(lambda tx: park(tx, row, ParkReason.BROKEN_INVARIANT, problem))
