"""`tables todo`, `import`, `export`: the rows that decision tables lack, and their way in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import rich_click as click

from dougong.cli import output, trials, words
from dougong.cli.commands import summary
from dougong.cli.language import say
from dougong.cli.options import actor, common, opened, options
from dougong.cli.writing import writing
from dougong.model.money import plain

if TYPE_CHECKING:
    from dougong.cli.decision_files import Change, TodoRow, Update
    from dougong.flow import Impact, Project
    from dougong.tables.codes import CodeRow
    from dougong.tables.decisions import DecisionTable
    from dougong.tables.files import Row

__all__ = ["tables", "todo_rows"]


@click.group(help=summary("tables"))
@common
def tables() -> None:
    """Decision tables."""


@tables.command(
    help=say("缺少的行, 按值汇总, 附单数与金额。", "Rows that are missing, by value, with count and amount.")
)
@common
def todo() -> int:
    """List them; exit status 2 when there are any."""
    with opened() as project:
        rows = todo_rows(project)
    if options().json:
        for row in rows:
            amount = None if row.amount is None else plain(row.amount)
            output.emit({"table": row.table, "keys": dict(row.keys), "count": row.count, "amount": amount})
    elif not rows:
        output.tell(say("没有缺行。", "No row is missing."))
    else:
        _list(rows)
    return 2 if rows else 0


def _list(rows: list[TodoRow]) -> None:
    made = output.table(say("表", "table"), say("值", "values"), say(">项", ">count"), say(">金额", ">amount"))
    for row in rows:
        values = " ".join(f"{name}={value or say('(空)', '(empty)')}" for name, value in row.keys.items())
        made.add_row(row.table, values, str(row.count), words.money(row.amount))
    output.console().print(made)
    output.tell(
        say(
            "dougong tables export --missing FILE.xlsx 导出, 填写 → 列后 dougong tables import FILE.xlsx",
            "dougong tables export --missing FILE.xlsx, fill in the → columns, dougong tables import FILE.xlsx",
        )
    )


@tables.command(
    "import",
    help=say(
        "导入行: 同键的行被替换, 其余保留。", "Import rows: those of the same keys are replaced, the others stay."
    ),
)
@common
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--table", "only", metavar="NAME", help=say("单表文件所属的表", "the table of a file without the column `table`")
)
@click.option(
    "--dry-run",
    is_flag=True,
    help=say("只显示差异及其影响", "show what it would change and free, do nothing"),
)
@actor
def import_(file: Path, only: str | None, dry_run: bool, actor: str) -> int:
    """Check every table as it would be, show what changes, write the files."""
    from dougong.cli import decision_files
    from dougong.tables.files import read_table

    with opened() as project:
        known = _tables(project)
        sheet = read_table(file)
        parts = decision_files.split_sheet(sheet, only or _by_name(file, known), known)
        updates = [
            decision_files.update(project.folder, known[name], rows) for name, rows in parts.items() if name in known
        ]
        codes = _code_rows(sheet.name, {name: rows for name, rows in parts.items() if name not in known})
        imported = _codes(project, codes, actor=actor, dry_run=dry_run)
        changed = [one for one in updates if one.changes]
        impact = _impact(project, changed, codes) if dry_run else None
        if not dry_run:
            for one in changed:
                decision_files.write(project.folder, one)
            _note(project, {one.path: len(one.changes) for one in changed}, actor)
    for one in changed:
        for change in one.changes:
            _show(one.path, change)
    count = sum(len(one.changes) for one in changed) + imported
    if not options().json:
        tail = say(" (未写入)", " (nothing written)") if dry_run else ""
        output.tell(say(f"{count} 行变化{tail}", f"{count} rows change{tail}"))
    for row in decision_files.unfilled(sheet):
        output.note(say(f"未填写, 略过: {row}", f"not filled in, left out: {row}"))
    if impact is not None:
        trials.show_impact(impact)
    return 0


def _impact(project: Project, changed: Sequence[Update], codes: Sequence[CodeRow]) -> Impact | None:
    """What the rows would do to what was not sent; `None` when nothing waits or nothing changes."""
    from dougong.flow import compare_inputs, load_inputs, with_tables
    from dougong.ledger import reference
    from dougong.ledger.causes import held_documents, unsent_deliveries
    from dougong.tables.codes import CodeRow

    with project.ledger.read() as connection:
        waiting = unsent_deliveries(connection) or held_documents(connection)
    if not waiting or not (changed or codes):
        return None
    known = [CodeRow.from_ledger(row) for row in project.ledger.look(reference.code_rows)]
    merged = list({row.key: row for row in [*known, *codes]}.values())
    inputs = load_inputs(project)
    then = with_tables(project, inputs, {one.path: one.table for one in changed}, merged)
    return compare_inputs(project, inputs, then)


@tables.command(help=say("导出全部行, 或只导出缺少的行。", "Export every row, or the missing ones only."))
@common
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--missing",
    is_flag=True,
    help=say("只导出缺少的行, 结果列留空待填", "only rows that are missing, results left to be filled in"),
)
def export(file: Path, missing: bool) -> int:
    """Write one sheet for all tables; `import` reads it again."""
    from dougong.cli import decision_files
    from dougong.tables.files import write_table

    if file.suffix.lower() not in (".csv", ".xlsx"):
        raise click.BadParameter(say("须以 .csv 或 .xlsx 结尾", "has to end in .csv or .xlsx"), param_hint="FILE")
    with opened() as project:
        known = _tables(project)
        if missing:
            sheet = decision_files.missing_sheet(todo_rows(project), known)
        else:
            sheet = decision_files.all_rows(project.folder, known)
    with writing(file):
        write_table(sheet, file)
    if options().json:
        output.emit({"file": str(file), "rows": len(sheet.rows)})
    else:
        output.tell(say(f"已写入 {len(sheet.rows)} 行: {file}", f"{len(sheet.rows)} rows written to {file}"))
    return 0


def todo_rows(project: Project) -> list[TodoRow]:
    """Rows whose absence holds something: of decision tables, then of code tables."""
    from dougong.accounting import missing_rows
    from dougong.cli.decision_files import CODES, TodoRow
    from dougong.ledger.causes import open_problems

    with project.ledger.read() as connection:
        problems = list(open_problems(connection))
    rows = [TodoRow(row.table, row.keys, row.count, row.amount) for row in missing_rows(problems)]
    codes: dict[tuple[str, str, str], int] = {}
    for problem in problems:
        if problem.code == "CODE_UNMAPPED":
            facts = problem.facts
            key = (facts["table"], _scope(facts.get("scopes", "")), facts["code"])
            codes[key] = codes.get(key, 0) + 1
    for (table, scope, ours), count in codes.items():
        rows.append(TodoRow(CODES + table, {"scope": scope, "ours": ours}, count, None))
    return rows


def _scope(scopes: str) -> str:
    """The connection among the scopes that were searched."""
    names = [name for name in scopes.split(", ") if name and "/" not in name and name != "*"]
    return names[0] if names else "*"


def _tables(project: Project) -> dict[str, DecisionTable]:
    from dougong.cli.decision_files import tables_of
    from dougong.flow.inputs import rule_files

    return tables_of(rule_files(project))


def _by_name(file: Path, known: Mapping[str, Any]) -> str | None:
    return file.stem if file.stem in known else None


def _code_rows(file: str, parts: Mapping[str, Sequence[Row]]) -> list[CodeRow]:
    """Rows of code tables, by the names that they have in a sheet.

    :raises CodeError: with every row that is wrong.
    """
    from dougong.cli.decision_files import CODES
    from dougong.tables.codes import CodeError, read_code_row

    found, problems = [], []
    for name, rows in parts.items():
        for row in rows:
            cells = {column.removeprefix("→"): cell for column, cell in row.cells.items()}
            needed = {"ours": "", "theirs": "", **cells, "table": name.removeprefix(CODES)}
            made, wrong = read_code_row(needed, row.number)
            found.append(made)
            problems += [attrs.evolve(one, path=f"{file}:{row.number}") for one in wrong]
    if problems:
        raise CodeError(problems)
    return found


def _codes(project: Project, rows: list[CodeRow], *, actor: str, dry_run: bool) -> int:
    from dougong.cli.coding import import_rows, show

    if not rows:
        return 0
    found = import_rows(project, rows, actor=actor, dry_run=dry_run)
    show(found)
    return len(found.added) + len(found.changed)


def _note(project: Project, changed: Mapping[str, int], actor: str) -> None:
    from dougong.ledger import reference

    if changed:
        project.ledger.write(lambda tx: reference.note(tx, actor=actor, event="tables_imported", detail=changed))


def _show(path: str, change: Change) -> None:
    if options().json:
        output.emit(
            {"file": path, "row": dict(change.row), "before": None if change.before is None else dict(change.before)}
        )
        return
    cells = " ".join(f"{name}={cell}" for name, cell in change.row.items() if cell)
    sign, style = ("+", "green") if change.before is None else ("~", "yellow")
    output.tell(f"{sign} {path}: {cells}", style=style)
