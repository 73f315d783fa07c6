"""The acceptance scenarios of posting-rules.md §10 that this version books, to the cent, lines as a set."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import attrs
import pytest

from dougong.accounting import Wait, derive
from dougong.accounting.entries import merged
from dougong.model.bookings import VoucherLine
from dougong.model.operations import Limits
from dougong.model.postings import Stage


def test_scenario_1_travel_report(make, context, lines_of):
    derivation = derive(make.scenario_1(), context())
    (draft,) = derivation.drafts
    assert draft.problems == ()
    voucher = draft.booking
    assert lines_of(voucher) == {
        "D 6601.02 720.00 department=D02",
        "D 5301.01.02 480.00 department=D03 project=P-R01",
        "D 6601.02 1050.00 department=D02",
        "D 6601.03 636.00 department=D02",
        "D 6601.02 300.00 department=D02",
        "D 2221.01.01 72.00 rate=0.06 base=1200.00",
        "D 2221.01.01 90.00 rate=0.09 base=1000.00",
        "C 1221.01 2000.00 employee=E001 clears=J26100007",
        "C 2241.01 1348.00 employee=E001",
    }
    assert (voucher.posting_date, voucher.period, voucher.voucher_type) == (dt.date(2026, 11, 18), "2026-11", "记")
    assert (voucher.attachments, voucher.prepared_by, voucher.documents) == (3, "E900", ("B26110001",))
    assert (draft.target_stage, draft.waits_for) == (Stage.SUBMITTED, (Wait("loan", "J26100007"),))
    assert [line.number for line in voucher.lines] == list(range(1, 10))
    assert voucher.lines[0].summary == "张三报差旅费 上海客户现场实施 B26110001"


def test_scenario_3_loan(make, context, lines_of):
    (draft,) = derive(make.loan(), context()).drafts
    voucher = draft.booking
    assert lines_of(voucher) == {
        "D 1221.01 5000.00 employee=E004 opens=J26110003",
        "C 1002.01 5000.00 bank=ICBC-01 cash_flow=CF07",
    }
    assert (voucher.posting_date, voucher.voucher_type, voucher.moment) == (dt.date(2026, 11, 2), "付", "loan")
    assert (draft.part, draft.waits_for) == ("1", ())


def test_scenario_3_write_off_in_full_makes_no_zero_line(make, context, lines_of):
    report = make.report(
        [make.line("1", "差旅费", "3200.00")],
        advances=(make.advance("J26110003", "3200.00"),),
        submitter="E004",
        number="B26110010",
        events=(make.approved("2026-11-16"),),
    )
    (draft,) = derive(report, context()).drafts
    assert lines_of(draft.booking) == {
        "D 6602.02 3200.00 department=D01",
        "C 1221.01 3200.00 employee=E004 clears=J26110003",
    }
    assert draft.booking.posting_date == dt.date(2026, 11, 16)
    assert draft.waits_for == (Wait("loan", "J26110003"),)


def test_scenario_5_two_entities(make, context, lines_of):
    report = _two_hotels(make, buyer="B")
    ours, theirs = derive(report, context()).drafts
    assert lines_of(ours.booking) == {
        "D 6602.02 800.00 department=D01",
        "D 2221.01.01 48.00 rate=0.06 base=800.00",
        "D 1221.09 1060.00 company=B coordination=B26110009",
        "C 2241.01 1908.00 employee=E001",
    }
    assert lines_of(theirs.booking) == {
        "D 6601.02 1000.00 department=BD1",
        "D 2221.01.01 60.00 rate=0.06 base=1000.00",
        "C 2241.09 1060.00 company=A coordination=B26110009",
    }
    assert (ours.book, theirs.book, ours.set_id, theirs.set_id) == ("A01", "B01", "B26110009", "B26110009")
    assert (ours.booking.attachments, theirs.booking.attachments) == (1, 1)


def test_scenario_5_title_of_another_entity_keeps_the_tax_in_the_cost(make, context, lines_of):
    ours, theirs = derive(_two_hotels(make, buyer="A"), context()).drafts
    assert "D 1221.09 1060.00 company=B coordination=B26110009" in lines_of(ours.booking)
    assert "D 2221.01.01 48.00 rate=0.06 base=800.00" in lines_of(ours.booking)
    assert lines_of(theirs.booking) == {
        "D 6601.02 1060.00 department=BD1",
        "C 2241.09 1060.00 company=A coordination=B26110009",
    }
    assert [note.code for note in theirs.notes] == ["TITLE_MISMATCH"]


def test_scenario_5_one_closed_book_holds_both(make, context, rules, rules_with):
    hold = rules_with(('closed_period    = "next_open"', 'closed_period    = "hold"'))
    closed = context(
        rules={"A01": rules, "B01": hold}, closed=lambda book: {"B01": frozenset({"2026-11"})}.get(book, frozenset())
    )
    ours, theirs = derive(_two_hotels(make, buyer="B"), closed).drafts
    assert [p.code for p in theirs.problems] == ["PERIOD_CLOSED"]
    assert [p.code for p in ours.problems] == ["SET_INCOMPLETE"]
    assert ours.booking is None


def _two_hotels(make, buyer):
    return make.report(
        [
            make.line("1", "差旅费", "848.00", invoice="i1"),
            make.line("2", "差旅费", "1060.00", invoice="i2", splits=[("1", "BD1", None, "B")]),
        ],
        [make.payee("E001", "1908.00")],
        [
            make.invoice("i1", "专票", "848.00", "48.00", rate="0.06"),
            make.invoice("i2", "专票", "1060.00", "60.00", rate="0.06", buyer=buyer),
        ],
    )


@pytest.mark.parametrize("stated", ["240.00", "500.00"], ids=["the source took the own share off", "it did not"])
def test_scenario_6_company_paid_above_standard_and_split(make, context, lines_of, stated):
    report = _ctrip(make, make.line("2", "差旅补贴", "500.00"), payees=[make.payee("E005", stated)])
    (draft,) = derive(report, context()).drafts
    assert lines_of(draft.booking) == {
        "D 6602.02 251.55 department=D01",
        "D 6601.02 251.55 department=D02",
        "D 5301.01.02 251.62 department=D03 project=P-R01",
        "D 6602.02 500.00 department=D01",
        "D 2221.01.01 45.28 rate=0.06 base=754.72",
        "C 2202.01 1060.00 supplier=S-CTRIP",
        "C 2241.01 240.00 employee=E005",
    }


def test_scenario_6_the_employee_owes(make, context, lines_of):
    (draft,) = derive(_ctrip(make), context()).drafts
    assert lines_of(draft.booking) == {
        "D 6602.02 251.55 department=D01",
        "D 6601.02 251.55 department=D02",
        "D 5301.01.02 251.62 department=D03 project=P-R01",
        "D 2221.01.01 45.28 rate=0.06 base=754.72",
        "D 1221.02 260.00 employee=E005",
        "C 2202.01 1060.00 supplier=S-CTRIP",
    }


def _ctrip(make, *lines, payees=()):
    hotel = make.line(
        "1",
        "差旅费",
        "1060.00",
        approved="800.00",
        invoice="i1",
        paid_by="S-CTRIP",
        splits=[("0.3333", "D01"), ("0.3333", "D02"), ("0.3334", "D03", "P-R01")],
    )
    return make.report(
        [hotel, *lines],
        payees,
        [make.invoice("i1", "专票", "1060.00", "60.00", rate="0.06")],
        submitter="E005",
        events=(make.approved("2026-11-19"),),
    )


def test_scenario_7_tax_waits_for_its_confirmation(make, context, rules_with, lines_of):
    rules = rules_with(('timing         = "direct"', 'timing         = "on_confirmation"'))
    report = make.report(
        [make.line("1", "办公费", "11300.00", invoice="i1")],
        [make.payee("S-OFFICE", "11300.00", "supplier")],
        [make.invoice("i1", "专票", "11300.00", "1300.00", rate="0.13")],
        type="payment_request",
        events=(make.approved("2026-10-20"),),
    )
    (draft,) = derive(report, context(rules={"A01": rules})).drafts
    assert lines_of(draft.booking) == {
        "D 6602.05 10000.00 department=D01",
        "D 2221.08 1300.00 rate=0.13 base=10000.00",
        "C 2202.01 11300.00 supplier=S-OFFICE",
    }


def test_scenario_1_with_its_foreign_line(make, context, lines_of):
    report = make.scenario_1()
    hotel = make.line("4", "差旅费", "2400.00", currency="HKD", rate="0.9125", invoice="i4")
    report = attrs.evolve(
        report,
        lines=(*report.lines, hotel),
        invoices=(*report.invoices, make.invoice("i4", "境外票据", "2400.00", currency="HKD")),
        payees=(make.payee("E001", "3538.00"),),
    )

    def needs(book, account):
        known = context().account_needs(book, account)
        return attrs.evolve(known, currencies=frozenset({"HKD"})) if account == "6601.02" else known

    (draft,) = derive(report, context(account_needs=needs)).drafts
    assert "D 6601.02 2190.00 department=D02 original=HKD:2400.00@0.9125" in lines_of(draft.booking)
    assert draft.booking.attachments == 4
    (plain,) = derive(report, context()).drafts
    (line,) = [line for line in plain.booking.lines if line.amount == 2190]
    assert line.original is None
    assert line.summary.endswith("HKD 2,400.00")
    one_currency = context(account_needs=needs, limits=lambda book: Limits(voucher_currency="document"))
    assert [p.code for p in derive(report, one_currency).drafts[0].problems] == ["CURRENCY_MIXED"]


def test_merged_cost_lines(make, context, rules_with, lines_of):
    rules = rules_with(
        (
            'amount  = "slice.cost"\n\n[[moments.accrual',
            'amount  = "slice.cost"\nmerge_lines = true\n\n[[moments.accrual',
        )
    )
    (draft,) = derive(make.scenario_1(), context(rules={"A01": rules})).drafts
    assert "D 6601.02 2070.00 department=D02" in lines_of(draft.booking)
    assert len(draft.booking.lines) == 7
    (merged,) = [line for line in draft.booking.lines if line.amount == 2070]
    assert merged.sources == ("1", "2", "5")


@pytest.mark.parametrize(
    ("entity", "buyer"), [("A", "A01"), ("A01", "A"), ("A", "示例科技有限公司"), ("A01", "示例科技")]
)
def test_one_entity_under_two_names_deducts_its_tax(make, context, lines_of, entity, buyer):
    report = make.report(
        [make.line("1", "差旅费", "848.00", invoice="i1", splits=[("1", "D01", None, "A01")])],
        [make.payee("E001", "848.00")],
        [make.invoice("i1", "专票", "848.00", "48.00", rate="0.06", buyer=buyer)],
        entity=entity,
    )
    (draft,) = derive(report, context()).drafts
    assert (draft.entity, draft.notes) == (entity, ())
    assert "D 2221.01.01 48.00 rate=0.06 base=800.00" in lines_of(draft.booking)


def test_merged_cost_lines_of_several_currencies_are_functional(make, context, rules_with, lines_of):
    rules = rules_with(
        (
            'amount  = "slice.cost"\n\n[[moments.accrual',
            'amount  = "slice.cost"\nmerge_lines = true\n\n[[moments.accrual',
        )
    )
    hotels = [make.line(str(at), "差旅费", "100.00", currency="HKD", rate="0.9") for at in range(2)]

    def needs(book, account):
        known = context().account_needs(book, account)
        return attrs.evolve(known, currencies=frozenset({"HKD"})) if account == "6602.02" else known

    def cost(*lines):
        total = f"{sum(90 if line.currency else 300 for line in lines)}.00"
        report = make.report(lines, [make.payee("E001", total)])
        (draft,) = derive(report, context(rules={"A01": rules}, account_needs=needs)).drafts
        return sorted(lines_of(draft.booking))[1]

    assert cost(*hotels) == "D 6602.02 180.00 department=D01 original=HKD:200.00@0.9"
    assert cost(*hotels, make.line("3", "差旅费", "300.00")) == "D 6602.02 480.00 department=D01"


def test_several_bearers_of_nothing_in_another_entity(make, context):
    splits = [("1", "D01", None, "A"), ("0", "D02", None, "B"), ("0", "D03", None, "B")]
    derivation = derive(
        make.report([make.line("1", "差旅费", "100.00", splits=splits)], [make.payee("E001", "100.00")]), context()
    )
    assert derivation.problems == ()
    assert next(str(draft.booking.total) for draft in derivation.drafts if draft.booking) == "100.00"


def _bank(of):
    return [VoucherLine(at, "C", "1002.01", Decimal("1.00"), why={"fact": {}}, **one) for at, one in enumerate(of)]


def test_lines_of_different_counterparts_are_not_added_up():
    lines = _bank(of=[{"coordination": "S5"}, {"coordination": "S6"}])
    assert merged(lines) == lines


@pytest.mark.parametrize("name", ["settlement", "settlement_number"])
def test_lines_that_were_paid_differently_say_neither_when_they_are_added_up(name):
    (one,) = merged(_bank(of=[{name: "1"}, {name: "2"}]))
    assert (one.amount, getattr(one, name)) == (Decimal("2.00"), None)
    (one,) = merged(_bank(of=[{name: "1"}, {name: "1"}]))
    assert (one.amount, getattr(one, name)) == (Decimal("2.00"), "1")
