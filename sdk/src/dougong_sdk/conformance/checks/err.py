"""ERR: what the ERP refuses is understood: every code that it has, unknown ones, and that nothing is left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs

from dougong.model.bookings import Voucher
from dougong.model.outcomes import AlreadyThere, Done, NotDone, Outcome, Rejected, Unknown
from dougong.model.problems import DougongError, Problem
from dougong_sdk.conformance.direct import Direct, direct
from dougong_sdk.conformance.leaks import bilingual
from dougong_sdk.conformance.rules import Level, expect, rule
from dougong_sdk.conformance.subject import Subject

if TYPE_CHECKING:
    from dougong_sdk.conformance.lab import Bench, Lab

#: Of no ERP.
_UNDOCUMENTED = "987654"


def _ways(subject: Subject) -> tuple[str, ...]:
    return ("push", "complete") if subject.steps else ("push",)


def _answers(lab: Lab, bench: Bench, cell: str, codes: list[str]) -> Iterator[tuple[str, Outcome]]:
    """What the connector answers while the ERP answers a code to the call that does the work; nothing is done."""
    with direct(bench) as hooks:
        first = hooks.done(hooks.voucher(1))
    names = lab.requests.creating if cell == "push" else lab.requests.stepping[0]
    for number, code in enumerate(codes, 2):
        bench.sandbox.fault("business_error", operation=names[-1], code=code)
        with direct(bench) as hooks:  # a session of its own: it may remember that it was refused
            if cell == "push":
                yield code, hooks.send(hooks.voucher(number)).outcome
            else:
                yield code, hooks.complete(first.posting, first.facts, hooks.operation.stages[1])
        bench.sandbox.clear_faults()


@rule(
    "ERR-001",
    Level.SILVER,
    title=(
        "ERP 的每个错误码都有归类, 带中英文办法与原码",
        "Every error code of the ERP is sorted, with what to do in both languages and the code itself",
    ),
    why=(
        "没有归类的错误停在那里, 财务人员不知道该改什么",
        "an error that nobody has sorted waits for a person who cannot know what to change",
    ),
    todo=(
        "在 errors.toml 中为该码写 class、zh 与 en; 沙箱用 error_codes() 列出全部",
        "give the code a class, zh and en in errors.toml; the sandbox lists all of them in error_codes()",
    ),
    needs=Subject.lacks_create,
    cells=_ways,
)
def codes_are_sorted(lab: Lab, cell: str) -> None:
    """One by one, as the answer to a voucher and to a step."""
    bench = lab.bench()
    codes = list(bench.sandbox.config()["error_codes"])
    expect(codes, "the sandbox names no error codes")
    for code, outcome in _answers(lab, bench, cell, codes):
        expect(isinstance(outcome, Rejected | NotDone | Unknown), f"code {code}: {cell} answered {outcome}")
        expect(_tells(outcome, code), f"code {code} comes without its code or without what to do: {outcome}")
    held = bench.sandbox.postings()
    expect(len(held) == 1, f"{len(held) - 1} vouchers are in the ERP although it refused each")


def _tells(outcome: Outcome, code: str) -> bool:
    if isinstance(outcome, Rejected):
        return bool(outcome.problems) and all(_complete(problem, code) for problem in outcome.problems)
    # a reason is one text, made of the problems with their hints in brackets
    return isinstance(outcome, NotDone | Unknown) and bool(outcome.reason) and "(" in outcome.reason


def _complete(problem: Problem, code: str) -> bool:
    told = (problem.code, problem.message.zh, *problem.facts.values())
    return bilingual(problem.hint) and bool(problem.message.en) and any(code in text for text in told)


@rule(
    "ERR-002",
    Level.SILVER,
    title=("不认识的错误码不算被拒绝", "A code that nobody has documented is no proof of a refusal"),
    why=(
        "把未知的错误当作拒绝会再发一次, 而凭证可能已经入账",
        "what is taken for a refusal is sent again after a change, and may be in the books already",
    ),
    todo=("未列出的码归为 Unknown", "let a code that is not listed be Unknown"),
    needs=Subject.lacks_create,
)
def undocumented_code(lab: Lab, cell: str) -> None:
    """A number that no ERP uses."""
    bench = lab.bench()
    for code, outcome in _answers(lab, bench, "push", [_UNDOCUMENTED]):
        expect(isinstance(outcome, Unknown), f"code {code}: push answered {outcome}")


def unbalanced(voucher: Voucher) -> Voucher:
    """One whose debits are more than its credits."""
    first = voucher.lines[0]
    return _with_first(voucher, amount=first.amount + Decimal("1.00"))


def _with_first(voucher: Voucher, **changes: Any) -> Voucher:
    return attrs.evolve(voucher, lines=(attrs.evolve(voucher.lines[0], **changes), *voucher.lines[1:]))


#: What is wrong with a voucher → how it becomes so.
_WRONG: Mapping[str, Callable[[Voucher], Voucher]] = {
    "unbalanced": unbalanced,
    "unknown account": lambda voucher: _with_first(voucher, account="no-such-account"),
    "no dimensions": lambda voucher: _with_first(voucher, dimensions={}),
    "unknown voucher type": lambda voucher: attrs.evolve(voucher, voucher_type="不存在"),
    "closed period": lambda voucher: voucher,
}


@rule(
    "ERR-003",
    Level.BRONZE,
    title=(
        "被拒绝的凭证在 ERP 中不留痕迹, 或如实告知",
        "What is refused leaves nothing in the ERP, or says what it left",
    ),
    why=(
        "留下的草稿会被人审核, 而改正后的凭证又记一次",
        "a draft that was left is audited by somebody, and what is sent after the correction books it again",
    ),
    todo=(
        "ERP 拒绝后仍有单据时, 在 Rejected.left_behind 中给出",
        "where a document stays after a refusal, name it in Rejected.left_behind",
    ),
    needs=Subject.lacks_create,
    cells=lambda _: _WRONG,
)
def nothing_left_behind(lab: Lab, cell: str) -> None:
    """Sent past `check_payload`, since the ERP may know better than we do."""
    bench = lab.bench()
    with direct(bench) as hooks:
        voucher = _WRONG[cell](hooks.voucher(1))
        closed = cell == "closed period"
        if closed:
            bench.sandbox.hand("close_period", period=voucher.period)
        try:
            outcome = _sent(hooks, voucher)
        finally:
            if closed:
                bench.sandbox.hand("open_period", period=voucher.period)
    held = {one["id"] for one in bench.sandbox.postings()}
    if isinstance(outcome, Done | AlreadyThere):
        expect(held == {outcome.posting.erp_key}, f"push answered {outcome}, and the ERP holds {held or 'nothing'}")
    elif isinstance(outcome, Rejected) and outcome.left_behind is not None:
        expect(held == {outcome.left_behind.erp_key}, f"left_behind is {outcome.left_behind}, the ERP holds {held}")
    elif not isinstance(outcome, Unknown):
        expect(not held, f"push answered {outcome}, and the ERP holds {len(held)} vouchers all the same")


def _sent(hooks: Direct, voucher: Voucher) -> Outcome | None:
    """`None`: it cannot even be mapped."""
    try:
        return hooks.send(voucher).outcome
    except DougongError:
        return None
