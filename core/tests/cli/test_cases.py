"""`rules test` on a project: its own case, a changed row, files that cannot be read."""

from __future__ import annotations

import json

import pytest

CONFIG = """
[project]
name = "test"

[connections.erp]
connector = "none"

[[routes]]
entity = "A01"
book = "A01"
connection = "erp"
"""
EXAMPLE = "cases/example.toml"


@pytest.fixture
def test(run, folder, monkeypatch):
    """Runs `rules test` in a project whose one book has a route, and no ERP behind it."""
    from dougong.flow import Project
    from dougong.model.operations import Limits

    (folder / "dougong.toml").write_text(CONFIG, "utf-8")
    monkeypatch.setattr(Project, "targets", ())
    monkeypatch.setattr("dougong.flow.inputs.Inputs.limits", lambda _inputs, _book: Limits())

    def call(*arguments):
        return run("rules", "test", *arguments, "--project", folder)

    return call


def change(path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_the_example_of_a_new_project_holds(test):
    result = test("--json")
    assert (result.status, [row["ok"] for row in result.rows]) == (0, [True])
    assert test().status == 0


def test_a_changed_row_is_seen_in_the_line_that_it_makes(test, folder):
    change(folder / "tables/expense_account.csv", "管理,*,6602.02", "管理,*,6602.07")
    result = test("--json")
    (row,) = result.rows
    assert result.status == 2
    assert row["differences"] == [
        {
            "voucher": "B26110001 accrual A01",
            "line": "D 6602.02 480.00 department=D01",
            "field": "account",
            "expected": "6602.02",
            "got": "6602.07",
        }
    ]
    shown = test().out
    assert "account: 6602.02 ≠ 6602.07" in shown
    assert "✗" in shown


def test_a_loan_that_the_case_does_not_know_holds(test, folder):
    change(folder / EXAMPLE, "[[loan]]                             # ", "# ")
    change(folder / EXAMPLE, 'number = "J26100007"', "")
    (row,) = test("--json").rows
    assert row["differences"][0]["got"] == "LOAN_NOT_POSTED"


def test_a_closed_period_moves_the_date(test, folder):
    change(folder / EXAMPLE, "today     = 2026-11-18", 'closed.A01 = ["2026-11"]\ntoday = 2026-12-02')
    (row,) = test("--json").rows
    assert {(one["field"], one["expected"], one["got"]) for one in row["differences"]} == {
        ("date", "2026-11-18", "2026-12-01"),
        ("period", "2026-11", "2026-12"),
    }


def test_events_of_a_file_of_their_own(test, folder):
    example = json.loads((folder / "cases/example.json").read_text("utf-8"))
    identity = {name: example[name] for name in ("source", "tenant", "type", "id")}
    events = {**identity, "events": example.pop("events")}
    (folder / "cases/example.json").write_text(json.dumps(example), "utf-8")
    (folder / "cases/events.json").write_text(json.dumps(events), "utf-8")
    change(folder / EXAMPLE, 'documents = "example.json"', 'documents = ["example.json", "events.json"]')
    assert test().status == 0
    change(folder / EXAMPLE, '"example.json", ', "")
    result = test("--json")
    assert (result.status, result.rows[0]["problems"][0]["code"]) == (1, "DOCUMENT_UNKNOWN")


def test_files_that_cannot_be_used(test, folder):
    change(folder / EXAMPLE, "example.json", "nothing.json")
    assert "FILE_UNREADABLE" in test().err
    (folder / EXAMPLE).write_text("x = ", "utf-8")
    result = test("--json")
    assert (result.status, result.rows[0]["problems"][0]["code"]) == (1, "RULES_SYNTAX")
    (folder / EXAMPLE).unlink()
    result = test()
    assert result.status == 1
    assert "CASES_MISSING" in result.err
