"""Balances of accounts, out of the ERP's own report (科目余额表, GetSysReportData; kingdee.md §4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from dougong.hookspecs import Deadline
from dougong_kingdee.masterdata import pull
from dougong_kingdee.session import PAGE, KingdeeSession
from dougong_sdk.rest import BadAnswer

__all__ = ["read_balances"]

_COLUMNS = ("account", "debit", "credit")


def read_balances(period: str, session: KingdeeSession, deadline: Deadline) -> Iterator[Mapping[str, Any]]:
    """Debits and credits of a period, posted or not, of each account that takes lines, in each book that the user sees.

    The report's rows of summary accounts and its total are left out. It is asked for without dimensions: how it writes
    a combination of them is not documented.
    """
    accounts = {one.code for one in pull(("account",), session, deadline) if one.data.get("detail") is not False}
    for book in pull(("account_book",), session, deadline):
        for account, debit, credit in _rows(book.code, period, session, deadline):
            if str(account).strip() in accounts:
                yield {
                    "book": book.code,
                    "account": str(account).strip(),
                    "dimensions": {},
                    "debit": _amount(debit),
                    "credit": _amount(credit),
                }


def _rows(book: str, period: str, session: KingdeeSession, deadline: Deadline) -> Iterator[Sequence[Any]]:
    names, start = session.settings.balance_fields, 0
    question = {
        "FieldKeys": ",".join(names[name] for name in _COLUMNS),
        "SchemeId": session.settings.balance_scheme,
        "Limit": PAGE,
        "IsVerifyBaseDataField": True,
        "Model": _filters(book, period, names),
    }
    while True:
        rows = session.report(session.settings.balance_report, {**question, "StartRow": start}, len(_COLUMNS), deadline)
        yield from rows
        if len(rows) < PAGE:
            return
        start += len(rows)


def _filters(book: str, period: str, names: Mapping[str, str]) -> dict[str, Any]:
    year, number = period[:4], str(int(period[5:]))
    return {
        names["book"]: {"FNumber": book},
        names["currency"]: "0",  # all currencies, in the functional one
        names["start_year"]: year,
        names["start_period"]: number,
        names["end_year"]: year,
        names["end_period"]: number,
        names["level"]: "0",  # all levels; needs full names, or the server fails
        names["full_name"]: True,
        names["unposted"]: True,
    }


def _amount(cell: Any) -> str:
    """A cell as an exact text: thousands are marked with commas, nothing is zero."""
    text = str("" if cell is None else cell).replace(",", "").strip()
    try:
        return f"{Decimal(text or 0):f}"
    except InvalidOperation:
        raise BadAnswer(f"余额表的金额 {cell!r} 不是数字", f"an amount of the report is no number: {cell!r}") from None
