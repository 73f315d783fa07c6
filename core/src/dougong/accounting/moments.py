"""Which moments a document opens, and the drafts of their vouchers (contract.md §1, §4).

Pure: whatever is known of the world comes in `Context`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import attrs

from dougong.accounting import messages, refusals, vouchers
from dougong.accounting.context import Context, Derivation, Draft
from dougong.accounting.dates import fact_date, periods_of, posting_date
from dougong.accounting.due import Due, due_moments
from dougong.accounting.entities import entity_of, one_name
from dougong.accounting.owed import overpaid
from dougong.accounting.rulefile import RuleSet
from dougong.accounting.rules import MOMENT_NAMES
from dougong.accounting.settle import settle
from dougong.accounting.transfers import moved
from dougong.model import words
from dougong.model.documents import Document
from dougong.model.events import withdrawn
from dougong.model.problems import DougongError, Problem, Text
from dougong.model.settled import SettledReport

__all__ = ["OPENED", "derive"]

_CLAIMS = ("expense", "payment_request")
#: Moments that this version opens → document types that they can be about. Rules may hold more moments; nothing opens
#: those until they are listed here. What waits for another moment comes after it.
OPENED: Mapping[str, tuple[str, ...]] = {
    "accrual": _CLAIMS,
    "payment": _CLAIMS,
    "payment_returned": _CLAIMS,
    "loan": ("loan",),
    "repayment": ("repayment",),
}
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
_OPENING = frozenset({"approved", *(MOMENT_NAMES[name] for name in OPENED)})
#: Collections that have nothing to do with what a report costs.
_MONEY = ("payments", "differences")


def derive(document: Document, context: Context) -> Derivation:
    """The drafts of all vouchers that a document calls for now.

    The same document and context always give the same derivation; nothing is read, written or remembered.

    :returns: drafts (each with a voucher, or with what holds it), or why the document as a whole is held or not due.

    .. versionadded:: 0.1
    """
    names = [name for name, types in OPENED.items() if document.type in types]
    taken_back = _NOT_DUE.get(document.state, _WITHDRAWN if withdrawn(document.events) else None)
    if taken_back is not None:
        return Derivation(not_due=taken_back, returned=_returned(document, context))
    if not names:
        zh, en = f"{words.document(document.type).zh}暂不入账", f"documents of type {document.type} are not booked yet"
        return Derivation(not_due=Text(zh, en))
    if not any(event.type in _OPENING for event in document.events):
        return Derivation(not_due=_NO_EVENT)
    document = one_name(document, partial(_books, document, context, names[0]))
    held = _held_whole(document)
    if held or not document.entity:
        return Derivation(problems=held)
    due, problems = due_moments(document, document.entity, names, context)
    if problems:
        return Derivation(problems=tuple(problems))
    if not due:
        return Derivation(not_due=_NO_MOMENT)
    return _drafts(document, due, context)


def _returned(document: Document, context: Context) -> tuple[Draft, ...]:
    """Vouchers of the money that came back of a document that was taken back, as they would be were it not."""
    if all(event.type != "payment_returned" for event in document.events):
        return ()
    events = tuple(event for event in document.events if event.type != "withdrawn")
    stood = derive(attrs.evolve(document, state="approved", events=events), context)
    return tuple(draft for draft in stood.drafts if draft.moment == "payment_returned")


def _held_whole(document: Document) -> tuple[Problem, ...]:
    """What keeps every booking of a document back, whatever the rules open."""
    if not document.entity:
        return (messages.entity_missing(document.number),)
    if document.type == "loan" and any(event.type == "payment_returned" for event in document.events):
        return (messages.not_yet("events", "借款付款被退回", "a loan whose payment was returned"),)
    return ()


def _drafts(document: Document, due: Sequence[Due], context: Context) -> Derivation:
    """One draft per due moment; a document that cannot be settled by the rules of one book is held as a whole."""
    drafts: list[Draft] = []
    settled: SettledReport | None = None
    accrued: SettledReport | None = None
    for one in due:
        if one.problems:
            drafts.append(_held(one, one.problems))
            continue
        fact = fact_date(document, one.moment, one.event, one.rules.rules.zone)
        if fact is None:
            return Derivation(problems=(refusals.date_missing(one.moment.name, one.moment.date),))
        dated = posting_date(fact, one.moment, one.rules, periods_of(context, one.book, one.moment.voucher_type))
        costs = one.moment.name == "accrual" or any(entry.each not in _MONEY for entry in one.moment.entry)
        try:
            report = settle(
                document,
                one.rules,
                rates=context.rates,
                loan=context.loan,
                on=fact,
                event=one.event,
                entity_of=partial(
                    entity_of, document=document, books=partial(_books, document, context, one.moment.name)
                ),
                costs=costs,
                claimed=context.claimed,
            )
        except DougongError as error:
            if one.rivals:  # whichever is true, the document is not in doubt
                drafts.append(_held(one, error.problems))
                continue
            return Derivation(problems=vouchers.before_rules(dated) or error.problems)
        settled = report if costs or settled is None else settled
        accrued = report if one.moment.name == "accrual" else accrued
        if one.moment.name == "payment":
            report = _checked(document, report, one, accrued)
        order = vouchers.Order(one.entity, one.book, one.rules, one.moment, one.part, dated, one.returns)
        unbooked = tuple(_not_booked(document, one.rules))
        found = vouchers.drafts(document, report, order, context)
        drafts += [attrs.evolve(made, notes=made.notes + unbooked, rivals=one.rivals) for made in found]
    if not drafts:
        return Derivation(not_due=_ALL_ZERO, settled=settled)
    return Derivation(tuple(_as_set(document, drafts)), settled=settled)


def _checked(document: Document, payment: SettledReport, due: Due, accrued: SettledReport | None) -> SettledReport:
    """A payment with what keeps it from being booked: it exceeds what is owed."""
    found = overpaid(document, accrued, moved(document, due.rules.rules.zone)).get(due.part)
    return payment if found is None else attrs.evolve(payment, problems=(*payment.problems, found))


def _held(due: Due, problems: tuple[Problem, ...]) -> Draft:
    """A voucher that is not made, for what was told of its event."""
    moment = due.moment
    kind = (moment.name, due.entity, due.book, due.part, moment.target, moment.target_stage, moment.owner)
    return Draft(*kind, problems=problems, rivals=due.rivals)


def _not_booked(document: Document, rules: RuleSet) -> Iterable[Problem]:
    """Events that should open a moment of the rules, and that this version does not book."""
    told = {event.type for event in document.events}
    for moment in rules.moments.values():
        ours = moment.name not in OPENED and moment.owner == "dougong" and document.type in moment.documents
        if ours and moment.on in told:
            yield refusals.moment_not_booked(moment.name, moment.on)


def _books(document: Document, context: Context, moment: str, entity: str) -> Sequence[str]:
    """The books of an entity of ours; none for anything else."""
    return context.books_for(entity, moment, document.type)


def _as_set(document: Document, drafts: Sequence[Draft]) -> Iterable[Draft]:
    """Accruals of several entities, or parts of one, are a set: none is sent while one cannot be made, or waits."""
    members = [one for one in drafts if one.moment == "accrual"]
    if len({one.entity for one in members}) == 1:
        parts = Counter(one.book for one in members)
        members = [one for one in members if parts[one.book] > 1]
    if not members:
        yield from drafts
        return
    waits = tuple(dict.fromkeys(wait for one in members for wait in one.waits_for))
    for one in drafts:
        if one not in members:
            yield one
            continue
        broken = [
            refusals.set_incomplete(other.entity, other.book)
            for other in members
            if other.problems and other.entity != one.entity and not one.problems
        ]
        booking = None if broken else one.booking
        yield attrs.evolve(
            one,
            set_id=document.number,
            merge_key="",
            booking=booking,
            problems=(*one.problems, *broken),
            waits_for=waits,
        )
