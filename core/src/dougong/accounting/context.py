"""What deriving may know, and what it gives: drafts of bookings with their problems."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import attrs

from dougong.accounting.rulefile import RuleSet
from dougong.model.bookings import Voucher
from dougong.model.masterdata import AccountNeeds
from dougong.model.operations import Limits
from dougong.model.postings import Stage
from dougong.model.problems import Problem, Text
from dougong.model.settled import SettledReport
from dougong.tables.rates import Rates

__all__ = ["Context", "Derivation", "Draft", "LoanFact", "Rival", "Wait"]


@attrs.frozen
class LoanFact:
    """What is known of a loan that a report writes off.

    :param number: its document number (借款单号), also when the report names it by the source's id.
    :param employee: who owes it, `None` = the report's submitter.
    :param currency: currency it is kept in, `None` = functional.
    :param before_go_live: its balance was opened before we began; no delivery of ours to wait for.
    :param remaining: what is left of it in its currency, without what the document itself has cleared; `None` = not
        posted yet.
    :param carrying: what is left of it in functional currency.

    .. versionadded:: 0.1
    """

    number: str
    employee: str | None = None
    currency: str | None = None
    before_go_live: bool = False
    remaining: Decimal | None = None
    carrying: Decimal | None = None


@attrs.frozen
class Context:
    """Everything that `derive` may know; plain values and look-ups, so that deriving stays pure.

    :param rules: book → rules.
    :param books_for: (entity, moment, document type) → books, from the routes.
    :param account_needs: (book, account) → what it takes; `None` = not known. Asked only where rules say `"erp"`.
    :param limits: of the operation that serves the book.
    :param loan: by loan number or source id; `None` = never heard of.
    :param claimed: what other reports claim of an invoice: its key → report number → share.
    :param closed: closed periods of a book (`2026-10`), as its ERP tells them; gaps are possible.
    :param last_voucher: (book, voucher type, period) → date of the last such voucher in the ERP, `None` = there is
        none. Asked only where the book's limits declare `sequence_control` (序时).

    .. versionadded:: 0.1
    """

    rules: Mapping[str, RuleSet]
    books_for: Callable[[str, str, str], Sequence[str]]
    rates: Rates
    account_needs: Callable[[str, str], AccountNeeds | None]
    limits: Callable[[str], Limits]
    loan: Callable[[str], LoanFact | None]
    claimed: Callable[[str], Mapping[str, Decimal]] = lambda key: {}
    closed: Callable[[str], frozenset[str]] = lambda book: frozenset()
    last_voucher: Callable[[str, str, str], dt.date | None] = lambda book, voucher_type, period: None


@attrs.frozen
class Wait:
    """What has to be delivered before.

    :param moment: `loan` of another document, or a moment of this one.
    :param document: number or source id by which this document names the loan; empty for this document itself.
    :param part: which of several of that moment; empty = all of them.
    """

    moment: str
    document: str = ""
    part: str = ""


@attrs.frozen
class Rival:
    """Other news of a transfer that a draft books: while a delivery stands for it, the draft is held.

    :param part: of that news, at the draft's own moment.
    :param problem: what the one says and what the other.
    """

    part: str
    problem: Problem


@attrs.frozen
class Draft:
    """One booking to be delivered, or why it cannot be made.

    :param owner: `erp` = the ERP makes this voucher itself; there is no booking and nothing is sent.
    :param booking: `None` whenever there are problems.
    :param problems: delivery is held with these; `notes` are shown and hold nothing.
    :param waits_for: deliveries that come before. :param rivals: deliveries beside which it is not sent.
    :param date_reasons: what moved the date, in order, and what became of another year's cost.
    :param set_id: drafts of one document in several entities share it (posting-rules.md §1.7); empty otherwise.
    :param merge_key: drafts of several documents with the same one become one voucher; empty = it stays by itself.

    .. versionadded:: 0.1
    """

    moment: str
    entity: str
    book: str
    part: str = "1"
    target: str = "voucher"
    target_stage: Stage = Stage.SUBMITTED
    owner: str = "dougong"
    booking: Voucher | None = None
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    waits_for: tuple[Wait, ...] = ()
    rivals: tuple[Rival, ...] = ()
    date_reasons: tuple[str, ...] = ()
    set_id: str = ""
    merge_key: str = ""


@attrs.frozen
class Derivation:
    """What one document gives.

    :param problems: the document itself is held: a fact is missing.
    :param not_due: why it opens no moment yet; `None` = it does, or is held.
    :param returned: of a document that was taken back, the money that came back nevertheless: booked where its payment
        stands.
    :param settled: the facts behind the drafts, for `plan` and `rules explain`.
    :param loans: what was known of the loans that the document names; whoever looked them up says so.
    :param claimed: what other reports claimed of its invoices.

    .. versionadded:: 0.1
    """

    drafts: tuple[Draft, ...] = ()
    problems: tuple[Problem, ...] = ()
    not_due: Text | None = None
    returned: tuple[Draft, ...] = ()
    settled: SettledReport | None = None
    loans: Mapping[str, LoanFact | None] = attrs.field(factory=dict, hash=False)
    claimed: Mapping[str, Mapping[str, Decimal]] = attrs.field(factory=dict, hash=False)

    @property
    def bookable(self) -> tuple[Draft, ...]:
        """Everything that may be booked of the document as it now is."""
        return self.drafts + self.returned
