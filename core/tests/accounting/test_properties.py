"""What holds for any report: nothing is lost, nothing turns its sign, the order of lines does not matter."""

from __future__ import annotations

from collections import Counter
from decimal import ROUND_HALF_UP, Decimal

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dougong.accounting import derive
from dougong.accounting.split import allocate, split
from dougong.model.documents import InvoiceShare, Line, PaidBy, Payee, Split

SETTINGS = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
BEARERS = (("A", "D01", None), ("A", "D02", None), ("A", "D03", "P-R01"), ("B", "BD1", None), (None, None, None))


def cents(low: int, high: int):
    return st.integers(low, high).map(lambda value: Decimal(value).scaleb(-2))


@st.composite
def shares(draw):
    """Shares that sum to 1 exactly, or written with four decimals as people write thirds."""
    parts = draw(st.lists(st.integers(1, 10_000), min_size=1, max_size=6))
    total = sum(parts)
    written = [(Decimal(part) / total).quantize(Decimal("0.0001")) for part in parts]
    if draw(st.booleans()):
        written[-1] = 1 - sum(written[:-1])
    return written if min(written) > 0 else [Decimal(1)]


@st.composite
def line(draw, at: int):
    """A line with everything that settlement looks at; its invoice is named after it, or shared."""
    gross = draw(cents(1, 10_000_000)) * draw(st.sampled_from((1, 1, 1, -1)))
    approved = draw(st.none() | st.just(gross) | st.integers(0, 100).map(lambda p: (gross * p / 100).quantize(gross)))
    splits = [Split(*draw(st.sampled_from(BEARERS)), share=share) for share in draw(st.just([Decimal(1)]) | shares())]
    return Line(
        id=f"L{at}",
        fee_type=draw(st.sampled_from(("差旅费", "业务招待费"))),
        gross=gross,
        approved=approved,
        splits=tuple(splits) if draw(st.booleans()) else (),
        paid_by=PaidBy(draw(st.sampled_from(("S-1", "S-2")))) if draw(st.integers(0, 3)) == 0 else None,
    )


@st.composite
def reports(draw, make):
    """A report whose payees are what is left to pay, as a source computes it."""
    lines = [draw(line(at)) for at in range(draw(st.integers(1, 6)))]
    invoices = []
    for at, one in enumerate(lines):
        kind = draw(st.sampled_from(("专票", "航空电子客票", "普票", None)))
        if kind is None:
            continue
        extra = draw(cents(0, 50_000)) * (1 if one.gross > 0 else -1)
        gross, rate = one.gross + extra, draw(st.sampled_from(("0.06", "0.09", "0.13")))
        tax = (gross - gross / (1 + Decimal(rate))).quantize(Decimal("0.01"))
        given = None if kind == "航空电子客票" else str(tax)
        buyer = draw(st.sampled_from(("A", "A", "B", None)))
        invoices.append(make.invoice(f"i{at}", kind, str(gross), given, rate=rate, buyer=buyer))
        share = draw(st.sampled_from((None, one.gross)))
        lines[at] = attrs.evolve(one, invoices=(InvoiceShare(f"i{at}", share),))
    approved = sum(one.gross if one.approved is None else one.approved for one in lines)
    company = sum(one.gross for one in lines if one.paid_by)
    advance = draw(cents(0, 100_000)) if approved - company > 1000 else Decimal(0)
    rest = approved - company - advance
    own = sum(one.gross - (one.gross if one.approved is None else one.approved) for one in lines if one.paid_by)
    owed = rest < 0 and -rest <= own and draw(st.booleans())
    payees = [] if owed else [Payee("employee", "E001", rest)]
    advances = (make.advance("J1", str(advance)),) if advance else ()
    return make.report(lines, payees, invoices, advances=advances)


@pytest.fixture
def drafts(context):
    """The drafts of a report that must settle; each has a voucher."""

    def of(report):
        derivation = derive(report, context())
        assert derivation.problems == (), [str(problem) for problem in derivation.problems]
        for draft in derivation.drafts:
            assert draft.problems == (), [str(problem) for problem in draft.problems]
        return derivation

    return of


@SETTINGS
@given(st.data())
def test_no_cent_is_lost_and_every_voucher_balances(make, drafts, data):
    report = data.draw(reports(make))
    derivation = drafts(report)
    for draft in derivation.drafts:
        assert draft.booking.difference == 0
        assert all(line.amount and line.amount.as_tuple().exponent == -2 for line in draft.booking.lines)
    if not derivation.drafts:
        return
    settled = derivation.settled
    for one in report.lines:
        approved = one.gross if one.approved is None else one.approved
        mine = [item for item in settled.slices if item.line == one.id]
        assert sum(item.gross.base for item in mine) == approved
        for item in mine:
            assert item.gross.base == item.cost.base + item.tax.base
            assert item.gross.base * approved >= 0
            assert item.cost.base * approved >= 0
            assert item.tax.base * approved >= 0
    assert sum(item.tax.base for item in settled.slices) == sum(item.tax.base for item in settled.taxes)
    for entity in settled.entities:
        _check_identity(settled, entity)


def _check_identity(settled, entity):
    """posting-rules.md §2, step 10, for the books of one entity."""
    total = {
        each: sum(item.amount.base for item in settled.facts(each, entity))
        for each in ("advances", "company_paid", "withheld", "payees", "due_back")
    }
    pairs = settled.facts("counterparts", entity)
    lent = sum(item.amount.base for item in pairs if item.role == "bearer")
    owed = sum(item.amount.base for item in pairs if item.role == "payer")
    cost = sum(item.cost.base for item in settled.facts("slices", entity))
    tax = sum(item.tax.base for item in settled.facts("taxes", entity))
    paid = total["advances"] + total["company_paid"] + total["withheld"] + total["payees"] - total["due_back"]
    assert cost + tax + lent == paid + owed


@settings(SETTINGS, max_examples=100)
@given(st.data())
def test_the_order_of_lines_does_not_matter(make, drafts, data):
    report = data.draw(reports(make))
    shuffled = attrs.evolve(report, lines=tuple(data.draw(st.permutations(report.lines))))
    assert [_content(d) for d in drafts(report).drafts] == [_content(d) for d in drafts(shuffled).drafts]


def _content(draft):
    """A voucher as a multiset of its lines; only their places, and the order of fee types in texts, may differ."""
    return draft.entity, Counter(
        (one.side, one.account, one.amount, tuple(sorted(one.dimensions.items())), one.tax, one.sources)
        for one in draft.booking.lines
    )


@SETTINGS
@given(st.data())
def test_an_invoice_over_several_lines_gives_exactly_its_tax(make, drafts, data):
    amounts = data.draw(st.lists(cents(1, 100_000), min_size=1, max_size=8))
    gross, tax = sum(amounts), Decimal(0)
    tax = (gross * 6 / 106).quantize(Decimal("0.01"))
    lines = [
        make.line(str(at), "差旅费", str(amount), invoice=[InvoiceShare("i1", amount)])
        for at, amount in enumerate(amounts)
    ]
    invoice = make.invoice("i1", "专票", str(gross), str(tax), rate="0.06")
    derivation = drafts(make.report(lines, [make.payee("E001", str(gross))], [invoice]))
    assert sum(item.tax.base for item in derivation.settled.taxes) == tax
    assert sum(item.base.base for item in derivation.settled.taxes) == (gross - tax if tax else 0)


@SETTINGS
@given(st.data())
def test_foreign_lines_lose_nothing_in_either_currency(make, drafts, data):
    currency, scale = data.draw(st.sampled_from((("HKD", 2), ("JPY", 0), ("KWD", 3))))
    gross = Decimal(data.draw(st.integers(1, 10_000_000))).scaleb(-scale)
    rate = Decimal(data.draw(st.integers(1, 200_000))).scaleb(-4)
    splits = [(str(share), "D02", None, "A") for share in data.draw(shares())]
    base = (gross * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)
    line = make.line("1", "差旅费", str(gross), currency=currency, rate=str(rate), splits=splits)
    settled = drafts(make.report([line], [make.payee("E001", str(base))])).settled
    assert sum(item.cost.base for item in settled.slices) == base
    assert sum(item.cost.doc for item in settled.slices) == (gross if base else 0)
    assert all(item.cost.doc >= 0 and item.cost.currency == currency for item in settled.slices)


@SETTINGS
@given(total=cents(-10_000_000, 10_000_000), parts=shares(), scale=st.just(2), last=st.booleans())
def test_split_sums_keeps_signs_and_stays_near(total, parts, scale, last):
    out = split(total, parts, scale, last=last)
    assert sum(out) == total
    for part, weight in zip(out, parts, strict=True):
        assert part * total >= 0
        assert abs(part - total * weight / sum(parts)) <= Decimal("0.01") * max(1, len(parts) - 1)


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
