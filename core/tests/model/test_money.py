"""Money is exact, carries its currency's scale, and never meets a float."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dougong.model.money import CURRENCIES, Money, is_currency, parse_decimal, plain, round_to, scale_of
from dougong.model.problems import InputError

codes = st.sampled_from(["CNY", "JPY", "KWD", "CLF"])


@st.composite
def money(draw, currency=None):
    code = currency or draw(codes)
    units = draw(st.integers(-(10**17), 10**17))
    return Money(Decimal(units).scaleb(-CURRENCIES[code]), code)


def refused(call, *arguments, **named):
    with pytest.raises(InputError) as caught:
        call(*arguments, **named)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(("code", "scale"), [("CNY", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("USD", 2)])
def test_currencies_have_their_scale(code, scale):
    assert scale_of(code) == scale
    assert is_currency(code)


@pytest.mark.parametrize("code", ["RMB", "cny", "", "CN", "CNYX", " CNY", "ＣＮＹ"])
def test_unknown_currencies_are_refused(code):
    assert not is_currency(code)
    problem = refused(scale_of, code)
    assert problem.code == "CURRENCY_UNKNOWN"
    assert problem.facts == {"currency": code}


def test_every_currency_code_is_three_capital_letters():
    assert all(len(code) == 3 and code.isascii() and code.isalpha() and code.isupper() for code in CURRENCIES)
    assert len(CURRENCIES) > 150


@pytest.mark.parametrize("text", ["0", "-0.01", "33", "33.0", "1090.00", "999999999999999999.999999999999"])
def test_plain_decimals_are_read_exactly(text):
    assert str(parse_decimal(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", " 1", "1 ", "1\n", "+1", "--1", "1,000.00", "１２", "٣", "1e3", "NaN", "sNaN", "Infinity",
     ".5", "5.", "007", "0x1",
     "1_000", "1" * 19, "0." + "0" * 13, 1, 1.5, Decimal(1), None, True, b"1"],
)  # fmt: skip
def test_nothing_else_is_taken_for_a_number(text):
    problem = refused(parse_decimal, text)
    assert problem.code == "AMOUNT_INVALID"
    assert "1234.50" in problem.hint.zh


def test_a_long_text_is_shown_shortened():
    assert len(str(refused(parse_decimal, "9" * 10_000))) < 200


def test_there_is_one_zero():
    assert str(parse_decimal("-0.00")) == "0.00"
    assert str(Money.of("-0.00", "CNY").amount) == "0.00"
    assert str((-Money.zero("CNY")).amount) == "0.00"


@pytest.mark.parametrize(
    ("text", "scale", "ok"), [("1.20", 1, True), ("1.25", 1, False), ("100", 0, True), ("1.0", 0, True)]
)
def test_the_scale_counts_digits_that_matter(text, scale, ok):
    if ok:
        assert parse_decimal(text, scale=scale) == Decimal(text)
    else:
        assert refused(parse_decimal, text, scale=scale).code == "AMOUNT_INVALID"


@pytest.mark.parametrize(
    ("value", "scale", "wanted"),
    [("0.125", 2, "0.13"), ("-0.125", 2, "-0.13"), ("0.135", 2, "0.14"), ("2.5", 0, "3"), ("1.0049999", 2, "1.00")],
)
def test_rounding_is_half_up(value, scale, wanted):
    assert str(round_to(Decimal(value), scale)) == wanted


def test_the_callers_context_does_not_matter():
    with localcontext() as context:
        context.prec = 3
        context.rounding = ROUND_DOWN
        big = Money.of("123456789012345678.99", "CNY")
        assert str((big + Money.of("0.01", "CNY")).amount) == "123456789012345679.00"
        assert str((big - big).amount) == "0.00"
        assert str((-big).amount) == "-123456789012345678.99"
        assert str(round_to(Decimal("123456789.125"), 2)) == "123456789.13"


def test_an_amount_stands_at_its_currencys_scale():
    assert str(Money.of("5", "CNY").amount) == "5.00"
    assert str(Money.of("5.00", "JPY").amount) == "5"
    assert str(Money(Decimal("5E+2"), "KWD").amount) == "500.000"
    assert str(Money.rounded(Decimal("12.345"), "CNY")) == "CNY 12.35"


@pytest.mark.parametrize(
    "amount", [Decimal("1.001"), Decimal("NaN"), Decimal("Infinity"), Decimal("1E+60"), 1.5, 1, "1"]
)
def test_what_is_no_amount_is_refused(amount):
    assert refused(Money, amount, "CNY").code == "AMOUNT_INVALID"


def test_currencies_do_not_mix():
    with pytest.raises(ValueError, match="cannot mix CNY and USD"):
        Money.of("1", "CNY") + Money.of("1", "USD")
    with pytest.raises(ValueError, match="cannot mix"):
        Money.of("1", "CNY") - Money.of("1", "USD")
    with pytest.raises(TypeError):
        Money.of("1", "CNY") < Money.of("2", "CNY")  # noqa: B015
    with pytest.raises(TypeError):
        Money.of("1", "CNY") + 1


def test_plain_text_has_no_exponent():
    assert plain(Decimal("1E+2")) == "100"
    assert plain(Decimal("1E-8")) == "0.00000001"


@given(st.data())
def test_sums_are_exact(data):
    code = data.draw(codes)
    one, two, three = (data.draw(money(code)) for _ in range(3))
    zero = Money.zero(code)
    assert one + two == two + one
    assert (one + two) + three == one + (two + three)
    assert one + zero == one
    assert one - one == zero
    assert one - two == one + (-two)
    assert (one - two) + (-(one - two)) == zero
    assert hash(one + two) == hash(two + one)
    units = [int(each.amount.scaleb(CURRENCIES[code])) for each in (one, two)]
    assert int((one + two).amount.scaleb(CURRENCIES[code])) == sum(units)


@given(money())
def test_text_brings_an_amount_back(value):
    assert Money.of(plain(value.amount), value.currency) == value


@given(st.text(max_size=30))
def test_whatever_is_read_is_written_as_it_was(text):
    try:
        value = parse_decimal(text)
    except InputError:
        return
    assert text.isascii()
    assert plain(value) == (text.lstrip("-") if value == 0 else text)
