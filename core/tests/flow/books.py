"""What the small ERP has booked, as sets of lines: side, account, amount."""

from __future__ import annotations

from decimal import Decimal

import flow_erp


def lines(body):
    """The lines of one voucher, order free."""
    return sorted((line["side"], line["account"], str(line["amount"])) for line in body["lines"])


def vouchers():
    """Every voucher, in the order in which it was booked."""
    return [lines(body) for body in flow_erp.BOOKED.values()]


def dates():
    """Their dates, in that order."""
    return [body["date"] for body in flow_erp.BOOKED.values()]


def balance(account):
    """Debits less credits of an account."""
    every = [line for body in flow_erp.BOOKED.values() for line in body["lines"] if line["account"] == account]
    return sum((line["amount"] * (1 if line["side"] == "D" else -1) for line in every), Decimal(0))
