"""Dates and periods (posting-rules.md §4, §10 scenario 9): what moves a voucher's date, and what is told of it."""

from __future__ import annotations

import datetime as dt

import attrs
import pytest

from dougong.accounting import derive
from dougong.accounting.dates import Periods, first_day, posting_date, reversal_date
from dougong.model.documents import Event
from dougong.model.operations import Limits

YEAR = frozenset(f"2026-{month:02}" for month in range(1, 13))
SEQUENCE = Limits(max_summary=80, sequence_control=True)


def day(text):
    return dt.date.fromisoformat(text)


@pytest.fixture
def booked(context):
    """The only draft of a document, with parts of the context replaced; `closed` are the periods of its book."""

    def build(document, closed=(), **changes):
        (draft,) = derive(document, context(closed=lambda book: frozenset(closed), **changes)).drafts
        return draft

    return build


@pytest.fixture
def october(make):
    """Report B26100099, approved ten minutes before November in Shanghai."""
    return _hotel(make, "2120.00", "120.00", dt.datetime(2026, 10, 31, 15, 50, tzinfo=dt.UTC))


@pytest.fixture
def december(make):
    """A report over 15,000.00 + 900.00, approved on 2026-12-30."""
    return _hotel(make, "15900.00", "900.00", day("2026-12-30"))


def _hotel(make, gross, tax, approved):
    return make.report(
        [make.line("1", "差旅费", gross, invoice="i1")],
        [make.payee("E001", gross)],
        [make.invoice("i1", "专票", gross, tax, rate="0.06")],
        number="B26100099",
        events=(Event("e1", "approved", approved),),
    )


def _prefixes(draft):
    return {line.summary[: line.summary.find("]") + 1] for line in draft.booking.lines}


# -- scenario 9 -------------------------------------------------------------------------------------------------------


def test_scenario_9_a_the_zone_of_the_rules_makes_the_date(october, booked, lines_of):
    draft = booked(october, closed=["2026-09"])
    assert (draft.booking.posting_date, draft.booking.period) == (day("2026-10-31"), "2026-10")
    assert draft.date_reasons == ()
    assert lines_of(draft.booking) == {
        "D 6602.02 2000.00 department=D01",
        "D 2221.01.01 120.00 rate=0.06 base=2000.00",
        "C 2241.01 2120.00 employee=E001",
    }


def test_scenario_9_b_a_closed_period_moves_it_and_the_summary_says_so(october, booked, lines_of):
    draft = booked(october, closed=["2026-10"])
    voucher = draft.booking
    assert (voucher.posting_date, voucher.period, voucher.business_date) == (
        day("2026-11-01"),
        "2026-11",
        day("2026-10-31"),
    )
    assert draft.date_reasons == voucher.date_reasons == ("closed_period 2026-10 → 2026-11-01",)
    assert _prefixes(draft) == {"[补2026-10]"}
    assert lines_of(voucher) == {
        "D 6602.02 2000.00 department=D01",
        "D 2221.01.01 120.00 rate=0.06 base=2000.00",
        "C 2241.01 2120.00 employee=E001",
    }


def test_scenario_9_e_a_cost_of_last_year(december, booked, lines_of, rules_with):
    rules = rules_with(('prior_year_limit = "10000.00"', 'prior_year_limit = "15000.00"'))  # at the limit counts
    draft = booked(december, closed=YEAR, rules={"A01": rules})
    voucher = draft.booking
    assert (voucher.posting_date, voucher.period) == (day("2027-01-01"), "2027-01")
    assert lines_of(voucher) == {
        "D 6901 15000.00",
        "D 2221.01.01 900.00 rate=0.06 base=15000.00",
        "C 2241.01 15900.00 employee=E001",
    }
    assert _prefixes(draft) == {"[补2026-12]"}
    assert draft.date_reasons == ("closed_period 2026-12 → 2027-01-01", "prior_year 2026 → 6901")
    (cost,) = [line for line in voucher.lines if line.account == "6901"]
    assert cost.why["account"] == "prior_year"


def test_scenario_9_e_a_small_cost_of_last_year_takes_its_usual_account(make, booked, lines_of):
    draft = booked(_hotel(make, "2120.00", "120.00", day("2026-12-30")), closed=YEAR)
    assert "D 6602.02 2000.00 department=D01" in lines_of(draft.booking)
    assert draft.date_reasons == ("closed_period 2026-12 → 2027-01-01", "prior_year 2026 → current")


def test_scenario_9_e_not_before_the_last_voucher_of_its_type(december, booked, lines_of):
    asked = []

    def last(*where):
        asked.append(where)
        return day("2027-01-15")

    draft = booked(december, closed=YEAR, limits=lambda book: SEQUENCE, last_voucher=last)
    assert (draft.booking.posting_date, draft.booking.period) == (day("2027-01-15"), "2027-01")
    assert draft.date_reasons == (
        "closed_period 2026-12 → 2027-01-01",
        "sequence 2027-01-01 → 2027-01-15",
        "prior_year 2026 → 6901",
    )
    assert asked == [("A01", "记", "2027-01")]
    assert "D 6901 15000.00" in lines_of(draft.booking)


# -- closed periods ---------------------------------------------------------------------------------------------------


def test_the_first_open_period_may_lie_beyond_others_that_are_closed(october, booked):
    assert booked(october, closed=["2026-10", "2026-11", "2027-01"]).booking.posting_date == day("2026-12-01")
    assert booked(october, closed=["2026-11"]).booking.posting_date == day("2026-10-31")


@pytest.mark.parametrize(
    ("moment", "general", "code"), [("hold", "next_open", "PERIOD_CLOSED"), ("next_open", "hold", None)]
)
def test_the_moment_overrides_the_policy(october, booked, rules, moment, general, code):
    changed = attrs.evolve(
        rules,
        dates=attrs.evolve(rules.dates, closed_period=general),
        moments={"accrual": attrs.evolve(rules.moments["accrual"], closed_period=moment)},
    )
    draft = booked(october, closed=["2026-10"], rules={"A01": changed})
    assert [problem.code for problem in draft.problems] == ([code] if code else [])
    assert (draft.booking is None) is bool(code)


def test_without_a_note_the_summary_stays(october, booked, rules):
    changed = attrs.evolve(rules, dates=attrs.evolve(rules.dates, closed_note=""))
    draft = booked(october, closed=["2026-10"], rules={"A01": changed})
    assert not any("[" in line.summary for line in draft.booking.lines)


# -- the order of dates -----------------------------------------------------------------------------------------------


def _last(text):
    return lambda book, voucher_type, period: day(text) if text.startswith(period) else None


@pytest.mark.parametrize("last", ["2026-10-31", "2026-10-07", "2026-11-20"])
def test_a_voucher_that_is_not_before_the_last_one_stays(october, booked, last):
    draft = booked(october, limits=lambda book: SEQUENCE, last_voucher=_last(last))
    assert (draft.booking.posting_date, draft.date_reasons) == (day("2026-10-31"), ())


def test_out_of_sequence_can_hold(make, booked, rules):
    changed = attrs.evolve(rules, dates=attrs.evolve(rules.dates, sequence="hold"))
    report = _hotel(make, "2120.00", "120.00", day("2026-10-12"))
    draft = booked(report, limits=lambda book: SEQUENCE, last_voucher=_last("2026-10-20"), rules={"A01": changed})
    (problem,) = draft.problems
    assert (problem.code, problem.facts) == (
        "OUT_OF_SEQUENCE",
        {"book": "A01", "voucher_type": "记", "date": "2026-10-12", "last": "2026-10-20"},
    )


def test_an_erp_without_that_order_is_not_asked(october, booked):
    draft = booked(october, last_voucher=None)
    assert draft.booking.posting_date == day("2026-10-31")


# -- another year -----------------------------------------------------------------------------------------------------


def test_the_current_year_can_take_it(december, booked, lines_of, rules):
    changed = attrs.evolve(rules, dates=attrs.evolve(rules.dates, prior_year="current"))
    draft = booked(december, closed=YEAR, rules={"A01": changed})
    assert "D 6602.02 15000.00 department=D01" in lines_of(draft.booking)


def test_another_year_can_hold(december, booked, rules):
    changed = attrs.evolve(rules, dates=attrs.evolve(rules.dates, prior_year="hold"))
    (problem,) = booked(december, closed=YEAR, rules={"A01": changed}).problems
    assert (problem.code, problem.facts) == ("PRIOR_YEAR", {"year": "2026", "booked": "2027", "cost": "15000.00"})


def test_rules_without_an_account_for_it_hold(december, booked, rules):
    accounts = {role: account for role, account in rules.accounts.items() if role != "prior_year"}
    changed = attrs.evolve(rules, accounts=accounts)
    assert [one.code for one in booked(december, closed=YEAR, rules={"A01": changed}).problems] == ["PRIOR_YEAR"]


def test_a_loan_has_no_cost(make, booked, rules):
    changed = attrs.evolve(rules, dates=attrs.evolve(rules.dates, prior_year="hold"))
    draft = booked(make.loan(on="2026-12-30"), closed=YEAR, rules={"A01": changed})
    assert draft.booking.posting_date == day("2027-01-01")
    assert draft.date_reasons == ("closed_period 2026-12 → 2027-01-01",)


def test_each_entity_is_measured_by_what_it_bears(make, context, lines_of):
    """The limit is 10,000.00: A bears less, B more."""
    report = make.report(
        [
            make.line("1", "差旅费", "9999.99"),
            make.line("2", "差旅费", "10000.00", splits=[("1", "BD1", None, "B")]),
        ],
        [make.payee("E001", "19999.99")],
        events=(make.approved("2026-12-30"),),
    )
    ours, theirs = derive(report, context(closed=lambda book: YEAR)).drafts
    assert "D 6602.02 9999.99 department=D01" in lines_of(ours.booking)
    assert "D 6901 10000.00" in lines_of(theirs.booking)


# -- reversals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "closed", "posting", "reasons", "prefix"),
    [
        ("2026-11-24", [], "2026-11-24", (), ""),
        ("2026-12-03", [], "2026-11-30", ("original_if_open 2026-12-03 → 2026-11-30",), ""),
        ("2026-12-03", ["2026-11"], "2026-12-03", ("closed_period 2026-11 → 2026-12-03",), ""),
        (
            "2026-12-03",
            ["2026-11", "2026-12"],
            "2027-01-01",
            ("closed_period 2026-11 → 2026-12-03", "closed_period 2026-12 → 2027-01-01"),
            "[补2026-12]",
        ),
        ("2026-11-24", ["2026-11"], "2026-12-01", ("closed_period 2026-11 → 2026-12-01",), "[补2026-11]"),
    ],
    ids=["same period", "period still open", "scenario 10", "both closed", "its own period closed"],
)
def test_a_reversal_stays_in_the_original_period_while_that_is_open(rules, change, closed, posting, reasons, prefix):
    dated = reversal_date(
        day("2026-11-12"), day(change), rules.moments["accrual"], rules, Periods("A01", frozenset(closed))
    )
    assert (dated.fact, dated.posting, dated.reasons) == (day(change), day(posting), reasons)
    assert (dated.period, dated.prefix, dated.problems) == (posting[:7], prefix, ())


def test_a_reversal_on_the_day_of_the_change(rules):
    rules = attrs.evolve(rules, changes=attrs.evolve(rules.changes, red_date="change_date"))
    dated = reversal_date(day("2026-11-12"), day("2026-12-03"), rules.moments["accrual"], rules, Periods("A01"))
    assert (dated.posting, dated.reasons) == (day("2026-12-03"), ())


def test_a_reversal_keeps_the_order_of_dates_and_can_be_held(rules):
    periods = Periods("A01", last=lambda period: day("2026-11-28"))
    dated = reversal_date(day("2026-11-12"), day("2026-11-24"), rules.moments["accrual"], rules, periods)
    assert (dated.posting, dated.reasons) == (day("2026-11-28"), ("sequence 2026-11-24 → 2026-11-28",))

    rules = attrs.evolve(rules, dates=attrs.evolve(rules.dates, closed_period="hold"))
    closed = Periods("A01", frozenset({"2026-11"}))
    held = reversal_date(day("2026-11-12"), day("2026-11-24"), rules.moments["accrual"], rules, closed)
    assert [problem.code for problem in held.problems] == ["PERIOD_CLOSED"]


# -- periods ----------------------------------------------------------------------------------------------------------


def test_a_period_that_is_no_month_has_no_first_day():
    assert first_day("2026-12") == day("2026-12-01")
    assert [first_day(text) for text in ("2026-13", "202612", "", "2026-Q4")] == [None] * 4


def test_dates_do_not_depend_on_how_many_periods_are_closed(rules):
    century = frozenset(f"{year}-{month:02}" for year in range(2000, 2100) for month in range(1, 13))
    dated = posting_date(day("2026-02-28"), rules.moments["accrual"], rules, Periods("A01", century))
    assert dated.posting == day("2100-01-01")
