"""Master data of the system: company codes, accounts and their dimensions, cost centres, vendors (sap.md §2.4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from dougong.hookspecs import Deadline
from dougong.model.masterdata import MasterRecord
from dougong_sap.odata import OData
from dougong_sap.settings import SapSettings
from dougong_sdk.rest import BadStatus

__all__ = ["KINDS", "companies", "pull", "vendors"]

_VENDORS = ("employee", "supplier")
KINDS = ("account", "account_book", "department", *_VENDORS)
_PARTNERS = "API_BUSINESS_PARTNER"
#: What SAP answers for a service that nobody has activated.
_NOT_ACTIVE = (403, 404)
_COMPANY = ("CompanyCode", "CompanyCodeName", "Currency", "ChartOfAccounts")
_ACCOUNT = ("ChartOfAccounts", "GLAccount", "AccountIsBlockedForPosting")
_CENTRE = ("CostCenter", "ControllingArea", "ValidityEndDate", "CompanyCode", "IsBlkdForPrimaryCostsPosting")


def pull(kinds: Sequence[str], odata: OData, settings: SapSettings, deadline: Deadline) -> Iterator[MasterRecord]:
    """Records of the kinds, all pages; all kinds when none is named. An unknown kind gives nothing."""
    for kind in kinds or KINDS:
        if kind == "account_book":
            yield from companies(odata, deadline)
        elif kind == "account":
            yield from _accounts(odata, settings, deadline)
        elif kind == "department":
            yield from _centres(odata, deadline)
    if asked := set(_VENDORS).intersection(kinds or KINDS):
        yield from _vendors_where_told(asked, odata, settings, deadline)


def companies(odata: OData, deadline: Deadline) -> Iterator[MasterRecord]:
    """Each company code is an account book: the right side of the code table `account_book`."""
    for row in odata.rows("API_COMPANYCODE_SRV", "A_CompanyCode", _COMPANY, deadline, key="CompanyCode"):
        code = row["CompanyCode"]
        data = {"currency": row["Currency"], "chart": row["ChartOfAccounts"]}
        yield MasterRecord("account_book", code, code, row["CompanyCodeName"], data=data)


def _accounts(odata: OData, settings: SapSettings, deadline: Deadline) -> Iterator[MasterRecord]:
    """Accounts of all charts; what their lines take no API tells: the settings do."""
    service, key = "API_GLACCOUNTINCHARTOFACCOUNTS_SRV", "ChartOfAccounts,GLAccount"
    for row in odata.rows(service, "A_GLAccountInChartOfAccounts", _ACCOUNT, deadline, key=key):
        code = str(row["GLAccount"])
        takes = {"dimensions": list(settings.dimensions_of(code)), "currencies": list(settings.currencies_of(code))}
        data = {**takes, "optional": [], "cash": False}
        open_ = not row["AccountIsBlockedForPosting"]
        yield MasterRecord("account", f"{row['ChartOfAccounts']}/{code}", code, "", open_, data)


def _centres(odata: OData, deadline: Deadline) -> Iterator[MasterRecord]:
    key = "ControllingArea,CostCenter,ValidityEndDate"
    for row in odata.rows("API_COSTCENTER_SRV", "A_CostCenter", _CENTRE, deadline, key=key):
        code = str(row["CostCenter"])
        data = {"company": row["CompanyCode"]}
        open_ = row["IsBlkdForPrimaryCostsPosting"] != "X"
        yield MasterRecord("department", f"{row['ControllingArea']}/{code}", code, "", open_, data)


def _vendors_where_told(
    asked: Collection[str], odata: OData, settings: SapSettings, deadline: Deadline
) -> Iterator[MasterRecord]:
    """Nothing depends on vendors: where the service is not active, only the names are missing, and `check` says so."""
    try:
        found = [one for one in vendors(odata, settings, deadline) if one.kind in asked]
    except BadStatus as error:
        if error.status not in _NOT_ACTIVE:
            raise
        return
    yield from found


def vendors(odata: OData, settings: SapSettings, deadline: Deadline) -> Iterator[MasterRecord]:
    """Business partners that are paid. Who is an employee their reconciliation account tells, as accounts do of lines.

    :raises BadStatus: the service does not answer.
    """
    accounts: dict[str, dict[str, str]] = defaultdict(dict)
    fields, key = ("Supplier", "CompanyCode", "ReconciliationAccount"), "Supplier,CompanyCode"
    for row in odata.rows(_PARTNERS, "A_SupplierCompany", fields, deadline, key=key):
        accounts[str(row["Supplier"])][str(row["CompanyCode"])] = str(row["ReconciliationAccount"])
    fields = ("Supplier", "SupplierName", "PostingIsBlocked")
    for row in odata.rows(_PARTNERS, "A_Supplier", fields, deadline, key="Supplier"):
        code = str(row["Supplier"])
        paid = {name for account in accounts[code].values() for name in settings.dimensions_of(account)}
        kind = "employee" if "employee" in paid else "supplier"
        data = {"accounts": accounts[code]}
        yield MasterRecord(kind, code, code, row["SupplierName"], not row["PostingIsBlocked"], data)
