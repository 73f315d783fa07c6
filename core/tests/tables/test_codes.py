from __future__ import annotations

import datetime as dt

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dougong.tables.cells import TableFileError
from dougong.tables.codes import CodeError, CodeRow, CodeTable, diff, read_code_rows, write_code_rows

DAY = dt.date(2026, 11, 18)


def row(ours="6602.01", theirs="X", scope="*", table="account", **more):
    return CodeRow(table, scope, ours, theirs, **more)


def lookup(rows, ours="6602.01", on=DAY, scopes=("kd/A01", "kd")):
    return CodeTable.from_rows(rows).for_scope(*scopes).lookup("account", ours, on)


def test_a_code_without_a_row_has_no_translation():
    assert lookup([]) is None
    assert lookup([row("6602.02")]) is None
    assert CodeTable.from_rows([row()]).for_scope("kd").lookup("department", "6602.01", DAY) is None


def test_the_most_specific_scope_decides():
    everywhere, connection, book = row(theirs="1"), row(theirs="2", scope="kd"), row(theirs="3", scope="kd/A01")
    assert lookup([everywhere]) == "1"
    assert lookup([everywhere, connection]) == "2"
    assert lookup([book, everywhere, connection]) == "3"
    assert lookup([book, everywhere, connection], scopes=("kd", "kd/A01")) == "3"
    assert lookup([book, everywhere, connection], scopes=("kd/A02", "kd")) == "2"
    assert lookup([book, everywhere, connection], scopes=("u8",)) == "1"


def test_identity_only_where_the_table_says_so():
    assert lookup([row("*", "*")]) == "6602.01"
    assert lookup([row("*", "*"), row(theirs="X")]) == "X"
    assert lookup([row("*", "9999")]) == "9999"


def test_a_scope_is_asked_completely_before_the_next():
    assert lookup([row("*", "*", scope="kd"), row(theirs="X")]) == "6602.01"
    assert lookup([row("*", "Y"), row(theirs="X", scope="kd")]) == "X"
    assert lookup([row("*", "Y"), row(theirs="X", scope="kd")], ours="other") == "Y"


def test_rows_count_from_the_first_to_the_last_day_inclusive():
    rows = [
        row(theirs="A", valid_to=dt.date(2026, 10, 31)),
        row(theirs="B", valid_from=dt.date(2026, 11, 1), valid_to=dt.date(2026, 11, 30)),
    ]
    found = [
        lookup(rows, on=dt.date.fromisoformat(day)) for day in ("2000-01-01", "2026-10-31", "2026-11-01", "2026-11-30")
    ]
    assert found == ["A", "A", "B", "B"]
    assert lookup(rows, on=dt.date(2026, 12, 1)) is None
    assert lookup([*rows, row("*", "Z")], on=dt.date(2026, 12, 1)) == "Z"
    assert lookup([*rows, row(scope="kd", theirs="K", valid_to=dt.date(2026, 11, 17))]) == "B"


def test_rows_that_overlap_are_refused_with_both_numbers():
    with pytest.raises(CodeError) as caught:
        CodeTable.from_rows(
            [
                row(theirs="A", number=2, valid_to=dt.date(2026, 3, 31)),
                row(theirs="B", number=3, valid_from=dt.date(2026, 3, 31)),
                row(theirs="C", number=4, scope="kd"),
                row(theirs="D", number=5, valid_from=dt.date(2026, 5, 1), valid_to=dt.date(2026, 5, 31)),
            ]
        )
    assert [problem.code for problem in caught.value.problems] == ["CODE_ROWS_OVERLAP"] * 2
    assert "row 2 and 3" in caught.value.problems[0].message.en
    assert "第 3、5 行" in caught.value.problems[1].message.zh


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (row(theirs=""), "must all be filled in"),
        (row(ours=""), "must all be filled in"),
        (row(table=""), "must all be filled in"),
        (row(theirs="*"), r"theirs can be \* only where ours is \*"),
        (row(valid_from=DAY, valid_to=DAY - dt.timedelta(1)), "later than valid_to"),
    ],
)
def test_rows_that_are_wrong_by_themselves(wrong, words):
    with pytest.raises(CodeError, match=words):
        CodeTable.from_rows([wrong])


SCOPES = st.sampled_from(["*", "kd", "kd/A01", "u8"])
DAYS = st.none() | st.dates(dt.date(2026, 1, 1), dt.date(2026, 1, 12))
ROWS = st.builds(
    CodeRow,
    st.sampled_from(["account", "department"]),
    SCOPES,
    st.sampled_from(["a", "b", "*"]),
    st.sampled_from(["1", "2", "=3"]),
    DAYS,
    DAYS,
    st.sampled_from(["", "-1+1", "备注"]),
)


def consistent(rows):
    try:
        return CodeTable.from_rows(rows)
    except CodeError:
        return None


def plain_lookup(rows, ours, on):
    """The rule, written as a search through every scope."""
    for scope in ("kd/A01", "kd", "*"):
        for code in (ours, "*"):
            for found in rows:
                if (found.table, found.scope, found.ours) == ("account", scope, code) and found.valid(on):
                    return ours if found.theirs == "*" else found.theirs
    return None


@given(
    st.lists(ROWS, max_size=8),
    st.sampled_from(["a", "b", "c"]),
    st.dates(dt.date(2025, 12, 30), dt.date(2026, 1, 15)),
)
def test_a_lookup_is_what_the_rule_says(rows, ours, on):
    table = consistent(rows)
    if table is not None:
        assert table.for_scope("kd/A01", "kd").lookup("account", ours, on) == plain_lookup(rows, ours, on)


@given(st.lists(ROWS, max_size=5))
def test_rows_are_refused_exactly_when_two_count_on_one_day(rows):
    days = [dt.date(2025, 12, 31) + dt.timedelta(n) for n in range(14)]
    rows = [found for found in rows if not found.problems()]
    clash = any(
        first.key[:3] == second.key[:3] and any(first.valid(day) and second.valid(day) for day in days)
        for index, first in enumerate(rows)
        for second in rows[:index]
    )
    assert (consistent(rows) is None) == clash


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_file_gives_the_rows_back(tmp_path, suffix):
    rows = [
        row(),
        row("*", "*", scope="kd"),
        row(theirs="=1+1", scope="kd/A01", valid_from=DAY, note="-12.5 -a"),
        row(ours="0601", theirs="'x", table="部门", valid_to=DAY),
    ]
    path = tmp_path / f"codes.{suffix}"
    write_code_rows(rows, path)
    back = read_code_rows(path)
    assert back == rows
    assert [found.number for found in back] == [2, 3, 4, 5]


def test_the_ledger_gives_the_rows_back():
    for found in (row(), row(valid_from=DAY, valid_to=DAY, note="n")):
        assert CodeRow.from_ledger(found.to_ledger()) == found
        assert all(isinstance(cell, str) for cell in found.to_ledger())


def test_the_arrow_and_the_optional_columns_may_be_left_out():
    assert read_code_rows(b"table,ours,theirs\naccount,1,2\n") == [CodeRow("account", "*", "1", "2")]
    assert read_code_rows("table,scope,ours,→theirs\naccount,,1,2\n".encode()) == [CodeRow("account", "*", "1", "2")]


def test_every_mistake_of_a_file_is_told_with_its_row():
    with pytest.raises(CodeError) as caught:
        read_code_rows(b"table,ours,theirs,valid_from\naccount,,2,\naccount,1,*,\naccount,1,2,1.2.2026\n", "codes.csv")
    assert [problem.path for problem in caught.value.problems] == ["codes.csv:2", "codes.csv:3", "codes.csv:4"]
    assert "'1.2.2026' in valid_from is no date" in str(caught.value)


def test_unknown_and_missing_columns():
    with pytest.raises(TableFileError) as caught:
        read_code_rows(b"table,our,theirs\na,1,2\n", "codes.csv")
    words = str(caught.value)
    assert "unknown column our" in words
    assert "did you mean ours" in words
    assert "the column ours is missing" in words


def test_what_an_import_changes():
    kept, old, gone = row("1", "a"), row("2", "b"), row("3", "c")
    changed, added = attrs.evolve(old, theirs="B"), row("2", "b", valid_from=DAY)
    found = diff([kept, old, gone], [kept, changed, added])
    assert (found.added, found.changed, found.removed) == ((added,), ((old, changed),), (gone,))
    assert found
    assert not diff([kept], [attrs.evolve(kept, number=9)])
