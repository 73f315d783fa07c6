"""Exchange rates: the row of the day, or none."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from dougong.tables.decisions import TableError
from dougong.tables.files import read_table
from dougong.tables.rates import Rates

DAY = dt.date(2026, 11, 1)
HEADER = "from,to,type,date,per,→rate,note\n"


def rates(text: str) -> Rates:
    return Rates.from_table(read_table((HEADER + text).encode(), "rates.csv"), "tables/rates.csv")


def refusal(table: Rates, currency: str, kind: str):
    with pytest.raises(TableError) as caught:
        table.find(currency, "CNY", kind, DAY)
    return [problem.path for problem in caught.value.problems]


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
def test_what_is_no_rate_is_told_with_its_row(row):
    table = rates(row + "\nUSD,CNY,spot,2026-11-01,1,7.1,\n")
    assert [(p.code, p.path) for p in table.problems] == [("RATE_TABLE", "tables/rates.csv:2")]
    assert table.find("USD", "CNY", "spot", DAY).value == Decimal("7.1")
    if not row.startswith("HKX"):
        assert refusal(table, "HKD", row.split(",")[2]) == ["tables/rates.csv:2"]


def test_a_rate_that_stands_twice_stops_who_needs_it():
    table = rates("HKD,CNY,spot,2026-11-01,1,0.9,\nUSD,CNY,spot,2026/11/1,1,7.1,\nHKD,CNY,spot,2026/11/1,1,0.91,\n")
    (problem,) = table.problems
    assert (problem.code, problem.facts["first"], problem.facts["second"]) == ("RATE_TWICE", "2", "4")
    assert "rows 2 and 4 both give HKD→CNY spot 2026-11-01, with different rates: 0.9, 0.91" in problem.message.en
    assert "第 2 行与第 4 行" in problem.message.zh
    assert refusal(table, "HKD", "spot") == ["tables/rates.csv:4"]
    assert table.find("USD", "CNY", "spot", DAY).row == 3
    assert table.find("HKD", "CNY", "spot", dt.date(2026, 11, 2)) is None


def test_the_same_rate_may_stand_twice():
    table = rates("HKD,CNY,spot,2026-11-01,1,0.9,\nHKD,CNY,spot,2026-11-01,100,90,\n")
    assert (table.problems, table.find("HKD", "CNY", "spot", DAY).row) == ((), 2)


def test_a_rate_on_no_certain_day_stands_in_for_none():
    table = rates("HKD,CNY,spot,1/11/2026,1,0.9,\nHKD,CNY,spot,2026-11-01,1,0.91,\n")
    assert "'1/11/2026' in date is no date that is certain" in table.problems[0].message.en
    assert table.find("HKD", "CNY", "spot", DAY).value == Decimal("0.91")
    with pytest.raises(TableError, match="1/11/2026"):
        table.find("HKD", "CNY", "spot", dt.date(2026, 11, 2))
    assert table.find("HKD", "CNY", "month_start", DAY) is None


def test_a_missing_column_is_named():
    with pytest.raises(TableError, match="type"):
        Rates.from_table(read_table("from,to,date,per,→rate\n".encode(), "r.csv"), "r.csv")
