"""Reconciling one connection and period by account: ask and compare; nothing is noted in the ledger."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from dougong.formats import voucher_from_json
from dougong.ledger.store import Ledger
from dougong.model.bookings import VoucherLine
from dougong.model.postings import Posting, PostingLine
from dougong.plugins import Door
from dougong.reconcile.accounts import AccountRow, Balance, OurVoucher, balances_of, compare_accounts
from dougong.reconcile.both_sides import bookings_of, listed, ours_of
from dougong.reconcile.compare import Ours

__all__ = ["Translate", "by_account"]

#: (table, our book, our code, date) → what the ERP calls it: `account_book`, `account`, or a dimension.
Translate = Callable[[str, str, str, dt.date], str]


def by_account(ledger: Ledger, door: Door, period: str, translate: Translate) -> list[AccountRow]:
    """Compare what our vouchers move with the ERP's balances; where it tells none, with the sum of its vouchers.

    :param period: `2026-11`. :param translate: our codes into the ERP's.
    :returns: rows of the comparison, in the ERP's codes.
    :raises PluginError: the ERP cannot be listed.
    """
    session = door.open_session(door.call())
    try:
        with ledger.read() as connection:  # ours first, as in `step`
            ours = ours_of(connection, door.connection.name, period)
            bookings = bookings_of(connection, door.connection.name, period)
        postings = list(_of_period(listed(ours, door, session, period), period))
        balances: Iterable[Balance] = balances_of({one.erp_key: one for one in postings}.values())
        if door.supports("list_balances"):
            balances = [_balance(row) for row in door.list_balances(period, session, door.call())]
    finally:
        door.close_session(session)
    vouchers = [_voucher(one, bookings.get(one.delivery), translate) for one in ours]
    return compare_accounts(vouchers, postings, balances, period)


def _of_period(postings: Iterable[Posting], period: str) -> Iterator[Posting]:
    """What was found by another field may stand in another period by now."""
    return (one for one in postings if one.period in (None, period))


def _balance(row: Mapping[str, Any]) -> Balance:
    dimensions = {str(name): str(code) for name, code in (row.get("dimensions") or {}).items()}
    debit, credit = Decimal(row["debit"]), Decimal(row["credit"])
    return Balance(str(row["book"]), str(row["account"]), debit, credit, dimensions)


def _voucher(one: Ours, booking: str | None, translate: Translate) -> OurVoucher:
    if booking is None:  # it was never sent, or only its id is known
        return OurVoucher(one, "", None)
    voucher = voucher_from_json(json.loads(booking))
    on = voucher.posting_date
    lines = tuple(_line(line, voucher.book, on, translate) for line in voucher.lines)
    return OurVoucher(one, translate("account_book", voucher.book, voucher.book, on), None if one.accepted else lines)


def _line(line: VoucherLine, book: str, on: dt.date, translate: Translate) -> PostingLine:
    dimensions = {name: translate(name, book, code, on) for name, code in line.dimensions.items()}
    return PostingLine(line.side, translate("account", book, line.account, on), line.amount, dimensions=dimensions)
