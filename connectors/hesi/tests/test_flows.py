"""Types, states, totals, write-offs, splits."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dougong.model.problems import InputError


@pytest.mark.parametrize(
    ("form_type", "type"),
    [("expense", "expense"), ("payment", "payment_request"), ("corpPayment", "payment_request")],
)
def test_types(read, flow, form_type, type):
    found = read({**flow, "formType": form_type})
    assert (found.document.type, found.problems) == (type, ())


@pytest.mark.parametrize(
    "form_type", ["requisition", "receipt", "permit", "custom", "reimbursement", "repayment", "new"]
)
@pytest.mark.parametrize("state", ["approving", "paid"])
def test_kinds_that_are_not_booked(read, flow, form_type, state):
    found = read({**flow, "formType": form_type, "state": state})
    problem = found.problems[0]
    assert (problem.code, problem.facts["form_type"]) == ("KIND_NOT_HANDLED", form_type)


@pytest.mark.parametrize(
    ("stated", "state"),
    [
        ("draft", "draft"),
        ("pending", "approving"),
        ("approving", "approving"),
        ("sending", "approving"),
        ("receiving", "approving"),
        ("rejected", "rejected"),
        ("paying", "paying"),
        ("PROCESSING", "paying"),
        ("paid", "paid"),
        ("archived", "archived"),
        ("nullify", "void"),
    ],
)
def test_states(read, flow, stated, state):
    assert read({**flow, "state": stated}).document.state == state


def test_deleted_is_not_void(read, flow):
    found = read({**flow, "active": False})
    assert (found.document.state, found.document.events, found.problems) == ("deleted", (), ())


def test_unknown_state_is_kept_and_told(read, flow):
    found = read({**flow, "state": "floating"})
    assert found.document.state == "floating"
    assert [problem.code for problem in found.problems] == ["STATE_UNKNOWN"]


@pytest.mark.parametrize("state", ["draft", "approving", "rejected", "nullify"])
def test_not_due_has_neither_events_nor_problems(read, flow, state):
    flow["form"]["payMoney"]["standard"] = "1.00"
    found = read({**flow, "state": state}, reference=None)
    assert (found.document.events, found.problems) == ((), ())


def test_identity(read, flow):
    flow["form"]["payMoney"]["standard"] = "99.00"
    (problem,) = read(flow).problems
    assert (problem.code, problem.facts) == ("IDENTITY_FAILED", {"difference": "1.00"})


def test_lines_and_total(read, flow):
    flow["form"]["expenseMoney"]["standard"] = flow["form"]["payMoney"]["standard"] = "120.00"
    (problem,) = read(flow).problems
    assert problem.code == "LINES_CONTRADICTORY"
    assert "20.00" in problem.message.zh


def test_no_lines(codes, flow):
    flow["form"]["details"] = []
    assert codes(flow) == ["LINES_MISSING"]


def test_a_write_off_that_names_no_loan(codes, flow, of_money):
    flow["form"] |= {"writtenOffMoney": of_money("1.00"), "writtenOffRecords": [{"id": "ID_k", "amount": "1"}]}
    assert "LOAN_MISSING" in codes(flow)


def test_written_off_contradiction_names_both_numbers(read, flow):
    flow["form"]["writtenOffRecords"] = [{"id": "ID_k", "amount": "222", "loanId": "ID_loan"}]
    (problem,) = read(flow).problems
    assert (problem.code, problem.facts) == ("WRITTEN_OFF_CONTRADICTORY", {"stated": "0.00", "recorded": "222"})
    assert "0.00" in problem.message.zh
    assert "222" in problem.message.zh


def test_broken_write_off(codes, flow):
    flow["form"]["writtenOffRecords"] = [{"id": "ID_k", "amount": "2,22", "loanId": "ID_loan"}]
    assert codes(flow) == ["AMOUNT_INVALID"]


@pytest.mark.parametrize("amount", ["1,000.00", "１００", "100.001", None])
def test_broken_line_amount_holds(read, flow, line, amount):
    line["amount"]["standard"] = amount
    found = read(flow)
    assert ("AMOUNT_INVALID", "form.details[0].feeTypeForm.amount") in [(p.code, p.path) for p in found.problems]
    assert found.document.lines == ()


def test_line_without_amount(codes, flow, line):
    del line["amount"]
    assert "AMOUNT_INVALID" in codes(flow)


def test_two_functional_currencies(codes, flow, line):
    line["amount"]["standardStrCode"] = "USD"
    assert "CURRENCY_MIXED" in codes(flow)


def test_foreign_line(read, flow, line, of_money):
    line["amount"] = of_money("100.00", foreign="125.00", foreignStrCode="HKD", foreignScale=2, rate="0.8")
    found = read(flow)
    (only,) = found.document.lines
    assert found.problems == ()
    assert (only.gross, only.currency, only.rate, only.base) == (125, "HKD", Decimal("0.8"), 100)


def test_period_instead_of_date(read, flow, line):
    line["feeDatePeriod"] = {"start": line["feeDate"], "end": line.pop("feeDate") + 86_400_000}
    assert read(flow).document.lines[0].expense_date.isoformat() == "2024-11-13"


def test_number_reason_and_time(read, flow):
    document = read(flow).document
    assert (document.number, document.reason) == ("B26110009", "出差")
    assert document.updated_at.isoformat() == "2024-11-19T15:06:40+08:00"


def test_no_number_falls_back_to_the_id(read, flow):
    del flow["form"]["code"]
    assert read({**flow, "state": "draft"}).document.number == "ID_flow1"


def test_no_submitter(codes, flow):
    del flow["form"]["submitterId"]
    assert codes(flow) == ["SUBMITTER_MISSING"]


def apportion(of_money, department, amount=None, percent=None, **more):
    form = {"apportionId": department, "expenseDepartment": department, **more}
    if amount is not None:
        form["apportionMoney"] = of_money(amount)
    if percent is not None:
        form["apportionPercent"] = percent
    return {"apportionForm": form}


def test_split_amounts_win_over_percents(read, flow, line, of_money):
    line["apportions"] = [
        apportion(of_money, "corp:d1", "66.67", "66.66"),
        apportion(of_money, "corp:d2", "33.33", "33.33", 项目="ID_r1"),
    ]
    found = read(flow)
    splits = [(s.department, s.project, s.amount, s.share) for s in found.document.lines[0].splits]
    assert found.problems == ()
    assert splits == [("D01", None, Decimal("66.67"), None), ("D02", "P-R01", Decimal("33.33"), None)]


def test_split_percents(read, flow, line, of_money):
    line["apportions"] = [apportion(of_money, "corp:d1", percent="60.00"), apportion(of_money, "corp:d2", percent=40)]
    assert [s.share for s in read(flow).document.lines[0].splits] == [Decimal("0.6"), Decimal("0.4")]


def test_negative_split(read, flow, line, of_money):
    line["apportions"] = [apportion(of_money, "corp:d1", "120.00"), apportion(of_money, "corp:d2", "-20.00")]
    assert read(flow).problems == ()


@pytest.mark.parametrize(
    "parts",
    [
        [("corp:d1", "60.00", None), ("corp:d2", "39.99", None)],
        [("corp:d1", None, "60"), ("corp:d2", None, "39.99")],
        [("corp:d1", "60.00", None), ("corp:d2", None, "40")],
    ],
)
def test_splits_that_do_not_add_up(codes, flow, line, of_money, parts):
    line["apportions"] = [apportion(of_money, *part) for part in parts]
    assert "SPLIT_CONTRADICTORY" in codes(flow)


def test_missing_project_is_told(read, flow, line, of_money):
    line["apportions"] = [apportion(of_money, "corp:d1", "100.00", 项目="ID_unknown")]
    (problem,) = read(flow).problems
    assert (problem.code, problem.facts["kind"]) == ("REFERENCE_MISSING", "project")
    assert "dimensions/items" in problem.hint.en


def test_project_of_the_report_holds_for_its_lines(read, flow):
    flow["form"]["项目"] = "ID_r1"
    (split,) = read(flow).document.lines[0].splits
    assert (split.project, split.department, split.share) == ("P-R01", None, 1)


def test_plain_line_has_no_split(read, flow):
    assert read(flow).document.lines[0].splits == ()


def test_loan(read, flow, of_money):
    flow |= {"formType": "loan", "state": "paid"}
    flow["form"] |= {"loanMoney": of_money("100.00"), "loanDepartment": "corp:d2", "payDate": 1_732_000_000_000}
    flow["form"] |= {"repaymentDate": 9_007_199_254_740_991, "paymentAccountId": "ID_a1"}
    found = read(flow)
    assert found.problems == ()
    assert (found.document.type, found.document.department, found.document.lines) == ("loan", "D02", ())
    (payee,) = found.document.payees
    assert (payee.kind, payee.code, payee.amount) == ("employee", "E001", 100)


def test_loan_with_two_amounts(codes, flow, of_money):
    flow |= {"formType": "loan", "state": "paid"}
    flow["form"] |= {"loanMoney": of_money("90.00"), "payDate": 1_732_000_000_000, "paymentAccountId": "ID_a1"}
    assert codes(flow) == ["AMOUNT_CONTRADICTORY"]


def test_own_fields_are_kept_and_masked(read, flow):
    flow["form"] |= {
        "u_原因": "给 13912345678 打款到 6222021234567890123",
        "u_手机": "12",
        "u_金额": 5,
        "voucherNo": "记-1",
    }
    extensions = read(flow).document.extensions
    assert extensions["u_原因"] == "给 *** 打款到 ***"
    assert (extensions["u_手机"], extensions["u_金额"], extensions["voucher_no"]) == ("***", 5, "记-1")
    assert b"13912345678" not in read(flow).raw


def test_tenant_of_a_flow_that_does_not_state_it(read, flow):
    del flow["corporationId"]
    assert read(flow).document.tenant == "corp"


def test_flow_of_nobody_is_refused(read_all, flow):
    del flow["corporationId"]
    flow["form"]["submitterId"] = "s1"
    with pytest.raises(InputError, match=r"FLOW_MALFORMED @ B26110009.corporationId"):
        read_all(flow)


def test_refund(read, flow, line):
    for amount in (line["amount"], flow["form"]["expenseMoney"], flow["form"]["payMoney"]):
        amount["standard"] = "-100.00"
    found = read(flow)
    assert found.problems == ()
    assert (found.document.lines[0].gross, found.document.payees[0].amount) == (-100, -100)
