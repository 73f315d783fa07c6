"""The fingerprint moves with money and with nothing else."""

from __future__ import annotations

import json

import attrs
import pytest

from dougong.model.identity import content_fingerprint
from dougong.model.masterdata import MasterRecord


@pytest.fixture
def fingerprint(read):
    return lambda data, **options: content_fingerprint(read(data, **options).content)


NOISE = {
    "approved, paid, archived": lambda flow: flow.update(state="archived"),
    "rejected": lambda flow: flow.update(state="rejected"),
    "update time": lambda flow: flow.update(updateTime=1_799_000_000_000),
    "version": lambda flow: flow.update(version=9),
    "log": lambda flow: flow.update(logs=[]),
    "voucher written back": lambda flow: flow["form"].update(
        voucherNo="记-1", voucherStatus="已生成", voucherCreateTime=5
    ),
    "payment": lambda flow: flow["form"].update(
        payDate=5, paymentAccountId="ID_a9", paymentChannel="BANK", flowEndTime=6
    ),
    "printed": lambda flow: flow["form"].update(printCount="3", printState="printed"),
    "title": lambda flow: flow["form"].update(title="改了标题"),
    "own field": lambda flow: flow["form"].update(u_原因="x"),
    "requisition link": lambda flow: flow["form"].update(expenseLinks=["ID_x"]),
    "line link": lambda flow: line_of(flow).update(linkDetailEntities=[{"linkDetailEntityId": "x"}]),
    "template version": lambda flow: flow["form"]["details"][0].update(specificationId="new"),
    "fee type told": lambda flow: flow["form"]["details"][0].update(feeType={"id": "corp:travel", "code": "X"}),
    "invoice confirmed": lambda flow: line_of(flow)["invoiceForm"].update(invoiceConfirm="true"),
    "33 and 33.00": lambda flow: line_of(flow)["amount"].update(standard="100.00"),
    "number and string": lambda flow: line_of(flow)["amount"].update(standard=100),
    "symbol": lambda flow: line_of(flow)["amount"].update(standardSymbol="¥", standardScale="2"),
    "empty write-off": lambda flow: flow["form"].update(writtenOffRecords=[]),
}
MONEY = {
    "line amount": lambda flow: line_of(flow)["amount"].update(standard="101.00"),
    "currency": lambda flow: line_of(flow)["amount"].update(standardStrCode="HKD"),
    "foreign": lambda flow: line_of(flow)["amount"].update(foreign="20", foreignStrCode="USD", rate="5"),
    "payable": lambda flow: flow["form"]["payMoney"].update(standard="90.00"),
    "unreadable amount": lambda flow: line_of(flow)["amount"].update(standard="1,00"),
    "department": lambda flow: flow["form"].update(expenseDepartment="corp:d2"),
    "project": lambda flow: flow["form"].update(项目="ID_r1"),
    "entity": lambda flow: flow["form"].update(legalEntity="ID_le"),
    "fee type": lambda flow: flow["form"]["details"][0].update(feeTypeId="corp:office"),
    "day": lambda flow: line_of(flow).update(feeDate=1_731_427_200_000),
    "submitter": lambda flow: flow["form"].update(submitterId="corp:s2"),
    "payee": lambda flow: flow["form"].update(payeeId="ID_p2"),
    "write-off": lambda flow: flow["form"].update(writtenOffRecords=[{"loanId": "ID_l", "amount": "1"}]),
    "invoice": lambda flow: line_of(flow).update(
        invoiceForm={"type": "exist", "invoices": [{"invoiceId": "corp:inv1"}]}
    ),
    "split": lambda flow: line_of(flow).update(apportions=[{"apportionForm": {"expenseDepartment": "corp:d2"}}]),
    "split by another dimension": lambda flow: line_of(flow).update(apportions=[{"apportionForm": {"客户": "ID_c"}}]),
    "pay plan": lambda flow: flow["form"].update(payPlan=[{"payeeId": "ID_p2", "amount": {"standard": "5"}}]),
}


def line_of(flow):
    return flow["form"]["details"][0]["feeTypeForm"]


@pytest.mark.parametrize("what", NOISE)
def test_does_not_move(fingerprint, flow, what):
    before = fingerprint(flow)
    NOISE[what](flow)
    assert fingerprint(flow) == before


@pytest.mark.parametrize("what", MONEY)
def test_moves(fingerprint, flow, what):
    before = fingerprint(flow)
    MONEY[what](flow)
    assert fingerprint(flow) != before


def test_deductible_tax_moves_and_its_spelling_does_not(fingerprint, flow, line):
    def with_tax(tax):
        money = {"standard": tax, "standardStrCode": "CNY"}
        line["invoiceForm"] = {"type": "exist", "invoices": [{"invoiceId": "corp:inv1", "taxAmount": money}]}
        return fingerprint(flow)

    assert with_tax(0) == with_tax("0.00") != with_tax("5.66")


def test_chosen_items_count_but_not_their_order(fingerprint, flow, line):
    def with_items(*ids):
        line["invoiceForm"] = {"type": "exist", "invoices": [{"invoiceId": "corp:inv1", "itemIds": list(ids)}]}
        return fingerprint(flow)

    assert with_items("a", "b") == with_items("b", "a") != with_items("a")


def test_reference_data_that_arrives_later_or_changes(fingerprint, flow, known):
    before = fingerprint(flow, reference=None)
    assert fingerprint(flow) == before
    known.add(MasterRecord("employee", "corp:s1", "E777", "张三改名"), MasterRecord("department", "corp:d1", "D99"))
    invoice = known.get("invoice", "corp:inv1")
    known.add(attrs.evolve(invoice, data={**invoice.data, "verified": False}))
    assert fingerprint(flow) == before
    assert fingerprint(flow, fee_type="name", entities={"corp": "A09"}) == before


def test_content_is_plain_json(read, flow):
    content = read(flow).content
    assert json.loads(json.dumps(content)) == content
    assert "E001" not in json.dumps(content)
