"""Decision tables: what wins, what is refused."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from openpyxl import Workbook

from dougong.tables.decisions import DecisionTable, TableError
from dougong.tables.files import read_table

DAY = dt.date(2026, 11, 18)


def table(text: str) -> DecisionTable:
    return DecisionTable.from_table(read_table(text.encode(), "t.csv"), "t", "tables/t.csv")


def refusal(table: DecisionTable, **keys: str | None):
    with pytest.raises(TableError) as caught:
        table.lookup(keys, DAY)
    return [problem.path for problem in caught.value.problems]


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
def test_ties_are_told_with_both_rows(rows, first, second):
    (problem,) = table("fee,kind,→account,valid_from,valid_to\n" + rows).problems
    assert (problem.code, problem.facts["first"], problem.facts["second"]) == ("TABLE_TIE", first, second)
    assert f"第 {first} 行与第 {second} 行" in problem.message.zh


def test_rows_that_meet_with_equal_results_are_no_tie():
    rows = table("fee,kind,→deduct,note\n业务招待费,*,no,餐饮\n*,普票,no,普通\n")
    assert rows.lookup({"fee": "业务招待费", "kind": "普票"}, DAY).values == {"deduct": "no"}


def test_every_problem_of_a_table_is_told_with_its_row():
    codes = [
        (p.code, p.path)
        for p in table(
            "fee,→account,valid_from,valid_to\n,1,,\n差旅费,1,1.5.2026,\n费,1,2026-02-01,2026-01-01\n"
        ).problems
    ]
    assert codes == [
        ("TABLE_KEY_BLANK", "tables/t.csv:2"),
        ("TABLE_DATE", "tables/t.csv:3"),
        ("TABLE_DATE", "tables/t.csv:4"),
    ]


def test_a_table_without_arrow_is_refused():
    with pytest.raises(TableError, match="TABLE_COLUMNS"):
        table("fee,account\n差旅费,1\n")


def test_a_blank_line_is_no_row():
    assert len(list(table("fee,→account\n差旅费,1\n,\n").entries())) == 1


# -- days as people write them ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", ["2026-11-18", "2026/11/18"])
def test_days_are_read_as_excel_in_china_writes_them(day):
    rows = table(f"fee,→account,valid_from,valid_to\n差旅费,1,,{day}\n差旅费,2,2026/11/19,\n")
    assert rows.problems == ()
    found = [rows.lookup({"fee": "差旅费"}, DAY + dt.timedelta(days)).values["account"] for days in (0, 1)]
    assert found == ["1", "2"]
    early = table("fee,→account,valid_from\n差旅费,1,2026/1/2\n")
    assert early.lookup({"fee": "差旅费"}, dt.date(2026, 1, 1)) is None


def test_a_day_that_excel_keeps_as_a_day_is_read():
    book = Workbook()
    book.active.append(["fee", "→account", "valid_from"])
    book.active.append(["差旅费", "1", dt.date(2026, 11, 19)])
    file = io.BytesIO()
    book.save(file)
    rows = DecisionTable.from_table(read_table(file.getvalue(), "t.xlsx"), "t", "tables/t.xlsx")
    assert rows.problems == ()
    assert rows.lookup({"fee": "差旅费"}, DAY) is None


@pytest.mark.parametrize("day", ["1/2/2026", "2026/13/1", "2026-1/2", "2026.1.2", "20260102", "46023", "明天"])
def test_a_day_that_is_not_certain_is_told_with_file_row_and_column(day):
    (problem,) = table(f"fee,→account,valid_from\n差旅费,1,{day}\n").problems
    assert problem.code == "TABLE_DATE"
    assert problem.message.en == f"tables/t.csv row 2: {day!r} in valid_from is no date that is certain"
    assert problem.message.zh == f"tables/t.csv 第 2 行: valid_from 的 {day!r} 不是可确定的日期"
    assert "2026/1/31" in problem.hint.zh
    assert "isoformat" not in str(problem)


# -- rows that are wrong stop those alone who would be answered by them ----------------------------------------------


def test_a_tie_stops_who_fits_both_rows():
    rows = table("fee,kind,→account\n差旅费,*,1\n*,销售,2\n办公费,*,3\n")
    assert refusal(rows, fee="差旅费", kind="销售") == ["tables/t.csv:2"]
    assert rows.lookup({"fee": "差旅费", "kind": "管理"}, DAY).values["account"] == "1"
    assert rows.lookup({"fee": "培训费", "kind": "销售"}, DAY).values["account"] == "2"


def test_a_tie_on_another_day_stops_nobody():
    rows = table("fee,→account,valid_from,valid_to\n差旅费,1,,2026-06-30\n差旅费,2,2026-06-30,\n")
    assert len(rows.problems) == 1
    assert rows.lookup({"fee": "差旅费"}, DAY).values["account"] == "2"


def test_no_general_row_stands_in_for_one_that_is_wrong():
    rows = table("fee,kind,→account,valid_from\n*,*,9,\n差旅费,*,1,1/2/2026\n差旅费,销售,2,\n")
    assert refusal(rows, fee="差旅费", kind="管理") == ["tables/t.csv:3"]
    assert rows.lookup({"fee": "差旅费", "kind": "销售"}, DAY).values["account"] == "2"
    assert rows.lookup({"fee": "办公费", "kind": "管理"}, DAY).values["account"] == "9"


def test_a_blank_key_may_mean_any_value_or_none():
    rows = table("fee,kind,→account\n*,*,9\n差旅费,,1\n差旅费,销售,2\n")
    assert refusal(rows, fee="差旅费", kind="管理") == refusal(rows, fee="差旅费") == ["tables/t.csv:3"]
    assert rows.lookup({"fee": "差旅费", "kind": "销售"}, DAY).values["account"] == "2"
    assert rows.lookup({"fee": "办公费"}, DAY).values["account"] == "9"


def test_a_cell_that_cannot_be_read_may_be_any_value():
    content = "fee,kind,→account\n*,*,9\n差旅费,销\u200b售,1\n差旅费,研发,2\n".encode()
    rows = DecisionTable.from_table(read_table(content, "t.csv", strict=False), "t", "tables/t.csv")
    assert refusal(rows, fee="差旅费", kind="销售") == refusal(rows, fee="差旅费", kind="研发") == ["t.csv:3"]
    assert rows.lookup({"fee": "办公费", "kind": "销售"}, DAY).values["account"] == "9"
    assert [row.values["account"] for row in rows.decisions()] == ["9", "2"]


def test_a_comma_too_many_may_have_moved_every_cell():
    content = "fee,kind,→account\n*,*,9\n差旅费,,销售,1\n".encode()
    rows = DecisionTable.from_table(read_table(content, "t.csv", strict=False), "t", "tables/t.csv")
    assert refusal(rows, fee="办公费", kind="管理") == ["t.csv:3"]
