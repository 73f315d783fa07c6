"""AUTH: a session that the ERP forgets is renewed once, and a login that it refuses is not tried again and again."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from dougong.model.outcomes import AlreadyThere, Done, Found, NotDone, Outcome, Unknown
from dougong_sdk.conformance.direct import Direct, Sent, direct
from dougong_sdk.conformance.leaks import spoiled
from dougong_sdk.conformance.rules import Level, expect, rule
from dougong_sdk.conformance.subject import Subject

if TYPE_CHECKING:
    from dougong_sdk.conformance.lab import Bench, Lab

_THREADS = 3
_SENDS = 2


def _ways(subject: Subject) -> Sequence[str]:
    return ("push", *(["find"] if subject.can("find") else []), *(["complete"] if subject.steps else []))


@rule(
    "AUTH-001",
    Level.SILVER,
    title=(
        "会话中途失效时重新登录一次, 凭证只入账一次",
        "A session that expires meanwhile is renewed once, and books once",
    ),
    why=(
        "令牌在夜里失效; 不会自己恢复的会话让整夜的凭证都停下",
        "tokens expire in the night: a session that does not recover stops everything until somebody looks",
    ),
    todo=(
        "用 dougong_sdk.auth 的 TokenCache 与 Bearer, 告诉它 ERP 怎样拒绝失效的令牌",
        "use TokenCache and Bearer of dougong_sdk.auth, and tell them how the ERP refuses a token",
    ),
    needs=Subject.lacks_create,
    cells=_ways,
)
def session_is_renewed(lab: Lab, cell: str) -> None:
    """Forgotten by the ERP as the next call arrives."""
    names, bench = _way_in(lab), lab.bench()
    with direct(bench) as hooks:
        sent = hooks.done(hooks.voucher(1))
        before = _logins(names, bench)
        _forget(lab, bench, cell)
        if cell == "push":
            _sent_once(bench, hooks)
        elif cell == "find":
            answers = hooks.find([sent.wanted()])
            expect(all(isinstance(one, Found) for one in answers), f"find answered {answers}")
        else:
            _steps_once(hooks, sent)
        hooks.done(hooks.voucher(3))
        tries = _logins(names, bench) - before
    expect(all(count <= 1 for count in tries.values()), f"one session that expired once logged in again: {dict(tries)}")


def _forget(lab: Lab, bench: Bench, cell: str) -> None:
    names = {"push": lab.requests.creating, "find": lab.requests.searching}
    for operation in names[cell] if cell in names else lab.requests.stepping[0][-1:]:
        bench.sandbox.fault("expire_session", operation=operation, count=1)


def _sent_once(bench: Bench, hooks: Direct) -> None:
    """Done at once or, where the refusal proves it undone, the second time."""
    voucher = hooks.voucher(2)
    sent = hooks.send(voucher)
    if isinstance(sent.outcome, NotDone):
        sent = hooks.send_again(sent.item, sent.message)
    held = [one for one in bench.sandbox.postings() if one["reference"] == sent.item.reference_text or _is(one, sent)]
    if isinstance(sent.outcome, Unknown):
        expect(len(held) <= 1, "it is in the ERP twice")
        return
    expect(isinstance(sent.outcome, Done | AlreadyThere), f"push answered {sent.outcome}")
    expect(len(held) == 1, f"it is in the ERP {len(held)} times")


def _is(posting: dict[str, str], sent: Sent) -> bool:
    return posting["total"] == str(sent.facts.total)


def _steps_once(hooks: Direct, sent: Sent) -> None:
    target = hooks.operation.stages[1]
    outcome = hooks.complete(sent.posting, sent.facts, target)
    if not isinstance(outcome, Done):  # complete reads first, and may be asked again
        outcome = hooks.complete(sent.posting, sent.facts, target)
    expect(isinstance(outcome, Done) and outcome.posting.stage is target, f"complete answered {outcome}")


def _way_in(lab: Lab) -> frozenset[str]:
    """What logs in: all that is asked with a wrong secret, unless that is the work itself, with signed requests."""
    bench = lab.bench()
    with spoiled(bench), direct(bench) as hooks:
        hooks.send(hooks.voucher(1))
    asked = frozenset(row["operation"] for row in bench.sandbox.requests())
    return asked if asked != set(lab.requests.creating) else frozenset()


def _logins(names: frozenset[str], bench: Bench) -> Counter[str]:
    return Counter(row["operation"] for row in bench.sandbox.requests() if row["operation"] in names)


@rule(
    "AUTH-002",
    Level.SILVER,
    title=(
        "多个线程同时遇到会话失效, 每个会话至多登录一次",
        "Where several threads meet the expiry together, each session logs in once",
    ),
    why=(
        "成串的登录会锁定用户, 或用完许可的会话数",
        "a storm of logins locks the user out, or uses up the sessions of the licence",
    ),
    todo=("会话自己保管令牌, 只在失效时更新", "let the session keep its token and renew it only when it has expired"),
    needs=Subject.lacks_create,
)
def no_storm(lab: Lab, cell: str) -> None:
    """Several sessions of one connector, each in a thread of its own, as a lane has them."""
    names, bench = _way_in(lab), lab.bench()
    start = threading.Barrier(_THREADS, timeout=30)
    with direct(bench) as hooks, ThreadPoolExecutor(_THREADS) as pool:
        vouchers = [[hooks.voucher(1 + at * 2 * _SENDS + n) for n in range(2 * _SENDS)] for at in range(_THREADS)]

        def work(thread: int) -> list[Outcome]:
            with Direct(hooks.project, lab.name) as own:
                first = [own.send(voucher).outcome for voucher in vouchers[thread][:_SENDS]]
                if start.wait() == 0:
                    bench.sandbox.fault("expire_session", count=1)
                start.wait()
                return first + [own.send(voucher).outcome for voucher in vouchers[thread][_SENDS:]]

        outcomes = [outcome for one in pool.map(work, range(_THREADS)) for outcome in one]
    tries = _logins(names, bench)
    worst = max(tries.values(), default=0)
    expect(worst <= 2 * _THREADS, f"{_THREADS} sessions that expired once asked {dict(tries)} times")
    done = sum(isinstance(outcome, Done) for outcome in outcomes)
    expect(len(bench.sandbox.postings()) >= done, "less is in the ERP than was done")
    undone = [outcome for outcome in outcomes if not isinstance(outcome, Done | NotDone | Unknown)]
    expect(not undone, f"push answered {undone}")


@rule(
    "AUTH-003",
    Level.BRONZE,
    title=(
        "登录被拒时未发出任何凭证 (NotDone), 且不逐张重试登录",
        "A refused login means that nothing was sent (NotDone), and is not repeated with every voucher",
    ),
    why=(
        "每张凭证都重试一次登录会锁定用户; 当作被拒绝则之后要人工逐张重试",
        "a login per voucher locks the user out, and every voucher that is rejected needs a person",
    ),
    todo=(
        "登录失败抛出 LoginRefused, 由 outcome_of 归为 NotDone; TokenCache 会记住被拒",
        "raise LoginRefused, which outcome_of makes NotDone; a TokenCache remembers that it was refused",
    ),
    needs=Subject.lacks_create,
)
def refused_login(lab: Lab, cell: str) -> None:
    """Three vouchers with a wrong secret."""
    bench = lab.bench()
    with spoiled(bench) as wrong:
        if not wrong:
            return
        with direct(bench) as hooks:
            outcomes = [hooks.send(hooks.voucher(number)).outcome for number in (1, 2, 3)]
    bad = [outcome for outcome in outcomes if not isinstance(outcome, NotDone)]
    expect(not bad, f"push answered {bad}")
    expect(not bench.sandbox.postings(), "a voucher is in the ERP although the login was refused")
    tries = Counter(row["operation"] for row in bench.sandbox.requests())
    expect(max(tries.values(), default=0) <= 1, f"a refused login was tried again with the next voucher: {dict(tries)}")
