"""Payables import: invoices of a source and group, each created or rejected by itself (oracle.md §5.5)."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from dougong_oracle.columns import INVOICE_COLUMNS, INVOICE_LINE_COLUMNS
from dougong_sdk.sandbox import Request, Response, exact_json

from .resources import refused

if TYPE_CHECKING:
    from dougong_sdk.sandbox import Record

    from .product import OracleSandbox

__all__ = ["REJECTIONS", "create_invoice", "import_invoices", "invoice_rows", "shown_invoice"]

#: Reasons, as the lookup REJECT CODE names them.
REJECTIONS = (
    "INVALID SUPPLIER",
    "INVALID SUPPLIER SITE",
    "INCONSISTENT SUPPLIER",
    "DUPLICATE INVOICE NUMBER",
    "DUPL INV NUM IN IMPORT",
    "ACCT DATE NOT IN OPEN PD",
    "INVALID DISTRIBUTION ACCT",
    "ACCOUNT REQUIRED",
    "INACTIVE CURRENCY CODE",
    "INVALID INVOICE AMOUNT",
)
_HEADS, _LINES = "ApInvoicesInterface.csv", "ApInvoiceLinesInterface.csv"
#: Positions of the parameters that select.
_UNIT, _SOURCE, _GROUP = 1, 7, 8

#: Attribute of REST → column.
_HEAD_NAMES = {
    "InvoiceNumber": "INVOICE_NUM",
    "InvoiceCurrency": "INVOICE_CURRENCY_CODE",
    "InvoiceAmount": "INVOICE_AMOUNT",
    "InvoiceDate": "INVOICE_DATE",
    "AccountingDate": "GL_DATE",
    "BusinessUnit": "OPERATING_UNIT",
    "Supplier": "VENDOR_NAME",
    "SupplierSite": "VENDOR_SITE_CODE",
    "Description": "DESCRIPTION",
}
_LINE_NAMES = {
    "LineAmount": "AMOUNT",
    "DistributionCombination": "DIST_CODE_CONCATENATED",
    "Description": "DESCRIPTION",
}

Row = Mapping[str, str]


def import_invoices(
    sandbox: OracleSandbox, parameters: Sequence[str], files: Mapping[str, str], refuses: tuple[str, str]
) -> str:
    """Create what can be created; the report names the others, each with its reason.

    :raises KeyError: a file is missing. :raises ValueError: the loader cannot load one.
    """
    heads, lines = _read(files[_HEADS], INVOICE_COLUMNS), _read(files[_LINES], INVOICE_LINE_COLUMNS)
    chosen = (parameters[_SOURCE], parameters[_GROUP])
    told, seen = [], set()
    for head in (row for row in heads if (row["SOURCE"], row["GROUP_ID"]) == chosen):
        own = [line for line in lines if line["INVOICE_ID"] == head["INVOICE_ID"]]
        number = head["VENDOR_NUM"], head["INVOICE_NUM"]
        reason = "DUPL INV NUM IN IMPORT" if number in seen else next(_reasons(sandbox, head, own), "")
        seen.add(number)
        code, text = refuses
        if code and any(text in cell for row in (head, *own) for cell in row.values()):
            reason = code
        if reason:
            told.append(f"REJECTED  {reason}  {head['INVOICE_NUM']}  {head['VENDOR_NUM']}  {head['INVOICE_AMOUNT']}")
        else:
            _create(sandbox, parameters[0], head, own)
    return "\n".join(["Payables Open Interface Import", *told, ""]) if told else ""


def create_invoice(sandbox: OracleSandbox, request: Request) -> Response:
    """One invoice over REST, by the rules of the import; what it breaks is told at once."""
    try:
        body = exact_json.loads(request.body)
        told = dict.fromkeys(INVOICE_COLUMNS, "") | _cells(body, _HEAD_NAMES)
        lines = [dict.fromkeys(INVOICE_LINE_COLUMNS, "") | _cells(line, _LINE_NAMES) for line in body["invoiceLines"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return refused(400, "JBO-27014", f"Attribute is required: {error}")
    suppliers = {str(row.get("name") or code).upper(): code for code, row in sandbox.master.rows("supplier").items()}
    head = {**told, "VENDOR_NUM": suppliers.get(told["VENDOR_NAME"].upper(), "")}
    reason = next(_reasons(sandbox, head, lines), "")
    if reason:
        return refused(400, "JBO-27024", f"Failed to validate a row: {reason}")
    _create(sandbox, str(body.get("InvoiceGroup") or ""), head, lines)
    made = next(row for row in invoice_rows(sandbox) if _key(row) == (head["VENDOR_NUM"], head["INVOICE_NUM"]))
    answer = exact_json.dumps(shown_invoice(made, "")).encode()
    return Response(answer, 201, "application/vnd.oracle.adf.resourceitem+json")


def _cells(body: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    """Attributes of REST as columns of the import. :raises KeyError: one is missing."""
    cells = {column: str(body[name]) for name, column in names.items()}
    return {name: cell.replace("-", "/") if name.endswith("_DATE") else cell for name, cell in cells.items()}


def _key(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["SupplierNumber"], row["InvoiceNumber"]


def _read(content: str, columns: Sequence[str]) -> list[Row]:
    rows = list(csv.reader(io.StringIO(content, newline="")))
    if any(len(row) > len(columns) + 1 for row in rows):
        raise ValueError("more columns than the table has")
    found = [dict(zip(columns, row, strict=False)) for row in rows]
    return [{name: row.get(name, "") for name in columns} for row in found]


def _reasons(sandbox: OracleSandbox, head: Row, lines: Sequence[Row]) -> Iterator[str]:
    master, unit = sandbox.master, _unit(sandbox, head["OPERATING_UNIT"])
    if head["VENDOR_NUM"] not in master.rows("supplier"):
        yield "INVALID SUPPLIER"
    if not head["VENDOR_SITE_CODE"]:
        yield "INVALID SUPPLIER SITE"
    known = sandbox.vouchers(lambda one: one.get("kind") == "invoice")
    if any((one["vendor"], one["reference"]) == (head["VENDOR_NUM"], head["INVOICE_NUM"]) for one in known):
        yield "DUPLICATE INVOICE NUMBER"
    if head["INVOICE_CURRENCY_CODE"] not in master.rows("currencies"):
        yield "INACTIVE CURRENCY CODE"
    day = _day(head["GL_DATE"] or head["INVOICE_DATE"])
    if day is None or unit is None or not master.is_open(str(unit["ledger"]), f"{day:%Y-%m}"):
        yield "ACCT DATE NOT IN OPEN PD"
    if sum((_amount(line["AMOUNT"]) for line in lines), Decimal(0)) != _amount(head["INVOICE_AMOUNT"]) or not lines:
        yield "INVALID INVOICE AMOUNT"
    for line in lines:
        if not line["DIST_CODE_CONCATENATED"]:
            yield "ACCOUNT REQUIRED"
        elif not sandbox.is_combination(_combination(sandbox, line)):
            yield "INVALID DISTRIBUTION ACCT"


def _unit(sandbox: OracleSandbox, name: str) -> Mapping[str, Any] | None:
    return next((row for row in sandbox.seed["native"]["business_units"] if row["code"] == name), None)


def _combination(sandbox: OracleSandbox, line: Row) -> dict[str, str]:
    values = zip(sandbox.segments, line["DIST_CODE_CONCATENATED"].split("."), strict=False)
    return {name: value for name, value in values if value.strip("0")}


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


def _day(text: str) -> dt.date | None:
    try:
        return dt.datetime.strptime(text, "%Y/%m/%d").date()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        return None


def _create(sandbox: OracleSandbox, batch: str, head: Row, lines: Sequence[Row]) -> None:
    day, currency = _day(head["GL_DATE"] or head["INVOICE_DATE"]) or dt.date.min, head["INVOICE_CURRENCY_CODE"]
    total, account = _amount(head["INVOICE_AMOUNT"]), str(sandbox.seed["native"]["liability"])
    same = {"currency": currency, "rate": Decimal(1)}
    kept = [_line(sandbox, line, same) for line in lines]
    owed = {
        "account": account,
        "side": "C",
        "amount": total,
        "base_amount": total,
        "summary": head["DESCRIPTION"],
        **same,
    }
    made: Record = {
        "id": str(300_200_000_000_000 + sandbox.store.next_number("invoice")),
        "kind": "invoice",
        "number": head["INVOICE_NUM"],
        "reference": head["INVOICE_NUM"],
        "vendor": head["VENDOR_NUM"],
        "group": batch,
        "stage": "submitted",
        "company": kept[0]["entity"],
        "book": head["OPERATING_UNIT"],
        "date": day.isoformat(),
        "period": f"{day:%Y-%m}",
        "voucher_type": head["INVOICE_TYPE_LOOKUP_CODE"],
        "description": head["DESCRIPTION"],
        "currency": currency,
        "attachments": None,
        "reverses": None,
        "lines": [*kept, {**owed, "dimensions": {"supplier": head["VENDOR_NUM"]}}],
    }
    sandbox.store.put("voucher", made["id"], made)


def _line(sandbox: OracleSandbox, line: Row, same: Mapping[str, Any]) -> dict[str, Any]:
    held, amount = _combination(sandbox, line), _amount(line["AMOUNT"])
    return {
        "entity": held["entity"],
        "account": held["account"],
        "side": "D",
        "amount": amount,
        "base_amount": amount,
        "summary": line["DESCRIPTION"],
        "dimensions": {name: code for name, code in held.items() if name not in ("entity", "account")},
        "combination": line["DIST_CODE_CONCATENATED"],
        **same,
    }


def invoice_rows(sandbox: OracleSandbox) -> Iterator[dict[str, Any]]:
    """Rows of the resource `invoices`."""
    for one in sandbox.vouchers(lambda voucher: voucher.get("kind") == "invoice"):
        owed = next(line for line in one["lines"] if line["side"] == "C")
        yield {
            "InvoiceId": int(one["id"]),
            "InvoiceNumber": one["reference"],
            "InvoiceGroup": one["group"],
            "InvoiceCurrency": one["currency"],
            "InvoiceAmount": Decimal(owed["amount"]),
            "InvoiceDate": one["date"],
            "AccountingDate": one["date"],
            "BusinessUnit": one["book"],
            "SupplierNumber": one["vendor"],
            "Description": one["description"],
            "voucher": one,
        }


def shown_invoice(row: Mapping[str, Any], expand: str) -> dict[str, Any]:
    """An invoice as it is told, with its lines where they are asked for."""
    told = {name: value for name, value in row.items() if name != "voucher"}
    if not expand:
        return told
    debits = [line for line in row["voucher"]["lines"] if line["side"] == "D"]
    lines = [
        {
            "LineNumber": number,
            "LineAmount": Decimal(line["amount"]),
            "DistributionCombination": line["combination"],
            "Description": line["summary"],
        }
        for number, line in enumerate(debits, 1)
    ]
    return {**told, "invoiceLines": lines}
