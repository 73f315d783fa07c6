"""Scenario 8 as people see it: a merged voucher, one of its documents taken back, one that waits for a code."""

from __future__ import annotations

import pytest

DAY = "2026-11-20"


@pytest.fixture
def taken_back(scenario):
    scenario.push(on=DAY)
    scenario.push("withdrawn", on="2026-11-24")
    return scenario


def test_work_list(scenario):
    scenario.push(on=DAY)
    (cause,) = scenario("status", "--by", "cause", "--json").printed
    assert (cause["code"], cause["documents"], cause["amount"]) == ("CODE_UNMAPPED", ["R3"], "200.00")
    assert "1 document, 200.00" in scenario("status").out
    assert "1 单, 200.00" in scenario.customer.dougong("status", lang="zh").out


def test_show_of_a_merged_voucher(taken_back):
    (merged,) = (row["delivery"] for row in taken_back.rows(moment="accrual") if row["documents"] == ["R1", "R2"])
    shown = taken_back("show", merged).out
    assert "of which R1: 500.00" in shown
    assert "of which R2: 318.00" in shown
    assert "taken back by: " in shown
    assert "(R2)" in shown


def test_show_of_a_reversal(taken_back):
    (reversal,) = (row["delivery"] for row in taken_back.rows(moment="reversal"))
    (shown,) = taken_back("show", reversal, "--json").printed
    assert shown["reverses"]["documents"] == ["R1", "R2"]
    assert "takes back: " in taken_back("show", reversal).out


def test_trace(taken_back):
    shown = taken_back.customer.dougong("trace", "R2", lang="zh").out
    for text in ("已撤回", "已并入", "其中 R2: 318.00", "被冲销于", "冲销", "-318.00", "撤回"):
        assert text in shown
    (traced,) = taken_back("trace", "R2", "--json").printed
    assert traced["settled"]


def test_explain(taken_back):
    lines = taken_back("rules", "explain", "R2", "--json").printed
    (cost,) = (line for line in lines if line["account"] == "6601.02" and line["moment"] == "accrual")
    assert [(part["document"], part["amount"]) for part in cost["parts"]] == [("R1", "500.00"), ("R2", "300.00")]
    red = [line for line in lines if line["moment"] == "reversal"]
    assert {line["reverses"] for line in red} == {"accrual"}
    assert all("(R1, R2)" in line["corrects"] for line in red)


def test_plan_of_a_merged_voucher(scenario):
    scenario.today(DAY)
    plans = scenario("plan", "--json", str(scenario.step("input"))).printed
    assert sorted((one["documents"], bool(one["problems"])) for one in plans) == [(["R1", "R2"], False), (["R3"], True)]


def test_plan_of_a_withdrawal(scenario):
    scenario.push(on=DAY)
    scenario.today("2026-11-24")
    red, document = scenario("plan", "--json", str(scenario.step("withdrawn"))).printed
    assert (red["moment"], red["how"], sum(line["side"] == "D" for line in red["lines"])) == ("reversal", "reversal", 2)
    assert document["state"] == "withdrawn"
