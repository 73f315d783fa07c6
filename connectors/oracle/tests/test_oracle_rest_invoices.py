"""Invoices over REST at the sandbox: one a call, refused by the rules of the import."""

from __future__ import annotations

import httpx
import pytest

PATH = "fscmRestApi/resources/11.13.18.05/invoices"
LINE = {
    "LineNumber": 1,
    "LineAmount": 5,
    "DistributionCombination": "101.6602010000.1001.0.0.0.0.0",
    "Description": "paper",
}
INVOICE = {
    "InvoiceNumber": "DG1",
    "InvoiceCurrency": "CNY",
    "InvoiceAmount": 5,
    "InvoiceDate": "2026-11-10",
    "AccountingDate": "2026-11-10",
    "BusinessUnit": "CN Business Unit",
    "Supplier": "携程",
    "SupplierSite": "MAIN",
    "Description": "B1",
    "invoiceLines": [LINE],
}


@pytest.fixture
def send(sandbox):
    def post(password="Dougong-Fusion-2026", **changes):
        url = f"{sandbox.url.rstrip('/')}/{PATH}"
        return httpx.post(url, json={**INVOICE, **changes}, auth=("DOUGONG_INT", password))

    return post


def test_an_invoice_is_made_once(sandbox, send):
    made = send()
    assert (made.status_code, made.json()["SupplierNumber"]) == (201, "10001")
    again = send()
    assert (again.status_code, again.json()["o:errorDetails"][0]["o:errorCode"]) == (400, "JBO-27024")
    assert "DUPLICATE INVOICE NUMBER" in again.json()["o:errorDetails"][0]["detail"]
    assert [one["type"] for one in sandbox.postings()] == ["invoice"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"Supplier": "nobody"}, "INVALID SUPPLIER"),
        ({"SupplierSite": ""}, "INVALID SUPPLIER SITE"),
        ({"InvoiceAmount": 6}, "INVALID INVOICE AMOUNT"),
    ],
)
def test_what_breaks_a_rule_is_refused(sandbox, send, changes, reason):
    answer = send(**changes)
    assert answer.status_code == 400
    assert answer.json()["o:errorDetails"][0]["detail"].endswith(reason)
    assert sandbox.postings() == []


def test_nobody_else_is_let_in(sandbox, send):
    assert send(password="wrong").status_code == 401
    assert sandbox.postings() == []
