"""What the expense side holds: documents in their canonical form (interfaces.md §3).

Amounts and rates are exact decimals, dates are business dates without zone, instants carry a zone. Two groups of facts
are kept apart: *content* (what the fingerprint sees: money, parties, content dates) and *events* (approved, paid, …),
which open moments. What a source says beyond these members is kept under `extensions`, everywhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

import attrs

__all__ = [
    "EVENT_TYPES",
    "IDENTITY",
    "STATES",
    "Advance",
    "Document",
    "DocumentType",
    "Event",
    "ExecutedPayment",
    "Invoice",
    "InvoiceShare",
    "Line",
    "PaidBy",
    "Payee",
    "SourceRef",
    "Split",
    "Withheld",
]

DocumentType = Literal["expense", "payment_request", "loan", "repayment", "provision", "voucher"]

#: What a source may say of a document, and of what has happened to it.
STATES = ("draft", "approving", "rejected", "approved", "paying", "paid", "archived", "void", "deleted")
EVENT_TYPES = (
    "approved",
    "paid",
    "payment_returned",
    "repaid",
    "tax_confirmed",
    "red_invoice",
    "withdrawn",
    "period_end",
)
#: Members that say which document, line, invoice, event or payee it is: never empty.
IDENTITY = ("source", "tenant", "id", "number", "code")


@attrs.frozen
class SourceRef:
    """Who a document is, whatever its revision: the key that the source gave it.

    :param source: name of the source system, e.g. `hesi`.
    :param tenant: the source's customer id.
    :param type: one of `DocumentType`.
    :param id: the source's own id, unique within the three above.
    """

    source: str
    tenant: str
    type: str
    id: str


@attrs.frozen
class InvoiceShare:
    """How much of an invoice a line claims.

    :param id: `Invoice.id`.
    :param share: amount claimed, in the invoice's currency; `None` claims the line's whole amount.
    :param tax: deductible tax as the source states it; `None` when it does not.
    """

    id: str
    share: Decimal | None = None
    tax: Decimal | None = None
    extensions: Mapping[str, Any] = attrs.field(factory=dict, hash=False)


@attrs.frozen
class Split:
    """One bearer of a line's cost (分摊): either a share (`"0.6"`) or an amount."""

    entity: str | None = None
    department: str | None = None
    project: str | None = None
    share: Decimal | None = None
    amount: Decimal | None = None
    extensions: Mapping[str, Any] = attrs.field(factory=dict, hash=False)


@attrs.frozen
class PaidBy:
    """Who has paid already instead of the employee (企业统付, 公务卡): a platform or card issuer as supplier."""

    supplier: str
    extensions: Mapping[str, Any] = attrs.field(factory=dict, hash=False)


@attrs.frozen
class Line:
    """One line of a report.

    :param id: stable within the document.
    :param fee_type: the customer's fee type (差旅费 …); decision tables look it up.
    :param gross: claimed, in `currency`.
    :param currency: spending currency; `None` means the document's.
    :param rate: document currency per unit of `currency`, as the source used it.
    :param base: claimed in the document's currency, when the source states it.
    :param approved: what was approved, in the document's currency; `None` means all of it.
    :param expense_date: business date.
    """

    id: str
    fee_type: str
    gross: Decimal
    currency: str | None = None
    rate: Decimal | None = None
    base: Decimal | None = None
    approved: Decimal | None = None
    expense_date: dt.date | None = None
    reason: str | None = None
    invoices: tuple[InvoiceShare, ...] = ()
    splits: tuple[Split, ...] = ()
    paid_by: PaidBy | None = None
    extensions: Mapping[str, Any] = attrs.field(factory=dict, hash=False)


@attrs.frozen
class Invoice:
    """An invoice or ticket that lines refer to (canonical-model.md §4).

    :param kind: the customer's words: 专票, 普票, 航空电子客票, 铁路电子客票, 境外票据 …
    :param gross: price and tax together; `net` and `tax` its parts; `rate` e.g. `0.06`.
    :param fund: 民航发展基金, never part of a tax base.
    :param verified: whether it was checked (验真); `None` = not told.
    :param buyer: name or code of the buyer (抬头); decides who may deduct.
    """

    id: str
    kind: str
    gross: Decimal
    number: str | None = None
    date: dt.date | None = None
    buyer: str | None = None
    seller: str | None = None
    net: Decimal | None = None
    tax: Decimal | None = None
    rate: Decimal | None = None
    fund: Decimal | None = None
    currency: str | None = None
    verified: bool | None = None
    extensions: Mapping[str, Any] = attrs.field(factory=dict, hash=False)


@attrs.frozen
class Advance:
    """A write-off against a loan (核销借款). `loan` is the loan's document number or the source's id of it."""

    loan: str
    amount: Decimal
    currency: str | None = None
    extensions: Mapping[str, Any] = attrs.field(factory=dict, hash=False)


@attrs.frozen
class Payee:
    """Who gets how much, in the document's currency. `account` never enters the fingerprint and is never shown."""

    kind: Literal["employee", "supplier"]
    code: str
    amount: Decimal
    account: str | None = attrs.field(default=None, repr=False)
    extensions: Mapping[str, Any] = attrs.field(factory=dict, hash=False)


@attrs.frozen
class Withheld:
    """An amount kept back for the state, e.g. individual income tax on labour fees."""

    kind: str
    amount: Decimal
    extensions: Mapping[str, Any] = attrs.field(factory=dict, hash=False)


@attrs.frozen
class ExecutedPayment:
    """One transfer that the bank has carried out. `payee` is a payee's code.

    :param fee: what the bank charged for it, beside the amount; of a returned transfer, what it gave back of that.
    """

    payee: str
    amount: Decimal
    id: str | None = None
    currency: str | None = None
    rate: Decimal | None = None
    account: str | None = attrs.field(default=None, repr=False)
    method: str | None = None
    bank_reference: str | None = None
    fee: Decimal | None = None
    extensions: Mapping[str, Any] = attrs.field(factory=dict, hash=False)


@attrs.frozen
class Event:
    """A fact that opens a moment; never part of the content.

    :param id: stable id; the same id told twice is one event.
    :param type: approved, paid, payment_returned, repaid, tax_confirmed, red_invoice, withdrawn, period_end.
    :param on: a business date, or an instant with zone (the rules' zone turns it into a date).
    """

    id: str
    type: str
    on: dt.date | dt.datetime
    batch: str | None = None
    payments: tuple[ExecutedPayment, ...] = ()
    invoices: tuple[str, ...] = ()
    extensions: Mapping[str, Any] = attrs.field(factory=dict, hash=False)


@attrs.frozen
class Document:
    """An expense report, loan, repayment … as every source is read into it (interfaces.md §3).

    :param state: draft, approving, rejected, approved, paying, paid, archived, void, deleted.
    :param updated_at: the source's own time of change; never a key.
    :param entity: legal entity (法人实体), the customer's code.
    :param submitter: employee code; `submitter_name` what people call them.
    :param currency: functional currency of the report.

    .. versionadded:: 0.1
    """

    source: str
    tenant: str
    type: DocumentType
    id: str
    number: str
    state: str
    currency: str
    entity: str | None = None
    updated_at: dt.datetime | None = None
    submitter: str | None = None
    submitter_name: str | None = None
    department: str | None = None
    reason: str | None = None
    finance_approver: str | None = None
    lines: tuple[Line, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    advances: tuple[Advance, ...] = ()
    payees: tuple[Payee, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    events: tuple[Event, ...] = ()
    extensions: Mapping[str, Any] = attrs.field(factory=dict, hash=False)

    @property
    def ref(self) -> SourceRef:
        """The document's identity, whatever its revision."""
        return SourceRef(self.source, self.tenant, self.type, self.id)
