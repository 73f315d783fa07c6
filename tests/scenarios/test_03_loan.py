"""Scenario 3: a loan's life, and two reports that want the same rest of it."""

from __future__ import annotations


def test_v3_1(scenario):
    scenario.push("loan", on="2026-11-02")
    scenario.holds("V3.1")


def test_v3_1_as_planned(scenario):
    scenario.today("2026-11-02")
    scenario.plans("V3.1", step="loan")


def test_v3_2(scenario):
    scenario.push("loan", "report", on="2026-11-16")
    scenario.holds("V3.1", "V3.2")


def test_v3_3(scenario):
    scenario.push("loan", "report", "repayment", on="2026-11-25")
    scenario.holds("V3.1", "V3.2", "V3.3")


def test_overdrawn(scenario):
    scenario.push("loan", "report", "repayment", "overdrawn", on="2026-11-26")
    scenario.holds("V3.1", "V3.2", "V3.3")
    assert scenario.row("B26110011")["state"] == "held"
    message = scenario.problems("B26110011")["LOAN_OVERDRAWN"]
    assert "0.00" in message
    assert "100.00" in message


def test_two_reports_at_once(scenario):
    scenario.push("loan", on="2026-11-02")
    scenario.today("2026-11-16")
    both = [scenario.start("first"), scenario.start("second")]
    assert {process.wait(120) for process in both} <= {0, 2}
    scenario("run")
    scenario.holds("V3.1", "V3.concurrent")
    states = {number: scenario.row(number)["state"] for number in ("B26110012", "B26110013")}
    assert sorted(states.values()) == ["delivered", "held"]
    (held,) = (number for number, state in states.items() if state == "held")
    message = scenario.problems(held)["LOAN_OVERDRAWN"]
    assert "2,000.00" in message or "2000.00" in message
    assert "3,000.00" in message or "3000.00" in message
