"""The part of a flow that is about money, in Hesi's own ids: what the fingerprint is made of (contract.md §2).

Not in it: state, log, times of change, version, voucher feedback, executed payment, links to other documents, texts,
and what reference data tells. So a report that is approved, commented, paid or archived stays the same, and so does one
whose codes are renamed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dougong.model.problems import InputError
from dougong_hesi.reading import Fields, Reading, fields, items, texts
from dougong_hesi.values import day, exact, normal

__all__ = ["content_of"]

_TOTALS = ("expenseMoney", "loanMoney", "payMoney", "writtenOffMoney", "companyRealPay")
#: Members of a split that are no bearer.
_NO_BEARER = frozenset({"apportionId", "apportionMoney", "apportionPercent"})


def content_of(reading: Reading, form_type: str) -> dict[str, Any]:
    """Canonical content as plain JSON: numbers have one spelling, absent and empty members are the same."""
    form = reading.form
    settings = reading.settings
    bearers = ("expenseDepartment", "loanDepartment", *settings.project_fields, *settings.entity_fields)
    details = items(form.get("details"), "form.details")
    lines = [_line(reading, detail, bearers) for detail in details]
    return _filled(
        {
            "type": form_type,
            "submitter": form.get("submitterId"),
            "bearers": _filled({name: form.get(name) for name in bearers}),
            "totals": _filled({name: _money(form.get(name)) for name in _TOTALS}),
            "lines": sorted(lines, key=lambda line: str(line.get("id", ""))),
            "advances": [
                _filled({"loan": record.get("loanId") or record.get("id"), "amount": _number(record.get("amount"))})
                for record in items(form.get("writtenOffRecords"), "form.writtenOffRecords")
            ],
            "payee": form.get("payeeId"),
            "supplier": _filled({name: form.get(name) for name in settings.supplier_fields}),
            "several_payees": form.get("multiplePayeesMode") is True or None,
            "pay_plan": _plain(form.get("payPlan")),
        }
    )


def _line(reading: Reading, detail: Fields, bearers: Sequence[str]) -> dict[str, Any]:
    form = fields(detail.get("feeTypeForm"), "form.details.feeTypeForm")
    period = fields(form.get("feeDatePeriod"), "form.details.feeTypeForm.feeDatePeriod")
    invoice_form = fields(form.get("invoiceForm"), "form.details.feeTypeForm.invoiceForm")
    dates = [day(value, reading.zone) for value in (form.get("feeDate"), period.get("start"), period.get("end"))]
    invoices = items(invoice_form.get("invoices"), "form.details.feeTypeForm.invoiceForm.invoices")
    return _filled(
        {
            "id": form.get("detailId"),
            "fee_type": detail.get("feeTypeId"),
            "amount": _money(form.get("amount")),
            "dates": [None if date is None else date.isoformat() for date in dates] if any(dates) else None,
            "bearers": _filled({name: form.get(name) for name in bearers}),
            "splits": [_split(entry) for entry in items(form.get("apportions"), "form.details.feeTypeForm.apportions")],
            "invoice_form": invoice_form.get("type"),
            "invoices": sorted((_invoice(entry) for entry in invoices), key=lambda entry: str(entry.get("id", ""))),
            "payee": form.get("feeDetailPayeeId"),
        }
    )


def _split(entry: Fields) -> dict[str, Any]:
    form = fields(entry.get("apportionForm"), "form.details.feeTypeForm.apportions.apportionForm")
    bearers = {name: value for name, value in form.items() if name not in _NO_BEARER and isinstance(value, str)}
    shared = {"amount": _money(form.get("apportionMoney")), "percent": _number(form.get("apportionPercent"))}
    return _filled({"bearers": _filled(bearers), **shared})


def _invoice(entry: Fields) -> dict[str, Any]:
    ids = sorted(texts(entry.get("itemIds"), "form.details.feeTypeForm.invoiceForm.invoices.itemIds"))
    return _filled({"id": entry.get("invoiceId"), "items": ids, "tax": _money(entry.get("taxAmount"))})


def _money(value: object) -> dict[str, Any] | None:
    if not isinstance(value, Mapping):
        return None
    numbers = {name: _number(value.get(name)) for name in ("standard", "foreign")}
    rate = _number(value.get("rate")) if value.get("foreign") not in (None, "") else None
    codes = {name: value.get(name) for name in ("standardStrCode", "foreignStrCode")}
    return _filled({**numbers, "rate": rate, **codes})


def _number(value: object) -> str | None:
    """One spelling per number; what is no number stays as it is, so that its correction is seen as a change."""
    if value in (None, ""):
        return None
    try:
        return normal(exact(value))
    except InputError:
        return str(value)


def _plain(value: Any) -> Any:
    """Nested members whose meaning is not known here, with one spelling per number."""
    if isinstance(value, Mapping):
        return _filled({name: _plain(item) for name, item in value.items()})
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isinstance(value, bool) else _number(value)


def _filled(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value not in (None, "", [], {})}
