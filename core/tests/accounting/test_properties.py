"""What holds for any report: nothing is lost, nothing turns its sign, order does not matter (posting-rules.md §2).

500 random reports in the ordinary suite, 10,000 in `tox -e property`. What once failed is kept in `seeds/`, as
documents in canonical form: whatever holds for one report is tried on them first.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import attrs
import pytest
from hypothesis import assume, example, given, note, settings
from hypothesis import strategies as st
from random_reports import RATES, approved_of, cents, reports, shares, world

from dougong import formats
from dougong.accounting import Dated, LoanFact, derive, difference, merge, part_of, red, settle
from dougong.accounting.split import allocate, split
from dougong.model.documents import Advance, Document, Event, ExecutedPayment, Line
from dougong.model.operations import Limits

DAY = dt.date(2026, 11, 18)
SEEDS = [
    formats.document_from_json(json.loads(path.read_text("utf-8")))
    for path in sorted((Path(__file__).parent / "seeds").glob("*.json"))
]
#: How many random reports; the profile of `tox -e property` asks for more. Pairs and groups of them take longer.
MANY = settings(max_examples=max(500, settings.default.max_examples))
FEWER = settings(max_examples=max(100, settings.default.max_examples // 5))
CLEARING = "2221.99"
WITHHELD = """[[moments.accrual.entry]]        # 8 汇兑差额"""
WITHHELD_TOO = f"""[[moments.accrual.entry]]
each    = "withheld"
side    = "credit"
account = "input_vat_out"
amount  = "item.amount"

{WITHHELD}"""


def for_reports(test):
    """The property is tried on what once failed, then on random reports."""
    for document in SEEDS:
        test = example(document)(test)
    return given(document=reports())(test)


@pytest.fixture(scope="session")
def rules_here(rules_with):
    return rules_with((WITHHELD, WITHHELD_TOO))


@pytest.fixture(scope="session")
def rules_in_parts(rules_with):
    """The same rules, for an ERP that takes few lines."""
    accrual, accounts = "[moments.accrual]", 'rounding          = "6603.09"'
    mine = rules_with(
        (WITHHELD, WITHHELD_TOO),
        (accrual, f'{accrual}\nover_limit = "split"\nclearing = "clearing" #'),
        (accounts, f'{accounts}\nclearing = "{CLEARING}" #'),
    )
    return lambda: mine


@pytest.fixture(scope="session")
def known(rules_here, needs):
    """A context in which every report can be booked; behind a function, because its text would fill the screen."""
    context = world(rules_here, needs)
    return lambda: context


def derived(document, known):
    """The derivation of a document that must be booked as a whole."""
    note(json.dumps(formats.document_to_json(document), ensure_ascii=False, default=str))
    derivation = derive(document, known())
    assert derivation.problems == (), [str(problem) for problem in derivation.problems]
    for draft in derivation.drafts:
        assert draft.problems == (), [str(problem) for problem in draft.problems]
    return derivation


def vouchers(document, known):
    return [draft.booking for draft in derived(document, known).drafts]


def balances(*several):
    """Debits less credits by entity, account, dimensions and what is cleared, in both currencies; zeros left out."""
    out = defaultdict(Decimal)
    for voucher in several:
        for line in voucher.lines:
            sign = 1 if line.side == "D" else -1
            place = (voucher.entity, line.account, tuple(sorted(line.dimensions.items())), line.clears, line.opens)
            out[place, None] += sign * line.amount
            if line.original is not None:
                out[place, line.original.currency] += sign * line.original.amount
    return {key: value for key, value in out.items() if value}


# -------------------------------------------------------------------------------------------------- one report


@MANY
@for_reports
def test_no_cent_is_lost(known, document):
    derivation = derived(document, known)
    for draft in derivation.drafts:
        assert draft.booking.difference == 0
        for line in draft.booking.lines:
            assert line.amount, "a zero line"
            assert line.amount.as_tuple().exponent == -2
            assert line.original is None or line.original.amount * line.amount >= 0, "currencies of opposite sign"
    if derivation.settled is not None:
        _check_slices(document, derivation.settled)
        for entity in derivation.settled.entities:
            _check_identity(derivation.settled, entity)
        _check_pairs(derivation)
    _check_payments(document, derivation)
    for draft in derivation.drafts:
        _check_taken_back(draft.booking, known)


def _check_slices(document, settled):
    """Line by line: the slices are the line, in both currencies and with its sign; taxes are those of the slices."""
    for line in document.lines:
        approved = approved_of(line)
        mine = [one for one in settled.slices if one.line == line.id]
        assert sum(one.gross.base for one in mine) == approved
        for one in mine:
            assert one.gross.base == one.cost.base + one.tax.base
            assert one.gross.doc == one.cost.doc + one.tax.doc
            for part in (one.gross, one.cost, one.tax):
                assert part.base * approved >= 0
                assert part.doc * approved >= 0
        if approved and line.approved is None and line.currency:
            assert sum(one.gross.doc for one in mine) == line.gross
    for one in settled.taxes:
        assert one.tax.base * one.base.base >= 0
    for entity in settled.entities:
        of_slices = sum(one.tax.base for one in settled.facts("slices", entity))
        assert of_slices == sum(one.tax.base for one in settled.facts("taxes", entity))


def _check_identity(settled, entity):
    """posting-rules.md §2, step 10, for the books of one entity; a loan's own rate is the difference's matter."""
    total = {
        each: sum(item.amount.base for item in settled.facts(each, entity))
        for each in ("company_paid", "withheld", "payees", "due_back", "differences")
    }
    cleared = settled.facts("advances", entity)
    advances = sum(one.at_rate.base for one in cleared)
    assert advances + total["differences"] == sum(one.amount.base for one in cleared)
    pairs = settled.facts("counterparts", entity)
    lent = sum(item.amount.base for item in pairs if item.role == "bearer")
    owed = sum(item.amount.base for item in pairs if item.role == "payer")
    cost = sum(item.cost.base for item in settled.facts("slices", entity))
    tax = sum(item.tax.base for item in settled.facts("taxes", entity))
    paid = advances + total["company_paid"] + total["withheld"] + total["payees"] - total["due_back"]
    assert cost + tax + lent == paid + owed


def _check_pairs(derivation):
    """What one entity lends another is what that one owes, in the vouchers too."""
    between = [
        (line.coordination, frozenset((draft.entity, line.dimensions["company"])), line.debit - line.credit)
        for draft in derivation.drafts
        for line in draft.booking.lines
        if line.coordination
    ]
    for pair in {one[:2] for one in between}:
        amounts = [amount for *names, amount in between if tuple(names) == pair]
        assert len(amounts) == 2
        assert sum(amounts) == 0


def _check_payments(document, derivation):
    """A voucher per executed transfer, of its amount; what came back is the same in red."""
    for moment, sign in (("paid", 1), ("payment_returned", -1)):
        name = "payment" if moment == "paid" else moment
        made = [draft for draft in derivation.drafts if draft.moment == name]
        told = [one.amount for event in document.events if event.type == moment for one in event.payments]
        assert Counter(draft.booking.total for draft in made) == Counter(sign * amount for amount in told)
        assert len({draft.part for draft in made}) == len(made)


@st.composite
def news(draw, payees):
    """What a bank might tell of payees: paid or returned, by ids that repeat, right or wrong."""
    transfer = ExecutedPayment(
        draw(st.sampled_from(payees)).code,
        draw(cents(1, 2_000_000)),
        id=draw(st.sampled_from((None, "T-1", "T-2", "T-3"))),
        account="工行基本户",
    )
    kind = draw(st.sampled_from(("paid", "paid", "payment_returned")))
    return Event(draw(st.sampled_from("abcdef")), kind, dt.date(2026, 11, 25), payments=(transfer,))


@FEWER
@given(document=reports(), data=st.data())
def test_nobody_is_paid_more_than_is_owed_whatever_is_told(known, document, data):
    assume(document.payees)
    told = (*document.events, *data.draw(st.lists(news(document.payees), max_size=6)))
    drafts = derive(attrs.evolve(document, events=told), known()).drafts
    owed, paid = Counter(), Counter()
    for payee in document.payees:
        owed[payee.code] += payee.amount
    first = [one for one in drafts if not one.problems and not one.part.endswith(")")]  # of what is told otherwise
    sound = {one.part: one for one in first if one.moment == "payment"}
    back = [one for one in first if one.moment == "payment_returned"]
    of_payment = [(one, wait.part) for one in back for wait in one.waits_for if wait.part in sound]
    for one, name in [*((one, one.part) for one in sound.values()), *of_payment]:
        booked = next(line for line in sound[name].booking.lines if line.side == "D")
        paid[booked.dimensions.get("employee") or booked.dimensions["supplier"]] += one.booking.total
    for payee, amount in paid.items():
        assert 0 <= amount <= owed[payee]
    again = derive(attrs.evolve(document, events=(*told, *told)), known()).drafts
    assert [(one.part, one.problems, one.rivals) for one in again] == [
        (one.part, one.problems, one.rivals) for one in drafts
    ]


def _check_taken_back(booked, known):
    """Booked and red make nothing, in every place and both currencies; and there is no difference to itself."""
    rules, dated = known().rules[booked.book], Dated(booked.posting_date, booked.posting_date, booked.period)
    for style in ("negative", "opposite"):
        mine = attrs.evolve(rules, changes=attrs.evolve(rules.changes, red_style=style))
        back = red(booked, dated, mine, Limits(max_summary=80))
        assert balances(booked, back) == {}
        assert back.difference == 0
        assert [one.amount + two.amount for one, two in zip(booked.loans, back.loans, strict=True)] == [0] * len(
            booked.loans
        )
    assert difference(booked, [booked], dated, Limits()) is None


# ---------------------------------------------------------------------------------------------- order, changes, merging


@FEWER
@given(document=reports(), data=st.data())
def test_the_order_of_lines_invoices_and_loans_does_not_matter(known, document, data):
    shuffled = {name: data.draw(st.permutations(getattr(document, name))) for name in ("lines", "invoices")}
    several = {one.loan: [o for o in document.advances if o.loan == one.loan] for one in document.advances}
    advances = [one for loan in data.draw(st.permutations(sorted(several))) for one in several[loan]]
    other = attrs.evolve(document, advances=tuple(advances), **{name: tuple(value) for name, value in shuffled.items()})
    content = [_content(one) for one in vouchers(document, known)]
    assert content == [_content(one) for one in vouchers(other, known)]


def _content(voucher):
    """A voucher as a multiset of its lines; only their places, and the order of fee types in texts, may differ."""
    return voucher.entity, Counter(
        (one.side, one.account, one.amount, tuple(sorted(one.dimensions.items())), one.tax, one.original, one.sources)
        for one in voucher.lines
    )


@FEWER
@given(document=reports(), data=st.data())
def test_the_order_of_splits_decides_over_single_cents_only(known, document, data):
    lines = tuple(
        attrs.evolve(one, splits=tuple(data.draw(st.permutations(one.splits)))) if len(one.splits) > 1 else one
        for one in document.lines
    )
    one, other = balances(*vouchers(document, known)), balances(*vouchers(attrs.evolve(document, lines=lines), known))
    rest = sum(len(line.splits) for line in lines) * Decimal("0.02")
    for place in one.keys() | other.keys():
        assert abs(one.get(place, 0) - other.get(place, 0)) <= rest * (100 if place[1] else 1)


@FEWER
@given(document=reports(), changed=reports(), again=reports(), red_lines=st.booleans())
def test_booked_and_difference_are_what_is_wanted(known, document, changed, again, red_lines):
    def accrual(document):
        return next((one for one in vouchers(document, known) if (one.entity, one.moment) == ("A", "accrual")), None)

    first, second, third = accrual(document), accrual(changed), accrual(again)
    assume(first and second and third)
    dated = Dated(first.posting_date, first.posting_date, first.period)
    booked, limits = [first], Limits(negative_lines=red_lines)
    for wanted in (second, third, first):
        more = difference(wanted, booked, dated, limits)
        booked += [more] if more else []
        assert balances(*booked) == balances(wanted)
        assert more is None or more.difference == 0
        assert red_lines or more is None or all(line.amount >= 0 for line in more.lines)
        assert _left(booked) == _left([wanted])


def _left(several):
    """What vouchers do to loans, zeros left out."""
    out = defaultdict(Decimal)
    for voucher in several:
        for one in voucher.loans:
            out[one.loan, one.currency] += one.amount
            out[one.loan, None] += one.base
    return {key: value for key, value in out.items() if value}


@FEWER
@given(several=st.lists(reports(), min_size=1, max_size=4))
def test_a_merged_voucher_is_its_members(known, several):
    parts = []
    for at, document in enumerate(several):
        mine = attrs.evolve(document, id=f"id-{at}", number=f"B{at}", advances=document.advances)
        parts += [(mine.ref, one) for one in vouchers(mine, known) if (one.entity, one.moment) == ("A", "accrual")]
    assume(parts)
    whole = merge(parts, Limits(max_summary=80))
    members = [one for _, one in parts]
    assert whole.difference == 0
    assert balances(whole) == balances(*members)
    assert _left([whole]) == _left(members)
    assert _by_sign(whole) == _by_sign(*members), "opposite signs were netted"
    assert _of_persons(whole) == _of_persons(*members), "persons were put together"
    for ref, voucher in parts:
        mine = part_of(whole, [ref])
        assert mine.lines == voucher.lines
        assert (mine.documents, mine.loans) == (voucher.documents, voucher.loans)
    assert sum(one.attachments for one in members) == whole.attachments


def _by_sign(*several):
    out = defaultdict(Decimal)
    for voucher in several:
        for line in voucher.lines:
            out[line.account, line.side, line.amount > 0] += line.amount
    return out


def _of_persons(*several):
    return Counter(
        (line.account, line.side, line.amount, line.dimensions["employee"])
        for voucher in several
        for line in voucher.lines
        if "employee" in line.dimensions
    )


@FEWER
@given(document=reports(), most=st.integers(2, 6))
def test_the_parts_of_a_voucher_are_the_voucher(known, rules_in_parts, document, most):
    rules, base = rules_in_parts(), known()
    cut = attrs.evolve(base, rules={"A01": rules, "B01": rules}, limits=lambda book: Limits(max_lines=most))
    whole, parts = vouchers(document, known), vouchers(document, lambda: cut)
    assert all(one.difference == 0 and len(one.lines) <= most for one in parts)
    assert balances(*parts) == balances(*whole)
    assert _left(parts) == _left(whole)
    kept = [line for one in parts for line in one.lines if line.account != CLEARING]
    assert len(kept) == sum(len(one.lines) for one in whole)
    assert sum(one.attachments for one in parts) == sum(one.attachments for one in whole)


# ------------------------------------------------------------------------------------------------- loans, splitting


@MANY
@given(lent=cents(1, 10_000_000), rate=st.integers(1, 200_000), parts=st.lists(st.integers(1, 100), max_size=8))
def test_a_loan_cleared_in_parts_ends_at_nothing_in_both_currencies(known, lent, rate, parts):
    left, base = lent, (lent * rate / 10_000).quantize(Decimal("0.01"))
    for percent in (*parts, 100):
        part = (left * percent / 100).quantize(Decimal("0.01"))
        if not part:
            continue
        told = LoanFact("J1", "E001", "USD", remaining=left, carrying=base)
        document = _clearing(part)
        settled = settle(document, known().rules["A01"], rates=known().rates, loan=lambda _, told=told: told, on=DAY)
        (cleared,) = settled.advances
        assert settled.problems == ()
        assert cleared.amount.doc == part
        assert 0 <= cleared.amount.base <= base
        left, base = left - cleared.amount.doc, base - cleared.amount.base
    assert (left, base) == (0, 0)


def _clearing(amount):
    """A report that costs what it writes off, in the loan's currency."""
    line = Line(id="1", fee_type="差旅费", gross=amount, currency="USD", rate=RATES["USD"])
    return Document(
        "hesi", "corp", "expense", "id-1", "B1", "approved", "CNY", entity="A", submitter="E001",
        lines=(line,), advances=(Advance("J1", amount, "USD"),),
    )  # fmt: skip


@MANY
@given(total=cents(-10_000_000, 10_000_000), parts=shares(), scale=st.sampled_from((0, 2, 3)), last=st.booleans())
def test_split_sums_keeps_signs_and_stays_near(total, parts, scale, last):
    total = total.quantize(Decimal(1).scaleb(-scale))
    out = split(total, parts, scale, last=last)
    assert sum(out) == total
    for part, weight in zip(out, parts, strict=True):
        assert part * total >= 0
        assert abs(part - total * weight / sum(parts)) <= Decimal(1).scaleb(-scale) * max(1, len(parts) - 1)


def test_split_gives_the_rest_to_the_last():
    thirds = [Decimal("0.3333"), Decimal("0.3333"), Decimal("0.3334")]
    assert split(Decimal("754.72"), thirds, 2) == [Decimal("251.55"), Decimal("251.55"), Decimal("251.62")]
    assert split(Decimal(100), [Decimal(1)] * 3, 0) == [33, 33, 34]
    assert split(Decimal(100), [Decimal(1)] * 3, 0, last=False) == [34, 33, 33]


def test_a_rest_of_the_other_sign_goes_by_largest_remainder():
    halves = [Decimal(1)] * 6
    assert split(Decimal("0.03"), halves, 2) == [Decimal("0.01")] * 3 + [Decimal(0)] * 3


def test_allocating_nothing_is_nothing():
    assert allocate(Decimal(0), [Decimal(0), Decimal(0)], 2) == [0, 0]
