"""What an outcome does to a delivery: the one place where the ERP's answer becomes a state."""

from __future__ import annotations

from typing import Any

from dougong.clock import epoch_ms
from dougong.delivery.link import backoff_ms
from dougong.ledger import attempts, deliveries, documents, inbox, postings, reference, reversals
from dougong.ledger.attempts import Frozen
from dougong.ledger.rows import FOREVER, DeliveryRow, problems_text
from dougong.ledger.statements import Tx
from dougong.ledger.states import DeliveryState, ParkReason
from dougong.model.messages import ItemId
from dougong.model.operations import Ambiguity, Operation
from dougong.model.outcomes import AlreadyThere, Done, NotDone, Outcome, Rejected, Unknown, Waiting
from dougong.model.postings import Facts, Posting, Stage
from dougong.model.problems import Problem

__all__ = ["apply", "apply_posting", "broken", "deleted", "is_superseded", "no_attempt", "park", "stage_of"]

#: The event of an answer to the message itself.
_ANSWERED = "answered"


def apply(
    tx: Tx,
    row: DeliveryRow,
    frozen: Frozen,
    item: ItemId,
    outcome: Outcome,
    operation: Operation,
    settle: float,
    *,
    event: str = _ANSWERED,
) -> DeliveryRow:
    """Move a delivery to where an outcome puts it; within the caller's transaction.

    :param settle: seconds that the ERP may still be at work after the last byte.
    """
    match outcome:
        case Done(posting) | AlreadyThere(posting):
            return _there(tx, row, frozen, item, posting, event)
        case Waiting(correlations, poll_after):
            attempts.add_correlations(tx, row.connection, frozen.id, correlations)
            # Told before it answered; what is asked for after that is asked for in the ERP's own time.
            told = event == _ANSWERED and inbox.has_news(tx, row.connection)
            due = epoch_ms() + (0 if told else int(poll_after * 1000))
            return deliveries.move(tx, row, DeliveryState.WAITING, event="taken", due_at=due, failures=0)
        case Rejected(problems, left):
            return _rejected(tx, row, frozen, problems, left)
        case NotDone(reason, after):
            attempts.close_items(tx, frozen.id, {row.id: "not_done"})
            ready = deliveries.move(
                tx,
                row,
                DeliveryState.READY,
                event="not_done",
                detail={"reason": reason},
                due_at=backoff_ms(row.failures, after),
                failures=row.failures + 1,
                **_with_problems((_not_done(reason),)),
            )
            return _unless_superseded(tx, ready)
        case Unknown(reason, ask_after):
            return _unknown(tx, row, frozen, reason, ask_after, operation, settle)
    raise TypeError(f"not an outcome: {outcome!r}")


def is_superseded(tx: Tx, row: DeliveryRow) -> bool:
    """Whether a document says something else by now than what a delivery would send; a reversal is wanted anyway."""
    return row.moment != "reversal" and bool(documents.outdated(tx, row.id))


def _unless_superseded(tx: Tx, row: DeliveryRow) -> DeliveryRow:
    """Nothing of it is in the ERP: it ends if its document says something else by now, which is opened instead.

    A merged delivery goes on: whoever derives it takes that member out.
    """
    if row.moment == "reversal":
        return row
    changed = documents.outdated(tx, row.id)
    for document in changed:
        documents.open_again(tx, document)
    if not changed or row.group_id is not None:
        return row
    return deliveries.move(
        tx, row, DeliveryState.CANCELLED, event="superseded", due_at=FOREVER, reason="superseded", problems="[]"
    )


def _there(tx: Tx, row: DeliveryRow, frozen: Frozen, item: ItemId, posting: Posting, event: str) -> DeliveryRow:
    facts = frozen.facts[item]
    attempts.close_items(tx, frozen.id, {row.id: "done"})
    if facts.differences(posting):
        postings.record(tx, row, posting)
        return park(tx, row, ParkReason.CONFLICT, _conflict(row, posting, facts), stage=posting.stage.value)
    return apply_posting(tx, row, posting, event=event)


def _rejected(
    tx: Tx, row: DeliveryRow, frozen: Frozen, problems: tuple[Problem, ...], left: Posting | None
) -> DeliveryRow:
    """Refused as it is: content or rules have to change; what the ERP kept of it all the same is on record."""
    if left is None and _closed_meanwhile(tx, row, problems):
        return _derive_again(tx, row, frozen, problems)
    if left is None:
        attempts.close_items(tx, frozen.id, {row.id: "rejected"})
        rejected = deliveries.move(
            tx,
            row,
            DeliveryState.REJECTED,
            event="rejected",
            detail={"problems": [p.code for p in problems]},
            **_with_problems(problems),
            due_at=FOREVER,
        )
        return _unless_superseded(tx, rejected)
    attempts.close_items(tx, frozen.id, {row.id: "left_behind"})
    postings.record(tx, row, left)
    return deliveries.move(
        tx,
        row,
        DeliveryState.INCOMPLETE,
        event="left_behind",
        detail={"erp_id": left.erp_key, "erp_number": left.number},
        stage=left.stage.value,
        **_with_problems(problems),
        due_at=FOREVER,
    )


def _closed_meanwhile(tx: Tx, row: DeliveryRow, problems: tuple[Problem, ...]) -> bool:
    """Whether the ERP refused it for its period alone, which is noted as closed: derived again it takes another date.

    Not so when it was refused for that period before, and that was known: it would come back for ever.
    """
    if row.period is None or not problems or any(problem.code != "PERIOD_CLOSED" for problem in problems):
        return False
    news = reference.note_closed(tx, row.connection, row.book, row.period)
    return news or not attempts.was_closed(tx, row.id, row.period)


def _derive_again(tx: Tx, row: DeliveryRow, frozen: Frozen, problems: tuple[Problem, ...]) -> DeliveryRow:
    """Nothing is in the ERP; the reference stays."""
    attempts.close_items(tx, frozen.id, {row.id: attempts.PERIOD_CLOSED})
    ready = deliveries.move(
        tx,
        row,
        DeliveryState.READY,
        event="period_closed",
        detail={"period": row.period},
        due_at=epoch_ms(),
        **_with_problems(problems),
    )
    return _unless_superseded(tx, ready)


def apply_posting(tx: Tx, row: DeliveryRow, posting: Posting, *, event: str) -> DeliveryRow:
    """The ERP holds it, equal: delivered at the target stage (frees what waited for it), else incomplete and due."""
    postings.record(tx, row, posting)
    detail = {"erp_id": posting.erp_key, "erp_number": posting.number, "stage": posting.stage}
    fresh: dict[str, Any] = {"stage": posting.stage.value, "problems": "[]", "reason": "", "failures": 0}
    if posting.period:
        fresh["period"] = posting.period
    if posting.stage.reaches(row.target_stage):
        moved = deliveries.move(tx, row, DeliveryState.DELIVERED, event=event, detail=detail, due_at=FOREVER, **fresh)
        reversals.arrived(tx, moved)
        return moved
    return deliveries.move(
        tx, row, DeliveryState.INCOMPLETE, event=event, detail=detail, due_at=epoch_ms(), keep_lease=True, **fresh
    )


def _unknown(
    tx: Tx,
    row: DeliveryRow,
    frozen: Frozen,
    reason: str,
    ask_after: float | None,
    operation: Operation,
    settle: float,
) -> DeliveryRow:
    """Never a retry: what follows depends on what the ERP can do (reliability.md §3)."""
    kind = operation.safety.ambiguity
    if kind is Ambiguity.E:
        return park(tx, row, ParkReason.AMBIGUOUS, _ambiguous(row, reason))
    left = attempts.mark_left(tx, frozen).last_sent_at or epoch_ms()
    due = left + int(1000 * settle) if kind is Ambiguity.D else backoff_ms(row.failures)
    if ask_after is not None:
        due = max(due, backoff_ms(0, ask_after))
    return deliveries.move(
        tx,
        row,
        DeliveryState.UNKNOWN,
        event="unknown",
        detail={"reason": reason},
        due_at=due,
        failures=row.failures + 1,
        **_with_problems((_unknown_problem(reason),)),
    )


def park(tx: Tx, row: DeliveryRow, reason: ParkReason, problem: Problem, **changes: Any) -> DeliveryRow:
    """A person decides; the reason is the state's second word."""
    detail = {"reason": reason, "problem": problem.code, **problem.facts}
    return deliveries.move(
        tx,
        row,
        DeliveryState.PARKED,
        event="parked",
        detail=detail,
        due_at=FOREVER,
        reason=reason.value,
        problems=problems_text((problem,)),
        **changes,
    )


def _with_problems(problems: tuple[Problem, ...]) -> dict[str, Any]:
    return {"problems": problems_text(problems), "reason": problems[0].code if problems else ""}


def _not_done(reason: str) -> Problem:
    return Problem.of(
        "NOT_SENT",
        f"未发出, 稍后自动重试: {reason}",
        f"nothing was sent, it is tried again by itself: {reason}",
    )


def _unknown_problem(reason: str) -> Problem:
    return Problem.of(
        "OUTCOME_UNKNOWN",
        f"结果未知, 将按规则查询, 不会盲目重发: {reason}",
        f"the outcome is unknown; the ERP is asked before anything is sent again: {reason}",
    )


def _ambiguous(row: DeliveryRow, reason: str) -> Problem:
    return Problem.of(
        "AMBIGUOUS",
        f"{row.name} 可能已在 ERP 中, 且无法查询: {reason}",
        f"{row.name} may be in the ERP and cannot be searched: {reason}",
        hint_zh="请在 ERP 中按单据号查找, 然后执行 resolve --delivered 或 --absent",
        hint_en="look for the document number in the ERP, then resolve --delivered or --absent",
    )


def _conflict(row: DeliveryRow, posting: Posting, facts: Facts) -> Problem:
    changes = facts.changes(posting)
    return Problem.of(
        "CONFLICT",
        f"ERP 中已有同一参考号的凭证 {posting.number or posting.erp_key}, 但内容不同: {changes.zh}",
        f"the ERP holds {posting.number or posting.erp_key} under our reference, but with other content: {changes.en}",
        hint_zh="请核对后执行 resolve",
        hint_en="compare both, then resolve",
        differing=", ".join(facts.differences(posting)),
        delivery=row.name,
        erp_id=posting.erp_key,
        **({"erp_number": posting.number} if posting.number else {}),
    )


def broken(zh: str, en: str) -> Problem:
    """The ledger contradicts itself about a delivery: a person decides what is true."""
    return Problem.of(
        "BROKEN_INVARIANT",
        zh,
        en,
        hint_zh="请查看 show, 并在 ERP 中核对",
        hint_en="look at show and compare with the ERP",
    )


def no_attempt() -> Problem:
    """An outcome is outstanding, and nothing says of what."""
    return broken("没有未决的发送记录", "no open attempt for an unknown outcome")


def deleted(row: DeliveryRow, posting: Posting | None) -> Problem:
    """The posting that we made is gone."""
    what = (posting.number or posting.erp_key) if posting else row.reference
    return Problem.of(
        "DELETED_IN_ERP",
        f"凭证 {what} 已在 ERP 中被删除, 不会自动重发",
        f"{what} was deleted in the ERP; it is not sent again by itself",
        hint_zh="误删: repost 以新引用号重新入账; 有意: cancel 放弃 (同样的内容不会再入账)",
        hint_en="repost books it again, cancel gives it up (the same content is not booked again)",
    )


def stage_of(text: str | None) -> Stage:
    """A stage column as a stage; nothing known counts as a draft."""
    return Stage(text) if text else Stage.DRAFT
