"""The entity types that are served, name by name and type by type, and their `$metadata` (sap.md §2.1, §2.3, §2.4).

Names, keys and types are those of SAP's services; a service of SAP's has more properties than are served here.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen
from lxml import etree

__all__ = ["SERVICES", "EntitySet", "metadata"]

_EDMX = "http://schemas.microsoft.com/ado/2007/06/edmx"
_M = "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"
_SAP = "http://www.sap.com/Protocols/SAPData"
_EDM = "http://schemas.microsoft.com/ado/2008/09/edm"
_SHORT = {"D": "DateTime", "B": "Boolean", "N": "Decimal"}


@frozen
class EntitySet:
    """One set. :param key: its key properties. :param fields: every property → its type, `Edm.String`."""

    name: str
    key: tuple[str, ...]
    fields: Mapping[str, str]


def _set(name: str, key: str, more: str) -> EntitySet:
    """Properties as words; a letter behind a colon says which are no text."""
    words = [word.partition(":") for word in f"{key} {more}".split()]
    fields = {field: f"Edm.{_SHORT.get(kind, 'String')}" for field, _, kind in words}
    return EntitySet(name, tuple(word.partition(":")[0] for word in key.split()), fields)


_CUBE = _set(
    "A_OperationalAcctgDocItemCube",
    "CompanyCode FiscalYear AccountingDocument AccountingDocumentItem",
    """
    ChartOfAccounts AccountingDocumentItemType PostingKey FinancialAccountType SpecialGLCode DebitCreditCode TaxCode
    AssignmentReference DocumentItemText PartnerCompany ControllingArea CostCenter Project OrderID GLAccount
    GLAccountName Customer Supplier SupplierName HouseBank HouseBankAccount PaymentBlockingReason IsNegativePosting:B
    ReferenceDocumentType OriginalReferenceDocument ReferenceDocumentLogicalSystem AccountingDocumentItemRef
    FiscalPeriod PostingDate:D DocumentDate:D AccountingDocumentCreationDate:D AccountingDocumentType NetDueDate:D
    CompanyCodeCurrency AmountInCompanyCodeCurrency:N TransactionCurrency AmountInTransactionCurrency:N
    TaxBaseAmountInTransCrcy:N AccountingDocCreatedByUser DocumentReferenceID AccountingDocumentHeaderText
    BusinessTransactionType ReversalReason ReverseDocument ReverseDocumentFiscalYear IsReversal:B IsReversed:B
    IsCleared:B ClearingAccountingDocument ClearingDocFiscalYear ClearingDate:D ClearingIsReversed:B
    """,
)
_COMPANY = _set(
    "A_CompanyCode",
    "CompanyCode",
    "CompanyCodeName Country Currency Language ChartOfAccounts FiscalYearVariant Company ControllingArea",
)
_CENTRE = _set(
    "A_CostCenter",
    "ControllingArea CostCenter ValidityEndDate:D",
    "ValidityStartDate:D CompanyCode CostCenterCurrency ProfitCenter Department CostCenterCategory"
    " IsBlkdForPrimaryCostsPosting Language",
)
_CENTRE_TEXT = _set(
    "A_CostCenterText",
    "CostCenter ControllingArea Language ValidityEndDate:D",
    "ValidityStartDate:D CostCenterName CostCenterDescription",
)
_ACCOUNT = _set(
    "A_GLAccountInChartOfAccounts",
    "ChartOfAccounts GLAccount",
    "IsBalanceSheetAccount:B GLAccountGroup AccountIsMarkedForDeletion:B AccountIsBlockedForPosting:B GLAccountType"
    " GLAccountExternal IsProfitLossAccount:B",
)
_ACCOUNT_TEXT = _set("A_GLAccountText", "ChartOfAccounts GLAccount Language", "GLAccountName GLAccountLongName")
_SUPPLIER = _set(
    "A_Supplier",
    "Supplier",
    "SupplierName SupplierFullName SupplierAccountGroup PostingIsBlocked:B PaymentIsBlockedForSupplier:B",
)
_SUPPLIER_COMPANY = _set(
    "A_SupplierCompany",
    "Supplier CompanyCode",
    "ReconciliationAccount PaymentTerms PaymentMethodsList IsToBeCheckedForDuplicates:B SupplierIsBlockedForPosting:B",
)

#: Service → its sets by name.
SERVICES: Mapping[str, Mapping[str, EntitySet]] = {
    service: {one.name: one for one in sets}
    for service, sets in {
        "API_OPLACCTGDOCITEMCUBE_SRV": (_CUBE,),
        "API_COMPANYCODE_SRV": (_COMPANY,),
        "API_COSTCENTER_SRV": (_CENTRE, _CENTRE_TEXT),
        "API_GLACCOUNTINCHARTOFACCOUNTS_SRV": (_ACCOUNT, _ACCOUNT_TEXT),
        "API_BUSINESS_PARTNER": (_SUPPLIER, _SUPPLIER_COMPANY),
    }.items()
}


def metadata(service: str) -> bytes:
    """The `$metadata` of a service."""
    root = etree.Element(f"{{{_EDMX}}}Edmx", nsmap={"edmx": _EDMX, "m": _M, "sap": _SAP}, Version="1.0")
    data = etree.SubElement(root, f"{{{_EDMX}}}DataServices")
    data.set(f"{{{_M}}}DataServiceVersion", "2.0")
    schema = etree.SubElement(data, f"{{{_EDM}}}Schema", nsmap={None: _EDM}, Namespace=service)
    for one in SERVICES[service].values():
        _entity_type(schema, one)
    container = etree.SubElement(schema, f"{{{_EDM}}}EntityContainer", Name=f"{service}_Entities")
    container.set(f"{{{_M}}}IsDefaultEntityContainer", "true")
    container.set(f"{{{_SAP}}}supported-formats", "atom json xlsx")
    for one in SERVICES[service].values():
        etree.SubElement(container, f"{{{_EDM}}}EntitySet", Name=one.name, EntityType=f"{service}.{one.name}Type")
    return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True))


def _entity_type(schema: etree._Element, one: EntitySet) -> None:
    node = etree.SubElement(schema, f"{{{_EDM}}}EntityType", Name=f"{one.name}Type")
    key = etree.SubElement(node, f"{{{_EDM}}}Key")
    for name in one.key:
        etree.SubElement(key, f"{{{_EDM}}}PropertyRef", Name=name)
    for name, kind in one.fields.items():
        more = {"Precision": "24", "Scale": "3"} if kind == "Edm.Decimal" else {}
        nullable = {"Nullable": "false"} if name in one.key else {}
        etree.SubElement(node, f"{{{_EDM}}}Property", Name=name, Type=kind, **nullable, **more)
