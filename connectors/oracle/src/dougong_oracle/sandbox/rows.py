"""Rows of the resources: journal batches of the ledger, master data of the seed (oracle.md §7.3, §7.4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from dougong_sdk.sandbox import Record

from .invoices import invoice_rows
from .journals import batch_name

if TYPE_CHECKING:
    from .product import OracleSandbox

__all__ = ["BATCHES", "INVOICES", "rows_of", "shown_batch"]

Row = dict[str, Any]
BATCHES, INVOICES = "journalBatches", "invoices"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STATUS = {"submitted": "U", "posted": "P"}
#: Attributes of a batch that may be queried.
_BATCH = ("JeBatchId", "BatchName", "Status", "DefaultPeriodName", "UserJeSourceName", "BatchDescription")


_INVOICE = ("InvoiceId", "InvoiceNumber", "InvoiceGroup", "AccountingDate", "BusinessUnit", "SupplierNumber")


def rows_of(sandbox: OracleSandbox, resource: str) -> tuple[list[Row], Sequence[str]] | None:
    """Every row of a resource, and the attributes that may be queried; `None` for one that is not served."""
    makers: Mapping[str, Callable[[OracleSandbox], Iterator[Row]]] = {
        BATCHES: _batches,
        INVOICES: invoice_rows,
        "ledgersLOV": _ledgers,
        "accountingPeriodStatusLOV": _periods,
        "suppliers": _suppliers,
    }
    parts = resource.split("/")
    if len(parts) == 4 and parts[0] == "valueSets" and parts[2:] == ["child", "values"]:
        return list(_values(sandbox, unquote(parts[1]))), ("Value", "EnabledFlag")
    if resource not in makers:
        return None
    rows = list(makers[resource](sandbox))
    known = {BATCHES: _BATCH, INVOICES: _INVOICE}
    return rows, known.get(resource) or (tuple(rows[0]) if rows else ())


def period_name(period: str) -> str:
    """`2026-11` → `Nov-26`."""
    return f"{_MONTHS[int(period[5:]) - 1]}-{period[2:4]}"


def _batches(sandbox: OracleSandbox) -> Iterator[Row]:
    for voucher in sandbox.vouchers(lambda one: one.get("kind") != "invoice"):
        debits = [line for line in voucher["lines"] if line["side"] == "D"]
        yield {
            "JeBatchId": int(voucher["id"]),
            "BatchName": batch_name(voucher),
            "BatchDescription": voucher["description"],
            "Status": _STATUS[voucher["stage"]],
            "StatusMeaning": "Posted" if voucher["stage"] == "posted" else "Unposted",
            "DefaultPeriodName": period_name(voucher["period"]),
            "UserJeSourceName": voucher["source"],
            "RunningTotalAccountedDr": sum((Decimal(line["base_amount"]) for line in debits), Decimal(0)),
            "RequestId": int(voucher["request"]),
            "voucher": voucher,
        }


def shown_batch(row: Mapping[str, Any], expand: str) -> Row:
    """A batch as it is told, with the children that are asked for."""
    told = {name: value for name, value in row.items() if name != "voucher"}
    if not expand:
        return told
    return {**told, "journalHeaders": list(_headers(row["voucher"], lines="journalLines" in expand))}


def _headers(voucher: Record, *, lines: bool) -> Iterator[Row]:
    """A journal for each currency."""
    journals: dict[str, list[tuple[int, Record]]] = defaultdict(list)
    for number, line in enumerate(voucher["lines"], 1):
        journals[line["currency"]].append((number, line))
    for at, (currency, members) in enumerate(journals.items()):
        head = {
            "JeHeaderId": int(voucher["id"]) * 10 + at,
            "LedgerName": voucher["book"],
            "UserJeCategoryName": voucher["voucher_type"],
            "EffectiveDate": voucher["date"],
            "PeriodName": period_name(voucher["period"]),
            "CurrencyCode": currency,
        }
        yield {**head, **({"journalLines": [_line(number, one) for number, one in members]} if lines else {})}


def _line(number: int, line: Record) -> Row:
    side = "Dr" if line["side"] == "D" else "Cr"
    told = {name: None for kind in ("Entered", "Accounted") for name in (f"{kind}Dr", f"{kind}Cr")}
    amounts = {f"Entered{side}": Decimal(line["amount"]), f"Accounted{side}": Decimal(line["base_amount"])}
    described = {"JeLineNumber": number, "AccountCombination": line["combination"], "Description": line["summary"]}
    return {**described, **told, **amounts}


def _ledgers(sandbox: OracleSandbox) -> Iterator[Row]:
    for name, row in sandbox.master.rows("books").items():
        told = {"LedgerId": int(row["id"]), "Name": name, "LedgerName": name}
        yield {**told, "CurrencyCode": sandbox.master.currency_of(name)}


def _periods(sandbox: OracleSandbox) -> Iterator[Row]:
    ids = {name: int(row["id"]) for name, row in sandbox.master.rows("books").items()}
    for one in sandbox.master.periods():
        year, month = one["period"].split("-")
        yield {
            "LedgerId": ids[one["book"]],
            "PeriodNameId": period_name(one["period"]),
            "ApplicationId": 101,
            "PeriodYear": int(year),
            "PeriodNumber": int(month),
            "AdjustmentPeriodFlag": "N",
            "ClosingStatus": "O" if one["open"] else "C",
        }


def _suppliers(sandbox: OracleSandbox) -> Iterator[Row]:
    for at, (code, row) in enumerate(sandbox.master.rows("supplier").items(), 1):
        told = {"SupplierId": 300_000_047_414_000 + at, "Supplier": str(row.get("name") or code).upper()}
        yield {**told, "SupplierNumber": code, "Status": "ACTIVE"}


def _values(sandbox: OracleSandbox, value_set: str) -> Iterator[Row]:
    kinds = {"entity": "companies", "account": "accounts"}
    for segment in sandbox.seed["native"]["segments"]:
        if segment["value_set"] == value_set:
            for code, row in sandbox.master.rows(kinds.get(segment["code"], segment["code"])).items():
                enabled, parent = "N" if row.get("blocked") else "Y", "Y" if row.get("detail") is False else "N"
                told = {"Value": code, "Description": row.get("name"), "EnabledFlag": enabled}
                yield {**told, "SummaryFlag": parent}
