"""POLL: what the ERP has taken is asked for until it has ended, however late, however badly, and without a storm."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dougong.model.outcomes import Rejected, Waiting
from dougong_sdk.conformance.callbacks import callbacks
from dougong_sdk.conformance.checks.push import FAULTS, deadline_under, fault_on, may_park
from dougong_sdk.conformance.checks.waiting import an_hour, at_work, waits
from dougong_sdk.conformance.direct import Direct, Sent, direct
from dougong_sdk.conformance.lab import SETTLE
from dougong_sdk.conformance.leaks import bilingual
from dougong_sdk.conformance.rules import Level, expect, rule

if TYPE_CHECKING:
    from dougong.model.outcomes import Outcome
    from dougong_sdk.conformance.lab import Bench, Lab
    from dougong_sdk.conformance.subject import Subject

#: A job ends after so many seconds: soon, and long after core has given the answer up (five settle times).
_SOON, _LATE = "0.3", str(12 * SETTLE)
#: What one question may take while the ERP is at work, seconds: whoever waits in it holds a thread of the lane.
_QUICK = 2.0
_SEVERAL = 3


def _polls(subject: Subject) -> str:
    return subject.lacks_waiting("poll")


def _count(lab: Lab) -> int:
    return min(lab.subject.door.batch(lab.subject.creating), _SEVERAL)


def _was_taken(bench: Bench) -> None:
    """The push left it waiting; else nothing here was tried."""
    events = {event for row in bench.deliveries() for event in bench.events(row["delivery"])}
    expect("taken" in events, "it has poll, and no push answers Waiting: let the sandbox work in jobs (work_seconds)")


@rule(
    "POLL-001",
    Level.GOLD,
    title=(
        "已受理的一直查询到结束, 任一查询失败也不影响",
        "What was taken is asked for until it has ended, whichever question fails",
    ),
    why=("查询失败不说明凭证的结果", "a question that fails says nothing about the voucher"),
    todo=(
        "poll 遇网络错误时不回答; 只在 ERP 明确说结束时给结果",
        "let poll answer nothing when the network fails, and an outcome only where the ERP says how it ended",
    ),
    needs=_polls,
    cells=lambda _: ("quiet", *FAULTS),
)
def asks_until_it_has_ended(lab: Lab, cell: str) -> None:
    """Jobs that take a while; the fault meets the first question."""
    with lab.other_erp(work_seconds=_SOON) as erp:
        bench = lab.bench(erp=erp, deadline=deadline_under(cell))
        if cell != "quiet":
            expect(lab.requests.polling, "it has poll, and asks the ERP nothing after a push")
            fault_on(bench, cell, lab.requests.polling[-1])
        bench.completes(bench.reports(_count(lab)))
        bench.check_once(may_park=may_park(lab))
        _was_taken(bench)


@rule(
    "POLL-002",
    Level.GOLD,
    title=(
        "很晚才结束的任务也只入账一次",
        "A job that ends long after anybody expected books once",
    ),
    why=(
        "月末的任务排队几个小时; 把沉默当作失败就会再发一张",
        "at the end of a month jobs queue for hours: who takes silence for failure sends another",
    ),
    todo=(
        "重发时键与正文都不变; 不要在 poll 中自定超时",
        "keep key and bytes when it is sent again; let poll set no time limit of its own",
    ),
    needs=_polls,
)
def may_end_late(lab: Lab, cell: str) -> None:
    """By then core has taken it for unknown, and done what its class allows."""
    with lab.other_erp(work_seconds=_LATE) as erp:
        bench = lab.bench(erp=erp)
        bench.completes(bench.reports(_count(lab)))
        bench.check_once(may_park=may_park(lab))
        _was_taken(bench)


@rule(
    "POLL-003",
    Level.GOLD,
    title=(
        "事后才失败的任务: 以 ERP 的原因拒绝, ERP 中不留凭证",
        "A job that fails late is refused with the ERP's reason, and nothing is there",
    ),
    why=(
        "受理时还好, 处理时期间已结账; 没有原因, 会计不知道改什么",
        "taken in order, and the period was closed when it was worked on: without a reason nobody can mend it",
    ),
    todo=(
        "poll (或 ERP 只回调时的 read_callback) 用错误字典归类任务的错误, 返回 Rejected",
        "let poll, or read_callback where the ERP tells by itself alone, sort the errors with the dictionary: Rejected",
    ),
    needs=_polls,
)
def may_fail_late(lab: Lab, cell: str) -> None:
    """The period is closed by hand between taking and working."""
    with an_hour(lab) as erp:
        bench = lab.bench(erp=erp)
        with direct(bench) as hooks:
            (sent,) = _taken(hooks, 1)
            period = hooks.voucher(1).period
            erp.hand("close_period", period=period)
            try:
                bench.finish_jobs()
                outcome = hooks.polled([sent]).get(sent.item.id) or _called_back(bench, hooks, sent)
            finally:
                erp.hand("open_period", period=period)
        expect(isinstance(outcome, Rejected), f"the job has failed; the ERP's answer reads {outcome}")
        if isinstance(outcome, Rejected):
            told = [one for one in outcome.problems if bilingual(one.hint)]
            expect(told, f"it is not said what to do: {outcome.problems}")
        expect(not erp.postings(), "the job has failed, and the ERP holds a voucher")


def _called_back(bench: Bench, hooks: Direct, sent: Sent) -> Outcome | None:
    """What the ERP tells by itself, where it shows nothing of a job that has failed."""
    if not hooks.door.supports("read_callback"):
        return None
    with callbacks(bench) as door:
        door.taken()
        told = [hooks.door.read_callback(one.request, hooks.call()) for one in door.stored()]
    updates = [update for one in told for update in one.updates]
    return next((one.outcome for one in updates if one.correlation in sent.correlations), None)


def _taken(hooks: Direct, count: int) -> list[Sent]:
    """Vouchers that the ERP has taken, and is at work on. :raises Violation: push says something else of them."""
    sent = [
        one
        for items in [{item.id: item for item in hooks.items(count)}]
        for message in hooks.messages(list(items.values()))
        for one in hooks.pushed([items[name] for name in message.items], message)
    ]
    others = [one.outcome for one in sent if not isinstance(one.outcome, Waiting)]
    expect(not others, f"the ERP is at work for an hour, and push answered {others}")
    return sent


@rule(
    "POLL-004",
    Level.GOLD,
    title=(
        "ERP 忘了的任务结果未知: 查明后入账一次, 或停下待人",
        "A job that the ERP has forgotten is unknown: resolved by search, once, or left to a person",
    ),
    why=(
        "ERP 重启后任务号不在了, 凭证可能已经入账",
        "after a restart of the ERP its number is gone, and the voucher may be booked",
    ),
    todo=(
        "任务不存在时 poll 返回 Unknown, 绝不返回 Rejected",
        "let poll answer Unknown for a job that is not there, never Rejected",
    ),
    needs=_polls,
    cells=lambda _: ("before the work", "after the work"),
)
def may_be_forgotten(lab: Lab, cell: str) -> None:
    """The number is gone, with the work done or not."""
    with at_work(lab, _count(lab)) as bench:
        expect(waits(bench), "the ERP is at work for an hour, and our side does not wait")
        if cell == "after the work":
            bench.finish_jobs()
        bench.sandbox.hand("forget_jobs")
        bench.run()
        bench.check_once(may_park=True)


@rule(
    "POLL-005",
    Level.GOLD,
    title=(
        "一次查询: 每条报文至多问一次, 不在其中等待, 未结束的不下结论",
        "One question asks once per message, waits for nothing, and decides nothing while the ERP is at work",
    ),
    why=(
        "在 poll 中循环等待会占住线程; 逐张询问会用完调用次数",
        "a poll that waits holds a thread of everybody's, and one that asks per voucher uses up the calls of the day",
    ),
    todo=(
        "按任务号合并; 核心决定何时再问",
        "gather what waits by its job; when to ask again is core's decision",
    ),
    needs=_polls,
)
def asks_without_a_storm(lab: Lab, cell: str) -> None:
    """Several vouchers at work for an hour."""
    with an_hour(lab) as erp, direct(lab.bench(erp=erp)) as hooks:
        sent = _taken(hooks, _count(lab))
        messages = {one.message.items for one in sent}
        before, began = len(erp.requests()), time.monotonic()
        told = hooks.polled(sent)
        took = time.monotonic() - began
        asked = [row["operation"] for row in erp.requests()[before:]]
        expect(not told, f"the ERP is at work, and poll says how it ended: {told}")
        expect(len(asked) <= len(messages), f"{len(asked)} requests for {len(messages)} messages: {asked}")
        expect(took < _QUICK, f"one question took {took:.1f} s")
