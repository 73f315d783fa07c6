"""Rows of the entity sets: journal entries of the ledger line by line, master data of the seed (sap.md §2.3, §2.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dougong_sdk.sandbox import Record

from .invoices import etag_of, invoices
from .odata import ETAG

if TYPE_CHECKING:
    from .product import SapSandbox

__all__ = ["rows_of"]

Row = dict[str, Any]
_FOR_EVER = dt.date(9999, 12, 31)
_SINCE = dt.date(2020, 1, 1)
#: Kind of line and side → posting key; account type of a line.
_KEYS = {("Item", "D"): "40", ("Item", "C"): "50", ("CreditorItem", "D"): "21", ("CreditorItem", "C"): "31"}
_SPECIAL = {"D": "29", "C": "39"}
_TYPES = {"CreditorItem": "K", "DebtorItem": "D"}


def rows_of(sandbox: SapSandbox, entity_set: str) -> list[Row]:
    """Every row of a set."""
    makers: Mapping[str, Callable[[SapSandbox], Iterator[Row]]] = {
        "A_OperationalAcctgDocItemCube": _cube,
        "A_CompanyCode": _companies,
        "A_CostCenter": _centres,
        "A_CostCenterText": _centre_texts,
        "A_GLAccountInChartOfAccounts": _accounts,
        "A_GLAccountText": _account_texts,
        "A_SupplierInvoice": _invoices,
        "A_SupplierInvoiceItemGLAcct": _invoice_items,
        "A_SupplierInvoiceTax": _invoice_taxes,
        "A_Supplier": _suppliers,
        "A_SupplierCompany": _supplier_companies,
    }
    return list(makers[entity_set](sandbox)) if entity_set in makers else []


def _cube(sandbox: SapSandbox) -> Iterator[Row]:
    for entry in sandbox.vouchers():
        head = _head(entry, sandbox)
        for at, line in enumerate(entry["lines"], 1):
            yield {**head, "AccountingDocumentItem": f"{at:03}", **_line(line, sandbox)}


def _head(entry: Record, sandbox: SapSandbox) -> Row:
    other = str(entry.get("reverses") or entry.get("reversed_by") or "")
    _, other_year, other_number = other.split("/") if other else ("", "", "")
    return {
        "CompanyCode": entry["company"],
        "FiscalYear": entry["period"][:4],
        "AccountingDocument": entry.get("document", entry["number"]),
        "ChartOfAccounts": sandbox.master.rows("companies")[entry["company"]].get("chart", ""),
        "ReferenceDocumentType": "RMRP" if "invoice" in entry else "BKPFF",
        "OriginalReferenceDocument": f"{entry['number']}{entry['period'][:4]}"
        if "invoice" in entry
        else f"{entry['number']}{entry['company']}{entry['period'][:4]}",
        "FiscalPeriod": f"{int(entry['period'][5:]):03d}",
        "PostingDate": dt.date.fromisoformat(entry["date"]),
        "DocumentDate": dt.date.fromisoformat(entry["document_date"]),
        "AccountingDocumentCreationDate": dt.date.fromisoformat(entry["date"]),
        "AccountingDocumentType": entry["voucher_type"],
        "CompanyCodeCurrency": entry["currency"],
        "AccountingDocCreatedByUser": entry["created_by"],
        "DocumentReferenceID": _reference(entry, sandbox),
        "AccountingDocumentHeaderText": entry["header_text"],
        "BusinessTransactionType": "RFBU",
        "ReversalReason": entry.get("reversal_reason"),
        "ReverseDocument": other_number,
        "ReverseDocumentFiscalYear": other_year,
        "IsReversal": bool(entry.get("reverses")),
        "IsReversed": bool(entry.get("reversed_by")),
    }


def _line(line: Record, sandbox: SapSandbox) -> Row:
    sign = 1 if line["side"] == "D" else -1
    dimensions, kind = line["dimensions"], line.get("kind", "Item")
    account = sandbox.master.rows("accounts").get(line["account"], {})
    special = line.get("special_gl") or ""
    key = _SPECIAL[line["side"]] if special else _KEYS.get((kind, line["side"]), "40" if sign > 0 else "50")
    return {
        "PostingKey": key,
        "FinancialAccountType": _TYPES.get(kind, "S"),
        "SpecialGLCode": special,
        "DebitCreditCode": "S" if sign > 0 else "H",
        "TaxCode": line.get("tax_code"),
        "AssignmentReference": line.get("assignment"),
        "DocumentItemText": line["summary"],
        "PartnerCompany": dimensions.get("company"),
        "CostCenter": dimensions.get("department"),
        "Project": dimensions.get("project"),
        "OrderID": dimensions.get("order"),
        "GLAccount": line["account"],
        "GLAccountName": account.get("name"),
        "Supplier": dimensions.get("supplier") or dimensions.get("employee"),
        "HouseBank": dimensions.get("bank"),
        "TransactionCurrency": line["currency"],
        "AmountInTransactionCurrency": sign * Decimal(line["amount"]),
        "AmountInCompanyCodeCurrency": sign * Decimal(line["base_amount"]),
        "TaxBaseAmountInTransCrcy": sign * Decimal(line.get("tax_base") or 0),
    }


def _companies(sandbox: SapSandbox) -> Iterator[Row]:
    for code, row in sandbox.master.rows("companies").items():
        yield {
            "CompanyCode": code,
            "CompanyCodeName": row.get("name"),
            "Country": row.get("country"),
            "Currency": row.get("currency"),
            "ChartOfAccounts": row.get("chart"),
            "FiscalYearVariant": "K4",
            "ControllingArea": row.get("controlling_area"),
        }


def _centres(sandbox: SapSandbox) -> Iterator[Row]:
    for code, row in sandbox.master.rows("department").items():
        yield {
            "ControllingArea": "A000",
            "CostCenter": code,
            "ValidityEndDate": _FOR_EVER,
            "ValidityStartDate": _SINCE,
            "CompanyCode": row.get("company"),
            "IsBlkdForPrimaryCostsPosting": "X" if row.get("blocked") else "",
        }


def _centre_texts(sandbox: SapSandbox) -> Iterator[Row]:
    for code, row in sandbox.master.rows("department").items():
        yield {
            "CostCenter": code,
            "ControllingArea": "A000",
            "Language": "ZH",
            "ValidityEndDate": _FOR_EVER,
            "ValidityStartDate": _SINCE,
            "CostCenterName": str(row.get("name") or "")[:20],
            "CostCenterDescription": row.get("name"),
        }


def _accounts(sandbox: SapSandbox) -> Iterator[Row]:
    for code, row in sandbox.master.rows("accounts").items():
        costs = "department" in row.get("dimensions", ())
        yield {
            "ChartOfAccounts": row.get("chart", "YCCN"),
            "GLAccount": code,
            "IsBalanceSheetAccount": not costs,
            "IsProfitLossAccount": costs,
            "GLAccountType": "P" if costs else "X",
            "AccountIsBlockedForPosting": row.get("detail") is False,
        }


def _account_texts(sandbox: SapSandbox) -> Iterator[Row]:
    for code, row in sandbox.master.rows("accounts").items():
        yield {
            "ChartOfAccounts": row.get("chart", "YCCN"),
            "GLAccount": code,
            "Language": "ZH",
            "GLAccountName": str(row.get("name") or "")[:20],
            "GLAccountLongName": row.get("name"),
        }


def _suppliers(sandbox: SapSandbox) -> Iterator[Row]:
    for code, row in _vendors(sandbox):
        yield {
            "Supplier": code,
            "SupplierName": row.get("name"),
            "SupplierFullName": row.get("name"),
            "PostingIsBlocked": bool(row.get("blocked")),
        }


def _supplier_companies(sandbox: SapSandbox) -> Iterator[Row]:
    """A vendor is known in every company code whose chart has its reconciliation account."""
    charts = {code: row.get("chart", "YCCN") for code, row in sandbox.master.rows("accounts").items()}
    for code, row in _vendors(sandbox):
        account = str(row.get("account", ""))
        for company, about in sandbox.master.rows("companies").items():
            if charts.get(account) == about.get("chart"):
                yield {"Supplier": code, "CompanyCode": company, "ReconciliationAccount": account}


def _vendors(sandbox: SapSandbox) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for kind in ("employee", "supplier"):
        yield from sandbox.master.rows(kind).items()


def _reference(entry: Record, sandbox: SapSandbox) -> str | None:
    """SAP gives the document that takes back an invoice the reference of that invoice."""
    original = (
        sandbox.store.get("voucher", str(entry["reverses"])) if "invoice" in entry and entry["reverses"] else None
    )
    found: str | None = (original or entry)["reference"]
    return found


def _invoices(sandbox: SapSandbox) -> Iterator[Row]:
    for one in invoices(sandbox):
        other = str(one["reverses"] or one["reversed_by"] or "")
        _, other_year, other_number = other.split("/") if other else ("", "", "")
        gross = sum((Decimal(line["amount"]) for line in one["lines"] if line["kind"] == "CreditorItem"), Decimal(0))
        yield {
            **_of_invoice(one),
            **one["invoice"]["kept"],
            "CompanyCode": one["company"],
            "DocumentDate": dt.date.fromisoformat(one["document_date"]),
            "PostingDate": dt.date.fromisoformat(one["date"]),
            "CreationDate": dt.date.fromisoformat(one["date"]),
            "SupplierInvoiceIDByInvcgParty": _reference(one, sandbox),
            "InvoicingParty": one["invoice"]["party"],
            "InvoiceGrossAmount": gross,
            "AccountingDocumentType": one["voucher_type"],
            "SupplierInvoiceStatus": "5",
            "SupplierInvoiceIsCreditMemo": "X" if one["invoice"]["credit"] else "",
            "ReverseDocument": other_number,
            "ReverseDocumentFiscalYear": other_year,
            "IsReversal": bool(one["reverses"]),
            "IsReversed": bool(one["reversed_by"]),
            ETAG: etag_of(one),
        }


def _of_invoice(one: Record) -> Row:
    currency = one["lines"][0]["currency"]
    return {"SupplierInvoice": one["number"], "FiscalYear": one["invoice"]["year"], "DocumentCurrency": currency}


def _invoice_items(sandbox: SapSandbox) -> Iterator[Row]:
    for one in invoices(sandbox):
        for at, line in enumerate((line for line in one["lines"] if line["kind"] == "Item"), 1):
            dimensions = line["dimensions"]
            yield {
                **_of_invoice(one),
                "SupplierInvoiceItem": f"{at:04}",
                "CompanyCode": one["company"],
                "CostCenter": dimensions.get("department"),
                "WBSElement": dimensions.get("project"),
                "InternalOrder": dimensions.get("order"),
                "GLAccount": line["account"],
                "SupplierInvoiceItemAmount": Decimal(line["amount"]),
                "TaxCode": line["tax_code"],
                "DebitCreditCode": "S" if line["side"] == "D" else "H",
                "SupplierInvoiceItemText": line["summary"],
                "AssignmentReference": line["assignment"],
            }


def _invoice_taxes(sandbox: SapSandbox) -> Iterator[Row]:
    for one in invoices(sandbox):
        for at, line in enumerate((line for line in one["lines"] if line["kind"] == "ProductTaxItem"), 1):
            yield {
                **_of_invoice(one),
                "TaxCode": line["tax_code"],
                "SupplierInvoiceTaxCounter": f"{at:06}",
                "TaxAmount": Decimal(line["amount"]),
                "TaxBaseAmountInTransCrcy": Decimal(line.get("tax_base") or 0),
            }
