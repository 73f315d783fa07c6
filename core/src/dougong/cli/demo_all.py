"""The demo in every ERP at once: the same reports in the books of each, and one report of two companies in two ERPs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dougong.cli import demo_steps as steps
from dougong.cli import output, plans, reconciling, words
from dougong.cli.language import say
from dougong.cli.logs import log_into

if TYPE_CHECKING:
    from dougong.flow import Project
    from dougong.planned import Planned, Undelivered

__all__ = ["tell_all"]

_SET = "B26110005"
#: What is shown of a voucher's number in a column of its own.
_LONGEST = 12


def tell_all(
    stage: steps.Stage, sandboxes: Callable[[], AbstractContextManager[Sequence[Any]]]
) -> list[dict[str, Any]]:
    """Make the project, start the sandboxes, go the whole way in each; returns the deliveries at the end."""
    from dougong.flow import Project

    files = steps.make(stage)
    log_into(stage.folder / "dougong.log")
    with sandboxes() as running, Project(stage.folder) as project:
        steps.head(say("每个产品启动一个沙箱", "A sandbox of each product is started"))
        width = max(map(len, stage.ports))
        for name, sandbox in zip(stage.ports, running, strict=True):
            output.tell(f"  {name:{width}}  {sandbox.url}")
        _plan(stage, project, files)
        steps.head(say("推送到每个 ERP", "The push, into every ERP"))
        steps.pushed(project, files, stage.source)
        _table(stage, steps.rows(project))
        output.tell(
            say(
                "  已提交未审核的由人在 ERP 中审核。",
                "  submitted: a person audits it in the ERP; posted: it is in the books.",
            )
        )
        steps.head(say("挂起的一单: 决策表缺一行", "One report is held: a table lacks a row"))
        held = steps.supply_rows(project)
        _table(stage, [row for row in steps.rows(project) if row["delivery"] in held])
        if stage.other is not None:
            files.append(_set(stage, project))
        steps.head(say("与每个 ERP 对账", "Our side is compared with each ERP"))
        _reconcile(stage, project)
        steps.head(say("再推送同样的文件: 什么都不变", "The same files are pushed again: nothing changes"))
        steps.again(project, files, stage.source, running)
        rows = steps.rows(project)
    steps.next_steps(stage)
    return rows


def _plan(stage: steps.Stage, project: Project, files: Sequence[Path]) -> None:
    """The vouchers of the first product; what differs in the others are their accounts and codes."""
    from dougong.plan import plan_files

    first = next(iter(stage.ports))
    others = ", ".join(name for name in stage.ports if name != first)
    steps.head(
        say(
            f"计划: 将要生成的凭证 (尚未发送); 此处为 {first} 的",
            f"The plan: vouchers as they would be (nothing is sent); those for {first}",
        )
    )
    found, _ = plan_files(project, list(files), stage.source)
    plans.show([one for one in found if _goes_to(one, first)], verbose=False)
    output.tell(
        say(
            f"  {others} 得到同样的凭证, 各用自己的科目和编码。",
            f"  The same vouchers go to {others}, each in its own accounts and codes.",
        )
    )


def _goes_to(one: Planned | Undelivered, connection: str) -> bool:
    return getattr(one, "connection", connection) == connection


def _table(stage: steps.Stage, rows: Sequence[Mapping[str, Any]]) -> None:
    """One row per booking, one column per product with its voucher number and stage."""
    names = list(stage.ports)
    made = output.table(say("单据", "document"), say("时点", "moment"), say(">金额", ">amount"), *names)
    for column, name in zip(made.columns[-len(names) :], names, strict=True):
        column.min_width = len(name)
    booked: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        place = booked.setdefault((", ".join(row["documents"]), row.get("moment") or ""), {})
        place[row.get("connection") or names[0]] = row
    for (document, moment), by_name in booked.items():
        first = next(iter(by_name.values()))
        cells = [_cell(by_name[name]) if name in by_name else "" for name in names]
        styles = {words.state_style(row["state"]) for row in by_name.values()}
        made.add_row(
            document,
            words.moment(moment),
            words.money(first.get("total")),
            *cells,
            style=styles.pop() if len(styles) == 1 else None,
        )
    output.console().print(made)


def _cell(row: Mapping[str, Any]) -> str:
    """`付-1 已提交未审核`, or the state of what is not there; short, for columns stand side by side."""
    number, stage = row.get("erp_number") or "", words.stage(row.get("stage"))
    number = number if len(number) <= _LONGEST else f"{number[: _LONGEST - 1]}…"
    return " ".join(filter(None, (number, stage.partition(",")[0] or words.state(row["state"]))))


# -- one report of two companies --------------------------------------------------------------------------------------


def _set(stage: steps.Stage, project: Project) -> Path:
    """A report that one company pays and another one bears in part: a voucher in each of two ERPs, both or none."""
    from dougong.plan import plan_files

    first = next(iter(stage.ports))
    steps.head(
        say(
            f"两家公司的一张报销单: 甲在 {first}, 乙在 {stage.other}",
            f"One report of two companies: A's books are in {first}, B's in {stage.other}",
        )
    )
    path = stage.folder / "documents" / "two-companies.json"
    path.write_text(json.dumps(_of_two(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    plans.show(plan_files(project, [path])[0], verbose=False)
    steps.pushed(project, [path], None)
    rows = [row for row in steps.rows(project) if row["documents"] == [_SET]]
    made = output.table(
        say("单据", "document"), say("法人", "entity"), "ERP", say("凭证", "voucher"), say(">金额", ">amount")
    )
    for row in rows:
        style = words.state_style(row["state"])
        made.add_row(_SET, row["entity"], row["connection"], _cell(row), words.money(row["total"]), style=style)
    output.console().print(made)
    output.tell(
        say(
            "  成套: 全部通过检查才发第一张, 要么都有, 要么都没有。",
            "  A set: nothing is sent before all have passed every check; both or none.",
        )
    )
    return path


def _of_two() -> dict[str, Any]:
    from dougong.cli.project_files import OTHER, SHORT

    return {
        "source": "demo",
        "tenant": "demo",
        "type": "expense",
        "id": "two-companies",
        "number": _SET,
        "state": "approved",
        "updated_at": "2026-11-18T10:00:00+08:00",
        "entity": SHORT,
        "submitter": "E001",
        "submitter_name": "张三",
        "department": "D01",
        "currency": "CNY",
        "reason": "两地出差",
        "lines": [
            _line("1", "848.00", {"department": "D01", "share": "1"}),
            _line("2", "1060.00", {"entity": OTHER, "department": "BD1", "share": "1"}),
        ],
        "invoices": [_invoice("1", SHORT, "848.00", "800.00"), _invoice("2", OTHER, "1060.00", "1000.00")],
        "payees": [{"kind": "employee", "code": "E001", "amount": "1908.00"}],
        "events": [{"id": "approved", "type": "approved", "on": "2026-11-18"}],
    }


def _line(id_: str, gross: str, split: Mapping[str, str]) -> dict[str, Any]:
    named = {"id": id_, "fee_type": "差旅费", "gross": gross, "currency": "CNY", "expense_date": "2026-11-12"}
    return {**named, "splits": [split], "invoices": [{"id": f"i{id_}"}]}


def _invoice(id_: str, buyer: str, gross: str, net: str) -> dict[str, Any]:
    named = {"id": f"i{id_}", "kind": "专票", "number": f"2611000{id_}", "date": "2026-11-12", "buyer": buyer}
    tax = str(Decimal(gross) - Decimal(net))
    return {**named, "gross": gross, "net": net, "tax": tax, "rate": "0.06", "verified": True}


# -- both sides -------------------------------------------------------------------------------------------------------


def _reconcile(stage: steps.Stage, project: Project) -> None:
    """One row per ERP: how many vouchers, what both sides hold of them."""
    made = output.table(
        "ERP", say(">凭证", ">vouchers"), say(">我方", ">ours"), say(">ERP 方", ">theirs"), say("结论", "verdict")
    )
    asked = reconciling.documents(project, steps.ACTOR)
    for name in stage.ports:
        rows, failed = reconciling.compared(project, name, None, asked)
        reconciling.tell_failed(failed)
        verdicts = {row["verdict"] for row in rows} | {"failed" for _ in failed}
        told = ", ".join(sorted(words.verdict(verdict) for verdict in verdicts))
        style = "green" if verdicts == {"matched"} else "red"
        made.add_row(name, str(len(rows)), _sum(rows, "ours"), _sum(rows, "theirs"), told, style=style)
    output.console().print(made)


def _sum(rows: Sequence[Mapping[str, Any]], side: str) -> str:
    return words.money(sum((Decimal(row[side] or 0) for row in rows), Decimal(0)))
