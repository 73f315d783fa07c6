from __future__ import annotations

import pytest

from dougong.flow import Project
from dougong.ledger import reference
from dougong.model.problems import Problem
from dougong.tables.files import Table, read_table, write_table

TABLE = "tables/expense_account.csv"


def rows_of(path, *columns):
    return [tuple(row.cells[column] for column in columns) for row in read_table(path).rows]


@pytest.fixture
def sheet(run, folder, tmp_path):
    """Imports a sheet."""

    def call(text: str, *options: str, name: str = "sheet.csv"):
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return run("tables", "import", path, "--project", folder, "--json", *options)

    return call


def test_rows_are_added_and_replaced_and_the_others_stay(sheet, folder):
    before = rows_of(folder / TABLE, "fee_type", "department_kind", "→account")
    result = sheet(
        "table,fee_type,department_kind,project_kind,→account,valid_from,valid_to,note\n"
        "expense_account,培训费,*,*,6602.05,2020-01-01,,\n"
        "expense_account,办公费,*,*,6602.01,2020-01-01,,\n"
    )
    assert result.status == 0
    assert [(row["row"]["fee_type"], (row["before"] or {}).get("→account")) for row in result.rows] == [
        ("培训费", None),
        ("办公费", "6602.05"),
    ]
    after = rows_of(folder / TABLE, "fee_type", "department_kind", "→account")
    assert set(before) - set(after) == {("办公费", "*", "6602.05")}
    assert set(after) - set(before) == {("培训费", "*", "6602.05"), ("办公费", "*", "6602.01")}


def test_a_file_named_like_its_table_needs_no_column_for_it(sheet, folder):
    text = "fee_type,department_kind,project_kind,→account,valid_from\n培训费,*,*,6602.05,2020-01-01\n"
    assert sheet(text, name="expense_account.csv").status == 0
    assert sheet(text, "--table", "expense_account").rows == []
    assert sheet(text).status == 1
    assert ("培训费", "6602.05") in rows_of(folder / TABLE, "fee_type", "→account")


def test_a_dry_run_writes_nothing(sheet, folder):
    before = (folder / TABLE).read_bytes()
    result = sheet(
        "table,fee_type,department_kind,project_kind,→account\nexpense_account,培训费,*,*,6602\n", "--dry-run"
    )
    assert len(result.rows) == 1
    assert (folder / TABLE).read_bytes() == before


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("nonsense,培训费,*,*,6602,,", "TABLE_UNKNOWN"),
        ("expense_account,培训费,,*,6602,,", "TABLE_KEY_BLANK"),
        ("expense_account,培训费,*,*,6602,2026-13-01,", "TABLE_DATE"),
        ("expense_account,差旅费,*,研发,6699,2020-01-01,", "TABLE_TIE"),
    ],
)
def test_a_table_that_would_not_work_is_not_written(sheet, folder, line, code):
    before = (folder / TABLE).read_bytes()
    result = sheet(f"table,fee_type,department_kind,project_kind,→account,valid_from,valid_to\n{line}\n")
    assert result.status == 1
    assert code in result.err
    assert (folder / TABLE).read_bytes() == before


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_everything_exported_imports_without_a_change(run, folder, tmp_path, suffix):
    file = tmp_path / f"all.{suffix}"
    assert run("tables", "export", file, "--project", folder).status == 0
    before = {path: path.read_bytes() for path in (folder / "tables").iterdir()}
    result = run("tables", "import", file, "--project", folder, "--json")
    assert (result.status, result.rows) == (0, [])
    assert {path: path.read_bytes() for path in (folder / "tables").iterdir()} == before


@pytest.fixture
def missing(run, folder, deliver, unmapped, tmp_path):
    facts = {"fee_type": "培训费", "department_kind": "管理", "project_kind": ""}
    account = Problem.of("ACCOUNT_NOT_DETERMINED", "无", "none", table="expense_account", amount="800.00", **facts)
    deliver("B1", problems=[account, unmapped("D05")])
    file = tmp_path / "todo.xlsx"
    assert run("tables", "export", "--missing", file, "--project", folder).status == 0
    return file


def test_missing_rows_come_out_with_empty_results(missing):
    rows = [dict(row.cells) for row in read_table(missing).rows]
    assert [(row["table"], row["fee_type"], row["project_kind"], row["→account"], row["ours"]) for row in rows] == [
        ("expense_account", "培训费", "(empty)", "", ""),
        ("codes/department", "", "", "", "D05"),
    ]


def test_and_go_in_when_they_are_filled(run, missing, folder, tmp_path):
    table = read_table(missing)
    filled = [
        {**row.cells, "→account": "6602.05"} if row.cells["fee_type"] else {**row.cells, "→theirs": "BM5"}
        for row in table.rows
    ]
    write_table(Table.of(table.header, filled), missing)
    assert run("tables", "import", missing, "--project", folder).status == 0
    assert ("培训费", "管理", "(空)", "6602.05") in rows_of(
        folder / TABLE, "fee_type", "department_kind", "project_kind", "→account"
    )
    with Project(folder) as project:
        assert [row[:4] for row in project.ledger.look(reference.code_rows)] == [("department", "erp", "D05", "BM5")]


def test_rows_that_nobody_has_filled_in_are_left_out(run, missing, folder):
    before = (folder / TABLE).read_bytes()
    result = run("tables", "import", missing, "--project", folder, "--json")
    assert result.rows == []
    assert result.err.splitlines() == [
        "not filled in, left out: row 2: expense_account fee_type=培训费 department_kind=管理 project_kind=(empty)",
        "not filled in, left out: row 3: codes/department scope=erp ours=D05",
    ]
    assert (folder / TABLE).read_bytes() == before


# -- rows that are wrong ----------------------------------------------------------------------------------------------


def test_days_are_written_in_one_way(sheet, folder):
    header = "fee_type,department_kind,project_kind,→account,valid_from,valid_to\n"
    assert sheet(header + "办公费,*,*,6602.05,2020/1/1,2026/6/30\n", name="expense_account.csv").status == 0
    assert ("办公费", "2020-01-01", "2026-06-30") in rows_of(folder / TABLE, "fee_type", "valid_from", "valid_to")
    again = sheet(header + "办公费,*,*,6602.05,2020-1-1,2026-6-30\n", name="expense_account.csv")
    assert (again.status, again.rows) == (0, [])


def test_a_day_of_a_code_row_that_is_none_is_told(sheet):
    result = sheet("table,scope,ours,→theirs,valid_from\ncodes/department,*,D05,BM5,1/2/2026\n")
    assert result.status == 1
    assert "sheet.csv:2: '1/2/2026' in valid_from is no date that is certain" in result.err
    assert "2026/1/31" in result.err


@pytest.fixture
def tied(folder):
    """Two rows of the table contradict each other."""
    path = folder / TABLE
    text = path.read_text("utf-8-sig") + "办公费,*,*,6699,2020/1/1,,新\n"
    path.write_text(text, "utf-8")
    return path


def test_a_row_comes_in_beside_one_that_is_wrong_and_both_of_those_stay(sheet, tied):
    row = "培训费,*,*,6602.05,2020-01-01\n"
    assert sheet("fee_type,department_kind,project_kind,→account,valid_from\n" + row, "--table", "expense_account")
    accounts = [row[1] for row in rows_of(tied, "fee_type", "→account") if row[0] in ("办公费", "培训费")]
    assert accounts == ["6602.05", "6699", "6602.05"]


def test_a_row_that_comes_in_takes_the_place_of_both(sheet, tied, run, folder):
    row = "办公费,*,*,6602.01,2020-01-01\n"
    header = "fee_type,department_kind,project_kind,→account,valid_from\n"
    assert sheet(header + row, "--table", "expense_account").status == 0
    assert [row for row in rows_of(tied, "fee_type", "→account") if row[0] == "办公费"] == [("办公费", "6602.01")]


def checked(run, folder):
    rows = run("check", "--project", folder, "--json").rows
    return [row["message"] for row in rows if not row["ok"] and row["check"] != "routes"]


def test_check_and_rules_test_tell_them_with_both_rows(run, folder, tied):
    rates = "from,to,type,date,per,→rate\nHKD,CNY,spot,2026/11/1,1,0.9\nHKD,CNY,spot,2026-11-01,1,0.91\n"
    (folder / "tables" / "rates.csv").write_text(rates, "utf-8")
    tie, rate = checked(run, folder)
    assert "tables/expense_account.csv rows 10 and 11 are equally specific" in tie
    assert "tables/rates.csv rows 2 and 3 both give HKD→CNY spot 2026-11-01" in rate
    told = run("rules", "test", "--project", folder, "--json")
    assert told.status == 2
    assert [(row["file"], row["problems"][0]["code"]) for row in told.rows if row["case"] is None] == [
        ("tables/expense_account.csv", "TABLE_TIE"),
        ("tables/rates.csv", "RATE_TWICE"),
    ]
    assert "rows 10 and 11" in run("rules", "test", "--project", folder).err


def test_trace_and_status_look_past_files_that_are_wrong(run, folder, deliver):
    deliver("B1")
    (folder / "rules" / "a01.toml").write_text("nonsense\n", "utf-8")
    traced = run("trace", "B1", "--project", folder)
    assert traced.status == 0
    assert "D1" in traced.out
    assert "✗" in traced.err
    assert run("status", "--project", folder, "--json").rows[0]["documents"] == ["B1"]
