"""PUSH: written exactly once, whatever is lost and whenever we die; the sandbox's ledger is the judge."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dougong.model.operations import Ambiguity
from dougong.model.outcomes import AlreadyThere, Done, Found, NotDone, Outcome, Rejected
from dougong_sdk.conformance.direct import direct
from dougong_sdk.conformance.judge import stands, total_of
from dougong_sdk.conformance.lab import DEADLINE
from dougong_sdk.conformance.processes import KILLED
from dougong_sdk.conformance.reports import amount_of
from dougong_sdk.conformance.rules import Level, expect, rule
from dougong_sdk.conformance.subject import Subject

if TYPE_CHECKING:
    from dougong_sdk.conformance.lab import Bench, Lab

#: Way → fault of the sandbox and its members (interfaces.md §4, reliability.md §4).
FAULTS: dict[str, dict[str, Any]] = {
    "refuse": {},
    "reset_before_work": {},
    "reset_after_work": {},
    "status_before_work": {"status": 503, "retry_after": "0"},
    "status_after_work": {"status": 502},
    "truncate": {},
    "wrong_content_type": {},
    "duplicate_answer": {},
    "drip": {"seconds": "1.2"},
    "work_late": {"seconds": "0.1"},
    "expire_session": {},
}
#: Crash points on the way of a delivery.
LABELS = (
    *("accepted", "opened", "prepared", "answered", "outcome", "confirmed", "step_answered", "step_outcome"),
    *("asked", "resolved"),
)
#: Passed in every push, whatever the connector does.
_ALWAYS = frozenset({"accepted", "opened", "prepared", "answered", "outcome"})
_DRIPPING_DEADLINE = 0.4
_REPORTS = 3
#: When the work that a sandbox does late is done for sure, seconds.
_LATE = 0.5


def fault_on(bench: Bench, name: str, operation: str) -> None:
    """Script a fault for the next request of an operation; a drip outlasts the deadline of the bench."""
    bench.sandbox.fault(name, operation=operation, count=1, **FAULTS[name])


def deadline_under(fault: str) -> float:
    """The deadline of a bench under a fault, seconds."""
    return _DRIPPING_DEADLINE if fault == "drip" else DEADLINE


def may_park(lab: Lab) -> bool:
    """Where nothing can be asked nor sent again, a person looks."""
    return lab.subject.ambiguity is Ambiguity.E


@rule(
    "PUSH-001",
    Level.BRONZE,
    title=("推送一张凭证, 再按参考号找到它", "A voucher is pushed, and found again by its reference"),
    why=("找不回的凭证会被重复入账或丢失", "what cannot be found again is booked twice or lost"),
    todo=(
        "让 push 返回 ERP 的凭证, 参考号写入可查询字段",
        "let push return what the ERP holds, with the reference in a field that can be searched",
    ),
    needs=Subject.lacks_create,
)
def pushes_and_finds(lab: Lab, cell: str) -> None:
    """Through the whole product, then through `find`."""
    bench = lab.bench()
    bench.completes(bench.reports(1))
    bench.check_once()
    if not lab.subject.can("find"):
        return
    with direct(bench) as hooks:
        sent = hooks.done(hooks.voucher(2))
        (answer,) = hooks.find([sent.wanted()])
        expect(isinstance(answer, Found), f"find answered {answer}")
        if isinstance(answer, Found):
            expect(answer.posting.erp_key == sent.posting.erp_key, f"find answered another voucher: {answer.posting}")
            differing = sent.facts.differences(answer.posting)
            expect(not differing, f"what is found differs from what was sent in {', '.join(differing)}")


@rule(
    "PUSH-002",
    Level.BRONZE,
    title=("连不上 ERP 时回答 NotDone", "An ERP that cannot be reached is NotDone"),
    why=(
        "把未发出的当作未知, 会让每次停机都要人工处理",
        "what was never sent is no unknown outcome: every outage would be a person's work",
    ),
    todo=("用 dougong_sdk.rest.outcome_of 归类网络错误", "sort network errors with dougong_sdk.rest.outcome_of"),
    needs=Subject.lacks_create,
)
def says_not_done(lab: Lab, cell: str) -> None:
    """The sandbox's process is gone."""
    bench = lab.bench()
    with direct(bench) as hooks:
        hooks.done(hooks.voucher(1))
        bench.sandbox.kill()
        try:
            sent = hooks.send(hooks.voucher(2))
        finally:
            bench.sandbox.restart()
    expect(isinstance(sent.outcome, NotDone), f"push answered {sent.outcome}")


@rule(
    "PUSH-003",
    Level.SILVER,
    title=("任一故障下恰好入账一次", "Exactly once under every fault"),
    why=(
        "应答丢失每天都会发生, 重复的凭证要人工冲销",
        "answers are lost every day, and a second voucher is somebody's evening",
    ),
    todo=(
        "未确定的结果返回 Unknown, 只有证明未写入才返回 NotDone 或 Rejected; 重发时不换键; find 要查全",
        "answer Unknown where it is not known, NotDone or Rejected with proof; resend the same key; find in everything",
    ),
    needs=Subject.lacks_create,
    cells=lambda _: FAULTS,
)
def once_under_a_fault(lab: Lab, cell: str) -> None:
    """The fault meets the request that creates, once."""
    bench = lab.bench(deadline=deadline_under(cell))
    for operation in lab.requests.creating:
        fault_on(bench, cell, operation)
    bench.completes(bench.reports(_REPORTS))
    bench.check_once(may_park=may_park(lab))
    for number, operation in enumerate(lab.requests.creating, _REPORTS + 1):
        _answers_what_is(bench, cell, operation, number)


def _answers_what_is(bench: Bench, fault: str, operation: str, number: int) -> None:
    """What `push` itself says of the n-th report's voucher is so: the next try may hide it, and may never come."""
    bench.sandbox.clear_faults()
    with direct(bench) as hooks:
        item = hooks.item(hooks.voucher(number))
        (message,) = hooks.messages([item])
        fault_on(bench, fault, operation)
        (sent,) = hooks.pushed([item], message)
    if fault == "work_late":
        time.sleep(_LATE)
    bench.finish_jobs()
    there = any(stands(one) and total_of(one) == amount_of(number) for one in bench.sandbox.postings())
    says = f"after {fault} on {operation} push answered {sent.outcome}"
    expect(not (there and denies(sent.outcome)), f"{says}, and the ERP holds the voucher")
    expect(there or not isinstance(sent.outcome, (Done, AlreadyThere)), f"{says}, and the ERP holds no such voucher")


def denies(outcome: Outcome) -> bool:
    """Whether it says that nothing is in the ERP."""
    return isinstance(outcome, NotDone) or (isinstance(outcome, Rejected) and outcome.left_behind is None)


def labels(subject: Subject) -> Sequence[str]:
    """The crash points that this connector's pushes can pass."""
    asked = ("asked", "resolved") if subject.ambiguity is not Ambiguity.E else ()
    steps = ("step_answered", "step_outcome") if subject.steps else ()
    told = ("confirmed",) if subject.can("poll") else ()
    return [label for label in LABELS if label in {*_ALWAYS, *told, *steps, *asked}]


@rule(
    "PUSH-004",
    Level.SILVER,
    title=("任一时刻被 SIGKILL 后恰好入账一次", "Exactly once after SIGKILL at every commit point"),
    why=("断电、升级与内存不足不挑时候", "power cuts, upgrades and full memories come when they like"),
    todo=(
        "prepare 要纯; push 只发送冻结的字节; 状态不要留在进程里",
        "keep prepare pure, let push send the frozen bytes, keep no state in the process",
    ),
    needs=Subject.lacks_create,
    cells=labels,
)
def once_after_a_kill(lab: Lab, cell: str) -> None:
    """Killed there, killed there again during recovery, then left alone."""
    bench = lab.bench()
    if cell in ("asked", "resolved"):
        fault_on(bench, "reset_after_work", lab.requests.creating[0])
    file = bench.reports(_REPORTS)
    ended = bench.push(file, crash=cell)
    if ended != KILLED:
        expect(cell not in _ALWAYS, f"a push never passed {cell}")
    else:
        bench.push(file, crash=cell)
    bench.completes(file)
    bench.check_once(may_park=may_park(lab))


def _matrix(subject: Subject) -> Iterator[str]:
    for fault in FAULTS:
        for label in labels(subject):
            yield f"{fault}-{label}"


@rule(
    "PUSH-005",
    Level.GOLD,
    title=("任一故障与任一崩溃点同时发生时恰好入账一次", "Exactly once under every fault together with every kill"),
    why=("两件坏事常常一起来", "troubles come together"),
    todo=("见 PUSH-003 与 PUSH-004", "see PUSH-003 and PUSH-004"),
    needs=Subject.lacks_create,
    cells=_matrix,
)
def once_under_both(lab: Lab, cell: str) -> None:
    """One fault, one death, one recovery."""
    fault, _, label = cell.rpartition("-")
    bench = lab.bench(deadline=deadline_under(fault))
    for operation in lab.requests.creating:
        fault_on(bench, fault, operation)
    file = bench.reports(2)
    bench.push(file, crash=label)
    bench.completes(file)
    bench.check_once(may_park=may_park(lab))
