"""The demo, step by step: what is shown, in which order, and what each step proves."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import rich_click as click

from dougong.cli import document_rows, lists, output, places, plans, reconciling, words, worklist
from dougong.cli.language import say
from dougong.cli.logs import log_into
from dougong.cli.products import Examples
from dougong.cli.progress import progress

if TYPE_CHECKING:
    from dougong.flow import Project

__all__ = ["Stage", "tell_story"]

_ACTOR = "demo"
#: The account of the row that frees what is held; the example rules book office costs to it.
_ACCOUNT = "6602.05"
_TABLE = "tables/expense_account.csv"


@attrs.frozen
class Stage:
    """Where the story takes place.

    :param folder: the project's folder, to be made. :param ports: product → port of its sandbox.
    :param source: connector of the example documents.
    """

    folder: Path
    ports: Mapping[str, int]
    source: str
    examples: Examples


def tell_story(stage: Stage, sandboxes: Callable[[], AbstractContextManager[Sequence[Any]]]) -> list[dict[str, Any]]:
    """Make the project, start the sandboxes, go the whole way; returns the deliveries as they are at the end."""
    from dougong.flow import Project

    _make(stage)
    files = _documents(stage)
    log_into(stage.folder / "dougong.log")
    with sandboxes() as running, Project(stage.folder) as project:
        _head(say("启动沙箱", "A sandbox is started"))
        for sandbox in running:
            output.tell(f"  {sandbox.url}")
        _head(say("计划: 将要生成的凭证 (尚未发送)", "The plan: vouchers as they would be (nothing is sent)"))
        _plan(project, files, stage.source)
        _head(say("推送", "The push"))
        _push(project, files, stage.source)
        _head(say("挂起的一单: 决策表缺一行", "One report is held: a table lacks a row"))
        _free(project)
        _head(say("对账", "Both sides are compared"))
        compared, failed = reconciling.compared(project, None, None, reconciling.documents(project, _ACTOR))
        reconciling.tell_failed(failed)
        document_rows.show(compared)
        _head(say("再推送同样的文件: 什么都不变", "The same files are pushed again: nothing changes"))
        _again(project, files, stage.source, running)
        rows = _rows(project)
    _head(say("接下来可以试试", "What to try next"))
    _next(stage)
    return rows


def _head(text: str) -> None:
    output.tell()
    click.secho(f"── {text}", bold=True)


def _make(stage: Stage) -> None:
    from dougong.cli.project_files import Wanted, make_project

    _head(say("新建项目", "A project is made"))
    make_project(
        stage.folder, [Wanted(name, f"http://127.0.0.1:{port}") for name, port in stage.ports.items()], actor=_ACTOR
    )
    output.tell(f"  {stage.folder}{'/' if stage.folder.name else ''}")
    for name, meaning in (
        ("dougong.toml", say("连接与路由", "connections and routes")),
        ("rules/ tables/", say("会计维护: 入账规则与决策表", "for the accountant: posting rules, decision tables")),
        ("mappings/ codes/", say("实施维护: 字段映射与编码对照", "for the integrator: field mapping, codes")),
        ("documents/", say("费用系统给出的单据 (示例)", "documents as the expense system gives them (examples)")),
    ):
        output.tell(f"    {name:18} {meaning}")


def _documents(stage: Stage) -> list[Path]:
    """The examples, copied into the project, so that what comes next can be tried by hand."""
    folder = stage.folder / "documents"
    folder.mkdir()
    return [Path(shutil.copyfile(path, folder / path.name)) for path in stage.examples.files()]


def _plan(project: Project, files: Sequence[Path], source: str) -> None:
    from dougong.plan import plan_files

    found, _ = plan_files(project, list(files), source)
    plans.show(found, verbose=False)


def _push(project: Project, files: Sequence[Path], source: str) -> None:
    from dougong.flow import read_files, take_in

    take_in(project, read_files(project, files, source), actor=_ACTOR)
    _work(project)
    _table(_rows(project))


def _work(project: Project) -> None:
    from dougong.flow import work

    with progress() as told:
        output.problems(work(project, progress=told))


def _rows(project: Project) -> list[dict[str, Any]]:
    with project.ledger.read() as connection:
        return lists.rows(connection)


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
            row.get("erp_number") or "–",
            words.money(row.get("total")),
            stage or words.state(row["state"]),
            style=words.state_style(row["state"]),
        )
    output.console().print(made)


def _free(project: Project) -> None:
    """Add the row that is missing, as an accountant would, and go on."""
    from dougong.accounting import missing_rows
    from dougong.ledger.causes import open_problems

    held = {row["delivery"] for row in _rows(project) if row["state"] == "held"}
    with project.ledger.read() as connection:
        worklist.show(worklist.causes(connection), title=False)
        missing = missing_rows(open_problems(connection))
    path = project.folder / _TABLE
    for row in missing:
        line = ",".join([row.keys["fee_type"], "*", "*", _ACCOUNT, "2020-01-01", "", ""])
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        number = len(path.read_text("utf-8-sig").splitlines())
        output.tell(say(f"  {path} 增加第 {number} 行:", f"  {path} gets row {number}:"))
        output.tell(f"    {line}")
    _work(project)
    _table([row for row in _rows(project) if row["delivery"] in held])


def _again(project: Project, files: Sequence[Path], source: str, running: Sequence[Any]) -> None:
    from dougong.flow import read_files, take_in

    before = [posting["id"] for sandbox in running for posting in sandbox.postings()]
    accepted = take_in(project, read_files(project, files, source), actor=_ACTOR)
    _work(project)
    after = [posting["id"] for sandbox in running for posting in sandbox.postings()]
    known = sum(item.outcome == "known" for item in accepted)
    output.tell(
        say(
            f"  {len(accepted)} 张单据, 其中 {known} 张已知且内容未变",
            f"  {len(accepted)} documents, {known} of them known and unchanged",
        )
    )
    output.tell(
        say(
            f"  ERP 中凭证 {len(before)} 张 → {len(after)} 张",
            f"  vouchers in the ERP: {len(before)} before, {len(after)} after",
        )
    )


def _next(stage: Stage) -> None:
    program, folder = _program(), shlex.quote(str(stage.folder))
    output.tell(
        say(
            "  沙箱已随演示停止; 在另一个终端重新启动 (账本还在):",
            "  The sandbox has stopped; start it again in another terminal (its ledger is kept):",
        )
    )
    for name, port in stage.ports.items():
        ledger = shlex.quote(str(stage.folder / f"sandbox-{name}.db"))
        output.tell(f"    {program} sandbox {name} --port {port} --ledger {ledger}")
    output.tell(say("  然后:", "  Then:"))
    documents = shlex.quote(str(stage.folder / "documents"))
    for command, meaning in (
        (f"status --project {folder}", say("送达清单与待办", "deliveries and what is to do")),
        (f"trace B26110001 --project {folder}", say("一张单据的全过程", "one document's whole way")),
        (f"rules explain B26110001 --project {folder}", say("每一行从何而来", "why each line is as it is")),
        (f"check --project {folder}", say("体检", "is all well?")),
        (f"push {documents}/*.json --source {stage.source} --project {folder}", say("再推一次", "push once more")),
    ):
        output.tell(f"    {program} {command}")
        output.tell(f"        {meaning}")


def _program() -> str:
    """How this program can be called again: by its name when it is on the path, else as it was."""
    called = Path(sys.argv[0])
    found = shutil.which("dougong")
    if called.name.startswith("dougong") and (found is None or Path(found).resolve() != called.resolve()):
        return shlex.quote(str(called))
    return "dougong"
