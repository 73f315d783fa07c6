"""What opens a moment, and when."""

from __future__ import annotations

import pytest

APPROVED, PAID = 1_732_000_000_000, 1_732_100_000_000
LOAN = {"formType": "loan", "state": "paid"}


def types(found):
    return [event.type for event in found.document.events]


@pytest.mark.parametrize("state", ["paying", "PROCESSING", "paid", "archived"])
def test_accrual_opens_at_paying_and_later(read, flow, state):
    event = read({**flow, "state": state}).document.events[0]
    assert (event.id, event.type, event.on.isoformat()) == (
        f"approved:{APPROVED}",
        "approved",
        "2024-11-19T15:06:40+08:00",
    )


def test_the_last_approving_line_counts(read, flow):
    early = {"action": "freeflow.agree", "state": "paying", "time": APPROVED - 5_000, "attributes": {}}
    later = {"action": "freeflow.agree", "state": "approving", "time": APPROVED + 5_000, "attributes": {}}
    flow["logs"] += [later, early]
    assert read(flow).document.events[0].id == f"approved:{APPROVED}"


def test_submission_that_needs_no_approver(read, flow):
    flow["logs"] = [{"action": "freeflow.submit", "state": "paid", "time": APPROVED, "attributes": None}]
    assert types(read({**flow, "state": "paid"})) == ["approved"]


@pytest.mark.parametrize(
    ("state", "name"),
    [("paying", "timeToEnterPendingPayment"), ("paying", "preNodeApprovedTime"), ("paid", "flowEndTime")],
)
def test_the_states_own_date(read, flow, state, name):
    del flow["logs"]
    flow["form"][name] = APPROVED
    assert read({**flow, "state": state}).document.events[0].id == f"approved:{APPROVED}"


def test_no_date_of_approval(codes, flow):
    flow["logs"] = []
    assert codes(flow) == ["APPROVAL_DATE_MISSING"]


def pay_log(time=PAID, **attributes):
    told = {"channelTradeNo": "PB-1", "paymentChannel": "OFFLINE", "paymentAccountId": "ID_a1", "failureReason": ""}
    return {"action": "freeflow.pay", "state": "paid", "time": time, "attributes": {**told, **attributes}}


def test_payment(read, flow):
    flow["logs"].append(pay_log())
    flow["form"]["payDate"] = PAID + 1
    event = read({**flow, "state": "paid"}).document.events[1]
    (payment,) = event.payments
    assert (event.id, event.type, event.batch) == ("paid:1", "paid", "PB-1")
    assert event.on.timestamp() == (PAID + 1) / 1000
    assert (payment.payee, payment.amount, payment.id, payment.bank_reference) == ("E001", 100, "paid:1/1", "PB-1")
    assert (payment.account, payment.method) == ("工行基本户", "OFFLINE")


def test_payment_without_log(read, flow):
    flow["form"] |= {"payDate": PAID, "paymentChannel": "OFFLINE", "paymentAccountId": "ID_a1"}
    event = read({**flow, "state": "archived"}).document.events[1]
    assert (event.id, event.payments[0].id, event.payments[0].account) == ("paid:1", "paid:1/1", "工行基本户")


def test_the_same_payment_whatever_is_told_of_it(read, flow):
    flow["state"] = "paid"
    flow["form"]["payDate"] = PAID
    before = read(flow).document.events[1]
    flow["logs"].append(pay_log(time=PAID + 86_400_000))
    logged = read(flow).document.events[1]
    del flow["form"]["payDate"]
    alone = read(flow).document.events[1]
    assert {(event.id, event.payments[0].id) for event in (before, logged, alone)} == {("paid:1", "paid:1/1")}


def test_unknown_account_does_not_hold_the_accrual(read, flow):
    flow["logs"].append(pay_log(paymentAccountId="ID_gone"))
    found = read({**flow, "state": "paid"})
    assert (found.problems, found.document.events[1].payments[0].account) == ((), None)


def test_paid_without_a_cashier_is_no_payment(read, flow):
    found = read({**flow, "state": "paid"})
    assert (types(found), found.problems) == (["approved"], ())


def test_failed_payment_is_no_payment(read, flow):
    flow["logs"].append(pay_log(failureReason="账号错误"))
    assert types(read({**flow, "state": "paid"})) == ["approved"]


def test_paying_is_not_paid(read, flow):
    flow["logs"].append(pay_log())
    assert types(read(flow)) == ["approved"]


def test_events_are_stable_while_the_log_grows(read, flow):
    before = read(flow).document.events
    flow["logs"] += [{"action": "freeflow.comment", "state": "paying", "time": PAID, "attributes": {}}, pay_log()]
    after = read({**flow, "state": "archived", "updateTime": PAID}).document.events
    assert after[: len(before)] == before


def test_loan_is_opened_by_its_payment(read, flow, of_money):
    flow |= LOAN
    flow["form"]["loanMoney"] = of_money("100.00")
    flow["logs"].append(pay_log())
    found = read(flow)
    assert (types(found), found.problems) == (["approved", "paid"], ())
    assert found.document.events[1].payments[0].account == "工行基本户"


def test_loan_in_foreign_currency(read, flow, of_money):
    flow |= LOAN
    dollars = {"foreign": "20.00", "foreignStrCode": "USD", "rate": "5"}
    flow["form"] |= {"loanMoney": of_money("100.00", **dollars), "payMoney": of_money("100.00", **dollars)}
    flow["logs"].append(pay_log())
    (payment,) = read(flow).document.events[1].payments
    assert (payment.amount, payment.currency, payment.rate) == (20, "USD", 5)


def test_loan_needs_its_paying_account(codes, flow, of_money):
    flow |= LOAN
    flow["form"]["loanMoney"] = of_money("100.00")
    flow["logs"].append(pay_log(paymentAccountId="ID_gone"))
    assert codes(flow) == ["REFERENCE_MISSING"]


def test_loan_without_payment_date(codes, flow, of_money):
    flow |= LOAN
    flow["form"]["loanMoney"] = of_money("100.00")
    assert codes(flow) == ["PAYMENT_DATE_MISSING"]


def test_loan_that_is_not_paid_yet_is_not_due(read, flow, of_money):
    flow |= {**LOAN, "state": "paying"}
    flow["form"]["loanMoney"] = of_money("100.00")
    found = read(flow, reference=None)
    assert (types(found), found.problems) == (["approved"], ())
