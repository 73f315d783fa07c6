"""Which moments a document opens, and the drafts of their vouchers (contract.md §1, §4).

Pure: whatever is known of the world comes in `Context`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import attrs

from dougong.accounting import messages, refusals
from dougong.accounting.context import Context, Derivation, Draft
from dougong.accounting.dates import business_date, fact_date, posting_date
from dougong.accounting.rulefile import Moment, RuleSet
from dougong.accounting.settle import settle
from dougong.accounting.vouchers import Order, before_rules, draft
from dougong.model.documents import Document, Event
from dougong.model.events import withdrawn
from dougong.model.problems import DougongError, Problem, Text
from dougong.model.settled import SettledReport

__all__ = ["OPENED", "derive"]

#: Moments that this version opens → document types that they can be about. Rules may hold more moments; nothing opens
#: those until they are listed here.
OPENED: Mapping[str, tuple[str, ...]] = {"accrual": ("expense", "payment_request"), "loan": ("loan",)}
#: Source states in which nothing is booked, whatever events the document carries.
_NOT_DUE: Mapping[str, Text] = {
    "draft": Text("单据还是草稿", "the document is a draft"),
    "approving": Text("单据审批中", "the document is being approved"),
    "rejected": Text("单据已被驳回", "the document was rejected"),
    "void": Text("单据已作废", "the document is void"),
    "deleted": Text("单据已被删除", "the document was deleted"),
}
_WITHDRAWN = Text("单据已被撤回, 之后没有再审批", "the document was withdrawn and not approved again since")
_NO_EVENT = Text("单据尚未审批或付款", "the document was neither approved nor paid yet")
_NO_MOMENT = Text("规则没有为它打开的时点", "the rules open no moment for it yet")
_ALL_ZERO = Text("金额全为零, 无凭证可记", "every amount is zero, there is nothing to book")
#: Events that open a moment of this version in some firm; only they make a missing entity or route worth a hold.
_OPENING = ("approved", "paid")


@attrs.frozen
class _Due:
    """A moment that an event has opened in one book."""

    entity: str
    book: str
    rules: RuleSet
    moment: Moment
    event: Event
    part: str


def derive(document: Document, context: Context) -> Derivation:
    """The drafts of all vouchers that a document calls for now.

    The same document and context always give the same derivation; nothing is read, written or remembered.

    :returns: drafts (each with a voucher, or with what holds it), or why the document as a whole is held or not due.

    .. versionadded:: 0.1
    """
    names = [name for name, types in OPENED.items() if document.type in types]
    if document.state in _NOT_DUE:
        return Derivation(not_due=_NOT_DUE[document.state])
    if withdrawn(document.events):
        return Derivation(not_due=_WITHDRAWN)
    if not names:
        zh, en = f"{document.type} 类单据暂不入账", f"documents of type {document.type} are not booked yet"
        return Derivation(not_due=Text(zh, en))
    if not any(event.type in _OPENING for event in document.events):
        return Derivation(not_due=_NO_EVENT)
    if not document.entity:
        return Derivation(problems=(messages.entity_missing(document.number),))
    due, problems = _due(document, document.entity, names, context)
    if problems:
        return Derivation(problems=tuple(problems))
    if not due:
        return Derivation(not_due=_NO_MOMENT)
    return _drafts(document, due, context)


def _due(
    document: Document, payer: str, names: Sequence[str], context: Context
) -> tuple[list[_Due], tuple[Problem, ...]]:
    """Every (entity, book, moment, event) that is open, the payer's first."""
    due: list[_Due] = []
    problems: dict[Problem, None] = {}
    bearers = {one.entity for line in document.lines for one in line.splits if one.entity}
    for entity in dict.fromkeys((payer, *sorted(bearers))):
        for name in names:
            books = context.books_for(entity, name, document.type)
            if not books:
                problems[messages.route_missing(entity, name, document.type)] = None
            for book in books:
                rules = context.rules.get(book)
                if rules is None:
                    problems[messages.rules_missing(book)] = None
                elif (moment := rules.moments.get(name)) is not None:
                    due += _open(document, entity, book, rules, moment)
    return due, tuple(problems)


def _open(document: Document, entity: str, book: str, rules: RuleSet, moment: Moment) -> Iterable[_Due]:
    """The moment, once per event where each event is money of its own (loans), else once for the last event."""
    events = [event for event in document.events if event.type == moment.on]
    if not events or document.type not in moment.documents or moment.owner == "none":
        return
    if moment.name != "loan":
        events = [max(events, key=lambda event: business_date(event.on, rules.rules.zone))]
    for at, event in enumerate(events):
        yield _Due(entity, book, rules, moment, event, event.id if at else "1")


def _drafts(document: Document, due: Sequence[_Due], context: Context) -> Derivation:
    """One draft per due moment; a document that cannot be settled by the rules of one book is held as a whole."""
    drafts: list[Draft] = []
    settled: SettledReport | None = None
    for one in due:
        fact = fact_date(document, one.moment, one.event, one.rules.rules.zone)
        if fact is None:
            return Derivation(problems=(refusals.date_missing(one.moment.name, one.moment.date),))
        dated = posting_date(fact, one.moment, one.rules, one.book, context.closed_until(one.book))
        try:
            settled = settle(
                document,
                one.rules,
                rates=context.rates,
                loan=context.loan,
                on=fact,
                event=one.event,
                is_entity=partial(_is_entity, document, one.moment.name, context),
            )
        except DougongError as error:
            return Derivation(problems=before_rules(dated) or error.problems)
        order = Order(one.entity, one.book, one.rules, one.moment, one.part, dated)
        made = draft(document, settled, order, context)
        if made is not None:
            unbooked = tuple(_not_booked(document, one.rules))
            drafts.append(attrs.evolve(made, notes=made.notes + unbooked) if unbooked else made)
    if not drafts:
        return Derivation(not_due=_ALL_ZERO, settled=settled)
    return Derivation(tuple(_as_set(document, drafts)), settled=settled)


def _not_booked(document: Document, rules: RuleSet) -> Iterable[Problem]:
    """Events that should open a moment of the rules, and that this version does not book."""
    told = {event.type for event in document.events}
    for moment in rules.moments.values():
        ours = moment.name not in OPENED and moment.owner == "dougong" and document.type in moment.documents
        if ours and moment.on in told:
            yield refusals.moment_not_booked(moment.name, moment.on)


def _is_entity(document: Document, moment: str, context: Context, code: str) -> bool:
    """Whether a code is an entity of ours: one that leads to a book."""
    return bool(context.books_for(code, moment, document.type))


def _as_set(document: Document, drafts: Sequence[Draft]) -> Iterable[Draft]:
    """Vouchers of several entities share a set; while one cannot be made, none is sent."""
    if len({one.entity for one in drafts}) < 2:
        yield from drafts
        return
    for one in drafts:
        broken = [
            refusals.set_incomplete(other.entity, other.book)
            for other in drafts
            if other.problems and other.entity != one.entity and not one.problems
        ]
        booking = None if broken else one.booking
        yield attrs.evolve(one, set_id=document.number, booking=booking, problems=(*one.problems, *broken))
