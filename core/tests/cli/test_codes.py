from __future__ import annotations

import pytest

from dougong.flow import Project
from dougong.ledger import reference


@pytest.fixture
def codes(run, folder, tmp_path):
    """Imports rows: table, ours, theirs."""

    def call(text: str, *options: str):
        path = tmp_path / "codes.csv"
        path.write_text("table,scope,ours,→theirs,valid_from,valid_to,note\n" + text, "utf-8")
        return run("codes", "import", path, "--project", folder, "--json", *options)

    return call


def known(folder):
    with Project(folder) as project:
        rows = project.ledger.look(reference.code_rows)
    return {(table, scope, ours): theirs for table, scope, ours, theirs, *_ in rows}


def test_rows_of_the_same_key_are_replaced_and_the_others_stay(codes, folder):
    codes("department,erp,D01,100,,,\ndepartment,erp,D02,200,,,\nemployee,erp,E1,1,,,\n")
    result = codes("department,erp,D02,201,,,\ndepartment,erp,D03,300,,,\n")
    assert result.status == 0
    assert [(row["change"], row["ours"], row["before"], row["theirs"]) for row in result.rows] == [
        ("added", "D03", None, "300"),
        ("changed", "D02", "200", "201"),
    ]
    assert known(folder) == {
        ("department", "erp", "D01"): "100",
        ("department", "erp", "D02"): "201",
        ("department", "erp", "D03"): "300",
        ("employee", "erp", "E1"): "1",
    }


def test_replace_removes_what_the_file_lacks_in_its_tables_and_scopes(codes, folder):
    codes("department,erp,D01,100,,,\ndepartment,other,D01,900,,,\nemployee,erp,E1,1,,,\n")
    result = codes("department,erp,D02,200,,,\n", "--replace")
    assert [(row["change"], row["ours"]) for row in result.rows] == [("added", "D02"), ("removed", "D01")]
    assert known(folder) == {
        ("department", "other", "D01"): "900",
        ("employee", "erp", "E1"): "1",
        ("department", "erp", "D02"): "200",
    }


def test_a_dry_run_writes_nothing(codes, folder):
    result = codes("department,erp,D01,100,,,\n", "--dry-run")
    assert [row["change"] for row in result.rows] == ["added"]
    assert known(folder) == {}


def test_rows_that_contradict_each_other_or_what_stays_are_refused(codes, folder):
    codes("department,erp,D01,100,2026-01-01,,\n")
    twice = codes("department,erp,D05,1,,,\ndepartment,erp,D05,2,,,\n")
    assert (twice.status, twice.out) == (1, "")
    overlap = codes("department,erp,D01,200,2026-06-01,,\n")
    assert overlap.status == 1
    assert "CODE_ROWS_OVERLAP" in overlap.err
    assert known(folder) == {("department", "erp", "D01"): "100"}


def test_an_import_is_audited_and_moves_the_inputs(codes, run, folder):
    codes("department,erp,D01,100,,,\n", "--actor", "wang")
    with Project(folder) as project:
        assert project.ledger.look(reference.input_version) == "1"
    assert run("audit", "verify", "--project", folder).status == 0


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_what_is_exported_imports_without_a_change(codes, run, folder, tmp_path, suffix):
    codes("department,erp,0601,=1+1,2026-01-01,2026-12-31,注\ndepartment,*,D02,200,,,\n")
    file = tmp_path / f"out.{suffix}"
    assert run("codes", "export", file, "--project", folder, "--json").rows == [{"file": str(file), "rows": 2}]
    again = run("codes", "import", file, "--project", folder, "--replace", "--json")
    assert (again.status, again.rows) == (0, [])


def test_export_to_something_else_is_refused(run, folder, tmp_path):
    assert run("codes", "export", tmp_path / "x.pdf", "--project", folder).status == 1


def test_export_of_an_unknown_connection_is_refused(run, folder, tmp_path):
    assert run("codes", "export", tmp_path / "x.csv", "--connection", "none", "--project", folder).status == 1
