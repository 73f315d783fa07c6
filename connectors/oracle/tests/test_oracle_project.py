"""A customer's way, with the command `dougong`: a project, reports, their journals, both sides compared."""

from __future__ import annotations

import pytest


def imports(sandbox):
    return [row for row in sandbox.requests() if row["operation"] == "import"]


def states(rows):
    return {row["documents"][0]: row["state"] for row in rows}


def test_a_new_project_has_nothing_to_put_right(project, dougong):
    assert "auditor" not in (project / "dougong.toml").read_text("utf-8")
    status, rows = dougong("check")
    assert (status, [row for row in rows if not row["ok"]]) == (0, [])


def test_three_reports_are_one_file_and_three_batches(sandbox, dougong, file, new_report):
    status, rows = dougong("push", file(*map(new_report, (1, 2, 3))))
    assert (status, [(row["state"], row["stage"]) for row in rows]) == (0, [("delivered", "submitted")] * 3)
    assert len(imports(sandbox)) == 1
    postings = sandbox.postings()
    assert len(postings) == 3
    assert {
        (line["account"], line["side"], line["base_amount"], *sorted(line["dimensions"].items()))
        for line in postings[0]["lines"]
    } == {
        ("6601020000", "D", "720.00", ("department", "1002")),
        ("5301010200", "D", "480.00", ("department", "1003"), ("project", "P-R01")),
        ("2221010100", "D", "72.00"),
        ("2241010000", "C", "1272.00", ("employee", "90001")),
    }
    status, rows = dougong("reconcile", "--period", "2026-11")
    assert (status, {row["verdict"] for row in rows}) == (0, {"matched"})


@pytest.fixture
def bad_employee(project, dougong, new_report):
    """A report of somebody whom Oracle does not know."""
    codes = project / "codes" / "oracle-fusion.csv"
    with codes.open("a", encoding="utf-8") as rows:
        rows.write("employee,oracle-fusion,E009,99999,,\n")
    assert dougong("codes", "import", str(codes))[0] == 0
    return lambda number: new_report(
        number, submitter="E009", payees=[{"kind": "employee", "code": "E009", "amount": "1272.00"}]
    )


def test_of_two_hundred_in_one_file_the_bad_one_alone_is_rejected(bad_employee, sandbox, dougong, file, new_report):
    bad = bad_employee(77)
    status, rows = dougong("push", file(*(bad if number == 77 else new_report(number) for number in range(1, 201))))
    assert status == 2
    by_state = states(rows)
    assert [number for number, state in by_state.items() if state != "delivered"] == ["B26110077"]
    (refused,) = (row for row in rows if row["documents"] == ["B26110077"])
    assert (refused["state"], [one["code"] for one in refused["problems"]]) == ("rejected", ["ORACLE_EF04"])
    assert len(sandbox.postings()) == 199
    # each was in the file with the bad one, and once more without it
    assert {row["attempts"] for row in rows if row["state"] == "delivered"} == {2}


@pytest.mark.parametrize("fault", ["reset_after_work", "reset_before_work"])
def test_a_lost_answer_makes_no_second_journal(sandbox, dougong, file, new_report, fault):
    sandbox.fault(fault, operation="import", count=1)
    path = file(*map(new_report, (1, 2, 3)))
    for _ in range(2):
        status, rows = dougong("push", path)
        assert (status, {row["state"] for row in rows}) == (0, {"delivered"})
    assert len(sandbox.postings()) == 3


def test_a_bad_one_in_a_file_whose_answer_was_lost_keeps_nobody_back(bad_employee, sandbox, dougong, file, new_report):
    sandbox.fault("reset_after_work", operation="import", count=1)
    _, rows = dougong("push", file(new_report(1), bad_employee(2), new_report(3)))
    assert states(rows) == {"B26110001": "delivered", "B26110002": "rejected", "B26110003": "delivered"}
    assert len(sandbox.postings()) == 2


def test_a_journal_of_a_period_closed_meanwhile_is_booked_in_the_next_open_one(sandbox, dougong, file, new_report):
    path = file(new_report(1))
    sandbox.hand("close_period", book="CN Primary Ledger", period="2026-11")
    status, rows = dougong("push", path)
    assert (status, [(row["state"], row["period"]) for row in rows]) == (0, [("delivered", "2026-12")])
    (journal,) = sandbox.postings()
    assert journal["date"] == "2026-12-01"
    assert all(line["summary"].startswith("[补2026-11]") for line in journal["lines"])
