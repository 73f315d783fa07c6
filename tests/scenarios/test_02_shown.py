"""Scenario 2 as people see it: the whole way of a report whose payment came back, and what stands behind each line."""

from __future__ import annotations

from decimal import Decimal

import pytest


@pytest.fixture
def paid(scenario):
    """Paid for two reports at once, returned for one of them, paid again."""
    scenario.push("reports", on="2026-11-19")
    scenario.push("paid", on="2026-11-20")
    scenario.push("returned", on="2026-11-23")
    scenario.push("paid-again", on="2026-11-25")
    return scenario


def test_trace(paid):
    (traced,) = paid("trace", "B26110001", "--json").printed
    costs = [fact for fact in traced["settled"] if fact["fact"] == "slice"]
    assert sum(Decimal(fact["cost"]) for fact in costs) == Decimal("5376.00")
    assert {fact["tax"] for fact in traced["settled"] if fact["fact"] == "tax"} == {"72.00", "90.00"}
    assert [fact["original"] for fact in costs if "original" in fact] == [
        {"currency": "HKD", "amount": "2400.00", "rate": "0.9125"}
    ]
    there = {row["moment"]: row["erp_number"] for row in traced["deliveries"] if row["state"] == "delivered"}
    assert there == {"accrual": "记-2", "payment": "付-1"}
    assert [row["entry"] for row in traced["history"]] == sorted(row["entry"] for row in traced["history"])
    assert "工行基本户" not in str(traced["events"])


IN_WORDS = {
    "zh": "明细 发票 26110005 结算 进项税额 PB-1120 退票 ICBC-T-3 付-3 已并入 其中 回写 经过 到达目标状态 已提交未审核",
    "en": "Lines Invoices 26110005 Settled input PB-1120 returned ICBC-T-3 付-3 became which Told History completed",
}


@pytest.mark.parametrize("lang", IN_WORDS)
def test_trace_in_words(paid, lang):
    shown = paid.customer.dougong("trace", "B26110002", lang=lang).out
    assert [text for text in IN_WORDS[lang].split() if text not in shown] == []
    assert "工行基本户" not in shown
    assert "body_hash" not in shown


def test_explain_of_a_payment(paid):
    lines = paid("rules", "explain", "B26110002", "--json").printed
    (bank,) = (line for line in lines if line["moment"] == "payment" and line["parts"] and line["side"] == "C")
    assert [(part["document"], part["amount"]) for part in bank["parts"]] == [
        ("B26110001", "3538.00"),
        ("B26110002", "318.00"),
    ]
    assert (bank["erp_number"], bank["table"]) == ("付-1", "tables/bank_account.csv")
    shown = paid.customer.dougong("rules", "explain", "B26110002", lang="zh").out
    assert "单据  B26110001 3,538.00  payments[E001]" in shown
    assert "taxes[i5]" in shown


def test_plan_of_a_batch(scenario):
    """The transfer for two reports is one voucher in the plan too."""
    scenario.push("reports", on="2026-11-19")
    scenario.today("2026-11-20")
    scenario("accept", str(scenario.step("paid")))
    both = scenario("plan", "B26110001", "B26110002", "--json").printed
    (batch,) = (one for one in both if one["moment"] == "payment")
    assert scenario("plan", "--json", str(scenario.step("paid"))).printed == [batch]
    assert batch["documents"] == ["B26110001", "B26110002"]
    assert [line["amount"] for line in batch["lines"]] == ["3538.00", "318.00", "3856.00"]


def test_plan_of_what_was_sent(paid):
    """A merged voucher is shown as it was sent, once."""
    plans = paid("plan", "B26110001", "B26110002", "--json").printed
    assert all(one["sent"] for one in plans)
    assert sorted(one["already"] for one in plans) == ["付-1", "付-2", "付-3", "记-1", "记-2"]


def test_status_by_cause(scenario):
    scenario.refuse(match="B26110002")
    scenario.push("reports", on="2026-11-19")
    (cause,) = scenario("status", "--by", "cause", "--json").printed
    assert (cause["documents"], cause["amount"]) == (["B26110002"], "318.00")
    assert "1 单, 318.00" in scenario.customer.dougong("status", "--by", "cause", lang="zh").out
