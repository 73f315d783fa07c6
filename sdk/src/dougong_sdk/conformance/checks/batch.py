"""BATCH: many vouchers in one message: its composition stays, and what happens to one of them is no other's matter."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from itertools import combinations
from typing import TYPE_CHECKING

from dougong.model.outcomes import AlreadyThere, Done, NotDone, Rejected
from dougong_sdk.conformance.checks.err import unbalanced
from dougong_sdk.conformance.checks.push import FAULTS, deadline_under, fault_on, labels, may_park
from dougong_sdk.conformance.direct import Direct, Sent, direct
from dougong_sdk.conformance.processes import KILLED
from dougong_sdk.conformance.rules import Level, expect, rule
from dougong_sdk.conformance.subject import Subject
from dougong_sdk.sandbox import Sandbox

if TYPE_CHECKING:
    from dougong.model.messages import Item
    from dougong_sdk.conformance.lab import Bench, Lab

_SEVERAL = 3
#: Members of a message that is tried out, where more are declared: sending them must not take longer than it is worth.
_MOST = 500
#: Faults after which the same vouchers may travel otherwise: nothing was done, and the ERP said so.
_PROOF = frozenset({"status_before_work"})


def _count(lab: Lab) -> int:
    return min(lab.subject.door.batch(lab.subject.creating), _SEVERAL)


def _ways(subject: Subject) -> Sequence[str]:
    faults = [name for name in FAULTS if name not in _PROOF]
    return (*faults, *(label for label in labels(subject) if label not in ("accepted", "opened")))


@rule(
    "BATCH-001",
    Level.GOLD,
    title=(
        "任一故障、任一崩溃点之后, 同一批以同样的组成、同样的字节重发",
        "After any fault and any kill a batch goes again as it was: the same vouchers, the same bytes",
    ),
    why=(
        "换了组成就成了新的一批, ERP 认不出重发, 凭证入账两次",
        "another composition is another batch: the ERP does not know it for a repeat, and books it twice",
    ),
    todo=(
        "整批写在 prepare 的一条 Message 中; push 原样发送, 不在其中拆分、合并或加时间",
        "write the whole batch into one Message, in prepare; let push send it as it is: no split, no merge, no time",
    ),
    needs=Subject.lacks_batches,
    cells=_ways,
)
def keeps_its_composition(lab: Lab, cell: str) -> None:
    """Meanwhile another report arrives, which must not find its way into the batch that is not known of."""
    bench = lab.bench(deadline=deadline_under(cell))
    file = bench.reports(_count(lab))
    crash = "" if cell in FAULTS else cell
    if cell in ("asked", "resolved"):
        fault_on(bench, "reset_after_work", lab.requests.creating[0])
    elif cell in FAULTS:
        for operation in lab.requests.creating:
            fault_on(bench, cell, operation)
    ended = bench.push(file, crash=crash)
    expect(ended in (0, KILLED), f"a push failed: {bench.log[-2000:]}")
    bench.completes(file, bench.reports(1, first=_SEVERAL + 1))
    bench.check_once(may_park=may_park(lab))
    sent = _bodies(lab, bench)
    for one, other in combinations(sent, 2):
        shared = [name for name in _references(bench) if name in one and name in other]
        expect(not shared or one == other, "the same voucher travelled in two batches that are not the same bytes")


def _bodies(lab: Lab, bench: Bench) -> list[str]:
    """What the ERP was sent to book, but for what it turned away before any work."""
    names = set(lab.requests.creating)
    return [row["body"] for row in bench.sandbox.requests() if row["operation"] in names and row["fault"] not in _PROOF]


def _references(bench: Bench) -> list[str]:
    with closing(sqlite3.connect(bench.folder / "ledger.db")) as base:
        return [name for (name,) in base.execute("SELECT DISTINCT reference_as_sent FROM attempt_item")]


@rule(
    "BATCH-002",
    Level.GOLD,
    title=(
        "一张被拒绝时, 其余各入账一次, 或说明未办并可再发",
        "Where one voucher of a batch is refused, each other is booked once, or told to be not done and sent again",
    ),
    why=(
        "整批拒绝会连累无辜的单据; 按位置对应会把拒绝记在别人头上",
        "a batch that is refused whole takes the innocent with it, and a verdict told by place lands on the wrong one",
    ),
    todo=(
        "按参考号对应每张的结果; 整批未办时其余返回 NotDone",
        "tell the outcomes apart by our reference; answer NotDone for the others where none was booked",
    ),
    needs=Subject.lacks_batches,
    cells=lambda _: ("first", "last"),
)
def refuses_one_alone(lab: Lab, cell: str) -> None:
    """One voucher is not balanced; it is sent past `check_payload`."""
    bench = lab.bench()
    with direct(bench) as hooks:
        count = _count(lab)
        bad = 0 if cell == "first" else count - 1
        vouchers = [hooks.voucher(number) for number in range(1, count + 1)]
        vouchers[bad] = unbalanced(vouchers[bad])
        items = [hooks.item(voucher, f"batch {at}") for at, voucher in enumerate(vouchers)]
        sent = _sent(hooks, items)
        refused, others = sent.pop(bad), sent
        expect(isinstance(refused.outcome, Rejected), f"what is not balanced: push answered {refused.outcome}")
        wrong = [one.outcome for one in others if not isinstance(one.outcome, Done | AlreadyThere | NotDone)]
        expect(not wrong, f"of others in the batch push answered {wrong}")
        told = {one.posting.erp_key for one in others if isinstance(one.outcome, Done)}
        held = {row["id"] for row in bench.sandbox.postings()}
        expect(held == told, f"the ERP holds {sorted(held)}, and push told of {sorted(told)}")
        again = _sent(hooks, [one.item for one in others if isinstance(one.outcome, NotDone)])
        still = [one.outcome for one in again if not isinstance(one.outcome, Done | AlreadyThere)]
        expect(not still, f"without the one that is refused push answered {still}")
    count_held = len(bench.sandbox.postings())
    expect(count_held == len(others), f"the ERP holds {count_held} vouchers for {len(others)} that are in order")


def _sent(hooks: Direct, items: Sequence[Item]) -> list[Sent]:
    """What became of each, in their order."""
    named = {item.id: item for item in items}
    pushed = [
        one
        for message in (hooks.messages(items) if items else ())
        for one in hooks.pushed([named[name] for name in message.items], message)
    ]
    found = {one.item.id: one for one in hooks.answered(pushed)}
    return [found[item.id] for item in items]


def _answers_for_each(subject: Subject) -> str:
    made = subject.sandbox
    each = made is not None and made.shortened is not Sandbox.shortened
    return subject.lacks_batches() or ("" if each else "its sandbox has no answer that tells of several vouchers")


@rule(
    "BATCH-003",
    Level.GOLD,
    title=(
        "应答只说到一部分时, 没说到的结果未知, 查明后各入账一次",
        "Where an answer tells of some vouchers only, the others are unknown, and each is booked once in the end",
    ),
    why=(
        "没说到的可能已经入账; 当作拒绝或未办就会丢失或重复",
        "what is not told of may be booked: taken for refused it is lost to us, taken for not done it comes twice",
    ),
    todo=(
        "应答中没有的返回 Unknown (或不返回), 不要按位置补齐",
        "answer Unknown, or nothing, for what the answer lacks; never fill it up by place",
    ),
    needs=_answers_for_each,
)
def may_tell_of_some(lab: Lab, cell: str) -> None:
    """The last one is left out of the answer to the push, and of the first answer to a question."""
    bench = lab.bench()
    for operation in {*lab.requests.creating, *lab.requests.polling}:
        bench.sandbox.fault("partial_answer", operation=operation, count=1)
    bench.completes(bench.reports(_count(lab)))
    bench.check_once(may_park=may_park(lab))


@rule(
    "BATCH-004",
    Level.GOLD,
    title=(
        "声明的最多张数一批收下; 多一张则另成一批",
        "The declared number of vouchers is taken in one batch; one more goes in another",
    ),
    why=(
        "声明得比 ERP 收得多, 忙的日子里整批都被拒",
        "where more is declared than the ERP takes, whole batches are refused on the busiest day",
    ),
    todo=("limits.batch 写成 ERP 真正能收下的张数", "declare in limits.batch what the ERP really takes"),
    needs=Subject.lacks_batches,
)
def takes_the_declared_number(lab: Lab, cell: str) -> None:
    """By the hooks, so that the batch is full; then one more than that through the whole product."""
    most = min(lab.subject.door.batch(lab.subject.creating), _MOST)
    bench = lab.bench(deadline=30.0)
    with direct(bench) as hooks:
        voucher = hooks.voucher(1)
        sent = _sent(hooks, [hooks.item(voucher, f"full {at}") for at in range(most)])
        wrong = [one.outcome for one in sent if not isinstance(one.outcome, Done | AlreadyThere)]
        expect(not wrong, f"{len(wrong)} of {most} in one batch: push answered {wrong[:1]}")
        expect(len(bench.sandbox.postings()) == most, f"{most} were sent, {len(bench.sandbox.postings())} are there")
    bench = lab.bench(deadline=30.0)
    bench.completes(bench.reports(most + 1))
    bench.check_once(may_park=may_park(lab))
    full = max(sum(name in body for name in _references(bench)) for body in _bodies(lab, bench))
    expect(full <= most, f"{full} vouchers in one batch, and {most} is declared")
