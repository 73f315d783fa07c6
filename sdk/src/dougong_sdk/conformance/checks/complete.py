"""COMPLETE: from a draft to the target stage, one harmless step at a time, whatever happens in between."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING

from dougong.model.outcomes import AlreadyThere, Done
from dougong.model.postings import Stage
from dougong_sdk.conformance.checks.push import FAULTS, deadline_under, fault_on
from dougong_sdk.conformance.checks.stepping import brought_to, stage_in_erp, step
from dougong_sdk.conformance.direct import direct
from dougong_sdk.conformance.judge import stands
from dougong_sdk.conformance.rules import Level, expect, rule

if TYPE_CHECKING:
    from dougong_sdk.conformance.lab import Lab
    from dougong_sdk.conformance.subject import Subject


def _steps(subject: Subject) -> str:
    return subject.lacks_steps()


def _pairs(subject: Subject) -> Iterator[str]:
    for low, high in combinations(subject.creating.stages, 2):
        yield f"{low}-{high}"


@rule(
    "COMPLETE-001",
    Level.SILVER,
    title=("从任一阶段到任一更高阶段, 每次只走一步", "From every stage to every higher one, one step at a call"),
    why=(
        "一次走两步时, 中途失败就说不清停在哪里",
        "with two steps in one call nobody can say where a failure in between has left it",
    ),
    todo=(
        "complete 先读 ERP, 再执行一个操作, 返回其后的阶段",
        "let complete read, do one operation and answer the stage after it",
    ),
    needs=_steps,
    cells=_pairs,
)
def steps_up(lab: Lab, cell: str) -> None:
    """Each call moves the ERP by one stage at most, says the stage that it is at, and never goes beyond the target."""
    start, target = map(Stage, cell.split("-"))
    bench = lab.bench()
    sent, posting = brought_to(bench, start)
    ladder = lab.subject.creating.stages
    expect(stage_in_erp(bench, posting) is start, f"brought to {start}, the ERP says {stage_in_erp(bench, posting)}")
    for at in range(ladder.index(start) + 1, ladder.index(target) + 1):
        outcome = step(bench, sent, posting, ladder[at])
        shown = stage_in_erp(bench, posting)
        expect(isinstance(outcome, Done), f"complete to {ladder[at]} answered {outcome}")
        expect(shown is ladder[at], f"one step from {ladder[at - 1]}: the ERP shows {shown}")
        if isinstance(outcome, Done):
            expect(outcome.posting.stage is shown, f"the ERP shows {shown}, complete says {outcome.posting.stage}")
            posting = outcome.posting
    expect(len(bench.sandbox.postings()) == 1, "complete has made another voucher")


@rule(
    "COMPLETE-002",
    Level.SILVER,
    title=(
        "重复调用无害: 先读 ERP, 人已审核则为 Done, 已删除则不是",
        "Harmless to repeat: it reads first; audited by a person is Done, deleted is not",
    ),
    why=(
        "崩溃后会再调用一次; 人也可能抢先一步",
        "after a crash it is called once more, and a person may have been faster",
    ),
    todo=(
        "complete 先读 ERP 的当前阶段, 已到达即返回 Done",
        "let complete read the stage first and answer Done where it is reached",
    ),
    needs=_steps,
)
def repeats_harmlessly(lab: Lab, cell: str) -> None:
    """The same call twice, a call for a lower stage, one after a person's audit, one after a person's deletion."""
    bench = lab.bench()
    low, following = lab.subject.creating.stages[:2]
    sent, posting = brought_to(bench, low)
    for _ in range(2):
        outcome = step(bench, sent, posting, following)
        expect(isinstance(outcome, (Done, AlreadyThere)), f"complete to {following} answered {outcome}")
        expect(stage_in_erp(bench, posting) is following, f"it stands at {stage_in_erp(bench, posting)} after it")
    shown = bench.sandbox.hand("audit", id=posting.erp_key)
    outcome = step(bench, sent, posting, following)
    by_hand = isinstance(outcome, (Done, AlreadyThere)) and outcome.posting.stage is Stage(shown["stage"])
    expect(by_hand, f"a person had brought it to {shown['stage']}; complete to {following} answered {outcome}")
    expect(stage_in_erp(bench, posting) is Stage(shown["stage"]), "complete took a person's audit back")
    bench.sandbox.hand("delete", id=posting.erp_key)
    outcome = step(bench, sent, posting, following)
    stays = isinstance(outcome, (Done, AlreadyThere)) and outcome.posting.stage.stands
    expect(not stays, f"a person had deleted it; complete to {following} answered {outcome}")
    expect(not [one for one in bench.sandbox.postings() if stands(one)], "complete has made it again")


def _faulty_steps(subject: Subject) -> Iterator[str]:
    for stage in subject.creating.stages[1:]:
        for fault in FAULTS:
            yield f"{fault}-{stage}"


@rule(
    "COMPLETE-003",
    Level.SILVER,
    title=("每一步的任一故障下, 仍一次到达目标阶段", "Every fault in every step still ends at the target stage, once"),
    why=(
        "提交的应答丢失后, 凭证停在半路, 或被当作丢失再发一次",
        "a step whose answer is lost leaves a voucher half-way, or passes for lost and is sent again",
    ),
    todo=(
        "步骤失败返回 Unknown 或 NotDone, 下一次先读再走",
        "answer Unknown or NotDone; the next call reads before it goes on",
    ),
    needs=_steps,
    cells=_faulty_steps,
)
def steps_under_a_fault(lab: Lab, cell: str) -> None:
    """The fault meets every request of one step, once."""
    fault, _, stage = cell.rpartition("-")
    ladder = lab.subject.creating.stages
    bench = lab.bench(deadline=deadline_under(fault))
    file = bench.reports(2)
    for operation in lab.requests.stepping[ladder.index(Stage(stage)) - 1]:
        fault_on(bench, fault, operation)
    bench.completes(file)
    bench.check_once()


@rule(
    "COMPLETE-004",
    Level.SILVER,
    title=("人改过的草稿不再提交", "A draft that somebody has edited is not submitted"),
    why=("提交了别人改过的金额, 账就不再是单据的金额", "submitting another amount books what no document says"),
    todo=(
        "用 facts.differences 比较后再走下一步 (dougong_sdk.steps)",
        "compare with facts.differences before a step (dougong_sdk.steps)",
    ),
    needs=_steps,
)
def leaves_edited_alone(lab: Lab, cell: str) -> None:
    """A person changes the amounts of a draft; the next step would book them."""
    bench = lab.bench()
    low, following = lab.subject.creating.stages[:2]
    sent, posting = brought_to(bench, low)
    bench.sandbox.hand("edit", id=posting.erp_key, set={"total": "999.00"})
    outcome = step(bench, sent, posting, following)
    expect(stage_in_erp(bench, posting) is low, f"edited to 999.00 and brought to {stage_in_erp(bench, posting)}")
    silent = isinstance(outcome, (Done, AlreadyThere)) and not sent.facts.differences(outcome.posting)
    expect(not silent, f"the edit is not told: {outcome}")


@rule(
    "COMPLETE-005",
    Level.GOLD,
    title=(
        "制单人不能审核: 凭证停在已提交并可见, 不丢失",
        "Maker is not checker: the voucher rests submitted, visibly, and is not lost",
    ),
    why=(
        "自己审核自己违反内控; 静默停下没有人知道",
        "auditing one's own voucher breaks controls; a silent stop is nobody's work",
    ),
    todo=(
        "审核用第二凭据打开会话; 相同时报出原因",
        "open the auditor's session with the second credential; say so where it is the same user",
    ),
    needs=lambda subject: _steps(subject) or ("" if Stage.AUDITED in subject.creating.stages else "it does not audit"),
)
def demands_two(lab: Lab, cell: str) -> None:
    """The maker as the auditor at an ERP that demands two people: asked by the hook, then through the whole product."""
    with lab.other_erp(same_user_may_audit="false") as erp:
        bench = lab.bench(erp=erp)
        sent, posting = brought_to(bench, Stage.SUBMITTED)
        with direct(bench) as hooks:
            outcome = hooks.complete(posting, sent.facts, Stage.AUDITED)
        expect(not isinstance(outcome, (Done, AlreadyThere)), f"the ERP refused the maker's audit: {outcome}")
        erp.reset()
        bench = lab.bench(erp=erp, stage=Stage.AUDITED, auditor="same")
        bench.completes(bench.reports(1))
        found = bench.tally()
        (row,) = bench.deliveries()
        stages = [one["stage"] for one in erp.postings()]
    expect(found.clean, found.told())
    told = f"state {row['state']}, problems {row['problems']}"
    expect(row["state"] not in ("delivered", "reversed"), f"nobody audited, and it rests as if it were: {told}")
    expect(row["problems"], f"nobody is told why: {told}")
    expect(Stage.AUDITED.value not in stages, f"it was audited by its own maker: {stages}")


@rule(
    "COMPLETE-006",
    Level.GOLD,
    title=(
        "可作废草稿: complete 到 void 后 ERP 中不再有它",
        "A draft can be voided: after complete to void the ERP has it no more",
    ),
    why=(
        "单据撤回后草稿留在 ERP, 有人会把它审核",
        "a draft that stays after its document was withdrawn will be audited by somebody",
    ),
    todo=(
        "target_stage 为 VOID 时删除或作废草稿; 已不存在即 Done",
        "delete or void the draft for target VOID; Done where it is gone already",
    ),
    needs=_steps,
)
def voids_a_draft(lab: Lab, cell: str) -> None:
    """Voided, and asked once more."""
    bench = lab.bench()
    sent, posting = brought_to(bench, lab.subject.creating.stages[0])
    for _ in range(2):
        outcome = step(bench, sent, posting, Stage.VOID)
        done = isinstance(outcome, (Done, AlreadyThere)) and outcome.posting.stage is Stage.VOID
        expect(done, f"complete to void answered {outcome}")
        expect(stage_in_erp(bench, posting) is None, f"the ERP still has it as {stage_in_erp(bench, posting)}")
