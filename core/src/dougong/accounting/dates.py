"""The voucher's date and period: the first fact that exists, moved only for reasons that are told."""

from __future__ import annotations

import calendar
import datetime as dt
import zoneinfo
from collections.abc import Callable
from decimal import Decimal
from functools import partial

import attrs

from dougong.accounting import refusals
from dougong.accounting.checks import DATE_FACTS
from dougong.accounting.context import Context
from dougong.accounting.rulefile import Moment, RuleSet
from dougong.model.documents import Document, Event
from dougong.model.problems import Problem

__all__ = [
    "PRIOR_YEAR",
    "Dated",
    "Periods",
    "business_date",
    "fact_date",
    "first_day",
    "period_of",
    "periods_of",
    "posting_date",
    "prior_year",
    "reversal_date",
]

#: The account role (`[accounts]`) that takes costs of another fiscal year.
PRIOR_YEAR = "prior_year"


@attrs.frozen
class Periods:
    """What is known of a book's periods when a voucher of one type is dated.

    :param book: our code of it, for messages.
    :param closed: its closed periods (`2026-10`) as the ERP tells them; there may be gaps, and what is not among them
        is open.
    :param last: period → date of the last voucher of the type in it, where the ERP keeps vouchers in the order of their
        dates (序时); `None` where there is none, or no such order.
    """

    book: str
    closed: frozenset[str] = frozenset()
    last: Callable[[str], dt.date | None] = lambda period: None

    def is_open(self, day: dt.date) -> bool:
        """Whether a voucher can be dated on that day."""
        return period_of(day) not in self.closed

    def first_open(self, day: dt.date) -> dt.date:
        """The day itself while its period is open, else the first day of the first open period after it."""
        while not self.is_open(day):
            day = _last_day(day) + dt.timedelta(days=1)
        return day


def periods_of(context: Context, book: str, voucher_type: str) -> Periods:
    """What a context knows of a book's periods for vouchers of one type; 序时 only where the ERP behind it has it."""
    closed = context.closed(book)
    if not context.limits(book).sequence_control:
        return Periods(book, closed)
    return Periods(book, closed, partial(context.last_voucher, book, voucher_type))


@attrs.frozen
class Dated:
    """A voucher's date.

    :param fact: the date of the fact; `posting` the voucher's, `period` its period (`2026-11`).
    :param reasons: what moved it, in order, and what became of another year's cost; empty when nothing did.
    :param prefix: what goes before every summary because a closed period moved the date.
    :param problems: why nothing may be booked on it.
    :param cost_role: account role that costs take in place of their own account: they are another fiscal year's.
    """

    fact: dt.date
    posting: dt.date
    period: str
    reasons: tuple[str, ...] = ()
    prefix: str = ""
    problems: tuple[Problem, ...] = ()
    cost_role: str | None = None

    def moved(self, to: dt.date, reason: str) -> Dated:
        """The same, on another day, and why."""
        return attrs.evolve(self, posting=to, period=period_of(to), reasons=(*self.reasons, reason))

    def held(self, problem: Problem) -> Dated:
        """The same, with one more problem."""
        return attrs.evolve(self, problems=(*self.problems, problem))


def business_date(on: dt.date | dt.datetime, zone: str) -> dt.date:
    """An instant as the date that people in `zone` have; a date stays as it is."""
    return on.astimezone(zoneinfo.ZoneInfo(zone)).date() if isinstance(on, dt.datetime) else on


def period_of(date: dt.date) -> str:
    """`2026-11`."""
    return f"{date:%Y-%m}"


def first_day(period: str) -> dt.date | None:
    """The first day of a period; `None` for one that is no calendar month (an adjustment period, say)."""
    try:
        return dt.date.fromisoformat(f"{period}-01")
    except ValueError:
        return None


def _last_day(day: dt.date) -> dt.date:
    """The last day of the period that a day lies in."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def fact_date(document: Document, moment: Moment, event: Event, zone: str) -> dt.date | None:
    """The first fact of the moment's `date` that exists; without such a list, the date of the event that opened it.

    :param event: the event that opened the moment; it wins over other events of its type.
    """
    for name in moment.date or ("",):
        found = (
            _fact(document, DATE_FACTS.get(name, ""), event, zone)
            if name != "expense_date"
            else _expense_date(document)
        )
        if name == "":
            found = business_date(event.on, zone)
        if found is not None:
            return found
    return None


def _fact(document: Document, type: str, event: Event, zone: str) -> dt.date | None:
    if event.type == type:
        return business_date(event.on, zone)
    return max((business_date(one.on, zone) for one in document.events if one.type == type), default=None)


def _expense_date(document: Document) -> dt.date | None:
    return max((line.expense_date for line in document.lines if line.expense_date), default=None)


def posting_date(fact: dt.date, moment: Moment, rules: RuleSet, periods: Periods) -> Dated:
    """The voucher's date: that of its fact, after the rules for closed periods and for 序时, in this order.

    :param fact: date of the fact that the moment takes.
    :param periods: what is known of the book's periods.
    :returns: the date, with what moved it or what speaks against it.
    """
    dated = Dated(fact, fact, period_of(fact))
    valid_from = rules.rules.valid_from
    if valid_from is not None and fact < valid_from:
        dated = dated.held(refusals.rules_not_valid(rules.path, valid_from, fact))
    return _moved(dated, moment, rules, periods)


def reversal_date(original: dt.date, change: dt.date, moment: Moment, rules: RuleSet, periods: Periods) -> Dated:
    """The date of a red voucher, by `[changes] red_date`.

    `original_if_open`: the day of the change where it lies in the original's period; else, while that period is open,
    its last day; else, as for `change_date`, the day of the change. Nothing is taken back before the day on which it
    was booked. Closed periods and 序时 move it as any other date.

    :param original: posting date of the voucher that is reversed; `moment` and `rules` are that voucher's.
    :param change: business day on which the document changed, was withdrawn, or a person asked for it.
    """
    dated = Dated(change, change, period_of(change))
    if change < original:
        dated = dated.moved(original, f"not_before_original {change} → {original}")
    if rules.changes.red_date == "original_if_open" and dated.period != period_of(original):
        if periods.is_open(original):
            to = _last_day(original)
            dated = dated.moved(to, f"original_if_open {change} → {to}")
        else:
            dated = dated.moved(change, f"closed_period {period_of(original)} → {change}")
    return _moved(dated, moment, rules, periods)


def _moved(dated: Dated, moment: Moment, rules: RuleSet, periods: Periods) -> Dated:
    """A date after the rules for closed periods and for 序时."""
    open_day = periods.first_open(dated.posting)
    if open_day != dated.posting:
        if (moment.closed_period or rules.dates.closed_period) == "hold":
            return dated.held(refusals.period_closed(periods.book, dated.period, period_of(open_day)))
        prefix = rules.dates.closed_note.replace("{period}", dated.period)
        dated = attrs.evolve(dated.moved(open_day, f"closed_period {dated.period} → {open_day}"), prefix=prefix)
    last = periods.last(dated.period)
    if last is None or last <= dated.posting:
        return dated
    if rules.dates.sequence == "hold":
        return dated.held(refusals.out_of_sequence(periods.book, moment.voucher_type, dated.posting, last))
    return dated.moved(last, f"sequence {dated.posting} → {last}")


def prior_year(dated: Dated, rules: RuleSet, cost: Decimal) -> Dated:
    """What `[dates] prior_year` makes of a cost that is booked in another fiscal year than its fact's.

    :param cost: what the voucher's entity bears, functional currency; red costs count by their size.
    :returns: the date with the account role for the costs, or why nothing may be booked; unchanged within one year.
    """
    year, policy = dated.fact.year, rules.dates
    if dated.posting.year == year:
        return dated
    if policy.prior_year == "hold":
        return dated.held(refusals.prior_year_held(year, dated.posting.year, cost))
    if policy.prior_year == "current" or abs(cost) < policy.prior_year_limit:
        return attrs.evolve(dated, reasons=(*dated.reasons, f"prior_year {year} → current"))
    account = rules.accounts.get(PRIOR_YEAR)
    if account is None:
        return dated.held(refusals.prior_year_account(rules.path, year))
    return attrs.evolve(dated, cost_role=PRIOR_YEAR, reasons=(*dated.reasons, f"prior_year {year} → {account}"))
