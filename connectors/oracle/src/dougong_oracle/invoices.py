"""Vouchers as payables invoices: what would be refused, and the message that imports many at once (oracle.md §5.3–5.5).

A debit is an invoice line; the credit is the supplier's, whose liability account Payables finds by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from dougong.hookspecs import TargetField
from dougong.model.bookings import Voucher
from dougong.model.identity import Key
from dougong.model.messages import Correlation, Item, Message
from dougong.model.postings import Facts
from dougong.model.problems import Problem
from dougong_oracle.columns import INVOICE_COLUMNS, INVOICE_LINE_COLUMNS
from dougong_oracle.fbdi import csv_of, parameters, zip_of
from dougong_oracle.journals import FILE, GROUP
from dougong_oracle.orders import import_order, written
from dougong_oracle.settings import OracleSettings

__all__ = ["INVOICES", "INVOICE_NUMBER", "invoice_fields", "invoice_message", "invoice_problems"]

INVOICES = "AP_INVOICES_INTERFACE"
#: The column that our reference is: with the supplier's number it is what Payables keeps unique.
INVOICE_NUMBER = "INVOICE_NUM"

_LINES = "Lines"
_NEEDED = ("OPERATING_UNIT", "SOURCE", "INVOICE_AMOUNT", "INVOICE_DATE", "VENDOR_NUM", "VENDOR_SITE_CODE")
_NEEDED_TOO = ("INVOICE_CURRENCY_CODE", "INVOICE_TYPE_LOOKUP_CODE", "TERMS_NAME")
_LINE_NEEDED = ("LINE_TYPE_LOOKUP_CODE", "AMOUNT", "DIST_CODE_CONCATENATED")
_JOB = "/oracle/apps/ess/financials/payables/invoices/transactions,APXIIMPT"
_ACCOUNT = "fin$/payables$/import$"


def invoice_fields() -> tuple[TargetField, ...]:
    """Every column of both files: of the invoice at the head, of its lines below `Lines`."""
    head = (TargetField(name, "column", name in (*_NEEDED, *_NEEDED_TOO)) for name in INVOICE_COLUMNS)
    lines = (TargetField(f"{_LINES}.{name}", "column", name in _LINE_NEEDED) for name in INVOICE_LINE_COLUMNS)
    return (*head, *lines)


def invoice_problems(body: Mapping[str, Any], booking: Voucher) -> Iterator[Problem]:
    """One supplier's credit and nothing else on that side; required columns; lines that add up."""
    suppliers = {line.dimensions.get("supplier") for line in booking.lines if line.side == "C"}
    if len(suppliers) != 1 or None in suppliers:
        zh, en = "发票只有一个供应商, 且贷方只有其应付款", "an invoice is of one supplier, whose credit is the only one"
        hint = {
            "hint_zh": "此类凭证改走日记账连接",
            "hint_en": "route vouchers of this kind to a connection for journals",
        }
        yield Problem.of("NOT_AN_INVOICE", zh, en, path=_LINES, **hint)
    for name in (*_NEEDED, *_NEEDED_TOO):
        if body.get(name) in (None, ""):
            yield Problem.of("FIELD_MISSING", f"{name} 为必填项", f"{name} is required", path=name)
    lines: Sequence[Mapping[str, Any]] = body.get(_LINES) or ()
    for at, line in enumerate(lines):
        for name in _LINE_NEEDED:
            if line.get(name) in (None, ""):
                zh, en = f"{name} 为必填项", f"{name} is required"
                yield Problem.of("FIELD_MISSING", zh, en, path=f"{_LINES}[{at}].{name}")
    left = Decimal(body.get("INVOICE_AMOUNT") or 0) - sum(
        (Decimal(line.get("AMOUNT") or 0) for line in lines), Decimal(0)
    )
    if left:
        zh, en = f"发票金额与各行合计相差 {left}", f"the invoice and its lines differ by {left}"
        yield Problem.of("NOT_BALANCED", zh, en, path="INVOICE_AMOUNT")


def invoice_message(items: Sequence[Item], settings: OracleSettings) -> Message:
    """All invoices in one zip; each is imported or rejected by itself."""
    key = Key(("invoices", *(item.request_id.text(34) for item in items)))
    group, file = str(key.number(18)), f"{key.text(20)}.zip"
    heads = [_head(item.payload.body, at, group) for at, item in enumerate(items, 1)]
    lines = [row for at, item in enumerate(items, 1) for row in _rows(item.payload.body, at)]
    files = {
        "ApInvoicesInterface.csv": csv_of(INVOICE_COLUMNS, heads),
        "ApInvoiceLinesInterface.csv": csv_of(INVOICE_LINE_COLUMNS, lines),
    }
    order = import_order(file, zip_of(files), _ACCOUNT, _JOB, _parameters(group, settings), 1, settings)
    body, media_type = written(order, settings)
    return Message(
        items=tuple(item.id for item in items),
        body=body,
        media_type=media_type,
        plain=b"".join(files.values()),
        correlations=(Correlation(GROUP, group), Correlation(FILE, file)),
        facts={item.id: Facts(book=settings.business_unit) for item in items},
        operation=f"{INVOICES}.create",
    )


def _parameters(group: str, settings: OracleSettings) -> str:
    """Fourteen, by position: the batch is named like the group, so that its invoices are found together."""
    unit, source = settings.business_unit_id, settings.source
    return parameters(group, unit, "N", "", "", "", "1000", source, group, "N", "N", settings.ledger_id, "", "1")


def _head(body: Mapping[str, Any], at: int, group: str) -> dict[str, Any]:
    return {**{name: value for name, value in body.items() if name != _LINES}, "INVOICE_ID": at, "GROUP_ID": group}


def _rows(body: Mapping[str, Any], at: int) -> Iterator[dict[str, Any]]:
    return ({"LINE_NUMBER": number, **line, "INVOICE_ID": at} for number, line in enumerate(body.get(_LINES) or (), 1))
