"""A JournalEntry of a request, as the ledger keeps it: lines of all kinds, amounts in both currencies (sap.md §1.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from dougong_sdk.sandbox import Record

__all__ = ["Malformed", "read_entry", "same_code"]

_KINDS = ("Item", "DebtorItem", "CreditorItem", "ProductTaxItem")
#: Elements that a proxy does not let pass without, and most characters of those that people write.
_NEEDED = ("OriginalReferenceDocumentType", "BusinessTransactionType", "AccountingDocumentType", "CreatedByUser")
_DATES = ("DocumentDate", "PostingDate")
_LONGEST = {"DocumentReferenceID": 16, "DocumentHeaderText": 25, "DocumentItemText": 50, "ProductiveTaxText": 50}
#: Element below AccountAssignment → our dimension.
_OBJECTS = {"CostCenter": "department", "WBSElement": "project", "OrderID": "order"}

Find = Callable[[str, str], str]


class Malformed(Exception):
    """It does not fit the service's schema: a technical fault, before any rule of accounting."""


def same_code(one: str, other: str) -> bool:
    """Numbers are the same with and without leading zeros."""
    return one == other or (one.isdigit() and other.isdigit() and one.lstrip("0") == other.lstrip("0"))


def read_entry(entry: Any, known: Find) -> Record:
    """One entry in our words.

    :param entry: the element. :param known: kind and code → the code as the seed writes it.
    :raises Malformed: what the schema demands is missing or too long.
    """
    for name in (*_NEEDED, *_DATES, "CompanyCode"):
        if not _text(entry, name):
            raise Malformed(name)
    for element in entry.iter():
        most = _LONGEST.get(str(element.tag))
        if most and len(element.text or "") > most:
            raise Malformed(str(element.tag))
    company, day = _text(entry, "CompanyCode"), _text(entry, "PostingDate")
    return {
        "reference": _text(entry, "DocumentReferenceID") or None,
        "company": company,
        "book": company,
        "date": day,
        "period": day[:7],
        "document_date": _text(entry, "DocumentDate"),
        "voucher_type": _text(entry, "AccountingDocumentType"),
        "header_text": _text(entry, "DocumentHeaderText"),
        "created_by": _text(entry, "CreatedByUser"),
        "attachments": None,
        "reversal_reason": _text(entry, "ReversalReason"),
        "reversal_of": _text(entry, "ReversalReferenceDocument"),
        "lines": [_line(line, kind, known) for kind in _KINDS for line in entry.findall(kind)],
    }


def _line(line: Any, kind: str, known: Find) -> Record:
    amount, currency = _amount(line, "AmountInTransactionCurrency")
    base, _ = _amount(line, "AmountInCompanyCodeCurrency")
    tax_base, _ = _amount(line, "TaxBaseAmountInTransCrcy")
    side = _text(line, "DebitCreditCode") or ("S" if (amount or 0) >= 0 else "H")
    return {
        "kind": kind,
        "side": {"S": "D", "H": "C"}.get(side, side),
        "signed": amount,
        "signed_base": base,
        "currency": currency,
        "account": known("accounts", _text(line, "GLAccount") or _text(line, "AltvRecnclnAccts")),
        "partner": known("supplier", _text(line, "Creditor")),
        "special_gl": _text(line, "DownPaymentTerms/SpecialGLCode"),
        "tax_code": _text(line, "Tax/TaxCode") or _text(line, "TaxCode") or None,
        "tax_base": None if tax_base is None else abs(tax_base),
        "summary": _raw(line, "DocumentItemText") or _raw(line, "ProductiveTaxText"),
        "assignment": _text(line, "AssignmentReference"),
        "dimensions": _dimensions(line, known),
    }


def _dimensions(line: Any, known: Find) -> dict[str, str]:
    given: Mapping[str, str] = {
        **{name: _text(line, f"AccountAssignment/{field}") for field, name in _OBJECTS.items()},
        "company": _text(line, "TradingPartner"),
        "bank": _text(line, "HouseBank"),
    }
    return {name: known(name, code) for name, code in given.items() if code}


def _amount(line: Any, name: str) -> tuple[Decimal | None, str]:
    node = line.find(name)
    if node is None:
        return None, ""
    try:
        return Decimal(node.text or ""), str(node.get("currencyCode") or "")
    except InvalidOperation:
        raise Malformed(name) from None


def _text(node: Any, path: str) -> str:
    return (node.findtext(path) or "").strip()


def _raw(node: Any, path: str) -> str:
    """A text whose blanks count."""
    return node.findtext(path) or ""
