"""A customer's way, with the command `dougong`: a project, a report, its journal entry, both sides compared."""

from __future__ import annotations

import json

import pytest

from dougong.cli import main

REPORT = {
    "source": "test",
    "tenant": "t1",
    "type": "expense",
    "id": "r-1",
    "number": "B26110001",
    "state": "approved",
    "updated_at": "2026-11-10T16:00:00+08:00",
    "entity": "A01",
    "currency": "CNY",
    "submitter": "E001",
    "submitter_name": "张三",
    "department": "D02",
    "reason": "上海出差",
    "lines": [
        {
            "id": "hotel",
            "fee_type": "差旅费",
            "gross": "1272.00",
            "expense_date": "2026-11-06",
            "invoices": [{"id": "i1", "share": "1272.00"}],
            "splits": [
                {"department": "D02", "share": "0.6"},
                {"department": "D03", "project": "P-R01", "share": "0.4"},
            ],
        }
    ],
    "invoices": [
        {
            "id": "i1",
            "kind": "专票",
            "number": "12345678",
            "date": "2026-11-06",
            "buyer": "示例科技",
            "gross": "1272.00",
            "net": "1200.00",
            "tax": "72.00",
            "rate": "0.06",
        }
    ],
    "payees": [{"kind": "employee", "code": "E001", "amount": "1272.00"}],
    "events": [{"id": "approved-1", "type": "approved", "on": "2026-11-10"}],
}


@pytest.fixture
def project(tmp_path, sandbox):
    folder = tmp_path / "books"
    assert main(["init", str(folder), "--sandbox", f"sap-s4={sandbox.url}"]) == 0
    file = folder / "dougong.toml"
    file.write_text(file.read_text("utf-8").replace("settle       = 2.0", "settle       = 0.1"), "utf-8")
    (folder / "report.json").write_text(json.dumps(REPORT), "utf-8")
    return folder


@pytest.fixture
def dougong(project, capsys):
    """One command in this process: its exit status, and what it printed."""

    def run(*arguments):
        capsys.readouterr()
        status = main([*arguments, "--project", str(project), "--json"])
        return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def test_a_new_project_has_no_second_credential_and_nothing_to_put_right(project, dougong):
    text = (project / "dougong.toml").read_text("utf-8")
    assert "auditor" not in text
    assert "target_stage" not in text
    status, rows = dougong("check")
    assert (status, [row for row in rows if not row["ok"]]) == (0, [])


def test_a_report_becomes_one_journal_entry_whatever_happens_to_the_answer(project, sandbox, dougong):
    sandbox.fault("reset_after_work", operation="post", count=1)
    for _ in range(2):
        status, rows = dougong("push", str(project / "report.json"))
        assert (status, [(row["state"], row["stage"]) for row in rows]) == (0, [("delivered", "posted")])
    (entry,) = sandbox.postings()
    assert entry["total"] == "1272.00"
    assert {
        (line["account"], line["side"], line["base_amount"], line["tax_code"], *sorted(line["dimensions"].items()))
        for line in entry["lines"]
    } == {
        ("6601020000", "D", "720.00", "J6", ("department", "CC1002")),
        ("5301010200", "D", "480.00", "J6", ("project", "P-R01")),
        ("2221010100", "D", "72.00", "J6"),
        ("2241010000", "C", "1272.00", None, ("employee", "90000001")),
    }
    status, rows = dougong("reconcile", "--period", "2026-11")
    assert (status, {row["verdict"] for row in rows}) == (0, {"matched"})
    assert dougong("plan", str(project / "report.json"))[0] == 0


def test_an_entry_of_a_closed_period_is_booked_in_the_next_open_one(project, sandbox, dougong):
    sandbox.hand("close_period", book="1000", period="2026-11")
    status, rows = dougong("push", str(project / "report.json"))
    assert (status, [(row["state"], row["period"]) for row in rows]) == (0, [("delivered", "2026-12")])
    (entry,) = sandbox.postings()
    assert entry["date"] == "2026-12-01"
    assert all(line["summary"].startswith("[补2026-11]") for line in entry["lines"])


def test_a_reversal_names_the_entry_that_it_takes_back_and_both_stay(project, sandbox, dougong):
    dougong("push", str(project / "report.json"))
    (entry,) = sandbox.postings()
    sandbox.fault("reset_after_work", operation="post", count=1)
    assert dougong("reverse", "D1", "--reason", "wrong report")[0] == 0
    status, rows = dougong("run")
    assert (status, sorted(row["state"] for row in rows)) == (0, ["delivered", "reversed"])
    original, red = sandbox.postings()
    assert (original["id"], red["reverses"], red["total"]) == (entry["id"], entry["id"], "1272.00")
    for period in {original["period"], red["period"]}:
        status, rows = dougong("reconcile", "--period", period)
        assert (status, {row["verdict"] for row in rows}) == (0, {"matched"})
        assert dougong("reconcile", "--period", period, "--by", "account")[0] == 0


def test_without_a_reason_for_reversals_it_is_an_ordinary_entry_on_the_other_side(project, sandbox, dougong):
    file = project / "dougong.toml"
    file.write_text(
        file.read_text("utf-8").replace(
            "[connections.sap-s4.settings]\n", '[connections.sap-s4.settings]\nreversal_reason = ""\n'
        ),
        "utf-8",
    )
    dougong("push", str(project / "report.json"))
    dougong("reverse", "D1", "--reason", "wrong report")
    assert dougong("run")[0] == 0
    original, red = sandbox.postings()
    assert (red["reverses"], red["total"]) == (None, original["total"])


def test_a_plan_asks_sap_itself_where_that_is_wanted(project, sandbox, dougong):
    file, report = project / "dougong.toml", str(project / "report.json")
    settings = "[connections.sap-s4.settings]\n"
    (project / "new.csv").write_text("table,scope,ours,theirs\nemployee,sap-s4,E001,99999999\n", "utf-8")
    assert dougong("codes", "import", str(project / "new.csv"))[0] == 0
    assert dougong("plan", report)[0] == 0
    file.write_text(file.read_text("utf-8").replace(settings, f"{settings}simulate = true\n"), "utf-8")
    status, rows = dougong("plan", report)
    assert (status, [one["code"] for row in rows for one in row["problems"]]) == (2, ["SAP_F5_104"])
    status, rows = dougong("push", report)
    assert (status, [row["state"] for row in rows]) == (2, ["held"])
    assert sandbox.postings() == []
