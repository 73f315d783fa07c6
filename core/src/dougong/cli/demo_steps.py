"""What the demos have in common: a project, documents, work, tables, and what to try next."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import rich_click as click

from dougong.cli import lists, output, worklist
from dougong.cli.language import say
from dougong.cli.products import Examples
from dougong.cli.progress import progress

if TYPE_CHECKING:
    from dougong.flow import Project

__all__ = ["ACTOR", "Stage", "again", "head", "make", "next_steps", "pushed", "rows", "supply_rows", "work"]

ACTOR = "demo"
#: The account of the row that frees what is held; the example rules book office costs to it.
_ACCOUNT = "6602.05"
_TABLE = "tables/expense_account.csv"


@attrs.frozen
class Stage:
    """Where the story takes place.

    :param folder: the project's folder, to be made. :param ports: product → port of its sandbox.
    :param source: connector of the example documents.
    :param other: product that keeps the book of a second entity, if any.
    """

    folder: Path
    ports: Mapping[str, int]
    source: str
    examples: Examples
    other: str | None = None


def head(text: str) -> None:
    """The title of a step."""
    output.tell()
    click.secho(f"── {text}", bold=True)


def make(stage: Stage) -> list[Path]:
    """Make the project and say what is in it; returns the example documents, copied into it to be tried by hand."""
    from dougong.cli.project_files import Wanted, make_project

    head(say("新建项目", "A project is made"))
    wanted = [Wanted(name, f"http://127.0.0.1:{port}") for name, port in stage.ports.items()]
    make_project(stage.folder, wanted, actor=ACTOR, other=stage.other)
    output.tell(f"  {stage.folder}{'/' if stage.folder.name else ''}")
    for name, meaning in (
        ("dougong.toml", say("连接与路由", "connections and routes")),
        ("rules/ tables/", say("会计维护: 入账规则与决策表", "for the accountant: posting rules, decision tables")),
        ("mappings/ codes/", say("实施维护: 字段映射与编码对照", "for the integrator: field mapping, codes")),
        ("documents/", say("费用系统给出的单据 (示例)", "documents as the expense system gives them (examples)")),
    ):
        output.tell(f"    {name:18} {meaning}")
    folder = stage.folder / "documents"
    folder.mkdir()
    return [Path(shutil.copyfile(path, folder / path.name)) for path in stage.examples.files()]


def pushed(project: Project, files: Sequence[Path], source: str | None) -> list[Any]:
    """Accept files and work until everything rests; what became of each document."""
    from dougong.flow import read_files, take_in

    accepted = take_in(project, read_files(project, files, source), actor=ACTOR)
    work(project)
    return accepted


def work(project: Project) -> None:
    """Work until everything rests."""
    from dougong.flow import work as until_all_rests

    with progress() as told:
        output.problems(until_all_rests(project, progress=told))


def rows(project: Project) -> list[dict[str, Any]]:
    """Deliveries and documents as lists show them."""
    with project.ledger.read() as connection:
        return lists.rows(connection)


def supply_rows(project: Project) -> set[str | None]:
    """Add the rows that are missing, as an accountant would, and go on; returns what was held."""
    from dougong.accounting import missing_rows
    from dougong.ledger.causes import open_problems

    held = {row["delivery"] for row in rows(project) if row["state"] == "held"}
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
    work(project)
    return held


def again(project: Project, files: Sequence[Path], source: str, running: Sequence[Any]) -> None:
    """Push the same files once more and count what that changes: nothing."""
    before = [posting["id"] for sandbox in running for posting in sandbox.postings()]
    accepted = pushed(project, files, source)
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


def next_steps(stage: Stage) -> None:
    """How to go on by hand."""
    head(say("接下来可以试试", "What to try next"))
    program, folder = _program(), shlex.quote(str(stage.folder))
    output.tell(
        say(
            "  沙箱已随演示停止; 在另一个终端重新启动 (账本还在):",
            "  The sandbox has stopped; start it again in another terminal (its ledger is kept):",
        )
        if len(stage.ports) == 1
        else say(
            "  沙箱已随演示停止; 各在一个终端重新启动 (账本还在):",
            "  The sandboxes have stopped; start each again in a terminal (their ledgers are kept):",
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
