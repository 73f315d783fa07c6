"""GetSysReportData: balances of accounts (科目余额表) out of the ledger (kingdee.md §4; columns of public clients)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from attrs import frozen

from dougong_sdk.sandbox import Record

from .basedata import BaseData, Item
from .body import truth, whole_number
from .envelope import KingdeeError

__all__ = ["BALANCE_REPORT", "account_balances"]

BALANCE_REPORT = "GL_RPT_AccountBalance"
#: What a server says to a column that it does not have, and to all levels without full names.
_BAD_LAYOUT = "“totalWidth”要求非负数"


@frozen
class _Sums:
    """Debits and credits of one account before the asked periods, since the year began, and in them."""

    before: tuple[Decimal, Decimal]
    year: tuple[Decimal, Decimal]
    period: tuple[Decimal, Decimal]

    @property
    def end(self) -> Decimal:
        """Debits less credits up to the end."""
        return self.before[0] - self.before[1] + self.period[0] - self.period[1]


def _net(balance: Decimal) -> tuple[Decimal, Decimal]:
    return max(balance, Decimal(0)), max(-balance, Decimal(0))


_COLUMNS: Mapping[str, Callable[[Item, _Sums], Any]] = {
    "FBALANCEID": lambda account, _: account.code,
    "FBALANCENAME": lambda account, _: account.name,
    "FBEGINDEBITLOCAL": lambda _, sums: _net(sums.before[0] - sums.before[1])[0],
    "FBEGINCREDITLOCAL": lambda _, sums: _net(sums.before[0] - sums.before[1])[1],
    "FDEBITLOCAL": lambda _, sums: sums.period[0],
    "FCREDITLOCAL": lambda _, sums: sums.period[1],
    "FYTDDEBITLOCAL": lambda _, sums: sums.year[0],
    "FYTDCREDITLOCAL": lambda _, sums: sums.year[1],
    "FENDDEBITLOCAL": lambda _, sums: _net(sums.end)[0],
    "FENDCREDITLOCAL": lambda _, sums: _net(sums.end)[1],
}


def account_balances(data: Mapping[str, Any], vouchers: Iterable[Record], base: BaseData) -> dict[str, Any]:
    """The answer: rows of texts in the order of FieldKeys, summary accounts among them, and their total last.

    Nothing is posted in this sandbox, so only a question with FNOTPOSTVOUCHER finds vouchers.

    :raises KingdeeError: 8 for a book or a period that is missing, 4 for a layout that the server cannot draw, 12 for
        rows by dimension.
    """
    model = {str(key).upper(): value for key, value in dict(data.get("Model") or {}).items()}
    book, first, last = _asked(model, base)
    columns = [_COLUMNS.get(key.strip().upper()) for key in str(data.get("FieldKeys") or "").split(",")]
    level = whole_number(model.get("FBALANCELEVEL"), 1)
    if None in columns or (not level and not truth(model.get("FSHOWFULLNAME"))):
        raise KingdeeError(4, _BAD_LAYOUT)
    if truth(model.get("FSHOWDETAIL")):
        raise KingdeeError(12, "沙箱的科目余额表不提供核算维度明细")
    counted = [v for v in vouchers if v["book"] == book and not v["invalid"] and v["status"] != "Z"]
    lines = _lines(counted if truth(model.get("FNOTPOSTVOUCHER")) else [])
    rows = [
        [_text(column(account, sums)) for column in columns if column]
        for account in sorted(base.items("account").values(), key=lambda item: item.code)
        if not level or account.code.count(".") < level
        if any((sums := _sums(account, lines, first, last)).before + sums.year + sums.period)
    ]
    total = _sums(None, lines, first, last)
    rows.append([_text(column(_TOTAL, total)) for column in columns if column])
    start, limit = whole_number(data.get("StartRow")), whole_number(data.get("Limit"))
    return {
        "Result": {"IsSuccess": True, "RowCount": len(rows), "Rows": rows[start : start + limit if limit else None]}
    }


_TOTAL = Item("account", 0, "", "合计", {})


def _asked(model: Mapping[str, Any], base: BaseData) -> tuple[str, tuple[int, int], tuple[int, int]]:
    book = model.get("FACCTBOOKID")
    code = str(book.get("FNumber", "") if isinstance(book, Mapping) else "")
    first = whole_number(model.get("FSTARTYEAR")), whole_number(model.get("FSTARTPERIOD"))
    last = whole_number(model.get("FENDYEAR")), whole_number(model.get("FENDPERIOD"))
    if base.find("book", code) is None or not all((*first, *last)):
        raise KingdeeError(8, "请录入账簿与会计期间")
    return code, first, last


_Line = tuple[str, tuple[int, int], Decimal, Decimal]


def _lines(vouchers: Iterable[Record]) -> list[_Line]:
    return [
        (line["account"], (voucher["year"], voucher["period"]), Decimal(line["debit"]), Decimal(line["credit"]))
        for voucher in vouchers
        for line in voucher["lines"]
    ]


def _sums(account: Item | None, lines: list[_Line], first: tuple[int, int], last: tuple[int, int]) -> _Sums:
    """Of one account, a summary account with all below it; of all accounts when none is named."""

    def of(since: tuple[int, int], until: tuple[int, int]) -> tuple[Decimal, Decimal]:
        chosen = [line for line in lines if since <= line[1] < until and (account is None or _is_in(line[0], account))]
        return sum((line[2] for line in chosen), Decimal(0)), sum((line[3] for line in chosen), Decimal(0))

    after = (last[0], last[1] + 1)
    return _Sums(of((0, 0), first), of((last[0], 0), after), of(first, after))


def _is_in(code: str, account: Item) -> bool:
    summary = not account.row.get("detail", True)
    return code == account.code or (summary and code.startswith(f"{account.code}."))


def _text(value: Any) -> str:
    """Amounts with thousands marked and two places, nothing for zero, as the report's cells show them."""
    if not isinstance(value, Decimal):
        return str(value)
    return f"{value:,.2f}" if value else ""
