"""retry and cancel in the ledger; what needs an ERP is tested with one."""

from __future__ import annotations

import re

import pytest

from dougong.model.problems import Problem


@pytest.fixture
def held(deliver, unmapped):
    return deliver("B1", problems=[unmapped()])


def state_of(run, folder, delivery):
    return run("show", delivery, "--project", folder, "--json").rows[0]


def test_retry_makes_it_due_and_is_audited(run, folder, held):
    result = run("retry", held, "--reason", "added the code", "--actor", "wang", "--project", folder, "--json")
    assert result.status == 0
    assert [(row["delivery"], row["state"]) for row in result.rows] == [(held, "ready")]
    last = state_of(run, folder, held)["audit"][-1]
    assert (last["event"], last["actor"], last["reason"]) == ("retry", "wang", "added the code")


def test_retry_by_condition(run, folder, held, deliver):
    other = deliver("B2", problems=[Problem.of("PERIOD_CLOSED", "关", "closed")])
    where = ["--where", "code=CODE_UNMAPPED", "--where", "connection=erp", "--reason", "x", "--project", folder]
    shown = run("retry", *where, "--dry-run", "--json")
    assert [(row["delivery"], row["state"]) for row in shown.rows] == [(held, "held")]
    assert [(row["delivery"], row["state"]) for row in run("retry", *where, "--json").rows] == [(held, "ready")]
    assert state_of(run, folder, other)["state"] == "held"


def test_retry_of_a_document_that_is_held_for_itself(run, folder, report, write):
    run("push", write("a.json", report()), "--project", folder)
    result = run("retry", "B1", "--reason", "x", "--project", folder, "--json")
    assert [(row["delivery"], row["state"]) for row in result.rows] == [(None, "accepted")]


def test_cancel(run, folder, held):
    result = run("cancel", held, "--reason", "booked by hand", "--project", folder, "--json")
    assert [(row["delivery"], row["state"]) for row in result.rows] == [(held, "cancelled")]
    assert [problem["hint"] for problem in result.rows[0]["problems"]] == [""], "nothing is left to be done"
    again = run("cancel", held, "--reason", "x", "--project", folder)
    assert again.status == 1
    assert run("retry", held, "--reason", "x", "--project", folder).status == 1


def test_it_is_said_that_the_same_content_is_not_booked_again(run, folder, held):
    assert "the same content is not booked again" in run("cancel", "--help").out.replace("\n", " ")
    result = run("cancel", held, "--reason", "booked by hand", "--project", folder)
    assert "the same content is not booked again" in result.out


def test_a_held_document_without_a_delivery_is_given_up(run, folder, report, write):
    file = write("a.json", report())
    assert run("push", file, "--project", folder).status == 2
    result = run("cancel", "B1", "--reason", "a test", "--actor", "wang", "--project", folder, "--json")
    assert [(row["documents"], row["state"]) for row in result.rows] == [(["B1"], "withdrawn")]
    last = run("trace", "B1", "--project", folder, "--json").rows[0]["audit"][-1]
    assert (last["event"], last["actor"], last["reason"]) == ("cancel", "wang", "a test")
    assert run("status", "--project", folder).status == 0
    for named in (file, "B1"):
        planned = run("plan", named, "--project", folder, "--json")
        assert (planned.status, [row["state"] for row in planned.rows]) == (0, ["withdrawn"])

    later = write("b.json", report(state="paid", updated_at="2026-11-19T10:00:00+08:00"))
    paid = report()["events"] + [{"id": "e2", "type": "paid", "on": "2026-11-19"}]
    for again in (file, later, write("c.json", report(events=paid, updated_at="2026-11-20T10:00:00+08:00"))):
        assert [row["state"] for row in run("push", again, "--project", folder, "--json").rows] == ["withdrawn"]
    other = report(department="D02", updated_at="2026-11-21T10:00:00+08:00")
    assert [row["state"] for row in run("push", write("d.json", other), "--project", folder, "--json").rows] == ["held"]


def test_events_of_a_document_that_never_came_are_given_up(run, folder, report, write):
    told = {"source": "oa", "tenant": "t1", "type": "expense", "id": "id-B9"}
    events = write("e.json", {**told, "events": report()["events"]})
    assert run("push", events, "--project", folder).status == 2
    result = run("cancel", "id-B9", "--reason", "a test", "--project", folder, "--json")
    assert [(row["documents"], row["state"]) for row in result.rows] == [(["id-B9"], "withdrawn")]
    assert run("run", "--project", folder).status == 0
    assert run("push", events, "--project", folder, "--json").rows == []

    more = write("f.json", {**told, "events": [{"id": "e2", "type": "paid", "on": "2026-11-19"}]})
    assert [row["state"] for row in run("push", more, "--project", folder, "--json").rows] == ["held"]
    run("cancel", "id-B9", "--reason", "a test", "--project", folder)
    arrived = run("accept", write("d.json", report(id="id-B9", number="B9")), "--project", folder, "--json")
    assert [(row["revision"], row["state"]) for row in arrived.rows] == [(1, "accepted")]
    assert len(run("status", "--project", folder, "--json").rows) == 1
    assert run("audit", "verify", "--project", folder).status == 0


def test_nothing_is_resolved_whose_outcome_is_known(run, folder, held):
    result = run("resolve", held, "--absent", "--reason", "x", "--project", folder)
    assert result.status == 1
    assert "ACTION_REFUSED" in result.err


def test_all_or_none(run, folder, held, deliver):
    cancelled = deliver("B2")
    run("cancel", cancelled, "--reason", "x", "--project", folder)
    assert run("cancel", held, cancelled, "--reason", "x", "--project", folder).status == 1
    assert state_of(run, folder, held)["state"] == "held"


@pytest.fixture
def several(deliver):
    """A document with three deliveries."""
    return [deliver("B1", state=state, moment=moment) for moment, state in MOMENTS]


MOMENTS = [("accrual", "delivered"), ("payment", "delivered"), ("loan", "held"), ("repayment", "incomplete")]


@pytest.mark.parametrize(
    ("action", "listed"),
    [
        (("reverse",), {"D1", "D2"}),
        (("show",), {"D1", "D2", "D3", "D4"}),
    ],
)
def test_only_those_are_listed_that_the_action_fits(run, folder, several, action, listed):
    why = [] if action == ("show",) else ["--reason", "x"]
    result = run(*action, "B1", *why, "--project", folder)
    assert result.status == 1
    assert "NUMBER_AMBIGUOUS" in result.err
    assert set(re.findall(r"D\d", result.err)) == listed


def test_the_only_one_that_fits_is_meant(run, folder, several):
    result = run("cancel", "B1", "--reason", "x", "--project", folder, "--json")
    assert [(row["delivery"], row["state"]) for row in result.rows] == [("D3", "cancelled")]


def test_where_none_fits_it_says_why_not(run, folder, several):
    result = run("resolve", "B1", "--absent", "--reason", "x", "--project", folder)
    assert (result.status, "NUMBER_AMBIGUOUS" in result.err) == (1, False)
    for said in ("D1 is delivered", "D2 is delivered", "D3 is held", "D4 is incomplete"):
        assert f"{said}: nothing about it is unknown" in result.err
