"""Exchange rates: the row of the day, or none."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from dougong.tables.decisions import TableError
from dougong.tables.files import read_table
from dougong.tables.rates import Rates

HEADER = "from,to,type,date,per,→rate,note\n"


def rates(text: str) -> Rates:
    return Rates.from_table(read_table((HEADER + text).encode(), "rates.csv"), "tables/rates.csv")


def test_month_start_is_the_first_of_the_month_without_fallback():
    table = rates("HKD,CNY,month_start,2026-11-01,1,0.9125,\nHKD,CNY,spot,2026-11-18,1,0.99,\n")
    assert table.find("HKD", "CNY", "month_start", dt.date(2026, 11, 18)).value == Decimal("0.9125")
    assert table.find("HKD", "CNY", "month_start", dt.date(2026, 12, 1)) is None
    assert table.find("CNY", "HKD", "month_start", dt.date(2026, 11, 18)) is None


def test_spot_is_that_day_only():
    table = rates("USD,CNY,spot,2026-11-17,1,7.1,\n")
    assert table.find("USD", "CNY", "spot", dt.date(2026, 11, 17)).row == 2
    assert table.find("USD", "CNY", "spot", dt.date(2026, 11, 18)) is None


def test_rates_are_per_unit_and_exact():
    found = rates("JPY,CNY,spot,2026-11-17,100,4.8712,\n").find("JPY", "CNY", "spot", dt.date(2026, 11, 17))
    assert found.value == Decimal("0.048712")


@pytest.mark.parametrize(
    "row",
    [
        "HKX,CNY,spot,2026-11-01,1,0.9,",
        "HKD,CNY,spot,,1,0.9,",
        "HKD,CNY,spot,2026-11-01,0,0.9,",
        "HKD,CNY,spot,2026-11-01,1,９,",
        "HKD,CNY,spot,2026-11-01,1,-1,",
        "HKD,CNY,month_start,2026-11-15,1,0.9,",
    ],
    ids=["currency", "date", "per", "full-width", "negative", "month-start"],
)
def test_what_is_no_rate_is_refused_with_its_row(row):
    with pytest.raises(TableError) as caught:
        rates(row + "\n")
    assert [(p.code, p.path) for p in caught.value.problems] == [("RATE_TABLE", "tables/rates.csv:2")]


def test_a_rate_that_stands_twice_is_refused():
    with pytest.raises(TableError, match="same rate as row 2"):
        rates("HKD,CNY,spot,2026-11-01,1,0.9,\nHKD,CNY,spot,2026-11-01,1,0.91,\n")


def test_a_missing_column_is_named():
    with pytest.raises(TableError, match="type"):
        Rates.from_table(read_table("from,to,date,per,→rate\n".encode(), "r.csv"), "r.csv")
