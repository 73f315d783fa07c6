"""Scenario 2: one payment for two reports, a transfer that the bank returns, a second payment."""

from __future__ import annotations

from decimal import Decimal

import pytest

ACCRUED = ("loan", "V1.1", "B26110002")


@pytest.fixture
def accrued(scenario):
    """Both reports are in the books."""
    scenario.push("reports", on="2026-11-19")
    scenario.holds(*ACCRUED)
    return scenario


@pytest.fixture
def paid(accrued):
    accrued.push("paid", on="2026-11-20")
    return accrued


def test_v2_1(paid):
    paid.holds(*ACCRUED, "V2.1")
    assert paid.row("B26110001", "payment") == paid.row("B26110002", "payment")


def test_v2_1_waits_for_its_accrual(scenario):
    scenario.refuse(match="B26110002")
    scenario.push("reports", on="2026-11-19")
    scenario.push("paid", on="2026-11-20")
    scenario.holds("loan", "V1.1")
    assert {row["state"] for row in scenario.rows(moment="payment")} == {"blocked"}
    assert all(row["waits_for"] for row in scenario.rows(moment="payment"))
    scenario.retry("B26110002")
    scenario.holds(*ACCRUED, "V2.1")


def test_v2_2(paid):
    paid.push("returned", on="2026-11-23")
    paid.holds(*ACCRUED, "V2.1", "V2.2")


def test_v2_3(paid):
    paid.push("returned", on="2026-11-23")
    paid.push("paid-again", on="2026-11-25")
    paid.holds(*ACCRUED, "V2.1", "V2.2", "V2.3")
    assert owed(paid.erp) == {"E0001": Decimal(0), "E0002": Decimal(0)}


def test_told_again_in_any_order(paid):
    paid.push("returned", "paid", "paid-again", "reports", "returned", "paid-again", "paid", on="2026-11-25")
    paid.holds(*ACCRUED, "V2.1", "V2.2", "V2.3")


def test_what_the_bank_charges(accrued):
    """Financial expense, and the bank is credited with transfers and fees."""
    accrued.push("paid-with-fees", on="2026-11-20")
    accrued.holds(*ACCRUED, "fees")


def owed(erp):
    """Balance of 2241.01 by employee, credits first."""
    sums: dict[str, Decimal] = {}
    for line in (line for posting in erp.postings() for line in posting["lines"] if line["account"] == "2241.01"):
        sign = -1 if line["side"] == "D" else 1
        who = line["dimensions"]["employee"]
        sums[who] = sums.get(who, Decimal(0)) + sign * Decimal(line["base_amount"])
    return sums


def test_payment_is_the_erps_own(scenario):
    """The ERP's cash module makes the voucher: we only watch for it."""
    text = (scenario.customer.folder / "rules" / "a01.toml").read_text("utf-8")
    payment = text[text.index("[moments.payment]") :]
    head = payment[: payment.index("[[moments.payment.entry]]")]
    scenario.change(head, head.replace('owner        = "dougong"', 'owner        = "erp"'))
    scenario.push("reports", on="2026-11-19")
    scenario.push("paid", "returned", "paid-again", on="2026-11-25")
    scenario.holds(*ACCRUED)
    assert not [row for row in scenario.rows() if row["state"] in ("held", "rejected", "parked")]
