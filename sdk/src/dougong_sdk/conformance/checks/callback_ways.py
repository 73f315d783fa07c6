"""CALLBACK, continued: strangers, the request that tries the address, callbacks that come early or never, purity."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING

from dougong.model.outcomes import CallbackRefused
from dougong.model.problems import DougongError
from dougong_sdk.conformance.callbacks import Callbacks, callbacks
from dougong_sdk.conformance.checks.push import may_park
from dougong_sdk.conformance.checks.waiting import an_hour, at_work, taken
from dougong_sdk.conformance.purity import elsewhere
from dougong_sdk.conformance.rules import Level, Violation, expect, rule

if TYPE_CHECKING:
    from dougong.model.outcomes import Callback
    from dougong.plugins import Door
    from dougong_sdk.conformance.callbacks import Stored
    from dougong_sdk.conformance.lab import Bench, Lab
    from dougong_sdk.conformance.subject import Subject

#: The answer of a push takes so long, seconds: what the ERP tells meanwhile comes before it.
_DRIPPING = 2
#: Longest until the ERP has something to tell, and until a voucher rests that no callback tells of, seconds.
_PATIENCE = 10.0
_PAUSE = 0.05


def _tells(subject: Subject) -> str:
    return subject.lacks_waiting("read_callback")


def _greets(subject: Subject) -> str:
    greets = subject.sandbox is not None and subject.sandbox.greets
    return _tells(subject) or ("" if greets else "its ERP does not try an address first")


@rule(
    "CALLBACK-005",
    Level.GOLD,
    title=(
        "说的是别人凭证的回调: 照常应答, 不碰我们的",
        "A callback about somebody else's voucher is answered, and touches nothing of ours",
    ),
    why=(
        "ERP 也推送手工凭证与另一套系统的; 不应答它就一直推, 认错了就把别人的结果记到我们的单据上",
        "an ERP tells of other systems' vouchers, too: unanswered it goes on; mistaken, their outcome is put on ours",
    ),
    todo=(
        "只按报文中的参考号或请求号关联, 绝不按序号或批内位置",
        "find what it is about by our reference or request id in the message, never by a number or a place in a batch",
    ),
    needs=_tells,
)
def touches_nothing_of_others(lab: Lab, cell: str) -> None:
    """Two projects push to one ERP; what it tells of the one arrives at the other, whose numbers are the same."""
    with an_hour(lab) as erp:
        other = taken(lab, erp, first=2)
        other.finish_jobs()
        with callbacks(other) as door:
            expect(door.composed(keep=True), "its sandbox has nothing to push after a voucher was sent")
        ours = taken(lab, erp)
        with callbacks(ours) as door:
            before = door.marks()
            door.taken(kept=True)
            expect(door.marks() == before, "a callback about another project's voucher moves ours")


@rule(
    "CALLBACK-006",
    Level.GOLD,
    title=(
        "ERP 登记地址时的验证请求得到应答",
        "The request with which the ERP tries an address is answered",
    ),
    why=(
        "验证不通过, 地址就登记不上, 一条回调也不会来",
        "an address that does not pass cannot be registered: no callback ever comes",
    ),
    todo=(
        "read_callback 也处理该请求 (常为 GET 加随机串), 在 reply 中回以 ERP 要的内容",
        "let read_callback take that request, too (a GET with a challenge, mostly), and reply what the ERP expects",
    ),
    needs=_greets,
)
def answers_the_greeting(lab: Lab, cell: str) -> None:
    """As the ERP makes it; nothing is changed by it."""
    with at_work(lab) as bench, callbacks(bench) as door:
        before = door.marks()
        expect(door.taken(greeting=True), "its sandbox makes no such request: see Sandbox.greeting")
        expect(door.marks() == before, "the request that tries the address has changed something")


@rule(
    "CALLBACK-007",
    Level.GOLD,
    title=(
        "先于推送应答到达的回调也能找到它的凭证",
        "A callback that comes before the push's own answer finds its voucher",
    ),
    why=(
        "ERP 常在应答之前就已回调; 关联号若取自应答, 这条回调就白来了",
        "ERPs often call back before they answer: a correlation that is known from the answer comes too late",
    ),
    todo=(
        "关联号写在 prepare 的 Message.correlations 中, 由 ERP 原样带回",
        "put a correlation that the ERP brings back into Message.correlations, in prepare",
    ),
    needs=_tells,
)
def may_come_before_the_answer(lab: Lab, cell: str) -> None:
    """The answer comes late; meanwhile the ERP ends its work and tells."""
    with an_hour(lab) as erp:
        bench = lab.bench(erp=erp)
        with callbacks(bench) as door:
            erp.fault("drip", operation=lab.requests.creating[-1], count=1, seconds=_DRIPPING)
            pushing = bench.start(bench.reports(1))
            _until_told(bench, door)
            door.taken()
            lost = [one.message_id for one in door.stored() if not one.found]
            expect(pushing.end() == 0, f"a push failed: {bench.log[-2000:]}")
            expect(not lost, f"callbacks that came before the answer found nothing of ours: {lost}")
        bench.check_once(may_park=may_park(lab))


def _until_told(bench: Bench, door: Callbacks) -> None:
    end = time.monotonic() + _PATIENCE
    bench.finish_jobs()
    while not door.composed(drop=True):
        expect(time.monotonic() < end, "its sandbox has nothing to push while a push is under way")
        time.sleep(_PAUSE)
        bench.finish_jobs()


@rule(
    "CALLBACK-008",
    Level.GOLD,
    title=(
        "回调丢失时靠查询得知结果, 不会一直等下去",
        "Where the callback never comes, the outcome is asked for; nothing waits for ever",
    ),
    why=("丢失的回调没有人会补发", "nobody sends a callback again that was lost"),
    todo=(
        "实现 poll 或 find; poll 对未结束的不回答, 不要用 Waiting 推迟",
        "implement poll or find; let poll answer nothing for what is at work, and not put it off with Waiting",
    ),
    needs=_tells,
)
def may_never_come(lab: Lab, cell: str) -> None:
    """The ERP ends its work, and what it tells is lost."""
    with at_work(lab) as bench, callbacks(bench) as door:
        bench.finish_jobs()
        door.emit(drop=True)
        bench.run(patience=_PATIENCE)
        bench.check_once(may_park=may_park(lab))


@rule(
    "CALLBACK-009",
    Level.GOLD,
    title=(
        "read_callback 是纯函数: 同样的字节同样的意思, 不用网络, 时间只取 call.now",
        "`read_callback` is pure: the same bytes mean the same; no network, no clock but call.now",
    ),
    why=(
        "存下的是原始字节, 之后还要再读一次; 那时签名早已过时, 网络也可能不通",
        "the raw bytes are stored and read again later: by then their time is over, and there may be no network",
    ),
    todo=(
        "时间戳与 call.now 比较; 不查询、不生成随机号",
        "compare timestamps with call.now; ask nobody, and make no random numbers",
    ),
    needs=_tells,
)
def reads_purely(lab: Lab, cell: str) -> None:
    """What was stored is read again, on another day, without a network."""
    with at_work(lab) as bench:
        bench.finish_jobs()
        with callbacks(bench) as door:
            door.taken()
            stored = door.stored()
        expect(stored, "its sandbox has nothing to push after a voucher was sent")
        with bench.project() as project:
            reader = project.door(lab.name)
            for one in stored:
                first = _read(reader, one)
                with elsewhere(type(reader.asker.hooks.connector.plugin).__module__.partition(".")[0]):
                    expect(
                        repr(_read(reader, one)) == repr(first), "read again, the same callback means something else"
                    )


def _read(reader: Door, one: Stored) -> Callback:
    now = dt.datetime.fromtimestamp(one.received_at / 1000, dt.UTC)
    try:
        return reader.read_callback(one.request, reader.call(now=now))
    except (CallbackRefused, DougongError) as error:
        raise Violation(f"read again, the same callback is not believed: {error}") from error
