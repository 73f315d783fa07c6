"""`codes import` and `codes export`: code tables as people keep them, into the ledger and out of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from dougong.cli import output
from dougong.cli.commands import summary
from dougong.cli.language import say
from dougong.cli.options import actor, common, opened, options
from dougong.cli.table_names import unknown_scopes, unused_tables
from dougong.cli.writing import writing

if TYPE_CHECKING:
    from dougong.flow import Project
    from dougong.ledger.statements import Tx
    from dougong.model.problems import Problem
    from dougong.tables.codes import CodeDiff, CodeRow

__all__ = ["codes", "import_rows", "show"]


@click.group(help=summary("codes"))
@common
def codes() -> None:
    """Code tables."""


@codes.command(
    "import",
    help=say(
        "导入编码: 同键的行被替换, 其余保留。", "Import codes: rows of the same key are replaced, the others stay."
    ),
)
@common
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--dry-run", is_flag=True, help=say("只显示差异", "show the difference, do nothing"))
@click.option(
    "--replace",
    is_flag=True,
    help=say(
        "文件中出现的表与范围整体替换 (删除文件里没有的行)",
        "replace the tables and scopes of the file as a whole; rows that it lacks go",
    ),
)
@actor
def import_(file: Path, dry_run: bool, replace: bool, actor: str) -> int:
    """Check the whole result, show what changes, write it."""
    from dougong.tables.codes import read_code_rows

    with opened() as project:
        rows = read_code_rows(file)
        warnings = _judged_names(project, rows)
        found = import_rows(project, rows, actor=actor, dry_run=dry_run, replace=replace)
    show(found)
    output.problems(warnings)
    if not options().json:
        _say_done(found, dry_run=dry_run)
    return 0


@codes.command(help=say("导出编码。", "Export codes."))
@common
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--connection", metavar="C", help=say("只导出此连接的", "those of this connection only"))
def export(file: Path, connection: str | None) -> int:
    """Write the ledger's codes to a file that `import` reads again."""
    from dougong.ledger import reference
    from dougong.tables.codes import CodeRow, write_code_rows

    if file.suffix.lower() not in (".csv", ".xlsx"):
        raise click.BadParameter(say("须以 .csv 或 .xlsx 结尾", "has to end in .csv or .xlsx"), param_hint="FILE")
    with opened() as project:
        if connection is not None:
            project.config.connection(connection)
        known = map(CodeRow.from_ledger, project.ledger.look(reference.code_rows))
        rows = [row for row in known if connection in (None, row.scope.partition("/")[0])]
    with writing(file):
        write_code_rows(rows, file)
    if options().json:
        output.emit({"file": str(file), "rows": len(rows)})
    else:
        output.tell(say(f"已导出 {len(rows)} 行到 {file}", f"{len(rows)} rows written to {file}"))
    return 0


def import_rows(
    project: Project, rows: Sequence[CodeRow], *, actor: str, dry_run: bool = False, replace: bool = False
) -> CodeDiff:
    """Merge rows into the ledger's codes, audited; the whole result is checked before anything is written.

    :param replace: rows of the same tables and scopes that are not among `rows` are removed.
    :returns: what changes.
    :raises CodeError: rows that contradict each other or those that stay; `CODE_SCOPE_UNKNOWN`.
    """
    from dougong.ledger import reference
    from dougong.tables.codes import CodeError, CodeRow, CodeTable, diff

    if unknown := unknown_scopes(project, rows):
        raise CodeError(unknown)
    CodeTable.from_rows(rows)

    def merge(tx: Tx) -> CodeDiff:
        before = [CodeRow.from_ledger(row) for row in reference.code_rows(tx)]
        touched = {(row.table, row.scope) for row in rows}
        kept = [row for row in before if not replace or (row.table, row.scope) not in touched]
        after = list({row.key: row for row in [*kept, *rows]}.values())
        CodeTable.from_rows(after)
        found = diff(before, after)
        if found and not dry_run:
            written = [row.to_ledger() for row in after if (row.table, row.scope) in touched]
            reference.replace_codes(tx, written, actor=actor, removed=len(found.removed))
        return found

    return project.ledger.write(merge)


def _judged_names(project: Project, rows: Sequence[CodeRow]) -> list[Problem]:
    """What to say of tables that nobody looks into.

    :raises CodeError: `CODE_TABLE_UNKNOWN`, one is misspelt.
    """
    from dougong.tables.codes import CodeError

    unused = unused_tables(project, rows)
    if misspelt := [one.problem for one in unused if one.near]:
        raise CodeError(misspelt)
    return [one.problem for one in unused]


def show(found: CodeDiff) -> None:
    """Print what changes, one line or JSON object per row."""
    changes: Iterable[tuple[str, CodeRow, CodeRow | None]] = [
        *(("added", row, None) for row in found.added),
        *(("changed", after, before) for before, after in found.changed),
        *(("removed", row, None) for row in found.removed),
    ]
    for change, row, before in changes:
        table, scope, ours, theirs, valid_from, valid_to, note = row.to_ledger()
        if options().json:
            days = {"valid_from": valid_from, "valid_to": valid_to, "note": note}
            was = before.theirs if before else None
            output.emit(
                {
                    "change": change,
                    "table": table,
                    "scope": scope,
                    "ours": ours,
                    "theirs": theirs,
                    "before": was,
                    **days,
                }
            )
            continue
        sign, style = {"added": ("+", "green"), "changed": ("~", "yellow"), "removed": ("-", "red")}[change]
        was = f"{before.theirs} → " if before and before.theirs != theirs else ""
        limits = f"  [{valid_from or '…'} – {valid_to or '…'}]" if valid_from or valid_to else ""
        output.tell(f"{sign} {table} / {scope}: {ours} = {was}{theirs}{limits}", style=style)


def _say_done(found: CodeDiff, *, dry_run: bool) -> None:
    counts = len(found.added), len(found.changed), len(found.removed)
    if not found:
        output.tell(say("无变化。", "Nothing changes."))
        return
    zh, en = "新增 {} · 修改 {} · 删除 {}", "{} added · {} changed · {} removed"
    what = say(zh, en).format(*counts)
    tail = (
        say(" (未写入)", " (nothing written)")
        if dry_run
        else say("; dougong run 放行挂起的单据", "; dougong run frees what is held")
    )
    output.tell(what + tail)
