"""`reconcile`: our ledger beside the ERP's, document by document or account by account."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import rich_click as click

from dougong.cli import account_rows, document_rows, output
from dougong.cli.commands import summary
from dougong.cli.language import chosen, say
from dougong.cli.options import actor, common, opened, options
from dougong.cli.writing import writing
from dougong.model.problems import DougongError, Problem, Text

if TYPE_CHECKING:
    from dougong.flow import Project

__all__ = ["Failed", "compared", "documents", "reconcile", "tell_failed"]

_AMOUNTS = ("ours", "theirs", "difference", "in_transit", "not_ours")

Row = Mapping[str, Any]
#: (connection, period) → the objects of `reconcile --json`.
Ask = Callable[[str, str], Iterable[Row]]


def _is_period(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Nothing would be compared for what is no period, and nothing would differ."""
    if value is None or re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", value, re.ASCII):
        return value
    raise click.BadParameter(
        say(f"{value!r} 不是期间, 写成 YYYY-MM, 如 2026-11", f"{value!r} is no period; write YYYY-MM, e.g. 2026-11"),
        context,
        parameter,
    )


@click.command(help=summary("reconcile"))
@common
@click.option("--connection", metavar="C", help=say("只对此连接", "this connection only"))
@click.option(
    "--period",
    metavar="YYYY-MM",
    callback=_is_period,
    help=say("只对此期间; 缺省为所有有送达的期间", "this period only; by default every period with deliveries"),
)
@click.option(
    "--by",
    type=click.Choice(["document", "account"]),
    default="document",
    help=say("逐单或按科目", "document by document, or account by account"),
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help=say("写入 .xlsx .csv 或 .jsonl", "write to .xlsx, .csv or .jsonl"),
)
@actor
def reconcile(connection: str | None, period: str | None, by: str, out: Path | None, actor: str) -> int:
    """Compare and list; 2 when anything differs, 1 when an ERP cannot be listed.

    By document, what a person did in the ERP is noted in the ledger.
    """
    if out is not None and out.suffix.lower() not in (".xlsx", ".csv", ".jsonl"):
        raise click.BadParameter(
            say("须以 .xlsx .csv 或 .jsonl 结尾", "has to end in .xlsx, .csv or .jsonl"), param_hint="--out"
        )
    from dougong.flow.telling import Teller

    rows_of = account_rows if by == "account" else document_rows
    with opened() as project:
        ask = account_rows.asking(project) if by == "account" else documents(project, actor)
        rows, failed = compared(project, connection, period, ask)
        if by == "document":
            Teller(project).finish()  # sources hear of new numbers and stages
    if options().json:
        for row in rows:
            output.emit(row)
    elif rows or not failed:
        rows_of.show(rows)
    tell_failed(failed)
    if out is not None:
        with writing(out):
            _write(out, rows, rows_of.COLUMNS)
    if failed:
        return 1
    return 2 if any(row["verdict"] != "matched" for row in rows) else 0


def documents(project: Project, actor: str) -> Ask:
    """Compares document by document."""
    from dougong.reconcile import step

    def ask(connection: str, period: str) -> list[Row]:
        rows = step(project.ledger, project.door(connection), period, actor=actor)
        return [document_rows.view(connection, row) for row in rows]

    return ask


@attrs.frozen
class Failed:
    """A connection's period that could not be compared, and why; nothing was changed for it."""

    connection: str
    period: str
    problems: tuple[Problem, ...]


def compared(project: Project, connection: str | None, period: str | None, ask: Ask) -> tuple[list[Row], list[Failed]]:
    """Rows of every connection and period asked for, and what could not be compared.

    An ERP that cannot be listed does not keep the others from being compared.

    :raises DougongError: there is no such connection.
    """
    if connection is not None:
        project.config.connection(connection)
    found: list[Row] = []
    failed: list[Failed] = []
    for name in (name for name in project.targets if connection in (None, name)):
        for one in [period] if period else _periods(project, name):
            try:
                found += ask(name, one)
            except DougongError as error:
                failed.append(Failed(name, one, tuple(_placed(problem, name, one) for problem in error.problems)))
    return found, failed


def _placed(problem: Problem, connection: str, period: str) -> Problem:
    """The problem with connection and period, and with what to do where the ERP's answer does not say it."""
    message = Text(
        f"连接 {connection} 期间 {period} 无法对账: {problem.message.zh}",
        f"{connection}, period {period} cannot be compared: {problem.message.en}",
    )
    again = f"dougong reconcile --connection {connection} --period {period}"
    hint = (
        problem.hint
        if problem.hint.en
        else Text(
            f"以 dougong check {connection} 检查连接, 然后再次运行 {again}",
            f"look at the connection with dougong check {connection}, then run {again} again",
        )
    )
    return attrs.evolve(problem.at(f"connections.{connection}"), message=message, hint=hint)


def tell_failed(failed: Sequence[Failed]) -> None:
    """Say what could not be compared: for programs as objects on standard output, for people on standard error."""
    for one in failed:
        if options().json:
            from dougong.ledger.views import problem_view

            problems = [problem_view(problem, chosen()) for problem in one.problems]
            output.emit({"kind": "failed", "connection": one.connection, "period": one.period, "problems": problems})
        output.problems(one.problems)


def _periods(project: Project, connection: str) -> list[str]:
    from sqlalchemy import select

    from dougong.ledger.schema import delivery as table

    query = select(table.c.period).where(table.c.connection == connection, table.c.period.is_not(None))
    with project.ledger.read() as reading:
        return sorted(reading.execute(query.distinct()).scalars())


def _write(path: Path, rows: Sequence[Row], columns: Sequence[str]) -> None:
    """The rows as a file; no cell can become a formula."""
    from dougong.formats import dumps
    from dougong.tables.files import Table, write_table

    if path.suffix.lower() == ".jsonl":
        path.write_text("".join(dumps(dict(row)) + "\n" for row in rows), encoding="utf-8")
        return
    header = (*columns, *_AMOUNTS, "verdict", "action")
    write_table(Table.of(header, [{name: _cell(row[name]) for name in header} for row in rows], "reconcile"), path)


def _cell(value: Any) -> str:
    return " ".join(f"{name}={code}" for name, code in value.items()) if isinstance(value, Mapping) else value or ""
