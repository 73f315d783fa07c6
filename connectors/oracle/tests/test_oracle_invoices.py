"""Payables invoices: a voucher of one supplier becomes one, each rejected by itself, never twice."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from dougong.model.bookings import Voucher, VoucherLine
from dougong_oracle.columns import INVOICE_COLUMNS, INVOICE_LINE_COLUMNS
from dougong_oracle.invoices import invoice_problems

INVOICES = """
target           = "invoices"
business_unit    = "CN Business Unit"
business_unit_id = "300000046987012"
ledger_id        = "300000046975971"
"""


@pytest.fixture(autouse=True)
def invoicing(set_in):
    set_in(INVOICES)


def owed(new_report, number=1, supplier="S-CTRIP"):
    """A request for payment to a supplier."""
    return new_report(
        number, type="payment_request", payees=[{"kind": "supplier", "code": supplier, "amount": "1272.00"}]
    )


def test_vouchers_become_invoices_and_are_found_listed_and_compared(sandbox, dougong, file, new_report):
    status, rows = dougong("push", file(owed(new_report, 1), owed(new_report, 2)))
    assert (status, {row["state"] for row in rows}) == (0, {"delivered"})
    first, _ = sandbox.postings()
    assert (first["type"], first["total"], first["book"]) == ("invoice", "1272.00", "CN Business Unit")
    assert {(line["side"], line["account"], line["base_amount"]) for line in first["lines"]} >= {
        ("C", "2202010000", "1272.00")
    }
    assert [row["operation"] for row in sandbox.requests()].count("import") == 1
    status, rows = dougong("reconcile", "--period", "2026-11")
    assert (status, {row["verdict"] for row in rows}) == (0, {"matched"})


def test_one_that_is_rejected_is_no_others_matter(sandbox, dougong, file, new_report):
    sandbox.fault("business_error", operation="import", code="INVALID SUPPLIER", match="B26110002", count=1)
    _, rows = dougong("push", file(*(owed(new_report, number) for number in (1, 2, 3))))
    states = {row["documents"][0]: row["state"] for row in rows}
    assert states == {"B26110001": "delivered", "B26110002": "rejected", "B26110003": "delivered"}
    assert [one["code"] for row in rows for one in row["problems"]] == ["ORACLE_INVALID_SUPPLIER"]
    assert [row["operation"] for row in sandbox.requests()].count("import") == 1


@pytest.mark.parametrize("fault", ["reset_after_work", "reset_before_work", "truncate"])
def test_a_lost_answer_makes_no_second_invoice(sandbox, dougong, file, new_report, fault):
    sandbox.fault(fault, operation="import", count=1)
    status, rows = dougong("push", file(owed(new_report)))
    assert (status, rows[0]["state"]) == (0, "delivered")
    assert len(sandbox.postings()) == 1


def test_what_is_owed_to_a_person_is_no_invoice(sandbox, dougong, file, new_report):
    _, (row,) = dougong("push", file(new_report(1)))
    assert (row["state"], row["problems"][0]["path"]) == ("held", "VENDOR_NUM")
    assert [one for one in sandbox.requests() if one["operation"] == "import"] == []


def credit(**dimensions):
    return VoucherLine(2, "C", "2202.01", Decimal(5), dimensions=dimensions)


@pytest.mark.parametrize(
    ("credits", "codes"),
    [
        ([credit(supplier="S1")], []),
        ([credit(supplier="S1"), credit(supplier="S2")], ["NOT_AN_INVOICE"]),
        ([credit(supplier="S1"), credit()], ["NOT_AN_INVOICE"]),
        ([], ["NOT_AN_INVOICE"]),
    ],
)
def test_an_invoice_is_of_one_supplier(credits, codes):
    lines = (VoucherLine(1, "D", "6602.02", Decimal(5)), *credits)
    booking = Voucher("accrual", "A01", "A01", dt.date(2026, 11, 18), "2026-11", "记", "CNY", lines, ("R-1",))
    needed = ("OPERATING_UNIT", "SOURCE", "INVOICE_DATE", "VENDOR_NUM", "VENDOR_SITE_CODE", "TERMS_NAME")
    needed += ("INVOICE_CURRENCY_CODE", "INVOICE_TYPE_LOOKUP_CODE")
    line = {"LINE_TYPE_LOOKUP_CODE": "ITEM", "AMOUNT": Decimal(5), "DIST_CODE_CONCATENATED": "101.1"}
    body = {**dict.fromkeys(needed, "x"), "INVOICE_AMOUNT": Decimal(5), "Lines": [line]}
    assert [one.code for one in invoice_problems(body, booking)] == codes


def test_an_invoice_and_its_lines_add_up():
    lines = (credit(supplier="S1"),)
    booking = Voucher("accrual", "A01", "A01", dt.date(2026, 11, 18), "2026-11", "记", "CNY", lines, ("R-1",))
    body = {"INVOICE_AMOUNT": Decimal(5), "Lines": [{"AMOUNT": Decimal(4)}]}
    assert ("NOT_BALANCED", "INVOICE_AMOUNT") in [(one.code, one.path) for one in invoice_problems(body, booking)]


def test_the_columns_stand_where_oracle_expects_them():
    heads = {name: number for number, name in enumerate(INVOICE_COLUMNS, 1)}
    lines = {name: number for number, name in enumerate(INVOICE_LINE_COLUMNS, 1)}
    assert [heads[name] for name in ("INVOICE_NUM", "VENDOR_NUM", "GROUP_ID", "TERMS_NAME", "GL_DATE")] == [
        4,
        8,
        13,
        20,
        24,
    ]
    assert [lines[name] for name in ("AMOUNT", "DESCRIPTION", "DIST_CODE_CONCATENATED", "ACCOUNTING_DATE")] == [
        4,
        8,
        22,
        24,
    ]
    assert (len(heads), len(lines)) == (134, 163)
    assert (heads["REQUESTER_EMAIL_ADDRESS"], lines["REQUESTER_EMAIL_ADDRESS"]) == (134, 163)


def test_check_finds_nothing(dougong):
    status, rows = dougong("check")
    assert (status, [row for row in rows if not row["ok"]]) == (0, [])
