"""Supplier invoices over OData: posted with one deep insert, cancelled by a function import (sap.md §2.5).

An invoice is one record with its journal entry: the invoice has a number of its own, and so has the entry.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from dougong_sdk.sandbox import Record, Request, Response

from .journal import kept_line, known_codes
from .odata import Address, entity, function_result, refused
from .reversals import mark_reversed, other_side
from .rules import Said, faults_of, placed

if TYPE_CHECKING:
    from .product import SapSandbox

__all__ = ["INVOICES", "SERVICE", "change", "etag_of", "invoices", "refused_with"]

SERVICE, INVOICES = "API_SUPPLIERINVOICE_PROCESS_SRV", "A_SupplierInvoice"
_ITEMS, _TAXES = "to_SupplierInvoiceItemGLAcct", "to_SupplierInvoiceTax"
_FIRST = 5105600101
_DATE = re.compile(r"/Date\((-?\d+)(?:[+-]\d+)?\)/")
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - an Edm.DateTime has no zone
#: Fields that are kept as they come.
_KEPT = ("DocumentHeaderText", "AssignmentReference", "SupplierPostingLineItemText", "PaymentTerms")


class _Malformed(Exception):
    """The body does not fit the service's `$metadata`."""


def change(sandbox: SapSandbox, request: Request, at: Address) -> Response:
    """What a call that changes something is answered."""
    if at.set == INVOICES and at.key is None and request.method == "POST":
        return _create(sandbox, request)
    if at.set == "Cancel" and request.method == "POST":
        return _cancel(sandbox, request)
    if at.set == INVOICES and at.key is not None and request.method == "DELETE":
        return _delete(sandbox, request, at)
    return refused(at.service, 405, "/IWFND/CM_CONSUMER/101", "Method not allowed")


def refused_with(said: Sequence[Said]) -> Response:
    """Messages in Gateway's envelope: `702(F5)` is `F5/702` there."""
    told = [(re.sub(r"(\d+)\((.+)\)", r"\2/\1", code), text) for code, text in said]
    return refused(SERVICE, 400, *told[0], details=told)


def invoices(sandbox: SapSandbox) -> Iterator[Record]:
    """The invoices of the ledger, those that take others back included."""
    return (one for one in sandbox.vouchers() if "invoice" in one)


def etag_of(record: Record) -> str:
    """Changes with every change of an invoice."""
    text = json.dumps(record, sort_keys=True, default=str)
    return f'W/"SADL-{hashlib.sha256(text.encode()).hexdigest()[:20]}"'


# -- posting ----------------------------------------------------------------------------------------------------------


def _create(sandbox: SapSandbox, request: Request) -> Response:
    try:
        body = json.loads(request.body, parse_float=Decimal)
        entry = _entry(body, known_codes(sandbox))
    except (ValueError, TypeError, AttributeError, KeyError, _Malformed) as error:
        return refused(SERVICE, 400, "/IWBEP/CX_MGW_BUSI_EXCEPTION", f"Error while parsing the entity: {error}")
    native = sandbox.seed["native"]
    entry = {**entry, "lines": [placed(line, native, sandbox.master) for line in entry["lines"]]}
    if wrong := list(_faults(sandbox, entry, bool(body.get("TaxIsCalculatedAutomatically")))):
        return refused_with(wrong)
    made = _posted(sandbox, entry)
    key = f"SupplierInvoice='{made['number']}',FiscalYear='{made['invoice']['year']}'"
    return entity(request, Address(SERVICE, INVOICES, key), sandbox.rows, status=201)


def _entry(body: Mapping[str, Any], known: Any) -> Record:
    """The journal entry that an invoice becomes, in our words; its vendor's line last."""
    day, currency = _day(body, "PostingDate"), str(body["DocumentCurrency"])
    gross, credit = _amount(body["InvoiceGrossAmount"]), body.get("SupplierInvoiceIsCreditMemo") == "X"
    vendor = {
        "kind": "CreditorItem",
        "side": "D" if credit else "C",
        "signed": gross if credit else -gross,
        "partner": known("supplier", str(body["InvoicingParty"])),
        "summary": str(body.get("SupplierPostingLineItemText") or ""),
        "assignment": str(body.get("AssignmentReference") or ""),
    }
    lines = [*map(_item, _rows(body, _ITEMS)), *map(_tax, _rows(body, _TAXES)), vendor]
    kept = {name: str(body[name]) for name in _KEPT if body.get(name)}
    return {
        "reference": str(body.get("SupplierInvoiceIDByInvcgParty") or "")[:16] or None,
        "company": str(body["CompanyCode"]),
        "book": str(body["CompanyCode"]),
        "date": day,
        "period": day[:7],
        "document_date": _day(body, "DocumentDate"),
        "voucher_type": str(body.get("AccountingDocumentType") or "RE"),
        "header_text": kept.get("DocumentHeaderText", ""),
        "created_by": "DOUGONG",
        "attachments": None,
        "invoice": {"kept": kept, "party": vendor["partner"], "credit": credit},
        "lines": [_line(line, currency, known) for line in lines],
    }


def _line(line: Record, currency: str, known: Any) -> Record:
    blank: Record = {
        "account": "",
        "partner": "",
        "special_gl": "",
        "tax_code": None,
        "tax_base": None,
        "dimensions": {},
    }
    full = {**blank, "signed_base": None, "currency": currency, **line}
    dimensions = {name: known(name, code) for name, code in full["dimensions"].items() if code}
    return {**full, "account": known("accounts", full["account"]), "dimensions": dimensions}


def _item(row: Mapping[str, Any]) -> Record:
    side, amount = (
        {"S": "D", "H": "C"}.get(str(row.get("DebitCreditCode")), ""),
        _amount(row["SupplierInvoiceItemAmount"]),
    )
    objects = {"department": "CostCenter", "project": "WBSElement", "order": "InternalOrder"}
    return {
        "kind": "Item",
        "side": side,
        "signed": amount if side == "D" else -amount,
        "account": str(row["GLAccount"]),
        "tax_code": str(row.get("TaxCode") or "") or None,
        "summary": str(row.get("SupplierInvoiceItemText") or ""),
        "assignment": str(row.get("AssignmentReference") or ""),
        "dimensions": {name: str(row.get(field) or "") for name, field in objects.items()},
    }


def _tax(row: Mapping[str, Any]) -> Record:
    base = row.get("TaxBaseAmountInTransCrcy")
    return {
        "kind": "ProductTaxItem",
        "side": "D",
        "signed": _amount(row["TaxAmount"]),
        "tax_code": str(row["TaxCode"]),
        "tax_base": None if base is None else abs(_amount(base)),
        "summary": "",
        "assignment": "",
    }


def _faults(sandbox: SapSandbox, entry: Record, calculates: bool) -> Iterator[Said]:
    if calculates:
        yield "016(ZDG)", "Tax is not calculated here: send the tax lines"
    if sum((line["signed"] for line in entry["lines"]), Decimal(0)):
        yield "186(M8)", "Balance is not equal to zero"
    elif _is_known(sandbox, entry):
        yield "108(M8)", f"Invoice {entry['reference']} may already have been entered"
    yield from (said for said in faults_of(entry, sandbox.seed["native"], sandbox.master) if said[0] != "702(F5)")


def _is_known(sandbox: SapSandbox, entry: Record) -> bool:
    """Whether a vendor whose invoices are checked for duplicates has sent this one before."""
    rows = (*sandbox.master.rows("supplier").items(), *sandbox.master.rows("employee").items())
    checked = {code for code, row in rows if row.get("duplicate_check")}
    same = ("reference", "company", "document_date")
    return entry["invoice"]["party"] in checked and any(
        one["invoice"]["party"] == entry["invoice"]["party"]
        and not (one["reverses"] or one["reversed_by"])
        and all(one[name] == entry[name] for name in same)
        for one in invoices(sandbox)
    )


def _posted(sandbox: SapSandbox, entry: Record, original: Record | None = None) -> Record:
    company, year = entry["company"], entry["period"][:4]
    number = f"{sandbox.store.next_number(f'invoice/{year}', _FIRST):010d}"
    first = int(sandbox.master.rows("voucher_types")[entry["voucher_type"]].get("first", "5100000000"))
    document = f"{sandbox.store.next_number(f'{company}/{year}/{first}', first):010d}"
    made = {
        **entry,
        "id": f"{company}/{year}/{number}",
        "number": number,
        "document": document,
        "stage": "posted",
        "currency": sandbox.master.currency_of(company),
        "reverses": original["id"] if original else None,
        "reversed_by": None,
        "invoice": {**entry["invoice"], "year": year},
        "lines": [kept_line(line) for line in entry["lines"]],
    }
    sandbox.store.put("voucher", made["id"], made)
    if original:
        mark_reversed(sandbox, original, made["id"])
    return made


# -- cancelling -------------------------------------------------------------------------------------------------------


def _cancel(sandbox: SapSandbox, request: Request) -> Response:
    """Another invoice that takes one back; the clerk's reference stays with the first."""
    told = {name: value.strip("'") for name, value in request.parameters.items()}
    record = _find(sandbox, told.get("SupplierInvoice", ""), told.get("FiscalYear", ""))
    if record is None:
        return refused(SERVICE, 404, "M8/017", f"Invoice document {told.get('SupplierInvoice')} does not exist")
    if (stale := _stale(request, record, must=bool(sandbox.settings["cancel_if_match"]))) is not None:
        return stale
    day = told.get("PostingDate", "").removeprefix("datetime'")[:10]
    wrong = list(_faults_of_cancel(sandbox, record, day, told.get("ReversalReason", "")))
    if wrong:
        return refused_with(wrong)
    lines = [{**other_side(line), "kind": line["kind"]} for line in record["lines"]]
    head = {**record, "reference": None, "date": day, "period": day[:7], "lines": lines}
    made = _posted(sandbox, {**head, "reversal_reason": told["ReversalReason"]}, record)
    result = {"ReverseDocument": made["number"], "FiscalYear": made["invoice"]["year"], "Success": True}
    return function_result("Cancel", result)


def _faults_of_cancel(sandbox: SapSandbox, record: Record, day: str, reason: str) -> Iterator[Said]:
    if record["reversed_by"] or record["reverses"]:
        yield "017(ZDG)", f"Invoice document {record['number']} has already been reversed"
    if not reason:
        yield "014(ZDG)", f"Reversal of document {record['number']} has no reversal reason"
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", day):
        yield "018(ZDG)", "Posting date is missing"
    elif not sandbox.master.is_open(record["company"], day[:7]):
        yield "201(F5)", f"Posting period {int(day[5:7]):03d} {day[:4]} is not open"


def _delete(sandbox: SapSandbox, request: Request, at: Address) -> Response:
    """Only what is not posted can be deleted, and nothing here is."""
    given = re.findall(r"'([^']*)'", at.key or "")
    record = _find(sandbox, *given) if len(given) == 2 else None
    if record is None:
        return refused(SERVICE, 404, "M8/017", "Invoice document does not exist")
    stale = _stale(request, record, must=True)
    return stale or refused_with([("019(ZDG)", f"Invoice document {record['number']} is posted: cancel it")])


def _find(sandbox: SapSandbox, number: str, year: str) -> Record | None:
    return next((one for one in invoices(sandbox) if (one["number"], one["invoice"]["year"]) == (number, year)), None)


def _stale(request: Request, record: Record, *, must: bool) -> Response | None:
    """428 where `If-Match` is missing, 412 where the invoice has changed since it was read."""
    shown = request.headers.get("if-match")
    if shown is None:
        return (
            refused(SERVICE, 428, "/IWFND/CM_MGW/555", "Precondition required: If-Match is missing") if must else None
        )
    if shown in ("*", etag_of(record)):
        return None
    return refused(SERVICE, 412, "/IWBEP/CM_MGW_RT/041", "Precondition failed: the ETag does not match")


# -- reading ----------------------------------------------------------------------------------------------------------


def _rows(body: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    """Of a navigation; clients write a list, or an object with `results`."""
    told = body.get(name) or []
    return list(told["results"]) if isinstance(told, Mapping) else list(told)


def _day(body: Mapping[str, Any], name: str) -> str:
    told = str(body[name])
    found = _DATE.fullmatch(told)
    if found is None:
        raise _Malformed(f"{name} is no Edm.DateTime")
    return (_EPOCH + dt.timedelta(milliseconds=int(found[1]))).date().isoformat()


def _amount(told: Any) -> Decimal:
    """An Edm.Decimal travels as a text."""
    if not isinstance(told, str):
        raise _Malformed(f"{told} is no Edm.Decimal")
    try:
        return Decimal(told)
    except InvalidOperation:
        raise _Malformed(f"{told} is no Edm.Decimal") from None
