"""CALLBACK: what the ERP tells by itself is believed only from the ERP, answered in its own way, and has one effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dougong_sdk.conformance import jobs, processes
from dougong_sdk.conformance.callbacks import Callbacks, callbacks, register
from dougong_sdk.conformance.checks.push import may_park
from dougong_sdk.conformance.checks.waiting import at_work, waits
from dougong_sdk.conformance.leaks import hides, secrets_of
from dougong_sdk.conformance.processes import KILLED
from dougong_sdk.conformance.rules import Level, expect, rule

if TYPE_CHECKING:
    from dougong_sdk.conformance.lab import Bench, Lab
    from dougong_sdk.conformance.subject import Subject

_CLIENT_ERRORS = range(400, 500)
_NAMES = ("reference", "erp_id", "erp_number")


def _tells(subject: Subject) -> str:
    return subject.lacks_waiting("read_callback")


def settle(lab: Lab, bench: Bench) -> list[dict[str, Any]]:
    """Work until everything rests, and all of it has to be there once; the deliveries as they then are."""
    bench.run()
    bench.check_once(may_park=may_park(lab))
    return bench.deliveries()


@rule(
    "CALLBACK-001",
    Level.GOLD,
    title=(
        "回调以 ERP 认可的方式应答, 找到它所说的凭证, 并经查询确认",
        "A callback is answered in the ERP's own way, finds what it is about, and is confirmed by asking",
    ),
    why=(
        "不被认可的应答会让 ERP 反复推送直至停用该地址; 找不到凭证的回调等于没有",
        "an answer that it does not take makes the ERP push again and give up; a callback that finds nothing is none",
    ),
    todo=(
        "Callback.reply 写成 ERP 要求的状态、类型与正文; ask 或 updates 给出发送前就已提交的关联号",
        "let Callback.reply be what the ERP wants; name in ask or updates a correlation of the message that was sent",
    ),
    needs=_tells,
)
def finds_what_it_is_about(lab: Lab, cell: str) -> None:
    """The work ends while nobody of us looks; the ERP tells."""
    with at_work(lab) as bench, callbacks(bench) as door:
        bench.finish_jobs()
        waiting, before = waits(bench), door.marks()
        expect(door.taken(), "its sandbox has nothing to push after a voucher was sent")
        expect(not waiting or door.marks() != before, "the callback finds nothing of ours")
        settle(lab, bench)


@rule(
    "CALLBACK-002",
    Level.GOLD,
    title=(
        "凭据错误或缺失的回调被拒绝, 不改变任何事, 也不透露任何事",
        "A callback with a wrong credential or none is refused, changes nothing, and learns nothing",
    ),
    why=(
        "这扇门开在网络上: 谁都能来说凭证已入账",
        "this door stands open to the network: anybody may come and say that a voucher is booked",
    ),
    todo=(
        "read_callback 先对原始字节验签 (hmac.compare_digest), 不符则抛 CallbackRefused, 应答不含细节",
        "let read_callback verify the raw bytes first (hmac.compare_digest), and raise CallbackRefused, its reply bare",
    ),
    needs=_tells,
    cells=lambda _: ("forged", "bare"),
)
def believes_the_erp_alone(lab: Lab, cell: str) -> None:
    """Signed with another secret; with no header, no query and no credential at all."""
    with at_work(lab) as bench, callbacks(bench) as door:
        bench.finish_jobs()
        before, known = door.marks(), [str(row[name]) for row in bench.deliveries() for name in _NAMES if row[name]]
        answers = door.emit(**{"forge" if cell == "forged" else "bare": True})
        expect(answers, "its sandbox has nothing to push after a voucher was sent")
        for one in answers:
            expect(one["status"] in _CLIENT_ERRORS, f"a callback that is {cell} is answered with {one['status']}")
            expect(not one["acknowledged"], f"the ERP takes the reply to a callback that is {cell} for received")
            told = [name for name in (*known, *bench.wanted) if name in one["body"]]
            expect(not told, f"the reply to a callback that is {cell} tells of {told}")
            hides(secrets_of(bench), one["body"], f"the reply to a callback that is {cell}")
        expect(not door.stored(), f"a callback that is {cell} was taken for one of the ERP's")
        expect(door.marks() == before, f"a callback that is {cell} has changed something")


@rule(
    "CALLBACK-003",
    Level.GOLD,
    title=(
        "同一回调来两次、事后再来、或我方在应答前被杀死后重来, 结果都一样",
        "The same callback twice, once more afterwards, or again since we were killed before we answered: one effect",
    ),
    why=(
        "ERP 收不到应答就再推一次, 这每天都会发生",
        "an ERP that gets no answer pushes again: that happens every day",
    ),
    todo=(
        "Callback.message_id 取自报文, 同一报文永远相同; 没有就用正文的哈希",
        "take Callback.message_id from the message, so that the same one always has the same; a hash of its bytes else",
    ),
    needs=_tells,
    cells=lambda _: ("twice", "afterwards", "killed"),
)
def has_one_effect(lab: Lab, cell: str) -> None:
    """However often it comes, and whenever."""
    with at_work(lab) as bench:
        bench.finish_jobs()
        if cell == "killed":
            _killed_before_the_answer(bench)
        with callbacks(bench) as door:
            count = len(door.taken(duplicate=cell == "twice"))
            count = count // 2 if cell == "twice" else count
            names = [one.message_id for one in door.stored()]
            expect(len(names) == count, f"{count} messages, told twice, are kept as {len(names)}: {names}")
            before = settle(lab, bench)
            door.taken()
            expect(settle(lab, bench) == before, "a callback that comes once more changes what is delivered")


def _killed_before_the_answer(bench: Bench) -> None:
    """The callback is stored, and nobody answers it."""
    door, url = Callbacks(bench), bench.folder / "door"
    serving = processes.start(bench.folder / "log", jobs.answer, bench.folder, url, crash="callback_stored")
    register(door, f"{processes.text_in(url)}{bench.lab.name}")
    told = [one["status"] for one in door.emit()]
    expect(told and told[0] is None, f"the door was to be killed before it answered, and answered {told}")
    expect(serving.end() == KILLED, "a callback never passed the crash point callback_stored")


@rule(
    "CALLBACK-004",
    Level.GOLD,
    title=(
        "回调次序颠倒时结果不变: 新的先到, 旧的后到",
        "Callbacks that overtake each other leave the same state: a newer one first, an older one after it",
    ),
    why=(
        "推送经过队列与重试, 到达的次序没有人保证",
        "pushes go through queues and retries: nobody promises their order",
    ),
    todo=(
        "中间状态的报文也要应答, 只作为查询的提示; 不要让旧的说法盖过新的",
        "answer messages about intermediate states, too, as a hint to ask; never let an old word outweigh a newer one",
    ),
    needs=_tells,
    cells=lambda _: ("in order", "overtaken", "late"),
)
def may_come_in_any_order(lab: Lab, cell: str) -> None:
    """The message of a moment at which the ERP is still at work arrives before, together with, or after the last."""
    with at_work(lab) as bench, callbacks(bench) as door:
        door.composed(keep=True)
        if cell == "in order":
            door.taken(kept=True)
        bench.finish_jobs()
        door.taken()
        if cell == "overtaken":
            door.taken(kept=True)
        before = settle(lab, bench)
        if cell == "late":
            door.taken(kept=True)
        expect(settle(lab, bench) == before, f"an older message, {cell}, changes what is delivered")
