"""Executed transfers as facts: who was paid, from which account of ours."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, localcontext
from typing import Literal

from dougong.accounting import messages
from dougong.accounting.rulefile import RuleSet
from dougong.model.documents import Document, Event, ExecutedPayment
from dougong.model.money import CONTEXT, round_to, scale_of
from dougong.model.problems import Problem
from dougong.model.settled import Amount, PaymentFact
from dougong.tables.rates import Rates

__all__ = ["payment_facts", "unnamed"]

_PAYING = ("paid", "payment_returned", "repaid")
#: What is lent and given back may be in any currency: the loan keeps it.
_LENT = ("loan", "repayment")


def payment_facts(
    document: Document, event: Event | None, rules: RuleSet, rates: Rates, on: dt.date
) -> tuple[tuple[PaymentFact, ...], list[Problem]]:
    """The event's payments; without any, what the document says is to be paid, from an account that nobody has named.

    :param rates: asked for a foreign payment whose source states no rate.
    :param on: business date for the bank table and the rate.
    """
    if event is None or event.type not in _PAYING:
        return (), []
    facts: list[PaymentFact] = []
    problems: list[Problem] = []
    for at, payment in enumerate(event.payments or unnamed(document)):
        amount = _amount(document, payment, f"payments[{at}]", rules, rates, on)
        if isinstance(amount, Problem):
            problems.append(amount)
        else:
            facts.append(_fact(document, event, payment, amount, rules, on))
    if not facts and not problems:
        problems.append(messages.nothing_paid(document.number))
    return tuple(facts), problems


def _amount(
    document: Document, payment: ExecutedPayment, path: str, rules: RuleSet, rates: Rates, on: dt.date
) -> Amount | Problem:
    """What was transferred, in both currencies; the bank's own rate wins."""
    functional, policy = rules.rules.currency, rules.currency
    currency = payment.currency or document.currency
    if currency == functional:
        return Amount.of(payment.amount)
    if document.type not in _LENT:
        zh, en = f"以 {currency} 支付 {functional} 应付款", f"a payable in {functional} paid in {currency}"
        return messages.not_yet(path, zh, en)
    rate = payment.rate
    if rate is None:
        found = rates.find(currency, functional, policy.rate_type, on)
        if found is None:
            return messages.rate_missing(path, currency, functional, policy.rate_type, on, rates.path)
        rate = found.value
    return _at(payment.amount, currency, rate, functional)


def _at(value: Decimal, currency: str | None, rate: Decimal | None, functional: str) -> Amount:
    """An amount at a rate; without any it is functional."""
    if currency is None or rate is None:
        return Amount.of(value)
    with localcontext(CONTEXT):
        return Amount(round_to(value * rate, scale_of(functional)), value, currency, rate)


def _fact(
    document: Document, event: Event, payment: ExecutedPayment, amount: Amount, rules: RuleSet, on: dt.date
) -> PaymentFact:
    kind = _kind(document, payment.payee)
    keys = {"payment_account": payment.account, "currency": payment.currency or document.currency}
    table = rules.tables.get("bank_account")
    found = table.lookup(keys, on) if table else None
    return PaymentFact(
        entity=document.entity or "",
        kind=kind,
        payee=payment.payee,
        amount=amount,
        fee=_at(payment.fee or Decimal(0), amount.currency, amount.rate, rules.rules.currency),
        currency=payment.currency or document.currency,
        payment_account=payment.account,
        bank_account=(found.values.get("bank") or None) if found else None,
        employee=payment.payee if kind == "employee" else None,
        supplier=payment.payee if kind == "supplier" else None,
        method=payment.method,
        bank_reference=payment.bank_reference,
        batch=event.batch,
    )


def _kind(document: Document, code: str) -> Literal["employee", "supplier"] | None:
    """What a payee is, as the document says; its submitter is an employee."""
    found = next((payee.kind for payee in document.payees if payee.code == code), None)
    return found or ("employee" if code == document.submitter else None)


def unnamed(document: Document) -> tuple[ExecutedPayment, ...]:
    """What was to be paid, when the event only says that it was."""
    if document.payees:
        return tuple(ExecutedPayment(payee.code, payee.amount) for payee in document.payees if payee.amount)
    if document.type not in _LENT or not document.submitter:
        return ()
    if any(line.currency not in (None, document.currency) and line.base is None for line in document.lines):
        return ()
    total = sum((line.gross if line.base is None else line.base for line in document.lines), Decimal(0))
    return (ExecutedPayment(document.submitter, total),) if total else ()
