"""The entity types that are served, name by name and type by type, and their `$metadata` (sap.md §2.1, §2.3, §2.4).

Names, keys and types are those of SAP's services; a service of SAP's has more properties than are served here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen
from lxml import etree

__all__ = ["FUNCTIONS", "SERVICES", "EntitySet", "Function", "metadata"]

_EDMX = "http://schemas.microsoft.com/ado/2007/06/edmx"
_M = "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"
_SAP = "http://www.sap.com/Protocols/SAPData"
_EDM = "http://schemas.microsoft.com/ado/2008/09/edm"
_SHORT = {"D": "DateTime", "B": "Boolean", "N": "Decimal"}


@frozen
class EntitySet:
    """One set.

    :param key: its key properties. :param fields: every property → its type, `Edm.String`.
    :param ways: navigation property → the set that it leads to, whose rows begin with the same key.
    """

    name: str
    key: tuple[str, ...]
    fields: Mapping[str, str]
    ways: Mapping[str, str] = {}


@frozen
class Function:
    """A function import. :param takes: parameter → type; `gives`: name of the type that it returns, with its fields."""

    takes: Mapping[str, str]
    gives: str
    fields: Mapping[str, str]


def _set(name: str, key: str, more: str, ways: Mapping[str, str] | None = None) -> EntitySet:
    """Properties as words; a letter behind a colon says which are no text."""
    words = [word.partition(":") for word in f"{key} {more}".split()]
    fields = {field: f"Edm.{_SHORT.get(kind, 'String')}" for field, _, kind in words}
    return EntitySet(name, tuple(word.partition(":")[0] for word in key.split()), fields, ways or {})


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

_INVOICE = _set(
    "A_SupplierInvoice",
    "SupplierInvoice FiscalYear",
    """
    CompanyCode DocumentDate:D PostingDate:D CreationDate:D SupplierInvoiceIDByInvcgParty InvoicingParty
    DocumentCurrency InvoiceGrossAmount:N DocumentHeaderText PaymentTerms AccountingDocumentType SupplierInvoiceStatus
    AssignmentReference SupplierPostingLineItemText TaxIsCalculatedAutomatically:B SupplierInvoiceIsCreditMemo
    ReverseDocument ReverseDocumentFiscalYear IsReversal:B IsReversed:B
    """,
    {"to_SupplierInvoiceItemGLAcct": "A_SupplierInvoiceItemGLAcct", "to_SupplierInvoiceTax": "A_SupplierInvoiceTax"},
)
_INVOICE_ITEM = _set(
    "A_SupplierInvoiceItemGLAcct",
    "SupplierInvoice FiscalYear SupplierInvoiceItem",
    """
    CompanyCode CostCenter GLAccount WBSElement InternalOrder DocumentCurrency SupplierInvoiceItemAmount:N TaxCode
    DebitCreditCode SupplierInvoiceItemText AssignmentReference
    """,
)
_INVOICE_TAX = _set(
    "A_SupplierInvoiceTax",
    "SupplierInvoice FiscalYear TaxCode SupplierInvoiceTaxCounter",
    "DocumentCurrency TaxAmount:N TaxBaseAmountInTransCrcy:N",
)

#: Service → its function imports by name; all are called with POST.
FUNCTIONS: Mapping[str, Mapping[str, Function]] = {
    "API_SUPPLIERINVOICE_PROCESS_SRV": {
        "Cancel": Function(
            {
                "PostingDate": "Edm.DateTime",
                "ReversalReason": "Edm.String",
                "FiscalYear": "Edm.String",
                "SupplierInvoice": "Edm.String",
            },
            "CancelInvoiceExportParameters",
            {"ReverseDocument": "Edm.String", "FiscalYear": "Edm.String", "Success": "Edm.Boolean"},
        )
    }
}
#: Service → its sets by name.
SERVICES: Mapping[str, Mapping[str, EntitySet]] = {
    service: {one.name: one for one in sets}
    for service, sets in {
        "API_OPLACCTGDOCITEMCUBE_SRV": (_CUBE,),
        "API_COMPANYCODE_SRV": (_COMPANY,),
        "API_COSTCENTER_SRV": (_CENTRE, _CENTRE_TEXT),
        "API_GLACCOUNTINCHARTOFACCOUNTS_SRV": (_ACCOUNT, _ACCOUNT_TEXT),
        "API_BUSINESS_PARTNER": (_SUPPLIER, _SUPPLIER_COMPANY),
        "API_SUPPLIERINVOICE_PROCESS_SRV": (_INVOICE, _INVOICE_ITEM, _INVOICE_TAX),
    }.items()
}


def metadata(service: str) -> bytes:
    """The `$metadata` of a service."""
    root = etree.Element(f"{{{_EDMX}}}Edmx", nsmap={"edmx": _EDMX, "m": _M, "sap": _SAP}, Version="1.0")
    data = etree.SubElement(root, f"{{{_EDMX}}}DataServices")
    data.set(f"{{{_M}}}DataServiceVersion", "2.0")
    schema = etree.SubElement(data, f"{{{_EDM}}}Schema", nsmap={None: _EDM}, Namespace=service)
    sets, functions = SERVICES[service].values(), FUNCTIONS.get(service, {})
    for one in sets:
        _entity_type(schema, one, service)
    for function in functions.values():
        node = etree.SubElement(schema, f"{{{_EDM}}}ComplexType", Name=function.gives)
        _properties(node, function.fields)
    for one in sets:
        for way, target in one.ways.items():
            _association(schema, one.name, way, target, service)
    container = etree.SubElement(schema, f"{{{_EDM}}}EntityContainer", Name=f"{service}_Entities")
    container.set(f"{{{_M}}}IsDefaultEntityContainer", "true")
    container.set(f"{{{_SAP}}}supported-formats", "atom json xlsx")
    for one in sets:
        etree.SubElement(container, f"{{{_EDM}}}EntitySet", Name=one.name, EntityType=f"{service}.{one.name}Type")
    for one in sets:
        for way, target in one.ways.items():
            _association_set(container, one.name, way, target, service)
    for name, function in functions.items():
        node = etree.SubElement(
            container, f"{{{_EDM}}}FunctionImport", Name=name, ReturnType=f"{service}.{function.gives}"
        )
        node.set(f"{{{_M}}}HttpMethod", "POST")
        for parameter, kind in function.takes.items():
            etree.SubElement(node, f"{{{_EDM}}}Parameter", Name=parameter, Type=kind, Mode="In")
    return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True))


def _entity_type(schema: etree._Element, one: EntitySet, service: str) -> None:
    node = etree.SubElement(schema, f"{{{_EDM}}}EntityType", Name=f"{one.name}Type")
    key = etree.SubElement(node, f"{{{_EDM}}}Key")
    for name in one.key:
        etree.SubElement(key, f"{{{_EDM}}}PropertyRef", Name=name)
    _properties(node, one.fields, one.key)
    for way in one.ways:
        relationship, ends = f"{service}.{_relation(one.name, way)}", _ends(one.name, way)
        etree.SubElement(
            node,
            f"{{{_EDM}}}NavigationProperty",
            Name=way,
            Relationship=relationship,
            FromRole=ends[0],
            ToRole=ends[1],
        )


def _properties(node: etree._Element, fields: Mapping[str, str], key: Sequence[str] = ()) -> None:
    for name, kind in fields.items():
        more = {"Precision": "24", "Scale": "3"} if kind == "Edm.Decimal" else {}
        nullable = {"Nullable": "false"} if name in key else {}
        etree.SubElement(node, f"{{{_EDM}}}Property", Name=name, Type=kind, **nullable, **more)


def _relation(name: str, way: str) -> str:
    return f"assoc_{name}_{way}"


def _ends(name: str, way: str) -> tuple[str, str]:
    return f"FromRole_{_relation(name, way)}", f"ToRole_{_relation(name, way)}"


def _association(schema: etree._Element, name: str, way: str, target: str, service: str) -> None:
    node = etree.SubElement(schema, f"{{{_EDM}}}Association", Name=_relation(name, way))
    for kind, many, role in zip((name, target), ("1", "*"), _ends(name, way), strict=True):
        etree.SubElement(node, f"{{{_EDM}}}End", Type=f"{service}.{kind}Type", Multiplicity=many, Role=role)


def _association_set(container: etree._Element, name: str, way: str, target: str, service: str) -> None:
    relation = _relation(name, way)
    node = etree.SubElement(container, f"{{{_EDM}}}AssociationSet", Name=relation, Association=f"{service}.{relation}")
    for kind, role in zip((name, target), _ends(name, way), strict=True):
        etree.SubElement(node, f"{{{_EDM}}}End", EntitySet=kind, Role=role)
