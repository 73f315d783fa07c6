"""Scenario 4, in parts that do not divide evenly: both balances of the loan end at zero together, to the cent."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import permutations

import pytest

LOAN = "J26090001"
PARTS = ("333.33", "333.33", "333.34")
RATES = ("7.1500", "7.0500", "7.2345")
DAY = "2026-10-15"


def report(number: str, amount: str, rate: str) -> dict:
    """A report in USD at its own rate that the loan pays for."""
    line = {"id": "1", "fee_type": "差旅费", "gross": amount, "currency": "USD", "rate": rate}
    return {
        "source": "oa",
        "tenant": "T1",
        "type": "expense",
        "id": f"id-{number}",
        "number": number,
        "state": "approved",
        "updated_at": f"{DAY}T10:00:00+08:00",
        "entity": "A01",
        "submitter": "E001",
        "department": "D01",
        "currency": "CNY",
        "reason": "赴美出差",
        "lines": [{**line, "expense_date": "2026-10-08"}],
        "advances": [{"loan": LOAN, "amount": amount, "currency": "USD"}],
        "events": [{"id": "a1", "type": "approved", "on": DAY}],
    }


@pytest.fixture
def clear(scenario):
    """Pushes a report that clears a part, and has to be booked."""
    scenario.today(DAY)

    def push(*reports: dict) -> None:
        scenario.customer.push(scenario.customer.file("reports.json", list(reports)), source=None)
        assert {row["state"] for one in reports for row in scenario.rows(one["number"])} <= {
            "delivered",
            "cancelled",
            "reversed",
        }

    return push


@pytest.fixture
def lent(scenario):
    """USD 1,000.00 at 7.1000."""
    told = json.loads(scenario.step("loan").read_text("utf-8").replace("7.2000", "7.1000").replace("7200.", "7100."))
    scenario.customer.push(scenario.customer.file("loan.json", [told]), source=None)
    return scenario


def balance(scenario, account: str) -> tuple[Decimal, Decimal]:
    """Original and functional amount of an account in the ERP, debits less credits."""
    every = [line for one in scenario.erp.postings() for line in one["lines"] if line["account"] == account]
    signed = [(line, 1 if line["side"] == "D" else -1) for line in every]
    amount = sum((sign * Decimal(line["amount"]) for line, sign in signed), Decimal(0))
    return amount, sum((sign * Decimal(line["base_amount"]) for line, sign in signed), Decimal(0))


def at_own_rates() -> Decimal:
    """What the reports cost: each part at its report's rate."""
    return sum(
        ((Decimal(part) * Decimal(rate)).quantize(Decimal("0.01")) for part, rate in zip(PARTS, RATES, strict=True)),
        Decimal(0),
    )


@pytest.mark.parametrize("order", sorted(set(permutations(range(3)))))
def test_in_any_order(lent, clear, order):
    for at in order:
        clear(report(f"B{at}", PARTS[at], RATES[at]))
    assert balance(lent, "1221.01") == (0, 0)
    assert balance(lent, "6602.02")[1] == at_own_rates()
    assert balance(lent, "6603.03")[1] == Decimal("7100.00") - at_own_rates()


@pytest.mark.parametrize("again", range(3))
def test_one_is_taken_back_and_booked_again(lent, clear, again):
    for at in range(3):
        clear(report(f"B{at}", PARTS[at], RATES[at]))
    lent("reverse", f"B{again}", "--reason", "错误")
    lent("run")
    assert balance(lent, "1221.01")[0] == Decimal(PARTS[again])
    lent("repost", f"B{again}", "--reason", "无误")
    lent("run")
    assert balance(lent, "1221.01") == (0, 0)
    assert balance(lent, "6603.03")[1] == Decimal("7100.00") - at_own_rates()


def test_what_is_taken_back_may_be_cleared_by_others(lent, clear):
    for at in range(3):
        clear(report(f"B{at}", PARTS[at], RATES[at]))
    lent("reverse", "B1", "--reason", "错误")
    lent("run")
    clear(report("B4", "100.00", "7.3000"), report("B5", "133.33", "6.9000"))
    clear(report("B6", "100.00", "7.0000"))
    assert balance(lent, "1221.01") == (0, 0)


def test_all_at_once(lent, clear):
    clear(*(report(f"B{at}", PARTS[at], RATES[at]) for at in range(3)))
    assert balance(lent, "1221.01") == (0, 0)


def test_merged_into_one_voucher_they_do_not_share_a_loan(lent, clear):
    """Members are derived side by side: of two that clear one loan, the second one has to know the first."""
    lent.change('merge        = "none"            # 凭证合并', 'merge        = "day"  # 凭证合并')
    clear(*(report(f"B{at}", PARTS[at], RATES[at]) for at in range(3)))
    assert balance(lent, "1221.01") == (0, 0)
    assert {row["state"] for row in lent.rows()} <= {"delivered", "cancelled"}


def test_merged_they_do_not_overdraw_it(lent):
    lent.today(DAY)
    lent.change('merge        = "none"            # 凭证合并', 'merge        = "day"  # 凭证合并')
    asked = [report("B1", "600.00", "7.1"), report("B2", "600.00", "7.1")]
    lent.customer.push(lent.customer.file("reports.json", asked), source=None)
    assert balance(lent, "1221.01")[0] == Decimal("400.00")
    assert [code for number in ("B1", "B2") for code in lent.problems(number)] == ["LOAN_OVERDRAWN"]


def test_a_loan_from_before_go_live(scenario, clear):
    scenario.customer.add_rows("loans", f"{LOAN},1000.00,E001,USD,7100.00,,,")
    for at in (2, 0, 1):
        clear(report(f"B{at}", PARTS[at], RATES[at]))
    scenario("reverse", "B0", "--reason", "错误")
    scenario("run")
    scenario("repost", "B0", "--reason", "无误")
    scenario("run")
    assert balance(scenario, "1221.01") == (Decimal("-1000.00"), Decimal("-7100.00"))
    assert balance(scenario, "6603.03")[1] == Decimal("7100.00") - at_own_rates()
