"""The voucher's date and period: the first fact that exists, moved only for reasons that are told."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Sequence

import attrs

from dougong.accounting import messages, refusals
from dougong.accounting.checks import DATE_FACTS
from dougong.accounting.rulefile import Moment, RuleSet
from dougong.model.documents import Document, Event
from dougong.model.problems import Problem

__all__ = ["Dated", "business_date", "fact_date", "period_of", "posting_date"]


@attrs.frozen
class Dated:
    """A voucher's date.

    :param fact: the date of the fact; `posting` the voucher's, `period` its period (`2026-11`).
    :param reasons: what moved it, in order; empty when nothing did.
    :param prefix: what goes before every summary because a closed period moved the date.
    """

    fact: dt.date
    posting: dt.date
    period: str
    reasons: tuple[str, ...] = ()
    prefix: str = ""
    problems: tuple[Problem, ...] = ()


def business_date(on: dt.date | dt.datetime, zone: str) -> dt.date:
    """An instant as the date that people in `zone` have; a date stays as it is."""
    return on.astimezone(zoneinfo.ZoneInfo(zone)).date() if isinstance(on, dt.datetime) else on


def period_of(date: dt.date) -> str:
    """`2026-11`."""
    return f"{date:%Y-%m}"


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


def posting_date(fact: dt.date, moment: Moment, rules: RuleSet, book: str, closed_until: str | None) -> Dated:
    """The date after the closed-period rule; crossing into another year is not decided here and holds.

    :param closed_until: last closed period of the book.
    """
    period, valid_from = period_of(fact), rules.rules.valid_from
    problems: Sequence[Problem] = ()
    if valid_from is not None and fact < valid_from:
        problems = (refusals.rules_not_valid(rules.path, valid_from, fact),)
    if closed_until is None or period > closed_until:
        return Dated(fact, fact, period, problems=tuple(problems))
    first = _first_after(closed_until)
    policy = moment.closed_period or rules.dates.closed_period
    if policy == "hold":
        return Dated(fact, fact, period, problems=(*problems, refusals.period_closed(book, period, period_of(first))))
    if first.year != fact.year:
        zh, en = f"{period} 的费用记入 {first.year} 年", f"a fact of {period} booked in {first.year}"
        return Dated(fact, fact, period, problems=(*problems, messages.not_yet("", zh, en)))
    reason = f"closed_period {period} → {first}"
    prefix = rules.dates.closed_note.replace("{period}", period)
    return Dated(fact, first, period_of(first), (reason,), prefix, tuple(problems))


def _first_after(period: str) -> dt.date:
    """First day of the period after `period`."""
    year, month = int(period[:4]), int(period[5:7])
    return dt.date(year + month // 12, month % 12 + 1, 1)
