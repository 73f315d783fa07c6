"""Transfers beside the document and beside each other: what was owed, what came back, what was told twice."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from dougong.accounting import derive
from dougong.model.documents import Event, ExecutedPayment

D = Decimal
BANK = "工行基本户"


def transfer(payee, amount, id=None, **more):
    return ExecutedPayment(payee, D(amount), id=id, **{"account": BANK, **more})


def paid(*payments, day=20, id="p1"):
    return Event(id, "paid", dt.date(2026, 11, day), payments=payments)


def back(*payments, day=23, id="r1"):
    return Event(id, "payment_returned", dt.date(2026, 11, day), payments=payments)


@pytest.fixture
def report(make):
    """A report of 418.00 for E001, with events after its approval."""

    def build(*events, payees=(("E001", "418.00"),)):
        lines = [make.line("1", "差旅费", str(sum(D(amount) for _, amount, *_ in payees)))]
        approved = make.approved()
        return make.report(lines, [make.payee(*one) for one in payees], events=(approved, *events))

    return build


@pytest.fixture
def outcomes(context):
    """What becomes of the transfers of a document: (moment, part, amount or code)."""

    def told(document, **changes):
        derivation = derive(document, context(**changes))
        assert derivation.problems == (), [str(one) for one in derivation.problems]
        return [
            (one.moment, one.part, one.problems[0].code if one.problems else str(one.booking.total))
            for one in derivation.drafts
            if one.moment != "accrual"
        ]

    return told


# -- what came back ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", ["418.00", "100.00"])
def test_a_return_of_all_or_of_a_part(report, outcomes, amount):
    document = report(paid(transfer("E001", "418.00", "T-1")), back(transfer("E001", amount, "T-1")))
    assert outcomes(document) == [("payment", "T-1", "418.00"), ("payment_returned", "T-1", f"-{amount}")]


def test_a_return_waits_for_its_own_payment(report, context):
    events = paid(transfer("E001", "218.00", "T-1"), transfer("E001", "200.00", "T-2"))
    *_, returned = derive(report(events, back(transfer("E001", "200.00", "T-2"))), context()).drafts
    assert [(one.moment, one.part) for one in returned.waits_for] == [("payment", "T-2")]


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (transfer("E001", "418.01", "T-1"), "RETURN_ABOVE_PAID"),
        (transfer("E001", "-418.00", "T-1"), "RETURN_ABOVE_PAID"),
        (transfer("E002", "418.00", "T-1"), "RETURN_DIFFERS"),
        (transfer("E001", "418.00", "T-1", currency="USD"), "RETURN_DIFFERS"),
        (transfer("E001", "418.00", "T-9"), "RETURN_UNKNOWN"),
        (transfer("E002", "418.00"), "RETURN_UNKNOWN"),
    ],
)
def test_a_return_that_its_payment_contradicts(report, outcomes, told, code):
    document = report(paid(transfer("E001", "418.00", "T-1")), back(told))
    assert outcomes(document)[0] == ("payment", "T-1", "418.00")
    assert [one[2] for one in outcomes(document)[1:]] == [code]


def test_what_came_back_twice_is_no_more_than_was_paid(report, outcomes):
    events = [
        paid(transfer("E001", "418.00")),
        back(transfer("E001", "300.00")),
        back(transfer("E001", "118.00"), id="r2"),
    ]
    assert [one[2] for one in outcomes(report(*events))] == ["418.00", "-300.00", "-118.00"]
    events[2] = back(transfer("E001", "118.01"), id="r2")
    assert [one[2] for one in outcomes(report(*events))] == ["418.00", "-300.00", "RETURN_ABOVE_PAID"]


def test_a_return_without_an_id_takes_the_payment_of_its_amount(report, context):
    events = paid(transfer("E001", "218.00", "T-1"), transfer("E001", "200.00", "T-2", account="招行"))
    *_, returned = derive(report(events, back(transfer("E001", "200.00", account=None))), context()).drafts
    assert returned.waits_for[0].part == "T-2"


def test_a_return_names_amounts_and_a_next_step(report, context):
    document = report(paid(transfer("E001", "418.00", "T-1")), back(transfer("E001", "500.00", "T-1")))
    (problem,) = derive(document, context()).drafts[-1].problems
    assert "paid=418.00 returned before=0.00" in problem.message.en
    assert "已付 418.00, 此前已退 0.00" in problem.message.zh
    assert problem.hint.zh
    assert problem.hint.en
