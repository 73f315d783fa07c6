"""Who has paid, who is paid, who owes, and whether it all adds up (posting-rules.md §2, steps 7–10)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import attrs

from dougong.accounting import messages
from dougong.accounting.loans import WriteOffs, exchange
from dougong.accounting.priced import PricedLine
from dougong.model.documents import Document
from dougong.model.problems import Problem
from dougong.model.settled import AdvanceFact, Amount, CompanyPaid, Difference, DueBack, PayeeFact, WithheldFact

__all__ = ["Parties", "parties"]

_ZERO = Decimal(0)


@attrs.frozen
class Parties:
    """The credit side of a report, and what an employee owes."""

    advances: tuple[AdvanceFact, ...]
    company_paid: tuple[CompanyPaid, ...]
    withheld: tuple[WithheldFact, ...]
    payees: tuple[PayeeFact, ...]
    due_back: tuple[DueBack, ...]
    differences: tuple[Difference, ...]
    problems: tuple[Problem, ...] = ()


def parties(
    document: Document,
    lines: Sequence[PricedLine],
    payer: str,
    tax: Decimal,
    write_offs: WriteOffs,
) -> Parties:
    """The parties of a report whose identity holds; otherwise `IDENTITY_FAILED` with every number in it.

    :param tax: deductible tax of the report, for the message.
    :param write_offs: the loans that it clears.
    """
    advances, problems = write_offs.advances, list(write_offs.problems)
    company = _company_paid(lines, payer)
    withheld = tuple(WithheldFact(payer, one.kind, Amount.of(one.amount)) for one in document.withheld)
    approved = sum((one.approved.base for one in lines), _ZERO)
    written_off = sum((one.at_rate.base for one in advances), _ZERO)  # what a loan cost is not the report's matter
    paid, kept = _total(company), _total(withheld)
    before = written_off + paid + kept
    stated = sum((one.amount for one in document.payees), _ZERO)
    unpaid = sum((one.own_share for one in lines if one.line.paid_by), _ZERO)
    reduce, owed = _own_share(approved - before, stated, unpaid)
    payees, owed = _payees(document, payer, reduce, owed)
    difference = approved - (before - owed + _total(payees))
    if difference and not problems:
        problems.append(messages.identity_failed(document.number, approved, tax, written_off, paid, stated, difference))
    due: tuple[DueBack, ...] = ()
    if owed and document.submitter:
        due = (DueBack(payer, document.submitter, Amount.of(owed)),)
    elif owed:
        problems.append(messages.submitter_missing(document.number))
    return Parties(advances, company, withheld, payees, due, exchange(advances, payer), tuple(problems))


def _total(facts: Sequence[CompanyPaid | WithheldFact | PayeeFact]) -> Decimal:
    return sum((fact.amount.base for fact in facts), _ZERO)


def _own_share(rest: Decimal, stated: Decimal, unpaid: Decimal) -> tuple[Decimal, Decimal]:
    """How much to take from the employee's payable, and how much the employee owes (step 8).

    :param rest: approved − advances − company paid − withheld: what is left to pay.
    :param stated: what the source says is payable; `unpaid` what the company has paid without approval.
    """
    if rest == stated or unpaid <= 0:
        return _ZERO, _ZERO
    if stated == 0 and rest < 0 and -rest <= unpaid:
        return _ZERO, -rest
    return (unpaid, _ZERO) if stated - rest == unpaid else (_ZERO, _ZERO)


def _payees(document: Document, payer: str, reduce: Decimal, owed: Decimal) -> tuple[tuple[PayeeFact, ...], Decimal]:
    """The payees after the employee's own share was taken off; what cannot be taken off is owed."""
    out = []
    for payee in document.payees:
        amount = payee.amount
        if reduce and payee.kind == "employee" and payee.code == document.submitter and amount > 0:
            taken = min(reduce, amount)
            reduce, amount = reduce - taken, amount - taken
        person = payee.code if payee.kind == "employee" else None
        supplier = payee.code if payee.kind == "supplier" else None
        out.append(PayeeFact(payer, payee.kind, payee.code, Amount.of(amount), person, supplier))
    return tuple(out), owed + reduce


def _company_paid(lines: Sequence[PricedLine], payer: str) -> tuple[CompanyPaid, ...]:
    """By supplier, at what it charged: the claimed amount, whatever was approved of it."""
    suppliers = sorted({one.line.paid_by.supplier for one in lines if one.line.paid_by})
    out = []
    for supplier in suppliers:
        mine = [one for one in lines if one.line.paid_by and one.line.paid_by.supplier == supplier]
        amount = sum((one.claimed.base for one in mine), _ZERO)
        out.append(CompanyPaid(payer, supplier, Amount.of(amount), tuple(sorted(one.line.id for one in mine))))
    return tuple(out)
