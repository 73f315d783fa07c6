from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from dougong.mapping import compile_mapping
from dougong.model.bookings import Original, Voucher, VoucherLine
from dougong.tables.codes import CodeRow, CodeTable

HEAD = 'connector = "kingdee"\ntarget = "GL_VOUCHER"\nfrom = "voucher"\n'


@pytest.fixture
def compiled():
    """A compiled mapping from the part below its three head lines."""

    def make(body, path="mappings/kingdee/GL_VOUCHER.toml"):
        return compile_mapping(HEAD + body, path=path)

    return make


@pytest.fixture
def codes():
    rows = [
        CodeRow("account_book", "*", "A01", "001"),
        CodeRow("account", "*", "6602.01", "6602.01.001"),
        CodeRow("account", "*", "2241", "2241"),
        CodeRow("department", "*", "D02", "BM000002"),
    ]
    return CodeTable.from_rows(rows).for_scope("kingdee/A01", "kingdee")


@pytest.fixture
def voucher():
    lines = (
        VoucherLine(
            1,
            "D",
            "6602.01",
            Decimal("100.00"),
            "张三报差旅费 上海 B26110001",
            dimensions={"department": "D02"},
            sources=("l1", "l2"),
            original=Original("USD", Decimal("14.00"), Decimal("7.1")),
        ),
        VoucherLine(2, "C", "2241", Decimal("100.00"), "应付张三 B26110001"),
    )
    return Voucher("accrual", "C01", "A01", dt.date(2026, 11, 18), "2026-11", "记", "CNY", lines, ("B26110001",))
