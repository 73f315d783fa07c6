"""A supplier invoice's payload and message: tax codes of its items, what SAP would refuse, what is sent."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import attrs

from dougong.model.bookings import Reversed, Voucher
from dougong.model.messages import Correlation, Item, Message, Payload
from dougong.model.postings import Facts
from dougong.model.problems import Problem
from dougong_sap.entries import MAX_LINES, misfits
from dougong_sap.invoice_fields import INVOICE_FIELDS, ITEMS, TAXES
from dougong_sap.odata import moment_of

__all__ = ["CANCELS", "REFERENCE", "TARGET", "cancellation", "invoice_message", "invoice_problems", "numbered"]

TARGET = "SUPPLIER_INVOICE"
#: The property with our reference.
REFERENCE = "SupplierInvoiceIDByInvcgParty"
#: The correlation of a cancellation: the invoice that it cancels, and the request, which is another one each time.
CANCELS = "cancels"
#: Dimensions of the line that is the invoice's party.
_PARTIES = {"employee", "supplier"}
#: Of which an item has one at most that is real.
_REAL_OBJECTS = ("InternalOrder", "WBSElement", "SalesOrder")


# -- before the freeze ------------------------------------------------------------------------------------------------


def numbered(payload: Payload, voucher: Voucher) -> Payload:
    """The same invoice with SAP's numbers, and with the code of a tax on the items that it was taken from.

    Which these are only the report tells: its lines behind both. An item with several taxes is left without a code.
    """
    sources = {str(line.number): line.sources for line in voucher.lines}
    taxes, items = (list(payload.body.get(name) or ()) for name in (TAXES, ITEMS))
    taxed: dict[str, set[str]] = defaultdict(set)
    for tax in taxes:
        for source in sources.get(str(tax.get("SupplierInvoiceTaxCounter")), ()):
            taxed[source].add(str(tax.get("TaxCode")))

    def coded(item: Mapping[str, Any]) -> Mapping[str, Any]:
        behind = sources.get(str(item.get("SupplierInvoiceItem")), ())
        codes = {code for source in behind for code in taxed.get(source, ())}
        costs = item.get("CostCenter") or item.get("WBSElement")
        return {**item, "TaxCode": codes.pop()} if costs and len(codes) == 1 and not item.get("TaxCode") else item

    counted = {
        ITEMS: [{**coded(item), "SupplierInvoiceItem": f"{at:04}"} for at, item in enumerate(items, 1)],
        TAXES: [{**tax, "SupplierInvoiceTaxCounter": f"{at:06}"} for at, tax in enumerate(taxes, 1)],
    }
    return attrs.evolve(payload, body={**payload.body, **counted})


def cancellation(voucher: Voucher, reversed_: Reversed, reason: str) -> Payload:
    """What cancels an invoice: SAP takes all of it back by itself."""
    _, year, number = reversed_.erp_key.split("/")
    day = voucher.posting_date
    return Payload({"SupplierInvoice": number, "FiscalYear": year, "ReversalReason": reason, "PostingDate": day})


def invoice_problems(body: Mapping[str, Any], voucher: Voucher) -> Iterator[Problem]:
    """What SAP would refuse, or cut, of an invoice: its shape, missing fields, lengths, cost objects, the balance."""
    if "SupplierInvoice" in body:
        return
    yield from _shape(body, voucher)
    yield from misfits(body, "", INVOICE_FIELDS, lines=(ITEMS, TAXES))
    rows = [(f"{name}[{at}]", row) for name in (ITEMS, TAXES) for at, row in enumerate(body.get(name) or ())]
    if not 1 <= len(rows) < MAX_LINES:
        zh, en = f"发票有 {len(rows)} 行, 应为 1 至 {MAX_LINES - 1} 行", f"the invoice has {len(rows)} lines"
        yield Problem.of("LINES_LIMIT", zh, f"{en}; 1 to {MAX_LINES - 1} are possible")
    for path, row in rows:
        for problem in (*misfits(row, f"{path.partition('[')[0]}.", INVOICE_FIELDS), *_objects(row)):
            yield problem.at(path)
    left = Decimal(body.get("InvoiceGrossAmount") or 0) - sum((_signed(row) for _, row in rows), Decimal(0))
    if left:
        zh, en = f"借贷不平, 相差 {left}", f"debits and credits differ by {left}"
        yield Problem.of("NOT_BALANCED", zh, en, path="InvoiceGrossAmount")


def _shape(body: Mapping[str, Any], voucher: Voucher) -> Iterator[Problem]:
    """One party that is owed money, and taxes that are deducted: only then is a voucher an invoice."""
    why = None
    vendors = [f"{one.number} {one.account}" for one in voucher.lines if _PARTIES & one.dimensions.keys()]
    if "," in str(body.get("InvoicingParty") or ","):
        named = f": {', '.join(vendors)}" if vendors else ""
        why = (
            f"没有或有多个供应商 (员工) 分录{named}",
            f"it has no line with a supplier or employee, or several{named}",
        )
    elif Decimal(body.get("InvoiceGrossAmount") or 0) <= 0:
        why = ("供应商 (员工) 分录不在贷方", "the line with the supplier or employee is no credit")
    elif any(Decimal(tax.get("TaxAmount") or 0) < 0 for tax in body.get(TAXES) or ()):
        why = ("税额分录在贷方", "a tax line is a credit")
    if why:
        yield Problem.of(
            "NOT_AN_INVOICE",
            f"该凭证不能作为供应商发票过账: {why[0]}",
            f"this voucher cannot be posted as a supplier invoice: {why[1]}",
            hint_zh='请用路由把它发往 target = "JOURNAL_ENTRY" 的连接',
            hint_en='route it to a connection with target = "JOURNAL_ENTRY"',
        )


def _objects(row: Mapping[str, Any]) -> Iterator[Problem]:
    assigned = [name for name in _REAL_OBJECTS if row.get(name)]
    if len(assigned) > 1:
        yield Problem.of(
            "COST_OBJECT_DOUBLE",
            f"一行分录只能有一个实际成本对象, 现有 {', '.join(assigned)}",
            f"a line takes one real cost object; it has {', '.join(assigned)}",
        )


def _signed(row: Mapping[str, Any]) -> Decimal:
    if "TaxAmount" in row:
        return Decimal(row["TaxAmount"] or 0)
    amount = Decimal(row.get("SupplierInvoiceItemAmount") or 0)
    return amount if row.get("DebitCreditCode") == "S" else -amount


# -- the message ------------------------------------------------------------------------------------------------------


def invoice_message(item: Item) -> Message:
    """One invoice, or what cancels one.

    A cancellation travels as the parameters of a function import; what is frozen are their values.
    """
    body, booking = item.payload.body, item.booking
    frozen = json.dumps(_plain(body), ensure_ascii=False, separators=(",", ":")).encode()
    if booking.reverses is None:
        facts = Facts(book=str(body.get("CompanyCode")))
        return Message((item.id,), frozen, facts={item.id: facts}, operation=f"{TARGET}.create")
    key = booking.reverses.erp_key
    return Message(
        (item.id,),
        frozen,
        correlations=(Correlation(CANCELS, f"{key} {item.request_id.text(20)}"),),
        facts={item.id: Facts(book=key.partition("/")[0])},
        operation=f"{TARGET}.reverse",
    )


def _plain(part: Any) -> Any:
    """As OData V2 writes it in JSON: decimals as texts, dates in milliseconds, nothing that is empty."""
    if isinstance(part, Mapping):
        return {name: _plain(value) for name, value in part.items() if value not in (None, "")}
    if isinstance(part, dt.date):
        return moment_of(part)
    if isinstance(part, bool) or not isinstance(part, Decimal | int | Sequence) or isinstance(part, str):
        return part
    return f"{part:f}" if isinstance(part, Decimal) else str(part) if isinstance(part, int) else [*map(_plain, part)]
