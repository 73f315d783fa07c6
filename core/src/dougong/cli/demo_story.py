"""The demo in one ERP, step by step: what is shown, in which order, and what each step proves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from dougong.cli import demo_steps as steps
from dougong.cli import document_rows, output, places, plans, reconciling, words
from dougong.cli.language import say
from dougong.cli.logs import log_into

__all__ = ["tell_story"]


def tell_story(
    stage: steps.Stage, sandboxes: Callable[[], AbstractContextManager[Sequence[Any]]]
) -> list[dict[str, Any]]:
    """Make the project, start the sandbox, go the whole way; returns the deliveries as they are at the end."""
    from dougong.flow import Project
    from dougong.plan import plan_files

    files = steps.make(stage)
    log_into(stage.folder / "dougong.log")
    with sandboxes() as running, Project(stage.folder) as project:
        steps.head(say("启动沙箱", "A sandbox is started"))
        for sandbox in running:
            output.tell(f"  {sandbox.url}")
        steps.head(say("计划: 将要生成的凭证 (尚未发送)", "The plan: vouchers as they would be (nothing is sent)"))
        plans.show(plan_files(project, files, stage.source)[0], verbose=False)
        steps.head(say("推送", "The push"))
        steps.pushed(project, files, stage.source)
        _table(steps.rows(project))
        steps.head(say("挂起的一单: 决策表缺一行", "One report is held: a table lacks a row"))
        held = steps.supply_rows(project)
        _table([row for row in steps.rows(project) if row["delivery"] in held])
        steps.head(say("对账", "Both sides are compared"))
        compared, failed = reconciling.compared(project, None, None, reconciling.documents(project, steps.ACTOR))
        reconciling.tell_failed(failed)
        document_rows.show(compared)
        steps.head(say("再推送同样的文件: 什么都不变", "The same files are pushed again: nothing changes"))
        steps.again(project, files, stage.source, running)
        rows = steps.rows(project)
    steps.next_steps(stage)
    return rows


def _table(rows: Sequence[Mapping[str, Any]]) -> None:
    """From report to voucher number and stage."""
    where = places.columns(rows)
    made = output.table(
        say("单据", "document"),
        say("时点", "moment"),
        *where.values(),
        say("凭证号", "voucher"),
        say(">金额", ">amount"),
        say("状态", "state"),
    )
    for row in rows:
        stage = words.stage(row.get("stage"))
        made.add_row(
            ", ".join(row["documents"]),
            words.moment(row.get("moment")),
            *places.cells(row, where),
            words.number(row.get("erp_number")) or "–",
            words.money(row.get("total")),
            stage or words.state(row["state"]),
            style=words.state_style(row["state"]),
        )
    output.console().print(made)
