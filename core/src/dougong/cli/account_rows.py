"""What `reconcile --by account` says: what accounts moved in a period, in our ledger and in the ERP's balances."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from dougong.cli import output, places, words
from dougong.cli.language import say
from dougong.model.money import plain
from dougong.model.problems import Text

if TYPE_CHECKING:
    from dougong.flow import Project
    from dougong.model.codes import Codes
    from dougong.reconcile import AccountRow

__all__ = ["COLUMNS", "asking", "show"]

#: Of a file.
COLUMNS = ("connection", "period", "book", "account", "account_name", "dimensions")

_OTHERWISE = Text(
    "{0} 与发送的不同, 或已不在 ERP 中: 以 dougong show {1} 与 ERP 凭证对照, 在 ERP 中更正",
    "{0}: other than it was sent, or gone; compare dougong show {1} with the ERP's voucher and correct it there",
)
_NOT_LISTED = Text(
    "ERP 的余额不等于所列凭证之和: 检查连接用户能否看到全部凭证; 若正在录入, 稍后再对",
    "the ERP's balance is not the sum of the vouchers that it lists: may the user see all of them? If somebody is at"
    " work there, compare again later",
)
_IN_TRANSIT = Text("在途, ERP 尚未显示: dougong run", "on its way, the ERP does not show it yet: dougong run")


def asking(project: Project) -> Callable[[str, str], list[Mapping[str, Any]]]:
    """Compares account by account; (connection, period) → the objects of `--json` (interfaces.md §1).

    :raises CodeError: the code tables contradict themselves.
    """
    from dougong.flow.inputs import load_codes
    from dougong.reconcile import by_account

    codes = load_codes(project)

    @cache
    def codes_of(connection: str, book: str) -> Codes:
        return codes.for_scope(connection, f"{connection}/{book}")

    def ask(connection: str, period: str) -> list[Mapping[str, Any]]:
        def translate(table: str, book: str, ours: str, on: dt.date) -> str:
            return codes_of(connection, book).lookup(table, ours, on) or ours

        first = dt.date(int(period[:4]), int(period[5:]), 1)
        routes = [route for route in project.config.routes if route.connection == connection]
        books = {translate("account_book", route.book, route.book, first): route.book for route in routes}
        names = _names(project, connection)
        rows = by_account(project.ledger, project.door(connection), period, translate)
        return [_view(connection, row, books.get(row.book, row.book), names.get(row.account, "")) for row in rows]

    return ask


def _names(project: Project, connection: str) -> dict[str, str]:
    """What the ERP calls its accounts, as it last told."""
    from dougong.ledger import reference

    with project.ledger.read() as reading:
        return {record.code: record.name for record in reference.master_records(reading, connection, "account")}


def _view(connection: str, row: AccountRow, book: str, name: str) -> dict[str, Any]:
    return {
        "kind": "account",
        "connection": connection,
        "period": row.period,
        "book": book,
        "account": row.account,
        "account_name": name,
        "dimensions": dict(row.dimensions),
        "document": None,
        **_amounts(row),
        "verdict": row.verdict.value,
        "action": _action(row),
    }


def _amounts(row: AccountRow) -> dict[str, str]:
    """As many places in each as in any: 0.00 beside 318.00."""
    names = ("ours", "theirs", "difference", "in_transit", "not_ours")
    amounts: dict[str, Decimal] = {name: getattr(row, name) for name in names}
    scale = sum(amounts.values(), Decimal(0))
    return {name: plain(amount + scale - scale) for name, amount in amounts.items()}


def _action(row: AccountRow) -> str:
    texts = []
    if row.explains:
        vouchers = ", ".join(f"{one.erp_number or '–'} ({', '.join(one.documents)})" for one in row.explains)
        texts.append(say(_OTHERWISE.zh, _OTHERWISE.en).format(vouchers, row.explains[0].delivery))
    if not row.certain:
        texts.append(say(_NOT_LISTED.zh, _NOT_LISTED.en))
    if row.verdict == "missing":
        texts.append(say(_IN_TRANSIT.zh, _IN_TRANSIT.en))
    return "; ".join(texts)


def show(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print a table of all accounts, what to do about those that differ, and a count."""
    if not rows:
        output.tell(say("没有可比的科目。", "No accounts to compare."))
        return
    named = {name: heading for name, heading in _headings().items() if _said(name, rows)}
    where = places.columns(rows)
    with_dimensions = any(row["dimensions"] for row in rows)
    made = output.table(
        say("期间", "period"),
        *where.values(),
        say("科目", "account"),
        *([say("辅助核算", "dimensions")] if with_dimensions else []),
        *named.values(),
        say("结论", "verdict"),
    )
    for row in rows:
        of = [" ".join(f"{name}={code}" for name, code in row["dimensions"].items())] if with_dimensions else []
        cells = [row["period"], *places.cells(row, where), f"{row['account']} {row['account_name']}".strip(), *of]
        amounts = [words.money(row[name]) for name in named]
        made.add_row(*cells, *amounts, words.verdict(row["verdict"]), style=words.state_style(row["verdict"]))
    output.console().print(made)
    output.tell(say("  发生额, 借方减贷方, 本位币", "  what moved, debits less credits, functional currency"))
    differing = [row for row in rows if row["verdict"] != "matched"]
    told: dict[str, list[str]] = {}
    for row in differing:
        told.setdefault(row["action"], []).append(row["account"])
    for action, accounts in told.items():
        output.tell(f"  {', '.join(dict.fromkeys(accounts))}: {action}")
    matched = len(rows) - len(differing)
    output.tell(say(f"一致 {matched} · 有差异 {len(differing)}", f"{matched} matched · {len(differing)} to look at"))


def _headings() -> dict[str, str]:
    """Ours, those of others and the difference add up to theirs."""
    return {
        "ours": say(">账本", ">ours"),
        "not_ours": say(">非本系统", ">not ours"),
        "theirs": say(">ERP", ">theirs"),
        "difference": say(">差异", ">difference"),
        "in_transit": say(">在途", ">in transit"),
    }


def _said(name: str, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a column says anything: what others moved and what is on its way only where there is some."""
    return name not in ("not_ours", "in_transit") or any(words.money(row[name]).strip("0.") for row in rows)
