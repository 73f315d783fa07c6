"""PREPARE: what is sent is decided once: pure, whole, frozen, and it leaves as it was frozen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dougong.model.messages import Item, Message
from dougong.model.outcomes import AlreadyThere, Done
from dougong.model.problems import DougongError
from dougong_sdk.conformance import jobs, processes
from dougong_sdk.conformance.direct import Direct, direct
from dougong_sdk.conformance.purity import SHIFT, elsewhere
from dougong_sdk.conformance.rules import Level, Violation, expect, rule
from dougong_sdk.conformance.subject import Subject

if TYPE_CHECKING:
    from dougong_sdk.conformance.lab import Lab

#: Items of a message that is tried out, where several are possible.
_SEVERAL = 3


def _count(lab: Lab) -> int:
    return min(lab.subject.door.batch(lab.subject.creating), _SEVERAL)


def _prepared(hooks: Direct, items: Sequence[Item], call: Any) -> Sequence[Message]:
    try:
        return hooks.door.prepare(items, call)
    except DougongError as error:
        raise Violation(f"prepare: {error}") from error


@rule(
    "PREPARE-001",
    Level.BRONZE,
    title=(
        "prepare 是纯函数: 同样的输入得到同样的字节, 不用网络、时钟与随机数",
        "`prepare` is pure: the same items, the same bytes; no network, clock or randomness",
    ),
    why=(
        "崩溃后重新生成的报文若有不同, ERP 就认不出这是重发",
        "a message that comes out differently after a crash is no repeat to the ERP: it books it twice",
    ),
    todo=(
        "时间与编号取自 booking 与 request_id; 不要遍历 set",
        "take dates from the booking and numbers from request_id; do not iterate over sets",
    ),
    needs=Subject.lacks_create,
)
def prepare_is_pure(lab: Lab, cell: str) -> None:
    """Twice, on another day without a network, and in another process."""
    bench = lab.bench()
    count, out = _count(lab), bench.folder / "prepared"
    with direct(bench) as hooks:
        items, call = hooks.items(count), hooks.call()
        first = repr(_prepared(hooks, items, call))
        expect(repr(_prepared(hooks, items, call)) == first, "the same items twice make other messages")
        later = hooks.call(now=call.now + SHIFT)
        with elsewhere(type(hooks.door.asker.hooks.connector.plugin).__module__.partition(".")[0]):
            expect(repr(_prepared(hooks, items, later)) == first, "on another day the messages are others")
    expect(not bench.sandbox.requests(), "prepare calls the ERP")
    ended = processes.start(bench.folder / "log", jobs.prepare, bench.folder, lab.name, count, out).end()
    expect(ended == 0, f"prepare fails in another process: {bench.log[-1000:]}")
    expect(out.read_text("utf-8") == first, "in another process the messages are others")


@rule(
    "PREPARE-002",
    Level.BRONZE,
    title=("每个项目恰好在一条报文中, 参考号随之写入", "Each item stands in one message, and its reference with it"),
    why=("漏掉的凭证丢失, 写了两次的重复入账", "what is left out is lost, and what stands there twice is booked twice"),
    todo=("prepare 按给定顺序返回每个项目一次", "let prepare name each item once, in the order in which it got them"),
    needs=Subject.lacks_create,
)
def each_item_once(lab: Lab, cell: str) -> None:
    """As many items as one call may bring."""
    with direct(lab.bench()) as hooks:
        items = {item.id: item for item in hooks.items(_count(lab))}
        messages = _prepared(hooks, list(items.values()), hooks.call())
        for message in messages:
            expect(set(message.facts) <= set(message.items), "facts are told of items that are in another message")
            for name in message.items:
                there = items[name].reference_text.encode() in message.readable
                needed = hooks.operation.safety.reference is not None
                expect(there or not needed, "a message does not hold the reference of its item")
        alone = {item: message for message in messages for item in message.items}
        for name, item in items.items():
            others = [other for key, other in items.items() if key not in alone[name].items]
            strange = any(other.reference_text.encode() in alone[name].readable for other in others)
            expect(not strange, f"the message of {item.id} holds another item, too")


@rule(
    "PREPARE-003",
    Level.SILVER,
    title=(
        "发出的字节就是冻结的字节, 重发时也一样",
        "What leaves is what was frozen, byte by byte, and again when resent",
    ),
    why=(
        "账本里保存的不是 ERP 收到的, 就无法查证, 也认不出重发",
        "where the ledger keeps something else than the ERP got, nothing can be proved, and a repeat is no repeat",
    ),
    todo=("push 原样发送 message.body", "let push send message.body as it is"),
    needs=Subject.lacks_create,
)
def frozen_bytes_leave(lab: Lab, cell: str) -> None:
    """By the ERP's log; the first sending is cut off before any work."""
    bench = lab.bench()
    with direct(bench) as hooks:
        (item,) = hooks.items(1)
        message = hooks.messages([item])[0]
        for operation in lab.requests.creating:
            bench.sandbox.fault("reset_before_work", operation=operation, count=1)
        hooks.send_again(item, message)
        bench.sandbox.clear_faults()
        outcome = hooks.send_again(item, message).outcome
    expect(isinstance(outcome, Done | AlreadyThere), f"the same message again: push answered {outcome}")
    told = message.body.decode("utf-8", "replace")
    names = set(lab.requests.creating) - set(lab.requests.searching)
    bodies = [row["body"] for row in bench.sandbox.requests() if row["operation"] in names]
    sent = [body for body in bodies if item.reference_text in body]
    expect(len(sent) > 1, "the ERP's log does not show the message twice")
    expect(all(told in body for body in sent), "the ERP got other bytes than those that were frozen")
