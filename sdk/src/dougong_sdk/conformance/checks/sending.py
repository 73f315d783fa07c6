"""PUSH, one call by itself: it sends once and ends in time; repeating and waiting are core's."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from dougong_sdk.conformance.checks.push import fault_on
from dougong_sdk.conformance.direct import direct
from dougong_sdk.conformance.rules import Level, expect, rule
from dougong_sdk.conformance.subject import Subject

if TYPE_CHECKING:
    from dougong_sdk.conformance.lab import Bench, Lab

#: Deadline of a call whose answer drips, how long it may take for all that, and how long the dripping lasts, seconds.
_DEADLINE, _LONGEST, _DRIPPING = 1.0, 6.0, "12"


def _creates(bench: Bench) -> Counter[str]:
    """How often each creating operation was asked for."""
    creating = bench.lab.requests.creating
    return Counter(row["operation"] for row in bench.sandbox.requests() if row["operation"] in creating)


@rule(
    "PUSH-006",
    Level.SILVER,
    title=("一次 push 只发送一次, 自己不重试", "One push sends once, and never retries by itself"),
    why=(
        "是否重发由类别与等待时间决定; 自行重试会绕过两者而重复入账",
        "whether to send again depends on class and settle time: a retry inside the hook goes past both",
    ),
    todo=(
        "去掉 push 与会话中的重试, 把结果如实返回",
        "take the retry out of push and session, and answer what happened",
    ),
    needs=Subject.lacks_create,
    cells=lambda _: ("reset_before_work", "reset_after_work", "status_before_work", "status_after_work"),
)
def sends_once(lab: Lab, cell: str) -> None:
    """As many creating requests under a fault as without one."""
    bench = lab.bench()
    with direct(bench) as hooks:
        hooks.done(hooks.voucher(1))
        for number, operation in enumerate(lab.requests.creating, 2):
            before = _creates(bench)
            fault_on(bench, cell, operation)
            item = hooks.item(hooks.voucher(number))
            (message,) = hooks.messages([item])
            hooks.pushed([item], message)
            bench.sandbox.clear_faults()
            sent = (_creates(bench) - before)[operation]
            expect(sent <= 1, f"after {cell} one push sent {operation} {sent} times")


@rule(
    "PUSH-007",
    Level.SILVER,
    title=("调用在期限附近结束", "A call ends near its deadline"),
    why=(
        "不守期限的调用占住通道, 租约到期后另一个进程会再来一次",
        "a call that outlasts its deadline holds the lane, and its lease ends while it still sends",
    ),
    todo=("把 call.deadline 传给每个请求", "hand call.deadline to each request"),
    needs=Subject.lacks_create,
    cells=lambda subject: ("push", "find") if subject.can("find") else ("push",),
)
def ends_in_time(lab: Lab, cell: str) -> None:
    """An answer that drips for longer than the deadline."""
    bench = lab.bench()
    operations = lab.requests.searching if cell == "find" else lab.requests.creating
    with direct(bench) as hooks:
        sent = hooks.done(hooks.voucher(1))
        item = hooks.item(hooks.voucher(2))
        (message,) = hooks.messages([item])
        for operation in operations:
            bench.sandbox.fault("drip", operation=operation, count=1, seconds=_DRIPPING)
        started = time.monotonic()
        if cell == "find":
            hooks.find([sent.wanted()], seconds=_DEADLINE)
        else:
            hooks.pushed([item], message, seconds=_DEADLINE)
        took = time.monotonic() - started
    expect(took < _LONGEST, f"{cell} took {took:.1f} s, with a deadline of {_DEADLINE:.0f} s")
