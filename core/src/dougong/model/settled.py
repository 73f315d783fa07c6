"""A settled report (结算后的单据): priced, taxed, split, every party resolved; no accounts yet (posting-rules.md §2).

Attribute names are the words of the rules' right-hand sides: `slice.cost`, `tax.tax`, `advance.amount`, `item.role` …
Every fact names the legal entity whose books it belongs to, so that one settlement serves the books of several.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

import attrs

from dougong.model.problems import Problem

__all__ = [
    "FACTS",
    "SINGULAR",
    "AdvanceFact",
    "Amount",
    "CompanyPaid",
    "Counterpart",
    "Difference",
    "DueBack",
    "Fact",
    "InvoiceClaim",
    "PayeeFact",
    "PaymentFact",
    "SettledReport",
    "Slice",
    "Tax",
    "WithheldFact",
]


@attrs.frozen
class Amount:
    """An amount in both currencies.

    :param base: functional currency (本位币), exact at its scale; what a voucher line carries.
    :param doc: original currency, exact at its scale; equal to `base` unless the fact is foreign.
    :param currency: currency of `doc`; `None` = functional.
    :param rate: functional per unit of `currency`, for foreign facts.
    """

    base: Decimal
    doc: Decimal
    currency: str | None = None
    rate: Decimal | None = None

    @classmethod
    def of(cls, base: Decimal) -> Amount:
        """A functional amount."""
        return cls(base, base)

    @classmethod
    def zero(cls) -> Amount:
        """Nothing, in functional currency."""
        return cls.of(Decimal(0))


@attrs.frozen
class Slice:
    """One report line × one bearer (分摊). `cost` = `gross` − `tax`; the sums over a line are the line's, to the cent.

    :param line: id of the report line; `fee_type` its fee type.
    :param department_kind: 部门性质 from the departments table, `project_kind` 项目性质; `None` without a row.
    :param employee: who spent it, when known.
    """

    entity: str
    line: str
    fee_type: str
    gross: Amount
    tax: Amount
    cost: Amount
    department: str | None = None
    project: str | None = None
    department_kind: str | None = None
    project_kind: str | None = None
    employee: str | None = None
    supplier: str | None = None
    reason: str | None = None
    expense_date: dt.date | None = None


@attrs.frozen
class Tax:
    """Deductible tax by invoice and rate, or by rate only (`lines_by`).

    :param base: net amount that the tax belongs to.
    :param rate: `0.06`; `None` when the invoice does not tell and it cannot be computed.
    :param codes: tax codes of the ERPs by their column in the tax table.
    :param confirmed: whether the invoice was confirmed (勾选); `tax_to_return` what a red invoice gives back, positive.
    :param lines: ids of the report lines behind it; `invoices` ids of the invoices.
    :param row: row of the tax table that allowed the deduction.
    """

    entity: str
    base: Amount
    tax: Amount
    rate: Decimal | None = None
    invoice_kind: str | None = None
    fee_type: str | None = None
    codes: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    confirmed: bool = False
    tax_to_return: Amount = Amount(Decimal(0), Decimal(0))
    lines: tuple[str, ...] = ()
    invoices: tuple[str, ...] = ()
    row: int = 0


@attrs.frozen
class Counterpart:
    """Another legal entity: `bearer` (we pay, they bear) or `payer` (they pay, we bear).

    :param counterpart: the other entity.
    :param coordination: 协同号, the same on both sides.
    """

    entity: str
    counterpart: str
    role: Literal["bearer", "payer"]
    amount: Amount
    coordination: str


@attrs.frozen
class AdvanceFact:
    """A write-off of a loan.

    :param loan: the loan's document number (借款单号), `number` the same under the name that texts use.
    :param amount: at the loan's carrying rate; `at_rate` at the report's rate.
    :param before_go_live: its balance was opened before we began; the write-off waits for no voucher of ours.
    """

    entity: str
    loan: str
    number: str
    amount: Amount
    at_rate: Amount
    employee: str | None = None
    before_go_live: bool = False


@attrs.frozen
class CompanyPaid:
    """What a platform or card issuer has paid (企业统付, 公务卡), at what it charged."""

    entity: str
    supplier: str
    amount: Amount
    lines: tuple[str, ...] = ()


@attrs.frozen
class WithheldFact:
    """An amount kept back for the state; `kind` is the tax's name."""

    entity: str
    kind: str
    amount: Amount


@attrs.frozen
class PayeeFact:
    """Who gets how much. `employee` or `supplier` holds the code, according to `kind`."""

    entity: str
    kind: Literal["employee", "supplier"]
    code: str
    amount: Amount
    employee: str | None = None
    supplier: str | None = None


@attrs.frozen
class DueBack:
    """What an employee has to give back (员工应退)."""

    entity: str
    employee: str
    amount: Amount


@attrs.frozen
class PaymentFact:
    """One executed transfer.

    :param payment_account: the paying account as the customer calls it, key of the bank table; a number is never shown.
    :param currency: currency of the transfer, key of the bank table.
    :param bank_account: auxiliary of the bank account (银行辅助) from the bank table.
    """

    entity: str
    kind: Literal["employee", "supplier"] | None
    payee: str
    amount: Amount
    fee: Amount
    currency: str
    payment_account: str | None = attrs.field(default=None, repr=False)
    bank_account: str | None = None
    employee: str | None = None
    supplier: str | None = None
    method: str | None = None
    bank_reference: str | None = None
    batch: str | None = None


@attrs.frozen
class Difference:
    """A difference of a named kind: + loss, − gain. Nothing else may be plugged (posting-rules.md §1.6)."""

    entity: str
    kind: Literal["exchange", "rounding"]
    amount: Amount


@attrs.frozen
class InvoiceClaim:
    """How much of an invoice a report claims, in the invoice's currency.

    :param key: the same for the same invoice in another report: its number and what it says in all.
    """

    key: str
    share: Decimal


Fact = (
    Slice
    | Tax
    | Counterpart
    | AdvanceFact
    | CompanyPaid
    | WithheldFact
    | PayeeFact
    | DueBack
    | PaymentFact
    | Difference
)

#: Collection that an entry may run over (`each`) → class of its items.
FACTS: Mapping[str, type[Fact]] = MappingProxyType(
    {
        "slices": Slice,
        "taxes": Tax,
        "counterparts": Counterpart,
        "advances": AdvanceFact,
        "company_paid": CompanyPaid,
        "withheld": WithheldFact,
        "payees": PayeeFact,
        "due_back": DueBack,
        "payments": PaymentFact,
        "differences": Difference,
    }
)

#: Collection → the name of one item of it, beside `item`.
SINGULAR: Mapping[str, str] = MappingProxyType(
    {
        "slices": "slice",
        "taxes": "tax",
        "counterparts": "counterpart",
        "advances": "advance",
        "company_paid": "channel",
        "withheld": "withholding",
        "payees": "payee",
        "due_back": "due",
        "payments": "payment",
        "differences": "difference",
    }
)


@attrs.frozen
class SettledReport:
    """A document after settlement. Vouchers, and later the ERPs' own business documents, are made from it.

    :param entity: the entity that pays; it owns advances, payees, payments.
    :param currency: functional currency.
    :param notes: what a person should know but nothing waits for (a title mismatch that put tax into the cost, say).
    :param claims: what it claims of invoices that have a number.
    :param problems: what keeps it from being booked although it is settled: a loan has nothing left.

    .. versionadded:: 0.1
    """

    number: str
    type: str
    entity: str
    currency: str
    submitter: str | None = None
    submitter_name: str | None = None
    department: str | None = None
    reason: str | None = None
    finance_approver: str | None = None
    slices: tuple[Slice, ...] = ()
    taxes: tuple[Tax, ...] = ()
    counterparts: tuple[Counterpart, ...] = ()
    advances: tuple[AdvanceFact, ...] = ()
    company_paid: tuple[CompanyPaid, ...] = ()
    withheld: tuple[WithheldFact, ...] = ()
    payees: tuple[PayeeFact, ...] = ()
    due_back: tuple[DueBack, ...] = ()
    payments: tuple[PaymentFact, ...] = ()
    differences: tuple[Difference, ...] = ()
    notes: tuple[Problem, ...] = ()
    claims: tuple[InvoiceClaim, ...] = ()
    problems: tuple[Problem, ...] = ()

    def facts(self, each: str, entity: str) -> tuple[Fact, ...]:
        """The items of collection `each` that belong to the books of `entity`.

        :param each: a key of `FACTS`.
        """
        items: tuple[Fact, ...] = getattr(self, each)
        return tuple(item for item in items if item.entity == entity)

    @property
    def entities(self) -> tuple[str, ...]:
        """Every entity with something to book, the payer first."""
        owned = (item.entity for each in FACTS for item in getattr(self, each))
        return tuple(dict.fromkeys((self.entity, *sorted(set(owned)))))
