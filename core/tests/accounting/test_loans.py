"""Loans in a foreign currency: carrying rate, report rate, their difference (posting-rules.md §10, scenario 4)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import attrs
import pytest

from dougong.accounting import LoanFact, derive
from dougong.model.documents import Advance, Event, ExecutedPayment
from dougong.model.masterdata import AccountNeeds
from dougong.tables.rates import Rate, Rates

RATES = Rates("tables/rates.csv", {("USD", "CNY", "month_start", dt.date(2026, 10, 1)): Rate(Decimal("7.15"), 2)})
BANK = "中行外币户"


@pytest.fixture
def in_usd(context):
    base = context()

    def build(**changes):
        def needs(book, account):
            known = AccountNeeds(frozenset({"bank"}), cash=True) if account == "1002.02" else AccountNeeds()
            known = base.account_needs(book, account) or known
            keeps = account in ("6602.02", "1221.01", "1002.02")
            return attrs.evolve(known, currencies=frozenset({"USD"} if keeps else ()))

        return context(account_needs=needs, rates=RATES, **changes)

    return build


def _loan(number, remaining, carrying):
    return LoanFact(number, "E001", "USD", remaining=Decimal(remaining), carrying=Decimal(carrying))


def _repayment(make, amount, rate):
    payment = ExecutedPayment("E001", Decimal(amount), currency="USD", rate=Decimal(rate), account=BANK)
    return attrs.evolve(
        make.loan(),
        type="repayment",
        id="H1",
        number="H26100001",
        submitter="E001",
        lines=(),
        payees=(),
        advances=(Advance("J1", Decimal(amount), "USD"),),
        events=(Event("r1", "repaid", dt.date(2026, 10, 20), payments=(payment,)),),
    )


def test_v4_1_the_loan(make, in_usd, lines_of):
    payment = ExecutedPayment("E001", Decimal("1000.00"), currency="USD", rate=Decimal("7.2000"), account=BANK)
    document = make.loan(payments=(payment,))
    (draft,) = derive(document, in_usd()).drafts
    employee = document.submitter
    assert lines_of(draft.booking) == {
        f"D 1221.01 7200.00 employee={employee} original=USD:1000.00@7.2000 opens={document.number}",
        "C 1002.02 7200.00 bank=BOC-USD original=USD:1000.00@7.2000 cash_flow=CF07",
    }
    (moved,) = draft.booking.loans
    assert (moved.loan, moved.currency, moved.amount, moved.base) == (
        document.number,
        "USD",
        Decimal("1000.00"),
        Decimal("7200.00"),
    )


def test_v4_2_the_report_costs_what_its_own_rate_says(make, in_usd, lines_of):
    line = make.line("1", "差旅费", "800.00", currency="USD", expense_date=dt.date(2026, 10, 12))
    report = make.report(
        [line],
        department="D01",
        advances=(Advance("J1", Decimal("800.00"), "USD"),),
        events=(make.approved("2026-10-15"),),
    )
    (draft,) = derive(report, in_usd(loan=lambda number: _loan(number, "1000.00", "7200.00"))).drafts
    assert lines_of(draft.booking) == {
        "D 6602.02 5720.00 department=D01 original=USD:800.00@7.15",
        "D 6603.03 40.00",
        "C 1221.01 5760.00 employee=E001 original=USD:800.00@7.2 clears=J1",
    }
    assert draft.booking.loans[0].base == Decimal("-5760.00")


def test_v4_3_the_rest_comes_back_at_another_rate(make, in_usd, lines_of):
    known = in_usd(loan=lambda number: _loan(number, "200.00", "1440.00"))
    (draft,) = derive(_repayment(make, "200.00", "7.1800"), known).drafts
    assert lines_of(draft.booking) == {
        "D 1002.02 1436.00 bank=BOC-USD original=USD:200.00@7.1800 cash_flow=CF03",
        "D 6603.03 4.00",
        "C 1221.01 1440.00 employee=E001 original=USD:200.00@7.2 clears=J1",
    }


@pytest.mark.parametrize(("side", "line"), [("credit", "C 6603.03 20.00"), ("debit_red", "D 6603.03 -20.00")])
def test_a_gain(make, in_usd, lines_of, rules, side, line):
    mine = attrs.evolve(rules, currency=attrs.evolve(rules.currency, gain_side=side))
    known = in_usd(loan=lambda number: _loan(number, "200.00", "1440.00"), rules={"A01": mine})
    (draft,) = derive(_repayment(make, "200.00", "7.3000"), known).drafts
    assert line in lines_of(draft.booking)
    assert draft.booking.difference == 0


def test_the_last_part_takes_what_is_left(make, in_usd):
    known = in_usd(loan=lambda number: _loan(number, "33.33", "240.01"))
    (draft,) = derive(_repayment(make, "33.33", "7.2000"), known).drafts
    assert draft.booking.loans[0].base == Decimal("-240.01")


def test_two_write_offs_of_one_loan_share_what_is_left(make, in_usd):
    twice = attrs.evolve(
        _repayment(make, "200.00", "7.2"),
        advances=(Advance("J1", Decimal("150.00"), "USD"), Advance("J1", Decimal("50.00"), "USD")),
    )
    left = in_usd(loan=lambda number: _loan(number, "200.00", "1440.01"))
    (draft,) = derive(twice, left).drafts
    assert draft.booking.loans[0].base == Decimal("-1440.01")
    short = in_usd(loan=lambda number: _loan(number, "199.99", "1440.00"))
    (draft,) = derive(twice, short).drafts
    (problem,) = draft.problems
    assert (problem.code, problem.facts["remaining"]) == ("LOAN_OVERDRAWN", "49.99")


def test_a_repayment_of_nothing(make, in_usd):
    nothing = attrs.evolve(_repayment(make, "200.00", "7.2"), advances=())
    assert [problem.code for problem in derive(nothing, in_usd()).problems] == ["LOAN_MISSING"]


def test_a_negative_write_off_of_a_report_that_costs_something_is_held(make, context):
    report = make.report([make.line("1", "差旅费", "800.00")], [make.payee("E001", "900.00")])
    lends = attrs.evolve(report, advances=(make.advance("J1", "-100.00"),))
    (problem,) = derive(lends, context()).problems
    assert (problem.code, problem.path) == ("WRITE_OFF_NEGATIVE", "advances[0]")
    assert problem.facts == {"loan": "J1", "amount": "-100.00"}


def test_a_negative_report_takes_its_write_off_back(make, context, lines_of):
    report = make.report([make.line("1", "差旅费", "-800.00")], [make.payee("E001", "-700.00")])
    back = attrs.evolve(report, advances=(make.advance("J1", "-100.00"),))
    (draft,) = derive(back, context()).drafts
    assert "C 1221.01 -100.00 employee=E001 clears=J1" in lines_of(draft.booking)


def test_a_loan_of_another_employee_is_cleared_on_their_name_with_a_note(make, context, lines_of):
    report = make.report([make.line("1", "差旅费", "800.00")], [make.payee("E001", "700.00")])
    others = attrs.evolve(report, advances=(make.advance("J1", "60.00"), make.advance("J1", "40.00")))
    (draft,) = derive(others, context(loan=lambda number: LoanFact(number, "E007"))).drafts
    (note,) = draft.notes
    assert (note.code, note.facts["owner"], note.facts["submitter"]) == ("LOAN_OF_ANOTHER", "E007", "E001")
    assert "C 1221.01 60.00 employee=E007 clears=J1" in lines_of(draft.booking)
    (own,) = derive(others, context()).drafts
    assert own.notes == ()
