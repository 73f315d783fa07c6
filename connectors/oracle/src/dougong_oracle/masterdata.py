"""Master data of a pod: ledgers, their periods, segment values, suppliers (oracle.md §7.4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from dougong.hookspecs import Deadline
from dougong.model.masterdata import MasterRecord
from dougong_oracle.session import OracleSession

__all__ = ["ledgers", "pull"]

#: General Ledger, among the applications that periods are kept for.
_GL = "101"
#: Open, and future-enterable: journals may be imported.
_OPEN = ("O", "F")


def pull(kinds: Sequence[str], session: OracleSession, deadline: Deadline) -> Iterator[MasterRecord]:
    """Records of the kinds, all pages; all kinds when none is named. An unknown kind gives nothing."""
    known = ("account_book", "period", "supplier", *session.settings.value_sets)
    for kind in kinds or dict.fromkeys(known):
        if kind == "account_book":
            yield from ledgers(session, deadline)
        elif kind == "period":
            yield from _periods(session, deadline)
        elif kind in session.settings.value_sets:
            yield from _values(kind, session, deadline)
        elif kind == "supplier":
            yield from _suppliers(session, deadline)


def ledgers(session: OracleSession, deadline: Deadline) -> Iterator[MasterRecord]:
    """Each ledger is an account book: the right side of the code tables `account_book`, and by its id `ledger_id`."""
    for row in session.rows("ledgersLOV", "LedgerId", deadline):
        name = str(row.get("Name") or row.get("LedgerName"))
        data = {"currency": row["CurrencyCode"], "ledger_id": str(row["LedgerId"])}
        yield MasterRecord("account_book", str(row["LedgerId"]), name, name, data=data)


def _periods(session: OracleSession, deadline: Deadline) -> Iterator[MasterRecord]:
    """The months of every ledger that the user sees."""
    names = {record.id: record.code for record in ledgers(session, deadline)}
    condition = f"ApplicationId = {_GL} and AdjustmentPeriodFlag = 'N'"
    for row in session.rows("accountingPeriodStatusLOV", "LedgerId,PeriodNameId", deadline, q=condition):
        book = names.get(str(row["LedgerId"]))
        if book is None:
            continue
        period = f"{int(row['PeriodYear']):04d}-{int(row['PeriodNumber']):02d}"
        data = {"book": book, "open": row["ClosingStatus"] in _OPEN}
        yield MasterRecord("period", f"{book}/{period}", period, data=data)


def _values(kind: str, session: OracleSession, deadline: Deadline) -> Iterator[MasterRecord]:
    """The values of a segment. What the lines of an account take no API tells: the settings do."""
    settings = session.settings
    for row in session.rows(f"valueSets/{quote(settings.value_sets[kind], safe='')}/child/values", "Value", deadline):
        code = str(row["Value"])
        takes = {"dimensions": list(settings.dimensions_of(code)), "currencies": list(settings.currencies_of(code))}
        data = {**takes, "optional": [], "cash": False} if kind == "account" else {}
        usable = row.get("EnabledFlag") == "Y" and row.get("SummaryFlag") != "Y"
        yield MasterRecord(kind, code, code, str(row.get("Description") or ""), usable, data)


def _suppliers(session: OracleSession, deadline: Deadline) -> Iterator[MasterRecord]:
    for row in session.rows("suppliers", "SupplierId", deadline):
        active = str(row.get("Status") or "ACTIVE") == "ACTIVE"
        yield MasterRecord("supplier", str(row["SupplierId"]), str(row["SupplierNumber"]), str(row["Supplier"]), active)
