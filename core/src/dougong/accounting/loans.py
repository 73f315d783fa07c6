"""Loans: what a write-off takes from them at their own rate, and the difference of rates (posting-rules.md §2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal, localcontext

import attrs

from dougong.accounting import loan_messages, messages
from dougong.accounting.context import LoanFact
from dougong.accounting.priced import PricedLine
from dougong.accounting.rulefile import RuleSet
from dougong.model.bookings import LoanMovement
from dougong.model.documents import Advance, Document
from dougong.model.money import CONTEXT, parse_decimal, round_to, scale_of
from dougong.model.problems import Problem
from dougong.model.settled import AdvanceFact, Amount, Difference, PaymentFact, SettledReport
from dougong.tables.rates import Rates

__all__ = ["LookUp", "WriteOffs", "exchange", "lent", "movements", "repaid", "written_off"]

#: What is known of a loan, by number or source id.
LookUp = Callable[[str], LoanFact | None]
#: The rate that the document itself uses for a currency, or why there is none.
RateOf = Callable[[str], Decimal | Problem]

_ZERO = Decimal(0)
_RATE_SCALE = 12


@attrs.frozen
class WriteOffs:
    """The loans that a document clears.

    :param problems: it cannot be settled. :param overdrawn: it can, and more is asked of a loan than is left.
    :param notes: what a person should know: a loan is somebody else's.
    """

    advances: tuple[AdvanceFact, ...] = ()
    problems: tuple[Problem, ...] = ()
    overdrawn: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()


def written_off(
    document: Document, lines: Sequence[PricedLine], rules: RuleSet, rates: Rates, loan: LookUp, on: dt.date
) -> WriteOffs:
    """What a report writes off: each loan at its carrying rate, and beside it at the report's own rate.

    :param lines: the report's, for the rate that it uses.
    :param on: business date for a rate where no line has one.
    """

    def rate_of(currency: str) -> Decimal | Problem:
        used = {one.approved.rate for one in lines if one.currency == currency and one.approved.rate is not None}
        if len(used) == 1:
            return used.pop()
        policy = rules.currency
        found = rates.find(currency, document.currency, policy.rate_type, on)
        if found is None:
            return messages.rate_missing("advances", currency, document.currency, policy.rate_type, on, rates.path)
        return found.value

    found = _all(document, rules, loan, rate_of, on)
    return attrs.evolve(found, problems=(*found.problems, *_negative(document, lines)))


def _negative(document: Document, lines: Sequence[PricedLine]) -> Iterator[Problem]:
    """Write-offs that would lend more; only a report that takes costs back may take a write-off back."""
    if sum((one.approved.base for one in lines), _ZERO) < 0:
        return
    for at, advance in enumerate(document.advances):
        if advance.amount < 0:
            yield loan_messages.write_off_negative(f"advances[{at}]", advance.loan, advance.amount)


def repaid(document: Document, payments: Sequence[PaymentFact], rules: RuleSet, loan: LookUp, on: dt.date) -> WriteOffs:
    """What a repayment clears; the money that came in says at which rate it came."""
    if not document.advances:
        return WriteOffs(problems=(loan_messages.loan_not_named(document.number),))

    def rate_of(currency: str) -> Decimal | Problem:
        came = [one.amount for one in payments if one.currency == currency]
        base, doc = sum((one.base for one in came), _ZERO), sum((one.doc for one in came), _ZERO)
        if not doc:
            return loan_messages.repaid_in_other_currency(document.number, currency)
        with localcontext(CONTEXT):
            return base / doc

    return _all(document, rules, loan, rate_of, on)


def opening(rules: RuleSet, number: str, known: LoanFact | None, on: dt.date) -> LoanFact | None:
    """A loan from before go-live as the table `loans` opens it, less what was cleared of it since."""
    table = rules.tables.get("loans")
    found = table.lookup({"loan": known.number if known else number}, on) if table else None
    if found is None:
        return known
    amount = parse_decimal(found.values["amount"])
    base = parse_decimal(found.values.get("base") or found.values["amount"])
    cleared = known if known is not None else LoanFact(number)
    return LoanFact(
        cleared.number,
        found.values.get("employee") or cleared.employee,
        found.values.get("currency") or None,
        before_go_live=True,
        remaining=amount + (cleared.remaining or _ZERO),
        carrying=base + (cleared.carrying or _ZERO),
    )


def _all(document: Document, rules: RuleSet, loan: LookUp, rate_of: RateOf, on: dt.date) -> WriteOffs:
    """Each write-off in turn: a loan that is named twice has less left the second time."""
    facts: list[AdvanceFact] = []
    problems: list[Problem] = []
    overdrawn: list[Problem] = []
    notes: dict[Problem, None] = {}
    left: dict[str, tuple[Decimal, Decimal]] = {}
    for at, advance in enumerate(document.advances):
        known = opening(rules, advance.loan, loan(advance.loan), on)
        if known is not None and known.remaining is not None and known.carrying is not None:
            left.setdefault(known.number, (known.remaining, known.carrying))
        number = known.number if known else advance.loan
        fact = _one(document, advance, f"advances[{at}]", known, left.get(number), rate_of)
        if isinstance(fact, Problem):
            problems.append(fact)
            continue
        facts.append(fact)
        if document.submitter and fact.employee != document.submitter:
            notes[loan_messages.loan_of_another("advances", number, str(fact.employee), document.submitter)] = None
        if number in left:
            remaining, carrying = left[number]
            if fact.amount.doc > remaining:
                overdrawn.append(loan_messages.loan_overdrawn(number, remaining, fact.amount.doc))
            left[number] = (remaining - fact.amount.doc, carrying - fact.amount.base)
    return WriteOffs(tuple(facts), tuple(problems), tuple(overdrawn), tuple(notes))


def _one(
    document: Document,
    advance: Advance,
    path: str,
    known: LoanFact | None,
    left: tuple[Decimal, Decimal] | None,
    rate_of: RateOf,
) -> AdvanceFact | Problem:
    kept = (known.currency if known else None) or advance.currency or document.currency
    if advance.currency not in (None, kept) or (advance.currency is None and kept != document.currency):
        return loan_messages.loan_currency(path, advance.loan, kept, advance.currency or document.currency)
    number = known.number if known else advance.loan
    at_rate = Amount.of(advance.amount)
    if kept != document.currency:
        rate = rate_of(kept)
        if isinstance(rate, Problem):
            return rate
        with localcontext(CONTEXT):
            base = round_to(advance.amount * rate, scale_of(document.currency))
        at_rate = Amount(base, advance.amount, kept, rate)
    return AdvanceFact(
        entity=document.entity or "",
        loan=number,
        number=number,
        amount=_carried(at_rate, left, scale_of(document.currency)),
        at_rate=at_rate,
        employee=(known.employee if known else None) or document.submitter,
        before_go_live=known is not None and known.before_go_live,
    )


def _carried(at_rate: Amount, left: tuple[Decimal, Decimal] | None, scale: int) -> Amount:
    """At the loan's carrying rate; the last part takes the rest. While the loan is not posted, nobody knows better."""
    if at_rate.currency is None or left is None or not left[0]:
        return at_rate
    remaining, carrying = left
    with localcontext(CONTEXT):
        rate = round_to(carrying / remaining, _RATE_SCALE)
        whole = at_rate.doc == remaining
        base = carrying if whole else round_to(carrying * at_rate.doc / remaining, scale)
    return Amount(base, at_rate.doc, at_rate.currency, rate.normalize(CONTEXT))


def exchange(advances: Iterable[AdvanceFact], entity: str) -> tuple[Difference, ...]:
    """What loans cost more (+) or less (−) at their own rate than at the document's."""
    total = sum((one.amount.base - one.at_rate.base for one in advances), _ZERO)
    return (Difference(entity, "exchange", Amount.of(total)),) if total else ()


def lent(document: Document, report: SettledReport) -> tuple[LoanMovement, ...]:
    """What the payments of a loan add to its balance."""
    out: dict[str, LoanMovement] = {}
    for payment in report.payments:
        before = out.get(payment.currency)
        amount = payment.amount.doc + (before.amount if before else _ZERO)
        base = payment.amount.base + (before.base if before else _ZERO)
        out[payment.currency] = LoanMovement(document.number, document.ref, payment.currency, amount, base)
    return tuple(out.values())


def movements(document: Document, advances: Iterable[AdvanceFact]) -> tuple[LoanMovement, ...]:
    """What write-offs take from their loans."""
    out: dict[str, LoanMovement] = {}
    for one in advances:
        before = out.get(one.loan)
        amount = -one.amount.doc + (before.amount if before else _ZERO)
        base = -one.amount.base + (before.base if before else _ZERO)
        out[one.loan] = LoanMovement(one.loan, document.ref, one.amount.currency or document.currency, amount, base)
    return tuple(out.values())
