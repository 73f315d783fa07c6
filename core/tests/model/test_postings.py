"""Stages are a ladder, and what was found must be equal to what was meant as far as both tell."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import attrs
import pytest

from dougong.model.postings import Facts, Posting, PostingLine, Stage


@pytest.fixture
def facts():
    lines = (("D", Decimal("100.00")), ("D", Decimal("6.00")), ("C", Decimal("106.00")))
    return Facts(Decimal("106.00"), "CNY", dt.date(2026, 6, 10), "001", lines)


@pytest.fixture
def posting():
    lines = (
        PostingLine("C", "2241", Decimal("106.0")),
        PostingLine("D", "6602", Decimal(100)),
        PostingLine("D", "2221", Decimal("6.00")),
    )
    return Posting(
        "1", Stage.DRAFT, currency="CNY", total=Decimal("106.0"), date=dt.date(2026, 6, 10), book="001", lines=lines
    )


def test_the_ladder():
    ladder = [Stage.DRAFT, Stage.SUBMITTED, Stage.AUDITED, Stage.POSTED]
    for lower, stage in enumerate(ladder):
        for higher, target in enumerate(ladder):
            assert stage.reaches(target) == (lower >= higher)


@pytest.mark.parametrize("outside", [Stage.REVERSED, Stage.VOID])
def test_reversed_and_void_stand_outside(outside):
    assert not any(outside.reaches(stage) for stage in Stage)
    assert not any(stage.reaches(outside) for stage in Stage)


def test_what_was_changed_is_told_fact_by_fact(facts, posting):
    lines = (*posting.lines[:2], PostingLine("D", "2221", Decimal("7.00")))
    edited = attrs.evolve(posting, date=dt.date(2026, 5, 10), total=Decimal("1.07E+2"), lines=lines)
    told = facts.changes(edited)
    assert told.en == "total 106.00 → 107, date 2026-06-10 → 2026-05-10, lines D 6.00 → D 7.00"
    assert told.zh == "合计 106.00 → 107, 日期 2026-06-10 → 2026-05-10, 分录 D 6.00 → D 7.00"
    assert facts.changes(posting).en == ""


def test_equal_is_equal_in_any_order_and_writing(facts, posting):
    assert facts.differences(posting) == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [("total", Decimal("106.01")), ("currency", "USD"), ("date", dt.date(2026, 6, 11)), ("book", "002")],
)
def test_each_fact_that_differs_is_named(facts, posting, name, value):
    assert facts.differences(attrs.evolve(posting, **{name: value})) == (name,)


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[1:],
        lambda lines: (*lines, lines[0]),
        lambda lines: (attrs.evolve(lines[0], side="D"), *lines[1:]),
        lambda lines: (attrs.evolve(lines[0], amount=Decimal("-106.00")), *lines[1:]),
    ],
)
def test_lines_are_compared_one_by_one(facts, posting, change):
    assert facts.differences(attrs.evolve(posting, lines=change(posting.lines))) == ("lines",)


def test_what_one_side_does_not_tell_cannot_differ(facts, posting):
    assert facts.differences(Posting("1", Stage.DRAFT)) == ()
    assert Facts().differences(posting) == ()


def test_all_differences_are_told(facts):
    other = Posting("1", Stage.DRAFT, total=Decimal(1), currency="USD", book="9")
    assert facts.differences(other) == ("total", "currency", "book")
