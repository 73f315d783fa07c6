"""The properties of a supplier invoice that a mapping may fill: names, types, lengths as in SAP's own `$metadata`."""

from __future__ import annotations

from collections.abc import Iterator

from dougong.hookspecs import TargetField

__all__ = ["INVOICE_FIELDS", "ITEMS", "TAXES"]

ITEMS, TAXES = "to_SupplierInvoiceItemGLAcct", "to_SupplierInvoiceTax"

_DATE, _AMOUNT, _BOOLEAN = "Edm.DateTime", "Edm.Decimal", "Edm.Boolean"
#: Property → length of a text, else its type; `*` behind its name: an invoice needs it.
_HEAD: dict[str, int | str] = {
    "CompanyCode*": 4,
    "DocumentDate*": _DATE,
    "PostingDate*": _DATE,
    "SupplierInvoiceIDByInvcgParty": 16,
    "InvoicingParty*": 10,
    "DocumentCurrency*": 5,
    "InvoiceGrossAmount*": _AMOUNT,
    "DocumentHeaderText": 25,
    "AccountingDocumentType": 2,
    "PaymentTerms": 4,
    "DueCalculationBaseDate": _DATE,
    "NetPaymentDays": _AMOUNT,
    "PaymentBlockingReason": 1,
    "PaymentMethod": 1,
    "PaymentReference": 30,
    "BPBankAccountInternalID": 4,
    "HouseBank": 5,
    "HouseBankAccount": 5,
    "AssignmentReference": 18,
    "SupplierPostingLineItemText": 50,
    "TaxIsCalculatedAutomatically": _BOOLEAN,
    "TaxDeterminationDate": _DATE,
    "TaxReportingDate": _DATE,
    "InvoiceReceiptDate": _DATE,
    "BusinessPlace": 4,
    "BusinessArea": 4,
}
_ITEM: dict[str, int | str] = {
    "SupplierInvoiceItem*": 4,
    "CompanyCode": 4,
    "GLAccount*": 10,
    "DebitCreditCode*": 1,
    "SupplierInvoiceItemAmount*": _AMOUNT,
    "DocumentCurrency": 5,
    "TaxCode": 2,
    "TaxJurisdiction": 15,
    "SupplierInvoiceItemText": 50,
    "AssignmentReference": 18,
    "CostCenter": 10,
    "ControllingArea": 4,
    "ProfitCenter": 10,
    "FunctionalArea": 16,
    "WBSElement": 24,
    "InternalOrder": 12,
    "SalesOrder": 10,
    "BusinessArea": 4,
    "PersonnelNumber": 8,
}
_TAX: dict[str, int | str] = {
    "TaxCode*": 2,
    "SupplierInvoiceTaxCounter*": 6,
    "TaxAmount*": _AMOUNT,
    "TaxBaseAmountInTransCrcy": _AMOUNT,
    "DocumentCurrency": 5,
    "TaxJurisdiction": 15,
}


def _fields(prefix: str, told: dict[str, int | str]) -> Iterator[TargetField]:
    for name, kind in told.items():
        kind_, longest = ("Edm.String", kind) if isinstance(kind, int) else (kind, None)
        yield TargetField(prefix + name.rstrip("*"), kind_, name.endswith("*"), longest)


#: Head, G/L items, taxes.
INVOICE_FIELDS: tuple[TargetField, ...] = (
    *_fields("", _HEAD),
    *_fields(f"{ITEMS}.", _ITEM),
    *_fields(f"{TAXES}.", _TAX),
)
