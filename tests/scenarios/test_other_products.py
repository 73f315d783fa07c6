"""Scenarios 1, 2, 5 and 9 in the other ERPs: their own voucher types, accounts and dimensions, the same cents."""

from __future__ import annotations

ACCRUED = ("loan", "V1.1.functional", "B26110002")


def test_01_foreign_currency_is_booked_in_functional_and_named(elsewhere):
    scenario = elsewhere("01")
    scenario.push("loan", "input", on="2026-11-18")
    scenario.holds("loan", "V1.1.functional")
    lines = scenario.posting(scenario.row("B26110001"))["lines"]
    (hotel,) = (line["summary"] for line in lines if line["base_amount"] == "2190.00")
    assert "HKD 2,400.00" in hotel


def test_01_one_currency_per_voucher(elsewhere):
    scenario = elsewhere("01")
    scenario.change('line_currency = "by_account"', 'line_currency = "original"')
    pushed = scenario.push("loan", "input", on="2026-11-18")
    assert pushed.one("B26110001")["state"] == "held"
    assert "CURRENCY_MIXED" in scenario.problems("B26110001")
    scenario.holds("loan")


def test_02_paid_returned_and_paid_again(elsewhere):
    scenario = elsewhere("02")
    scenario.push("reports", on="2026-11-19")
    scenario.push("paid", on="2026-11-20")
    scenario.push("returned", on="2026-11-23")
    scenario.push("paid-again", on="2026-11-25")
    scenario.holds(*ACCRUED, "V2.1", "V2.2", "V2.3")


def test_02_a_payment_waits_for_its_accrual(elsewhere):
    scenario = elsewhere("02")
    scenario.refuse(match="B26110002")
    scenario.push("reports", on="2026-11-19")
    scenario.push("paid", on="2026-11-20")
    scenario.holds(*ACCRUED[:2])
    scenario.retry("B26110002")
    scenario.holds(*ACCRUED, "V2.1")


def test_05_two_entities(elsewhere):
    scenario = elsewhere("05")
    scenario.push(on="2026-11-18")
    scenario.holds("V5.1", "V5.2")


def test_05_a_title_that_is_not_ours(elsewhere):
    scenario = elsewhere("05")
    scenario.push("title", on="2026-11-18")
    scenario.holds("V5.1", "V5.3")


def test_09_before_and_after_the_period_is_closed(elsewhere):
    scenario = elsewhere("09")
    scenario.push(on="2026-11-02")
    scenario.holds("V9.a")


def test_09_after_the_period_was_closed(elsewhere):
    scenario = elsewhere("09")
    scenario.close("2026-10")
    scenario.push(on="2026-11-02")
    scenario.holds("V9.b")


def test_09_closed_while_the_answer_was_lost(elsewhere):
    scenario = elsewhere("09")
    scenario.today("2026-11-02")
    scenario.dies("input", at="answered")
    scenario.close("2026-10")
    scenario.push()
    scenario.holds("V9.a")


def test_09_years_end(elsewhere):
    scenario = elsewhere("09")
    scenario.close(*(f"2026-{month:02}" for month in range(1, 13)))
    scenario.push("year-end", on="2027-01-20")
    scenario.holds("V9.e")
