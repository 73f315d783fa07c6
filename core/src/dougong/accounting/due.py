"""Which moments are due in which books: what their events have opened, each executed transfer by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from dougong.accounting import messages
from dougong.accounting.context import Context, Rival
from dougong.accounting.dates import business_date
from dougong.accounting.rulefile import Moment, RuleSet
from dougong.accounting.rules import MOMENT_NAMES
from dougong.accounting.tellings import Transfer, by_event
from dougong.accounting.transfers import moved
from dougong.model.documents import Document, Event
from dougong.model.problems import Problem

__all__ = ["Due", "due_moments"]

#: Moments without which nothing of a document is booked: a route for them is asked for whatever has happened.
_FIRST = ("accrual", "loan")
_PER_TRANSFER = ("payment", "payment_returned")
_PER_EVENT = ("loan", "repayment")


@attrs.frozen
class Due:
    """A moment that an event has opened in one book.

    :param event: with those payments only that this voucher is about.
    :param problems: why it is not booked, whatever its lines would be.
    :param returns: part of the payment that it gives back. :param rivals: what else was told of the same transfer.
    """

    entity: str
    book: str
    rules: RuleSet
    moment: Moment
    event: Event
    part: str
    problems: tuple[Problem, ...] = ()
    returns: str = ""
    rivals: tuple[Rival, ...] = ()


def due_moments(
    document: Document, payer: str, names: Sequence[str], context: Context
) -> tuple[list[Due], tuple[Problem, ...]]:
    """Every (entity, book, moment, event) that is open, the payer's first; only accruals are borne by others too.

    :param payer: the document's entity. :param names: of the moments that its type can open.
    :returns: what is due, and what is missing for it to be booked.
    """
    found: list[Due] = []
    problems: dict[Problem, None] = {}
    told = {event.type for event in document.events}
    bearers = {one.entity for line in document.lines for one in line.splits if one.entity}
    for name in names:
        for entity in dict.fromkeys((payer, *sorted(bearers))) if name == "accrual" else (payer,):
            books = context.books_for(entity, name, document.type)
            if not books and (name in _FIRST or MOMENT_NAMES[name] in told):
                problems[messages.route_missing(entity, name, document.type)] = None
            for book in books:
                rules = context.rules.get(book)
                if rules is None:
                    problems[messages.rules_missing(book)] = None
                elif (moment := rules.moments.get(name)) is not None:
                    found += _open(document, entity, book, rules, moment)
    return found, tuple(problems)


def _open(document: Document, entity: str, book: str, rules: RuleSet, moment: Moment) -> Iterable[Due]:
    """The moment: once per executed transfer, per event where each is money of its own, else for the last event."""
    events = [event for event in document.events if event.type == moment.on]
    if not events or document.type not in moment.documents or moment.owner == "none":
        return
    if moment.name in _PER_TRANSFER or moment.name in _PER_EVENT:
        for one in _told(document, rules, moment):
            yield Due(entity, book, rules, moment, one.event, one.part, one.problems, one.returns, one.rivals)
    else:
        last = max(events, key=lambda event: business_date(event.on, rules.rules.zone))
        yield Due(entity, book, rules, moment, last, "1")


def _told(document: Document, rules: RuleSet, moment: Moment) -> Iterable[Transfer]:
    """The executed transfers that a moment books, by themselves or together with those of their event."""
    if moment.name in _PER_EVENT:
        return by_event(document, moment.on, rules.rules.zone)
    money = moved(document, rules.rules.zone)
    return money.paid if moment.name == "payment" else money.returned
