"""Payments, returned transfers and repayments of whole projects (posting-rules.md §10, scenarios 2 and 3)."""

from __future__ import annotations

import pytest
from books import balance, dates, vouchers
from flow_documents import loan, report

APPROVED = {"id": "a1", "type": "approved", "on": "2026-11-18"}


def paid(number, amount, *, day=20, batch=None, id="p1", **more):
    payment = {"payee": "E002", "amount": amount, "account": "工行基本户", **more}
    return {"id": id, "type": "paid", "on": f"2026-11-{day}", "batch": batch, "payments": [payment]}


def repayment(number="H1", amount="60.00", loan="L1", day=25):
    return {
        "source": "s",
        "tenant": "T",
        "type": "repayment",
        "id": f"id-{number}",
        "number": number,
        "state": "paid",
        "updated_at": f"2026-11-{day}T10:00:00+08:00",
        "entity": "A01",
        "submitter": "E002",
        "currency": "CNY",
        "advances": [{"loan": loan, "amount": amount}],
        "events": [
            {
                "id": "r1",
                "type": "repaid",
                "on": f"2026-11-{day}",
                "payments": [{"payee": "E002", "amount": amount, "account": "工行基本户"}],
            }
        ],
    }


def test_a_payment_follows_its_accrual(shop):
    events = [APPROVED, paid("R1", "300.00")]
    assert shop.push(report(events=events)) == [("R1", "delivered"), ("R1", "delivered")]
    assert dates() == ["2026-11-18", "2026-11-20"]
    assert vouchers()[1] == [("C", "1002.01", "300.00"), ("D", "2241.01", "300.00")]
    assert balance("2241.01") == 0


def test_a_payment_waits_for_an_accrual_that_is_held(shop):
    states = shop.push(report(fee_type="培训费", events=[APPROVED, paid("R1", "300.00")]))
    assert [row[:2] for row in states] == [("R1", "held"), ("R1", "blocked")]
    table = shop.folder / "tables" / "expense_account.csv"
    table.write_bytes(table.read_bytes() + "培训费,*,*,6602.02,2020-01-01,,\n".encode())
    assert shop.push() == [("R1", "delivered"), ("R1", "delivered")]


def test_paid_before_it_was_approved(shop):
    assert shop.push(report(events=[paid("R1", "300.00")])) == [("R1", "held", "WAITS_FOR")]
    assert shop.push(report(events=[APPROVED, paid("R1", "300.00")])) == [("R1", "delivered"), ("R1", "delivered")]
    assert dates() == ["2026-11-18", "2026-11-20"]


def test_what_is_told_of_a_payment_later_counts_until_it_is_sent(shop):
    def told(account, day):
        return shop.push(report(events=[APPROVED, paid("R1", "300.00", account=account)], day=day))

    assert told("招行", 18) == [("R1", "delivered"), ("R1", "held", "ACCOUNT_NOT_DETERMINED")]
    assert told("工行基本户", 19) == [("R1", "delivered"), ("R1", "delivered")]
    sent = vouchers()
    assert told("招行", 20) == [("R1", "delivered"), ("R1", "delivered"), ("R1", "held", "TRANSFER_CONTRADICTED")]
    assert vouchers() == sent


def test_returned_and_paid_again(shop):
    back = {
        "id": "b1",
        "type": "payment_returned",
        "on": "2026-11-23",
        "payments": [{"payee": "E002", "amount": "300.00"}],
    }
    shop.push(report(events=[APPROVED, paid("R1", "300.00")]))
    shop.push(report(state="paying", events=[APPROVED, paid("R1", "300.00"), back]))
    assert vouchers()[2] == [("C", "1002.01", "-300.00"), ("D", "2241.01", "-300.00")]
    again = paid("R1", "300.00", day=25, id="p2")
    shop.push(report(state="paid", events=[APPROVED, paid("R1", "300.00"), back, again]))
    assert dates() == ["2026-11-18", "2026-11-20", "2026-11-23", "2026-11-25"]
    assert balance("2241.01") == 0
    assert balance("1002.01") == -300


def test_every_event_told_again_in_any_order_books_nothing_new(shop):
    events = [APPROVED, paid("R1", "300.00")]
    shop.push(report(events=events))
    before = vouchers()
    shop.push(report(state="archived", day=21, events=list(reversed(events))))
    shop.push({"source": "s", "tenant": "T", "type": "expense", "id": "id-R1", "events": events})
    assert vouchers() == before


def test_two_transfers_are_two_vouchers(shop):
    event = paid("R1", "100.00", id="p1")
    event["payments"] = [
        {"id": "x1", "payee": "E002", "amount": "100.00", "account": "工行基本户"},
        {"id": "x2", "payee": "E002", "amount": "200.00", "account": "工行基本户"},
    ]
    shop.push(report(events=[APPROVED, event]))
    assert [("C", "1002.01", "100.00"), ("D", "2241.01", "100.00")] in vouchers()
    assert [("C", "1002.01", "200.00"), ("D", "2241.01", "200.00")] in vouchers()


# -- loans ------------------------------------------------------------------------------------------------------------


def test_a_loan_that_is_written_off_and_repaid(shop):
    shop.push(loan(), report(loans=[("L1", "140.00")]))
    assert shop.push(repayment())[-1] == ("H1", "delivered")
    assert vouchers()[-1] == [("C", "1221.01", "60.00"), ("D", "1002.01", "60.00")]
    assert balance("1221.01") == 0


def test_no_loan_is_overdrawn(shop):
    shop.push(loan(), report(loans=[("L1", "140.00")]))
    assert shop.push(report("R2", loans=[("L1", "100.00")]))[-1] == ("R2", "held", "LOAN_OVERDRAWN")
    (problem,) = shop.rows()[-1]["problems"]
    assert "remaining=60.00 asked=100.00" in problem["message"]
    assert shop.push(report("R2", loans=[("L1", "60.00")], day=20))[-1] == ("R2", "delivered")
    assert balance("1221.01") == 0


def test_two_reports_at_once_do_not_overdraw_a_loan(shop):
    states = shop.push(loan(), *(report(f"R{at}", loans=[("L1", "140.00")]) for at in range(1, 5)))
    told = sorted(row for row in states if row[0] != "L1")
    assert [row[1] for row in told].count("delivered") == 1
    assert [row[2] for row in told if row[1] == "held"] == ["LOAN_OVERDRAWN"] * 3
    assert balance("1221.01") == 60


def test_a_loan_from_before_go_live(shop):
    table = shop.folder / "tables" / "loans.csv"
    table.write_text("loan,→employee,→currency,→amount,→base\nOLD1,E002,,150.00,\n", "utf-8-sig")
    assert shop.push(report(loans=[("OLD1", "140.00")])) == [("R1", "delivered")]
    assert shop.push(report("R2", loans=[("OLD1", "11.00")]))[-1][2] == "LOAN_OVERDRAWN"
    assert ("R3", "delivered") in shop.push(report("R3", loans=[("OLD1", "10.00")]))


@pytest.mark.parametrize("posted", [True, False])
def test_a_loan_whose_payment_came_back_is_for_a_person(shop, posted):
    told = loan()
    back = {"id": "b1", "type": "payment_returned", "on": "2026-11-12", "payments": told["events"][1]["payments"]}
    if posted:
        shop.push(loan())
    states = shop.push(loan(day=13, events=[*told["events"], back]))
    assert states[-1] == ("L1", "held", "NOT_SUPPORTED_YET")
    assert len(vouchers()) == posted
