"""What several documents' lines become when they are added up (posting-rules.md §8)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from dougong.accounting import merge, owners
from dougong.model.bookings import Voucher, VoucherLine
from dougong.model.documents import SourceRef
from dougong.model.operations import Limits

FEE = {"keys": {"fee_type": "差旅费"}, "fact": "slices[1]"}


def part(number, note="", person="E001"):
    """A document's own voucher: a cost line that merges, a person's that does not."""
    cost = VoucherLine(1, "D", "6601.02", Decimal(100), f"{note}张三报 {number}", why=FEE, merges=True, note=note)
    owed = VoucherLine(2, "C", "2241.01", Decimal(100), f"{note}{number}", {"employee": person}, note=note)
    day = dt.date(2026, 11, 1)
    voucher = Voucher("accrual", "A01", "A01", day, "2026-11", "记", "CNY", (cost, owed), (number,))
    return SourceRef("s", "T", "expense", number), voucher


@pytest.mark.parametrize(
    ("notes", "begins"),
    [
        (("", ""), ""),
        (("[补2026-10]", "[补2026-10]"), "[补2026-10]"),
        (("", "[补2026-10]"), "[补2026-10]"),
        (("[补2026-10]", "[补2026-09]"), "[补2026-09][补2026-10]"),
    ],
)
def test_a_merged_line_keeps_every_note(notes, begins):
    whole = merge([part("R1", notes[0]), part("R2", notes[1])], Limits())
    assert (whole.lines[0].summary, whole.lines[0].note) == (f"{begins}差旅费 等2单 R1–R2", begins)
    short = merge([part("R1", notes[0]), part("R2", notes[1])], Limits(max_summary=len(begins) + 9))
    assert short.lines[0].summary == f"{begins}等2单 R1–R2", "what people look for stays"


def test_whose_line_it_is():
    parts = [part("R1"), part("R2", person="E002"), part("R3", person="E001")]
    whole = merge(parts, Limits())
    refs = [ref for ref, _ in parts]
    assert [owners(whole, at) for at in range(-1, 5)] == [[], refs, [refs[0]], [refs[1]], [refs[2]], []]
