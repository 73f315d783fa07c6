"""What is unknown is resolved by its class, never retried blindly (reliability.md §3)."""

from __future__ import annotations

from collections.abc import Sequence

from dougong.clock import epoch_ms
from dougong.crashpoints import crashpoint
from dougong.delivery.apply import apply, is_superseded, park
from dougong.delivery.complete import complete, guarded
from dougong.delivery.link import Link, backoff_ms
from dougong.delivery.news import close_told, outcome_of, told
from dougong.delivery.send import push_frozen
from dougong.delivery.whole import take_whole
from dougong.ledger import attempts, deliveries
from dougong.ledger.attempts import Frozen
from dougong.ledger.rows import DeliveryRow, problems_text
from dougong.ledger.statements import Tx
from dougong.ledger.states import DeliveryState, ParkReason
from dougong.ledger.store import Ledger
from dougong.model.messages import ItemId, Wanted
from dougong.model.operations import Ambiguity, Operation
from dougong.model.outcomes import Absent, CannotTell, Done, Found, NotDone, Unknown
from dougong.model.problems import DougongError, Problem

__all__ = ["resolve", "wanted_of"]

#: The same bytes leave at most this often; then a person decides.
_MOST_SENDS = 8
#: So many fruitless questions park a delivery.
_MOST_QUESTIONS = 20
#: What a parked item has come to is a person's matter, also while others of its message are undecided.
_UNDECIDED = frozenset({DeliveryState.SENDING, DeliveryState.WAITING, DeliveryState.UNKNOWN})


def resolve(ledger: Ledger, row: DeliveryRow, link: Link) -> None:
    """Resolve one unknown delivery together with whatever else is undecided in its message.

    :param row: `unknown` (or `sending` with an ended lease), leased.
    """
    operation = link.door.operation(f"{row.target_type}.{row.verb}")
    taken = ledger.write(lambda tx: _take(tx, row))
    if taken is None:
        return
    frozen, rows = taken
    match _plan(ledger, frozen, operation, link):
        case "told":
            _believe(ledger, frozen, rows, link, operation)
        case "resend":
            _resend(ledger, frozen, rows, link, operation)
        case "ask":
            _ask(ledger, frozen, rows, link, operation)
        case _:
            problem = Problem.of(
                "AMBIGUOUS",
                "结果未知且无法查询",
                "the outcome is unknown and cannot be asked for",
                hint_zh="请在 ERP 中查找, 然后 resolve",
                hint_en="look in the ERP, then resolve",
            )
            ledger.write(lambda tx: [park(tx, row, ParkReason.AMBIGUOUS, problem) for row in rows])


def _take(tx: Tx, row: DeliveryRow) -> tuple[Frozen, list[DeliveryRow]] | None:
    """Lease every undecided item of the attempt, and count it as unknown: a message is resolved whole."""
    taken = take_whole(tx, row, _UNDECIDED)
    if taken is None:
        return None
    frozen, members = taken
    if any(member.state is DeliveryState.SENDING for member in members):
        # Nobody saw when the last byte left; not later than now.
        frozen = attempts.mark_left(tx, frozen)
    return frozen, [_unknown(tx, member) for member in members]


def _unknown(tx: Tx, member: DeliveryRow) -> DeliveryRow:
    if member.state is DeliveryState.UNKNOWN:
        return member
    return deliveries.move(tx, member, DeliveryState.UNKNOWN, event="lease_ended", keep_lease=True)


def _plan(ledger: Ledger, frozen: Frozen, operation: Operation, link: Link) -> str:
    """`told`, `resend`, `ask` or `park`, by what is known and the class that the operation declares."""
    safety = operation.safety
    ask = "ask" if link.door.supports("find") else "park"
    if ask == "park" and link.door.supports("read_callback") and _told_all(ledger, frozen, link):
        return "told"
    if frozen.sends >= _MOST_SENDS:
        return ask
    match safety.ambiguity:
        case Ambiguity.A:
            return "resend"
        case Ambiguity.C:
            # What was sent twice and is not told yet is looked for, where that is possible.
            return "resend" if frozen.sends < 2 or ask == "park" else ask
        case Ambiguity.B:
            margin = link.door.deadline(operation)
            inside = epoch_ms() - (frozen.first_sent_at or 0) < (safety.window - margin) * 1000
            return "resend" if inside else ask
        case Ambiguity.D:
            return ask
    return "park"


def _told_all(ledger: Ledger, frozen: Frozen, link: Link) -> bool:
    updates = told(ledger, link)
    return all(outcome_of(name, frozen, updates) is not None for name in frozen.references)


def _believe(ledger: Ledger, frozen: Frozen, rows: Sequence[DeliveryRow], link: Link, operation: Operation) -> None:
    """The ERP cannot be asked and has told by itself: its callback is the only word there is."""
    updates = told(ledger, link)
    names = dict(zip(frozen.delivery_ids, frozen.references, strict=True))
    settle = link.door.settle(operation)

    def work(tx: Tx) -> list[DeliveryRow]:
        moved = [
            apply(
                tx,
                row,
                frozen,
                names[row.id],
                outcome_of(names[row.id], frozen, updates) or Unknown("not told"),
                operation,
                settle,
                event="confirmed",
            )
            for row in rows
        ]
        close_told(tx, rows[0].connection, frozen, link)
        return moved

    moved = guarded(ledger, rows, work)
    crashpoint("confirmed")
    _go_on(ledger, moved, link)


def _go_on(ledger: Ledger, moved: Sequence[DeliveryRow], link: Link) -> None:
    """What is there below its target stage is completed under the same lease."""
    for row in moved:
        if row.state is DeliveryState.INCOMPLETE and row.due_at <= epoch_ms():
            complete(ledger, row, link)


def _resend(
    ledger: Ledger,
    frozen: Frozen,
    rows: Sequence[DeliveryRow],
    link: Link,
    operation: Operation,
    *,
    alone: bool = False,
) -> None:
    """The same bytes under the same request id. `alone`: every earlier sending is proved to have done nothing."""
    try:
        link.session()
    except DougongError as error:
        problems = error.problems
        ledger.write(lambda tx: _put_off(tx, rows, problems))
        return

    def work(tx: Tx) -> list[DeliveryRow]:
        attempts.mark_sent(tx, frozen.id)
        return [
            deliveries.move(
                tx, row, DeliveryState.SENDING, event="resent", detail={"attempt": frozen.id}, keep_lease=True
            )
            for row in rows
        ]

    sending = ledger.write(work)
    again = ledger.look(lambda tx: attempts.load_open(tx, rows[0].id))
    crashpoint("prepared")
    if again is not None:
        push_frozen(ledger, again, sending, link, operation, alone=alone)


def _put_off(tx: Tx, rows: Sequence[DeliveryRow], problems: tuple[Problem, ...]) -> None:
    """The ERP cannot be reached: nothing more was sent, and what is unknown stays so."""
    for row in rows:
        deliveries.move(
            tx,
            row,
            DeliveryState.UNKNOWN,
            event="put_off",
            detail={"reason": problems[0].code},
            due_at=backoff_ms(row.failures),
            failures=row.failures + 1,
            problems=problems_text(problems),
            reason=problems[0].code,
        )


def wanted_of(frozen: Frozen) -> list[Wanted]:
    """What to look for, for each undecided item."""
    first = None if frozen.first_sent_at is None else frozen.first_sent_at / 1000
    return [
        Wanted(
            name,
            reference,
            frozen.facts[name],
            frozen.correlations,
            first_sent=first,
            reference_field=frozen.reference_field,
        )
        for name, reference in frozen.references.items()
    ]


def _ask(ledger: Ledger, frozen: Frozen, rows: Sequence[DeliveryRow], link: Link, operation: Operation) -> None:
    due = (frozen.last_sent_at or 0) + int(1000 * link.door.settle(operation))
    if epoch_ms() < due:
        # The request may still be at work: "not found" would mean nothing yet.
        ledger.write(lambda tx: _release_all(tx, rows, due))
        return
    try:
        answers = list(link.door.find(wanted_of(frozen), link.session(), link.call(operation)))
    except DougongError as error:
        answers = [CannotTell(name, error.problems[0].message.en) for name in frozen.references]
    crashpoint("asked")
    by_item: dict[ItemId, list[Found | Absent | CannotTell]] = {}
    for answer in answers:
        by_item.setdefault(answer.item, []).append(answer)
    names = dict(zip(frozen.delivery_ids, frozen.references, strict=True))
    absent = _all_absent(by_item, [names[row.id] for row in rows])
    if absent and frozen.absences >= 1:
        _after_absence(ledger, frozen, rows, link, operation)
        return

    def work(tx: Tx) -> list[DeliveryRow]:
        if absent:
            attempts.mark_absent(tx, frozen.id)
        return [
            _answer(tx, row, frozen, names[row.id], by_item.get(names[row.id], []), operation, link) for row in rows
        ]

    moved = guarded(ledger, rows, work)
    crashpoint("resolved")
    _go_on(ledger, moved, link)


def _release_all(tx: Tx, rows: Sequence[DeliveryRow], due_at: int) -> None:
    for row in rows:
        deliveries.release(tx, row, due_at=due_at)


def _all_absent(by_item: dict[ItemId, list[Found | Absent | CannotTell]], names: Sequence[ItemId]) -> bool:
    return all(
        answers and all(isinstance(answer, Absent) for answer in answers)
        for answers in (by_item.get(name, []) for name in names)
    )


def _after_absence(
    ledger: Ledger, frozen: Frozen, rows: Sequence[DeliveryRow], link: Link, operation: Operation
) -> None:
    """Not found twice after the settle time: it may go again, with the same reference.

    The same bytes where the whole message is undecided and still wanted; else what is wanted goes in a new message: the
    others of this one are there, or their document says something else by now.
    """
    superseded = ledger.look(lambda tx: any(is_superseded(tx, row) for row in rows))
    if frozen.sends >= _MOST_SENDS and not superseded:
        problem = Problem.of(
            "EXHAUSTED",
            f"已发送 {frozen.sends} 次, ERP 中始终查无此凭证",
            f"sent {frozen.sends} times and never found in the ERP",
            hint_zh="请检查 ERP 日志, 然后 resolve 或 cancel",
            hint_en="look at the ERP's log, then resolve or cancel",
        )
        ledger.write(lambda tx: [park(tx, row, ParkReason.EXHAUSTED, problem) for row in rows])
        return
    if superseded or len(rows) < len(frozen.message.items):
        names = dict(zip(frozen.delivery_ids, frozen.references, strict=True))
        gone, settle = NotDone("searched twice, it is not there"), link.door.settle(operation)
        ledger.write(
            lambda tx: [apply(tx, row, frozen, names[row.id], gone, operation, settle, event="absent") for row in rows]
        )
        crashpoint("resolved")
        return
    _resend(ledger, frozen, rows, link, operation, alone=True)


def _answer(
    tx: Tx,
    row: DeliveryRow,
    frozen: Frozen,
    name: ItemId,
    answers: list[Found | Absent | CannotTell],
    operation: Operation,
    link: Link,
) -> DeliveryRow:
    found = [answer.posting for answer in answers if isinstance(answer, Found)]
    if len({posting.erp_key for posting in found}) > 1:
        return park(tx, row, ParkReason.DOUBLED, _doubled([posting.erp_key for posting in found]))
    if found:
        return apply(tx, row, frozen, name, Done(found[0]), operation, link.door.settle(operation), event="found")
    if row.failures >= _MOST_QUESTIONS:
        reasons = "; ".join(answer.reason for answer in answers if isinstance(answer, CannotTell)) or "no answer"
        return park(tx, row, ParkReason.EXHAUSTED, _cannot_tell(reasons))
    absent = bool(answers) and all(isinstance(answer, Absent) for answer in answers)
    pause = epoch_ms() + int(250 * link.door.settle(operation)) if absent else backoff_ms(row.failures)
    return deliveries.move(
        tx,
        row,
        DeliveryState.UNKNOWN,
        event="absent" if absent else "cannot_tell",
        detail={"searched": [answer.searched for answer in answers if isinstance(answer, Absent)]},
        due_at=pause,
        failures=row.failures + (not absent),
    )


def _doubled(keys: list[str]) -> Problem:
    return Problem.of(
        "DOUBLED",
        f"ERP 中有多张凭证带同一参考号: {', '.join(keys)}",
        f"several postings in the ERP carry our reference: {', '.join(keys)}",
        hint_zh="请在 ERP 中处理多余凭证, 然后 resolve --delivered",
        hint_en="deal with the surplus one in the ERP, then resolve --delivered",
    )


def _cannot_tell(reasons: str) -> Problem:
    return Problem.of(
        "EXHAUSTED",
        f"多次查询仍无法确定结果: {reasons}",
        f"asked many times, the outcome cannot be told: {reasons}",
        hint_zh="请检查连接 (check), 然后 resolve",
        hint_en="check the connection, then resolve",
    )
