from __future__ import annotations

import datetime as dt
from decimal import Decimal

import attrs
import pytest

from dougong.expressions import Scope, compile_expression
from dougong.model.bookings import Original, Voucher, VoucherLine


@attrs.frozen
class Bearer:
    role: str
    share: Decimal | None = None
    account: str = ""

    def pay(self):
        return "paid"


@attrs.frozen
class Tax:
    confirmed: bool | None = None
    rate: Decimal = Decimal("0.06")


@pytest.fixture
def bearer():
    return Bearer


@pytest.fixture
def tax():
    return Tax


@pytest.fixture
def voucher():
    lines = (
        VoucherLine(1, "D", "6602.01", Decimal("100.00"), "差旅", dimensions={"department": "D02"}, sources=("1", "2")),
        VoucherLine(2, "D", "2221", Decimal("6.00"), original=Original("USD", Decimal("0.85"), Decimal("7.1"))),
        VoucherLine(3, "C", "2241", Decimal("106.00")),
    )
    return Voucher(
        "accrual",
        "C01",
        "A01",
        dt.date(2026, 11, 18),
        "2026-11",
        "记",
        "CNY",
        lines,
        ("B1", "B2"),
        extensions={"memo": "M"},
    )


@pytest.fixture
def evaluate(voucher):
    """The value of an expression about the sample voucher and its first line."""

    def run(text, line=0):
        scope = Scope.of(voucher=Voucher, line=VoucherLine)
        compiled = compile_expression(text, scope, filename="m.toml", line=7)
        return compiled(voucher=voucher, line=voucher.lines[line])

    return run
