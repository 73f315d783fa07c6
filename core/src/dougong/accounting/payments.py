"""Executed transfers as facts: who was paid, from which account of ours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from dougong.accounting import messages
from dougong.accounting.rulefile import RuleSet
from dougong.model.documents import Document, Event, ExecutedPayment
from dougong.model.problems import Problem
from dougong.model.settled import Amount, PaymentFact

__all__ = ["payment_facts"]

_PAYING = ("paid", "payment_returned", "repaid")


def payment_facts(
    document: Document, event: Event | None, rules: RuleSet, on: dt.date
) -> tuple[tuple[PaymentFact, ...], list[Problem]]:
    """The event's payments; without any, what the document says is to be paid, from an account that nobody has named.

    :param on: business date for the bank table.
    """
    if event is None or event.type not in _PAYING:
        return (), []
    facts: list[PaymentFact] = []
    problems: list[Problem] = []
    for at, payment in enumerate(event.payments or tuple(_unnamed(document))):
        currency = payment.currency or document.currency
        if currency != rules.rules.currency:
            zh, en = f"{currency} 付款的汇率差异", f"exchange differences of a payment in {currency}"
            problems.append(messages.not_yet(f"payments[{at}]", zh, en))
            continue
        facts.append(_fact(document, event, payment, rules, on))
    if not facts and not problems:
        problems.append(messages.nothing_paid(document.number))
    return tuple(facts), problems


def _fact(document: Document, event: Event, payment: ExecutedPayment, rules: RuleSet, on: dt.date) -> PaymentFact:
    kind = _kind(document, payment.payee)
    keys = {"payment_account": payment.account, "currency": payment.currency or document.currency}
    table = rules.tables.get("bank_account")
    found = table.lookup(keys, on) if table else None
    return PaymentFact(
        entity=document.entity or "",
        kind=kind,
        payee=payment.payee,
        amount=Amount.of(payment.amount),
        fee=Amount.of(payment.fee or Decimal(0)),
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


def _unnamed(document: Document) -> Iterable[ExecutedPayment]:
    """What was to be paid, when the event only says that it was."""
    if document.payees:
        return (ExecutedPayment(payee.code, payee.amount) for payee in document.payees)
    if document.type not in ("loan", "repayment") or not document.submitter:
        return ()
    if any(line.currency not in (None, document.currency) and line.base is None for line in document.lines):
        return ()
    total = sum((line.gross if line.base is None else line.base for line in document.lines), Decimal(0))
    return (ExecutedPayment(document.submitter, total),) if total else ()
