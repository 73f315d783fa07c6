"""Decision tables: what wins, what is refused."""

from __future__ import annotations

import datetime as dt

import pytest

from dougong.tables.decisions import DecisionTable, TableError
from dougong.tables.files import read_table

DAY = dt.date(2026, 11, 18)


def table(text: str) -> DecisionTable:
    return DecisionTable.from_table(read_table(text.encode(), "t.csv"), "t", "tables/t.csv")


def refusal(text: str):
    with pytest.raises(TableError) as caught:
        table(text)
    return caught.value.problems


def test_more_named_keys_win_whatever_the_order():
    found = table("fee,kind,→account\n*,*,9\n差旅费,*,1\n差旅费,销售,2\n").lookup(
        {"fee": "差旅费", "kind": "销售"}, DAY
    )
    assert (found.values, found.row) == ({"account": "2"}, 4)


@pytest.mark.parametrize(
    ("kind", "account"), [("管理", "1"), ("", "1"), (None, "1")], ids=["another value", "blank", "none"]
)
def test_star_fits_anything(kind, account):
    rows = table("fee,kind,→account\n差旅费,*,1\n差旅费,销售,2\n")
    assert rows.lookup({"fee": "差旅费", "kind": kind}, DAY).values["account"] == account


def test_a_full_width_star_is_a_star():
    assert table("fee,kind,→account\n差旅费,＊,1\n").lookup({"fee": "差旅费"}, DAY).values["account"] == "1"


def test_no_value_is_a_value_of_its_own():
    rows = table("fee,kind,→account\n差旅费,(空),1\n差旅费,*,2\n")
    assert rows.lookup({"fee": "差旅费"}, DAY).values["account"] == "1"
    assert rows.lookup({"fee": "差旅费", "kind": "销售"}, DAY).values["account"] == "2"


def test_no_row_is_none():
    assert table("fee,→account\n差旅费,1\n").lookup({"fee": "培训费"}, DAY) is None


def test_validity_dates_are_inclusive_and_need_not_be_given():
    rows = table("fee,→account,valid_from,valid_to\n差旅费,1,,2026-06-30\n差旅费,2,2026-07-01,\n")
    days = {"1990-01-01": "1", "2026-06-30": "1", "2026-07-01": "2", "2090-01-01": "2"}
    for day, account in days.items():
        assert rows.lookup({"fee": "差旅费"}, dt.date.fromisoformat(day)).values["account"] == account
    gap = table("fee,→account,valid_from,valid_to\n差旅费,1,2026-01-01,2026-06-30\n")
    assert gap.lookup({"fee": "差旅费"}, dt.date(2026, 7, 1)) is None


def test_an_expired_specific_row_leaves_the_general_one():
    rows = table("fee,kind,→account,valid_from,valid_to\n差旅费,销售,2,,2025-12-31\n差旅费,*,1,,\n")
    assert rows.lookup({"fee": "差旅费", "kind": "销售"}, DAY).values["account"] == "1"


def test_only_the_first_result_needs_the_arrow_and_notes_are_no_result():
    rows = table("fee,kind,→deduct,sap_tax_code,note\n差旅费,专票,yes,J6,六\n")
    assert (rows.keys, rows.results) == (("fee", "kind"), ("deduct", "sap_tax_code"))


@pytest.mark.parametrize(
    ("rows", "first", "second"),
    [
        ("差旅费,*,1,,\n差旅费,*,2,,\n", "2", "3"),
        ("差旅费,*,1,,\n*,销售,2,,\n", "2", "3"),
        ("办公费,*,9,,\n差旅费,销售,1,,2026-06-30\n差旅费,销售,2,2026-06-30,\n", "3", "4"),
    ],
    ids=["same keys", "different keys that meet", "one common day"],
)
def test_ties_are_refused_with_both_rows(rows, first, second):
    (problem,) = refusal("fee,kind,→account,valid_from,valid_to\n" + rows)
    assert (problem.code, problem.facts["first"], problem.facts["second"]) == ("TABLE_TIE", first, second)
    assert f"第 {first} 行与第 {second} 行" in problem.message.zh


def test_rows_that_meet_with_equal_results_are_no_tie():
    rows = table("fee,kind,→deduct,note\n业务招待费,*,no,餐饮\n*,普票,no,普通\n")
    assert rows.lookup({"fee": "业务招待费", "kind": "普票"}, DAY).values == {"deduct": "no"}


def test_every_problem_of_a_table_is_told_with_its_row():
    codes = [
        (p.code, p.path)
        for p in refusal("fee,→account,valid_from,valid_to\n,1,,\n差旅费,1,1.5.2026,\n费,1,2026-02-01,2026-01-01\n")
    ]
    assert codes == [
        ("TABLE_KEY_BLANK", "tables/t.csv:2"),
        ("TABLE_DATE", "tables/t.csv:3"),
        ("TABLE_DATE", "tables/t.csv:4"),
    ]


def test_a_table_without_arrow_is_refused():
    assert [p.code for p in refusal("fee,account\n差旅费,1\n")] == ["TABLE_COLUMNS"]


def test_a_blank_line_is_no_row():
    assert len(list(table("fee,→account\n差旅费,1\n,\n").entries())) == 1
