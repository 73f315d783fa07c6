"""`reconcile`: our ledger beside the ERP's, document by document."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import rich_click as click

from dougong.cli import output, places, words
from dougong.cli.commands import summary
from dougong.cli.language import chosen, say
from dougong.cli.options import actor, common, opened, options
from dougong.cli.writing import writing
from dougong.model.money import plain
from dougong.model.problems import DougongError, Problem, Text

if TYPE_CHECKING:
    from dougong.flow import Project
    from dougong.reconcile import Row

__all__ = ["Failed", "compared", "reconcile", "show", "tell_failed", "view"]

_AMOUNTS = ("ours", "theirs", "difference", "in_transit", "not_ours")
#: Lists up to this length show what agrees, too.
_SHORT = 20

_ACTIONS: Mapping[str, Text] = {
    "matched": Text("", ""),
    "missing": Text(
        "ERP 中没有此凭证: 查明是否被删除, 再 resolve 或 cancel",
        "not in the ERP: find out who deleted it, then resolve or cancel",
    ),
    "amount": Text("金额不一致: 核对后在 ERP 中更正, 或 resolve", "amounts differ: correct it in the ERP, or resolve"),
    "currency": Text("币种不一致: 在 ERP 中更正", "currencies differ: correct it in the ERP"),
    "period": Text("期间不一致: 核对过账日期", "periods differ: look at the posting date"),
    "stage": Text("凭证被反审核或撤回: 在 ERP 中重新提交", "it went back a stage: submit it again in the ERP"),
    "doubled": Text("ERP 中有多张: 在 ERP 中删除多余的", "several in the ERP: delete the surplus ones there"),
    "edited": Text("凭证被改动: 在 ERP 中改回, 或 resolve", "it was edited: restore it in the ERP, or resolve"),
    "unknown_to_us": Text(
        "带有我方引用号而账本不认识: 是否换过账本?",
        "carries our reference but is not in this ledger: was the ledger replaced?",
    ),
}
_UNSENT: Mapping[str, Text] = {
    "held": Text("尚未发送 (挂起): dougong show {0}", "not sent yet (held): dougong show {0}"),
    "blocked": Text("尚未发送 (等待前序): dougong show {0}", "not sent yet (blocked): dougong show {0}"),
    "ready": Text("尚未发送: dougong run", "not sent yet: dougong run"),
    "rejected": Text("ERP 拒绝: 更正后 retry {0}", "the ERP refused it: correct it, then retry {0}"),
    "parked": Text("待人工处理: dougong show {0}", "a person decides: dougong show {0}"),
}


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
    type=click.Choice(["document"]),
    default="document",
    expose_value=False,
    help=say("逐单比较", "document by document"),
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help=say("写入 .xlsx .csv 或 .jsonl", "write to .xlsx, .csv or .jsonl"),
)
@actor
def reconcile(connection: str | None, period: str | None, out: Path | None, actor: str) -> int:
    """Compare, list, and note what a person did in the ERP; 2 when anything differs, 1 when an ERP cannot be listed."""
    if out is not None and out.suffix.lower() not in (".xlsx", ".csv", ".jsonl"):
        raise click.BadParameter(
            say("须以 .xlsx .csv 或 .jsonl 结尾", "has to end in .xlsx, .csv or .jsonl"), param_hint="--out"
        )
    from dougong.flow.telling import Teller

    with opened() as project:
        found, failed = compared(project, connection, period, actor)
        Teller(project).finish()  # sources hear of new numbers and stages
    rows = [view(name, row) for name, row in found]
    if rows or not failed:
        show(rows)
    tell_failed(failed)
    if out is not None:
        with writing(out):
            _write(out, rows)
    if failed:
        return 1
    return 2 if any(row["verdict"] != "matched" for row in rows) else 0


@attrs.frozen
class Failed:
    """A connection's period that could not be compared, and why; nothing was changed for it."""

    connection: str
    period: str
    problems: tuple[Problem, ...]


def compared(
    project: Project, connection: str | None, period: str | None, actor: str
) -> tuple[list[tuple[str, Row]], list[Failed]]:
    """Rows of every connection and period asked for, with the connection's name, and what could not be compared.

    An ERP that cannot be listed does not keep the others from being compared.

    :raises DougongError: there is no such connection.
    """
    from dougong.reconcile import step

    if connection is not None:
        project.config.connection(connection)
    found: list[tuple[str, Row]] = []
    failed: list[Failed] = []
    for name in (name for name in project.targets if connection in (None, name)):
        for one in [period] if period else _periods(project, name):
            try:
                found += [(name, row) for row in step(project.ledger, project.door(name), one, actor=actor)]
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


def view(connection: str, row: Row) -> dict[str, Any]:
    """The object of `reconcile --json` (interfaces.md §1)."""
    return {
        "kind": "document",
        "connection": connection,
        "period": row.period,
        "book": row.book,
        "account": None,
        "dimensions": None,
        "document": row.document,
        "delivery": row.delivery,
        "erp_number": row.erp_number,
        "ours": _amount(row.ours),
        "theirs": _amount(row.theirs),
        "difference": _amount(row.difference),
        "in_transit": _amount(row.in_transit),
        "not_ours": _amount(row.not_ours),
        "verdict": row.verdict.value,
        "action": _action(row),
    }


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else plain(amount)


def _action(row: Row) -> str:
    text = _UNSENT.get(row.detail) if row.verdict == "missing" else None
    text = text or _ACTIONS[row.verdict.value]
    changed = say(row.changed.zh, row.changed.en)
    return say(text.zh, text.en).format(row.delivery) + (f" ({changed})" if changed else "")


def show(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print it: JSON objects, or a table of what differs (of everything when that is short) and a count."""
    if options().json:
        for row in rows:
            output.emit(row)
        return
    differing = [row for row in rows if row["verdict"] != "matched"]
    where = places.columns(rows)
    made = output.table(
        say("期间", "period"),
        *where.values(),
        say("单据", "document"),
        say("凭证号", "voucher"),
        say(">账本", ">ours"),
        say(">ERP", ">theirs"),
        say(">差异", ">difference"),
        say("结论", "verdict"),
    )
    for row in rows if len(rows) <= _SHORT else differing:
        made.add_row(*_cells(row, where), style=words.state_style(row["verdict"]))
    if made.row_count:
        output.console().print(made)
    for row in differing:
        output.tell(f"  {row['document']}: {row['action']}")
    matched = len(rows) - len(differing)
    output.tell(say(f"一致 {matched} · 有差异 {len(differing)}", f"{matched} matched · {len(differing)} to look at"))


def _cells(row: Mapping[str, Any], where: Mapping[str, str]) -> list[str]:
    named = [row["period"] or "", *places.cells(row, where), row["document"], row["erp_number"] or ""]
    return [*named, *(words.money(row[name]) for name in _AMOUNTS[:3]), words.verdict(row["verdict"])]


def _write(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """The rows as a file; no cell can become a formula."""
    from dougong.formats import dumps
    from dougong.tables.files import Table, write_table

    if path.suffix.lower() == ".jsonl":
        path.write_text("".join(dumps(dict(row)) + "\n" for row in rows), encoding="utf-8")
        return
    columns = ("connection", "period", "book", "document", "delivery", "erp_number")
    header = (*columns, *_AMOUNTS, "verdict", "action")
    cells = [{name: row[name] or "" for name in header} for row in rows]
    write_table(Table.of(header, cells, "reconcile"), path)
