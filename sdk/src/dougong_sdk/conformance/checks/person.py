"""PERSON: what people do in the ERP, between our steps and afterwards, is seen, and is never undone or sent again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dougong import reconcile
from dougong.model.postings import Stage
from dougong_sdk.conformance.judge import stands
from dougong_sdk.conformance.processes import KILLED
from dougong_sdk.conformance.rules import Level, expect, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dougong_sdk.conformance.lab import Bench, Lab
    from dougong_sdk.conformance.subject import Subject

#: What a hand does → further members of the order.
_HANDS: Mapping[str, Mapping[str, Any]] = {
    "delete": {},
    "edit": {"set": {"total": "999.00"}},
    "audit": {},
    "unaudit": {},
    "renumber": {"to": "77"},
}


def _lists(subject: Subject) -> str:
    return subject.lacks("list_postings", "find")


def _only(bench: Bench) -> dict[str, Any]:
    (row,) = bench.deliveries()
    return row


def _reconciled(bench: Bench, period: str) -> None:
    with bench.project() as project:
        reconcile.step(project.ledger, project.door(bench.lab.name), period, actor="conformance")


def _seen(cell: str, row: Mapping[str, Any], shown: Mapping[str, Any]) -> bool:
    """Whether a delivery says what a person did."""
    match cell:
        case "delete" | "edit":
            reason = "DELETED_IN_ERP" if cell == "delete" else "EDITED_IN_ERP"
            told = any(problem["code"] in (reason, "AMOUNT_IN_ERP") for problem in row["problems"])
            return bool(row["state"] == "parked" and told)
        case "renumber":
            return bool(row["erp_number"] == shown["number"])
    return bool(row["stage"] == shown["stage"])


def _not_sent_again(bench: Bench, before: int) -> None:
    """Another run makes nothing, and the ledger of the ERP has what it had."""
    bench.completes(*sorted(bench.folder.glob("reports-*.json")))
    after = bench.sandbox.postings(deleted=True)
    expect(
        len(after) == before, f"a run after it has made another voucher: {json.dumps(after, ensure_ascii=False)[:400]}"
    )


@rule(
    "PERSON-001",
    Level.GOLD,
    title=(
        "送达后人在 ERP 中的改动, 对账后看得见, 且不会自动重发",
        "What a person does after delivery is seen by reconciling, and nothing is sent again by itself",
    ),
    why=(
        "会计有意删掉的凭证自己又回来, 或改过的金额没有人知道",
        "a voucher that an accountant deleted comes back by itself, or an edit stays unknown",
    ),
    todo=(
        "list_postings 与 find 返回 ERP 此刻的阶段、编号、金额; 已删除的不返回",
        "let list_postings and find answer the stage, number and amounts of now, and nothing that was deleted",
    ),
    needs=_lists,
    cells=lambda _: _HANDS,
)
def sees_hands(lab: Lab, cell: str) -> None:
    """Delivered at the top, or below it where a person audits; then a hand, `reconcile`, and one more run."""
    stages = lab.subject.creating.stages
    stage = stages[max(len(stages) - 2, 0)] if cell == "audit" else stages[-1]
    bench = lab.bench(stage=stage)
    bench.completes(bench.reports(1))
    bench.check_once()
    (posting,) = bench.sandbox.postings()
    shown = bench.sandbox.hand(cell, id=posting["id"], **_HANDS[cell])
    _reconciled(bench, posting["period"])
    row = _only(bench)
    told = {name: row[name] for name in ("state", "stage", "erp_number", "problems")}
    expect(_seen(cell, row, shown), f"{cell} by hand, now {shown['stage']} {shown['number']}; we say {told}")
    _not_sent_again(bench, 1)


def _steps_and_finds(subject: Subject) -> str:
    return subject.lacks_steps() or subject.lacks("find")


@rule(
    "PERSON-002",
    Level.GOLD,
    title=(
        "两步之间人的改动: 删除或修改则停下待人, 已审核则送达",
        "Between two steps: what a person deleted or edited rests with people, what they audited is delivered",
    ),
    why=(
        "继续提交会计改过的草稿, 或把删掉的又做一张",
        "else the next step books an edited draft, or makes a deleted one again",
    ),
    todo=(
        "complete 每次先读 ERP, 用 dougong_sdk.steps 决定下一步",
        "let complete read first and decide by dougong_sdk.steps",
    ),
    needs=_steps_and_finds,
    cells=lambda _: ("delete", "edit", "audit"),
)
def sees_hands_between_steps(lab: Lab, cell: str) -> None:
    """Killed after the voucher is made and before its first step; the hand; then a run that goes on."""
    bench = lab.bench()
    file = bench.reports(1)
    ended = bench.push(file, crash="outcome")
    expect(ended == KILLED, f"a push never passed the outcome: {bench.log[-500:]}")
    (posting,) = bench.sandbox.postings()
    shown = bench.sandbox.hand(cell, id=posting["id"], **_HANDS[cell])
    bench.completes(file)
    row = _only(bench)
    now = [one["stage"] for one in bench.sandbox.postings() if stands(one)]
    told = (
        f"state {row['state']}, stage {row['stage']}, problems {[one['code'] for one in row['problems']]}; ERP: {now}"
    )
    if cell == "audit":
        expect(row["state"] == "delivered" and now == [Stage.AUDITED.value], f"audited by hand: {told}")
    else:
        expect(row["state"] == "parked" and row["problems"], f"{cell} by hand: {told}")
        expect(now == ([] if cell == "delete" else [shown["stage"]]), f"{cell} by hand, and a step was made: {told}")
    _not_sent_again(bench, 1)
