"""Scenario 4: loan, report and repayment in USD, each at its own rate."""

from __future__ import annotations

from decimal import Decimal

import pytest


@pytest.fixture
def lent(scenario):
    scenario.push("loan", on="2026-09-07")
    return scenario


def test_v4_1(lent):
    lent.holds("V4.1")


def test_v4_2(lent):
    lent.push("report", on="2026-10-15")
    lent.holds("V4.1", "V4.2")


def test_v4_3(lent):
    lent.push("report", on="2026-10-15")
    lent.push("repayment", on="2026-10-20")
    lent.holds("V4.1", "V4.2", "V4.3")
    lines = [line for one in lent.erp.postings() for line in one["lines"] if line["account"] == "1221.01"]
    assert len(lines) == 3
    for amount in ("amount", "base_amount"):
        assert sum(Decimal(line[amount]) * (1 if line["side"] == "D" else -1) for line in lines) == 0


def test_missing_rate(lent):
    lent.customer.change("tables/rates.csv", "USD,CNY,month_start,2026-10-01,1,7.1500,\n", "")
    lent.push("report", on="2026-10-15")
    lent.holds("V4.1")
    assert {row["state"] for row in lent.rows("B26100021")} == {"held"}
    assert "RATE_MISSING" in lent.problems("B26100021")
