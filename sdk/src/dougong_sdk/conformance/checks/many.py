"""MANY: many at once, while answers are lost again and again; the sandbox's ledger is the judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dougong_sdk.conformance.checks.push import may_park
from dougong_sdk.conformance.rules import Level, rule
from dougong_sdk.conformance.subject import Subject

if TYPE_CHECKING:
    from dougong_sdk.conformance.lab import Lab

_REPORTS = 40
_THREADS = 16
#: Fault → every how many requests of creating it happens.
_FAULTS = {"reset_after_work": 7, "reset_before_work": 11, "truncate": 13}


@rule(
    "MANY-001",
    Level.SILVER,
    title=(
        "16 个线程、40 张单据、反复故障, 各入账一次",
        "Sixteen threads, forty documents, faults again and again: once each",
    ),
    why=(
        "会话或缓存在线程间共用, 就会把应答认错",
        "a session or cache that threads share takes one's answer for another's",
    ),
    todo=(
        "每个会话只属于一个线程; 可变的状态放在会话里",
        "keep what is mutable in the session: one thread at a time has it",
    ),
    needs=Subject.lacks_create,
)
def once_with_many_threads(lab: Lab, cell: str) -> None:
    """Every n-th creating request goes wrong in one way or another."""
    bench = lab.bench(concurrency=_THREADS)
    for fault, every in _FAULTS.items():
        for operation in lab.requests.creating:
            bench.sandbox.fault(fault, operation=operation, every=every)
    bench.completes(bench.reports(_REPORTS))
    bench.check_once(may_park=may_park(lab))


@rule(
    "MANY-002",
    Level.SILVER,
    title=(
        "两个进程同时推送同样的单据, 各入账一次",
        "Two processes push the same documents at the same time: once each",
    ),
    why=("定时任务与人同时按下推送, 是常有的事", "a schedule and a person press the button in the same minute"),
    todo=("不要在进程里记住什么已发送; 由核心的账本决定", "remember nothing in the process; core's ledger decides"),
    needs=Subject.lacks_create,
)
def once_with_two_processes(lab: Lab, cell: str) -> None:
    """The same file twice at once while answers are lost, then once more."""
    bench = lab.bench()
    for operation in lab.requests.creating:
        bench.sandbox.fault("reset_after_work", operation=operation, every=4)
    file = bench.reports(10)
    started = [bench.start(file), bench.start(file)]
    for one in started:
        one.end()
    bench.completes(file)
    bench.check_once(may_park=may_park(lab))
