"""What we want in the ERP, in nobody's dialect: bookings. A voucher balances; money is exact, functional currency."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

import attrs

from dougong.model.documents import SourceRef

__all__ = ["Booking", "LineTax", "LoanMovement", "Member", "Original", "Reversed", "Side", "Voucher", "VoucherLine"]

Side = Literal["D", "C"]


@attrs.frozen
class Original:
    """The original-currency side of a line: `amount` in `currency` at `rate` (functional per unit)."""

    currency: str
    amount: Decimal
    rate: Decimal


@attrs.frozen
class LineTax:
    """What a tax line is about: rate (`0.06`), base it was taken from, the ERP's tax code where the tables give one."""

    rate: Decimal | None = None
    base: Decimal | None = None
    code: str | None = None


@attrs.frozen
class LoanMovement:
    """What a voucher does to the balance of a loan: lends (+) or clears (−).

    :param loan: the loan's document number.
    :param document: the document that lends or clears.
    :param amount: in `currency`; `base` in functional currency, at the loan's carrying rate.
    """

    loan: str
    document: SourceRef
    currency: str
    amount: Decimal
    base: Decimal


@attrs.frozen
class VoucherLine:
    """One line of a voucher.

    :param number: 1-based position.
    :param side: `D` debit, `C` credit; a red line keeps its side and has a negative amount.
    :param account: our account code; `code('account')` turns it into the ERP's.
    :param amount: functional currency, exact, at the currency's scale.
    :param summary: 摘要; `note` is what it begins with where a closed period moved the date (`[补2026-10]`).
    :param dimensions: 辅助核算: our dimension name → our code, exactly those that the account takes.
    :param original: original currency, when the line carries one.
    :param clears: number of the loan or document that this line clears (往来核销号); `opens` that it opens.
    :param sources: ids of the report lines behind it.
    :param merges: whether a merged voucher adds it to an equal line of another document (凭证合并).
    :param why: fact, rule entry and table row that made the line (`rules explain`).
    """

    number: int
    side: Side
    account: str
    amount: Decimal
    summary: str = ""
    dimensions: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    original: Original | None = None
    tax: LineTax | None = None
    clears: str | None = None
    opens: str | None = None
    cash_flow: str | None = None
    settlement: str | None = None
    settlement_number: str | None = None
    coordination: str | None = None
    sources: tuple[str, ...] = ()
    merges: bool = False
    note: str = ""
    why: Mapping[str, Any] = attrs.field(factory=dict, hash=False)

    @property
    def debit(self) -> Decimal:
        """The amount if the line is a debit, else zero."""
        return self.amount if self.side == "D" else Decimal(0)

    @property
    def credit(self) -> Decimal:
        """The amount if the line is a credit, else zero."""
        return self.amount if self.side == "C" else Decimal(0)


@attrs.frozen
class Member:
    """What one document has in a merged voucher: its own lines, before any were added up.

    :param number: the document's.
    """

    document: SourceRef
    number: str
    lines: tuple[VoucherLine, ...]
    attachments: int = 0
    loans: tuple[LoanMovement, ...] = ()


@attrs.frozen
class Reversed:
    """The posting that a voucher takes back as a whole, as the ERP names it; `None` = it has not told.

    :param erp_key: its id there. :param number: what people see. :param company: the ERP's own organisation.
    :param fiscal_year: the year that its number is one of.

    .. versionadded:: 0.1
    """

    erp_key: str
    number: str | None = None
    company: str | None = None
    fiscal_year: int | None = None


@attrs.frozen
class Voucher:
    """A voucher (记账凭证) before any ERP: balanced, dated, with every line's account and dimensions.

    :param moment: why it is booked (contract.md §1): accrual, loan, payment …
    :param entity: legal entity; `book` its account book.
    :param posting_date: voucher date, a business date; `business_date` the fact's own date.
    :param period: `2026-11`; adjustment periods have other names.
    :param voucher_type: 凭证字: 记, 收, 付, 转.
    :param currency: functional currency of the book.
    :param documents: numbers of the documents behind it.
    :param attachments: number of attachments (附件数).
    :param prepared_by: maker (制单人), our employee code.
    :param loans: what it does to loans.
    :param members: what each document has in a merged voucher (凭证合并); empty otherwise.
    :param reverses: the posting that it takes back, all of it; of a part (one document of a merged voucher) none.

    .. versionadded:: 0.1
    """

    moment: str
    entity: str
    book: str
    posting_date: dt.date
    period: str
    voucher_type: str
    currency: str
    lines: tuple[VoucherLine, ...]
    documents: tuple[str, ...] = ()
    business_date: dt.date | None = None
    attachments: int = 0
    summary: str = ""
    prepared_by: str | None = None
    date_reasons: tuple[str, ...] = ()
    loans: tuple[LoanMovement, ...] = ()
    members: tuple[Member, ...] = ()
    reverses: Reversed | None = None
    extensions: Mapping[str, Any] = attrs.field(factory=dict, hash=False)

    @property
    def fiscal_year(self) -> int:
        """The year of the period."""
        return int(self.period[:4])

    @property
    def period_number(self) -> int:
        """The number of the period within its year."""
        return int(self.period[5:])

    @property
    def total(self) -> Decimal:
        """Sum of the debits, functional currency."""
        return sum((line.debit for line in self.lines), Decimal(0))

    @property
    def difference(self) -> Decimal:
        """Debits minus credits; zero for a voucher that balances."""
        return self.total - sum((line.credit for line in self.lines), Decimal(0))


#: Payable, Claim and Payment join with the issue that fills them; the delivery side only needs `Booking`.
Booking = Voucher
