"""Legal entity, payees, and what the company has paid itself."""

from __future__ import annotations

import pytest

from dougong.model.masterdata import MasterRecord


def test_entity_by_tenant(read, flow):
    assert read(flow, entities={"corp": "A09"}).document.entity == "A09"


@pytest.mark.parametrize("field", ["legalEntity", "法人实体"])
def test_entity_of_the_form_by_table_and_by_reference(read, codes, flow, known, field):
    flow["form"][field] = "ID_le1"
    assert read(flow, entities={"ID_le1": "A02", "corp": "A01"}).document.entity == "A02"
    assert codes(flow, entities={}) == ["REFERENCE_MISSING"]
    known.add(MasterRecord("entity", "ID_le1", "A03", "三公司"))
    assert read(flow, entities={}).document.entity == "A03"


def test_entity_of_the_department(read, flow, known):
    known.add(
        MasterRecord("department", "corp:d1", "D01", "行政部", data={"legal_entity": "ID_le1"}),
        MasterRecord("entity", "ID_le1", "A03", "三公司"),
    )
    assert read(flow, entities={}).document.entity == "A03"
    assert read(flow, entities={"ID_le1": "A04"}).document.entity == "A04"


def test_unknown_entity_says_what_to_set(read, flow):
    (problem,) = read(flow, entities={}).problems
    assert (problem.code, problem.facts["tenant"]) == ("ENTITY_UNKNOWN", "corp")
    assert 'entities = { "corp" = "A01" } in [connections.oa.settings]' in problem.hint.en
    assert '[connections.oa.settings] 写 entities = { "corp" = "A01" }' in problem.hint.zh


def payee(**data):
    name = data.pop("name", "某某")
    return MasterRecord("payee", "ID_p1", "", name, data=data)


def test_payee_with_staff(read, flow, known):
    known.add(payee(type="个人账户", owner="INDIVIDUAL", staff="corp:s2"))
    (found,) = read(flow).document.payees
    assert (found.kind, found.code, found.amount, found.account) == ("employee", "E002", 100, None)


def test_personal_account_of_the_submitter(read, flow, known):
    known.add(payee(type="个人账户", owner="INDIVIDUAL", name="张三"))
    assert read(flow).document.payees[0].code == "E001"


@pytest.mark.parametrize("account", ["个人账户", "对公账户"])
def test_somebody_elses_account_is_not_guessed(read, flow, known, account):
    known.add(payee(type=account, owner="CORPORATION", name="张三丰"))
    found = read(flow)
    assert [problem.code for problem in found.problems] == ["PAYEE_UNKNOWN"]
    assert found.document.payees == ()
    (supplier,) = read(flow, suppliers={"ID_p1": "V01"}).document.payees
    assert (supplier.kind, supplier.code) == ("supplier", "V01")


def test_supplier_of_the_form(read, flow, known):
    known.add(payee(type="对公账户", owner="CORPORATION"), MasterRecord("supplier", "ID_v1", "V01", "平台"))
    flow["form"]["供应商"] = "ID_v1"
    assert read(flow).document.payees[0].code == "V01"


def test_no_payee(codes, flow):
    del flow["form"]["payeeId"]
    assert codes(flow) == ["PAYEE_MISSING"]


def test_nothing_payable_needs_no_payee(read, flow, of_money):
    form = flow["form"]
    del form["payeeId"]
    form |= {"payMoney": of_money("0.00"), "writtenOffMoney": of_money("100.00")}
    form["writtenOffRecords"] = [{"id": "ID_k", "amount": "100", "loanId": "ID_loan"}]
    found = read(flow)
    assert (found.problems, found.document.payees) == ((), ())
    assert [(advance.loan, advance.amount) for advance in found.document.advances] == [("ID_loan", 100)]


@pytest.fixture
def two_lines(flow):
    """Two lines of 100.00 for two payees."""
    first = flow["form"]["details"][0]
    second = {**first, "feeTypeForm": {**first["feeTypeForm"], "detailId": "l2", "feeDetailPayeeId": "ID_p2"}}
    first["feeTypeForm"]["feeDetailPayeeId"] = "ID_p1"
    flow["form"] |= {"details": [first, second], "multiplePayeesMode": True}
    for name in ("expenseMoney", "payMoney"):
        flow["form"][name]["standard"] = "200.00"
    return flow


def test_several_payees_by_line(read, two_lines, known):
    known.add(MasterRecord("payee", "ID_p2", "", "李四", data={"staff": "corp:s2"}))
    found = read(two_lines)
    assert found.problems == ()
    assert [(payee.code, payee.amount) for payee in found.document.payees] == [("E001", 100), ("E002", 100)]


def test_pay_plan_is_not_guessed(codes, two_lines):
    two_lines["form"]["payPlan"] = [{"id": "x"}]
    assert codes(two_lines) == ["PAYEES_NOT_READABLE"]


def paid_by_company(flow, of_money, company, pay):
    flow["form"] |= {"companyRealPay": of_money(company), "payMoney": of_money(pay)}
    return flow


def test_company_paid_everything(read, flow, of_money):
    found = read(paid_by_company(flow, of_money, "100.00", "0.00"), company_payer="V-CTRIP")
    assert found.problems == ()
    assert found.document.lines[0].paid_by.supplier == "V-CTRIP"
    assert found.document.payees == ()


def test_company_paid_but_to_whom(codes, flow, of_money):
    assert codes(paid_by_company(flow, of_money, "100.00", "0.00")) == ["COMPANY_PAYER_UNKNOWN"]


def test_company_paid_but_which_lines(codes, flow, of_money):
    flow = paid_by_company(flow, of_money, "40.00", "60.00")
    assert codes(flow, company_payer="V-CTRIP") == ["COMPANY_PAID_LINES_UNKNOWN"]
