"""Numbers, money objects and times, as Hesi writes them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dougong.model.problems import InputError
from dougong_hesi.findings import Findings
from dougong_hesi.values import day, exact, instant, money, normal, rate_of

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize("value", ["33", "33.0", "33.00", 33, Decimal("33.0")])
def test_one_amount_however_it_is_written(value):
    assert exact(value) == 33
    assert normal(exact(value)) == "33"


@pytest.mark.parametrize(
    "value", ["1,000.00", "３３", "33 ", "1e3", "", None, True, {}, "+1", ".5", "NaN", Decimal("NaN")]
)
def test_what_is_no_amount(value):
    with pytest.raises(InputError):
        exact(value)


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_strings_and_numbers_are_one(value):
    assert exact(format(value, "f")) == exact(value) == value


def read(value):
    findings = Findings("oa")
    return money(value, "amount", findings, "CNY"), [(problem.code, problem.path) for problem in findings.problems]


def test_functional_only(of_money):
    found, problems = read(of_money(33))
    assert (found.standard, found.currency, found.foreign, problems) == (33, "CNY", None, [])


def test_object_without_currency_is_in_the_documents():
    found, problems = read({"standard": "61.70"})
    assert (found.currency, problems) == ("CNY", [])


def test_foreign_with_rate(of_money):
    found, problems = read(of_money("2190.00", foreign="2400.00", foreignStrCode="HKD", rate="0.9125"))
    assert (found.foreign, found.foreign_currency, found.rate, problems) == (2400, "HKD", Decimal("0.9125"), [])


def test_product_is_rounded_half_up(of_money):
    assert read(of_money("1.24", foreign="1.00", foreignStrCode="USD", rate="1.235"))[1] == []


def test_contradiction_is_told_and_not_settled(of_money):
    _, problems = read(of_money("2190.01", foreign="2400.00", foreignStrCode="HKD", rate="0.9125"))
    assert problems == [("AMOUNT_CONTRADICTORY", "amount")]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"standard": "1.001", "standardStrCode": "CNY"}, "AMOUNT_INVALID"),
        ({"standard": "1.5", "standardStrCode": "JPY"}, "AMOUNT_INVALID"),
        ({"standard": "1.5", "standardStrCode": "CNY", "standardScale": "0"}, "AMOUNT_INVALID"),
        ({"standard": "1", "standardStrCode": "RMB"}, "CURRENCY_UNKNOWN"),
        ({"standard": "1", "standardStrCode": "CNY", "foreign": "1", "foreignStrCode": "??"}, "CURRENCY_UNKNOWN"),
        ({"standardStrCode": "CNY"}, "AMOUNT_INVALID"),
        ("12.00", "AMOUNT_INVALID"),
        ([], "AMOUNT_INVALID"),
    ],
)
def test_broken_money(value, code):
    assert read(value) == (None, [(code, "amount")])


def test_kuwait_has_three_decimals():
    found, problems = read({"standard": "1.005", "standardStrCode": "KWD", "standardScale": 3})
    assert (found.standard, problems) == (Decimal("1.005"), [])


def test_midnight_in_shanghai_is_not_the_day_before():
    midnight = 1_592_236_800_000
    assert day(midnight, ZONE) == dt.date(2020, 6, 16)
    assert day(midnight, ZoneInfo("UTC")) == dt.date(2020, 6, 15)


def test_milliseconds_are_exact():
    found = instant(1_686_859_461_832, ZONE)
    assert found.isoformat() == "2023-06-16T04:04:21.832000+08:00"
    assert instant("1686859461832", ZONE) == found


@pytest.mark.parametrize("value", [9_007_199_254_740_991, 0, -1, None, "", "soon", True, [], 253_402_300_800_000])
def test_no_time(value):
    assert instant(value, ZONE) is None
    assert day(value, ZONE) is None


def test_text_dates():
    assert day("2026-11-18 10:00:00", ZONE) == dt.date(2026, 11, 18)
    assert day("2026-13-18", ZONE) is None


@pytest.mark.parametrize(("text", "rate"), [("13%", "0.13"), ("6%", "0.06"), ("1.5%", "0.015"), ("0%", "0")])
def test_rates(text, rate):
    assert rate_of(text) == Decimal(rate)


@pytest.mark.parametrize("text", ["免税", "不征税", None, "", "x%", 13])
def test_no_rate(text):
    assert rate_of(text) is None
