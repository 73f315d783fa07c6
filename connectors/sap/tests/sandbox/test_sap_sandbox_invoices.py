"""Supplier invoices over OData, as sap.md §2.2 and §2.5 describe them: tokens, deep insert, cancelling, ETags."""

from __future__ import annotations

import json

import pytest

SERVICE = "API_SUPPLIERINVOICE_PROCESS_SRV"
INVOICES = f"{SERVICE}/A_SupplierInvoice"


def invoice(gross="113.00", **changes):
    return {
        "CompanyCode": "1000",
        "DocumentDate": "/Date(1795478400000)/",
        "PostingDate": "/Date(1795478400000)/",
        "SupplierInvoiceIDByInvcgParty": "ER-1",
        "InvoicingParty": "10000002",
        "DocumentCurrency": "CNY",
        "InvoiceGrossAmount": gross,
        "DocumentHeaderText": "R-1",
        "TaxIsCalculatedAutomatically": False,
        "to_SupplierInvoiceItemGLAcct": {
            "results": [
                {
                    "SupplierInvoiceItem": "0001",
                    "GLAccount": "6602010000",
                    "CostCenter": "CC1001",
                    "DebitCreditCode": "S",
                    "SupplierInvoiceItemAmount": "100.00",
                    "TaxCode": "J1",
                }
            ]
        },
        "to_SupplierInvoiceTax": [
            {
                "TaxCode": "J1",
                "SupplierInvoiceTaxCounter": "000001",
                "TaxAmount": "13.00",
                "TaxBaseAmountInTransCrcy": "100.00",
            }
        ],
        **changes,
    }


def posted(caller, **changes):
    status, headers, body = caller.change("POST", INVOICES, invoice(**changes))
    assert status == 201, body
    return headers, json.loads(body)["d"]


def error(answer):
    status, _, body = answer
    return status, json.loads(body)["error"]["code"]


def cancel(caller, made, *, reason="01", **headers):
    query = (
        f"SupplierInvoice='{made['SupplierInvoice']}'&FiscalYear='{made['FiscalYear']}'"
        f"&ReversalReason='{reason}'&PostingDate=datetime'2026-11-25T00:00:00'"
    )
    return caller.change("POST", f"{SERVICE}/Cancel?{query}", **headers)


def test_an_invoice_is_posted_with_its_journal_entry(caller):
    headers, made = posted(caller)
    assert (made["SupplierInvoice"], made["FiscalYear"]) == ("5105600101", "2026")
    assert headers["Location"].endswith("A_SupplierInvoice(SupplierInvoice='5105600101',FiscalYear='2026')")
    assert [row["GLAccount"] for row in made["to_SupplierInvoiceItemGLAcct"]["results"]] == ["6602010000"]
    (held,) = caller.sandbox.postings()
    assert (held["type"], held["number"], held["total"]) == ("supplier_invoice", "5105600101", "113.00")
    rows = caller.get("API_OPLACCTGDOCITEMCUBE_SRV/A_OperationalAcctgDocItemCube", filter="FiscalYear eq '2026'")
    assert {(row["AccountingDocument"], row["ReferenceDocumentType"]) for row in rows["results"]} == {
        ("5100000000", "RMRP")
    }
    assert {row["OriginalReferenceDocument"] for row in rows["results"]} == {"51056001012026"}


def test_it_is_read_back_by_its_reference_with_its_lines(caller):
    posted(caller)
    ways = "to_SupplierInvoiceItemGLAcct,to_SupplierInvoiceTax"
    found = caller.get(
        INVOICES, filter="SupplierInvoiceIDByInvcgParty eq 'ER-1'", expand=ways, select=f"CompanyCode,{ways}"
    )
    (row,) = found["results"]
    assert row["to_SupplierInvoiceTax"]["results"][0]["TaxAmount"] == "13.00"
    assert set(row) == {"__metadata", "CompanyCode", *ways.split(",")}
    below = caller.get(f"{row['__metadata']['uri'].partition('/sap/opu/odata/sap/')[2]}/to_SupplierInvoiceTax")
    assert len(below["results"]) == 1
    assert caller.get(INVOICES, expand="to_Nothing")["status"] == 400


@pytest.mark.parametrize("without", ["X-CSRF-Token", "Cookie", "both", "stale"])
def test_a_change_needs_token_and_cookie_of_one_session(caller, without):
    shown = {name: value for name, value in caller.token().items() if without not in (name, "both")}
    if without == "stale":
        shown["X-CSRF-Token"] = caller.token()["X-CSRF-Token"]
    status, headers, body = caller.call("POST", f"/sap/opu/odata/sap/{INVOICES}", json.dumps(invoice()).encode(), shown)
    assert (status, headers["X-CSRF-Token"]) == (403, "Required")
    assert b"CSRF" in body
    assert caller.sandbox.postings() == []


WRONG = {
    "M8/186": {"gross": "112.00"},
    "F5/104": {"InvoicingParty": "99999999"},
    "F5/201": {"PostingDate": "/Date(946684800000)/"},
    "F5/507": {
        "to_SupplierInvoiceItemGLAcct": [{**invoice()["to_SupplierInvoiceItemGLAcct"]["results"][0], "GLAccount": "1"}]
    },
    "ZDG/016": {"TaxIsCalculatedAutomatically": True},
    "/IWBEP/CX_MGW_BUSI_EXCEPTION": {"InvoiceGrossAmount": 113.0},
}


@pytest.mark.parametrize("code", WRONG)
def test_what_is_wrong_is_told_in_gateways_envelope(caller, code):
    assert error(caller.change("POST", INVOICES, invoice(**WRONG[code]))) == (400, code)
    assert caller.sandbox.postings() == []


def test_a_vendor_may_be_checked_for_duplicates(caller):
    posted(caller)
    posted(caller)
    row = {"code": "10000001", "account": "2202010000", "duplicate_check": True}
    caller.sandbox.seed({"dimensions": {"supplier": [row]}})
    posted(caller, InvoicingParty="10000001")
    again = caller.change("POST", INVOICES, invoice(InvoicingParty="10000001"))
    assert error(again) == (400, "M8/108")


def test_an_invoice_is_cancelled_once_by_who_has_read_it(caller):
    headers, made = posted(caller)
    assert error(cancel(caller, made)) == (428, "/IWFND/CM_MGW/555")
    assert error(cancel(caller, made, **{"If-Match": 'W/"old"'})) == (412, "/IWBEP/CM_MGW_RT/041")
    assert headers["ETag"] == made["__metadata"]["etag"]
    status, _, body = cancel(caller, made, **{"If-Match": headers["ETag"]})
    result = json.loads(body)["d"]["Cancel"]
    assert (status, result) == (200, {"ReverseDocument": "5105600102", "FiscalYear": "2026", "Success": True})
    first, back = caller.get(INVOICES, orderby="SupplierInvoice")["results"]
    assert (first["IsReversed"], first["ReverseDocument"], back["IsReversal"]) == (True, "5105600102", True)
    assert back["SupplierInvoiceIDByInvcgParty"] == "ER-1"
    assert error(cancel(caller, made, **{"If-Match": "*"})) == (400, "ZDG/017")
    assert len(caller.sandbox.postings()) == 2


def test_a_system_that_does_not_ask_for_a_version_when_cancelling(caller_with):
    caller = caller_with(cancel_if_match="false")
    _, made = posted(caller)
    assert error(cancel(caller, made, reason="")) == (400, "ZDG/014")
    assert cancel(caller, made)[0] == 200


def test_what_is_posted_is_not_deleted(caller):
    headers, made = posted(caller)
    path = f"{INVOICES}(SupplierInvoice='{made['SupplierInvoice']}',FiscalYear='2026')"
    assert error(caller.change("DELETE", path))[0] == 428
    assert error(caller.change("DELETE", path, **{"If-Match": headers["ETag"]})) == (400, "ZDG/019")
