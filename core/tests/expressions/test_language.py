from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from dougong.expressions import ExpressionError, Scope, compile_expression


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("voucher.book", "A01"),
        ("voucher.fiscal_year", 2026),
        ("voucher.posting_date", dt.date(2026, 11, 18)),
        ("line.amount if line.side == 'D' else 0", Decimal("100.00")),
        ("line.original", None),
        ("line.original.rate", None),
        ("voucher.extensions['memo']", "M"),
        ("voucher.extensions['other']", None),
        ("1.10", Decimal("1.10")),
        ("0.1 + 0.2 == 0.3", True),
        ("line.amount * 3 - 1", Decimal("299.00")),
        ("-line.amount", Decimal("-100.00")),
        ("round(line.amount / 3, 2)", Decimal("33.33")),
        ("line.amount / 8 | round(1)", Decimal("12.5")),
        ("0.125 | round(2)", Decimal("0.13")),
        ("'A' + voucher.book", "AA01"),
        ("0 < line.amount <= 100", True),
        ("line.side in ('D',) and not line.tax", True),
        ("line.number not in (2, 3)", True),
        ("line.tax is None", True),
        ("voucher.summary or line.summary", "差旅"),
        ("sum(l.amount for l in voucher.lines if l.side == 'D')", Decimal("106.00")),
        ("sum(l.number for l in voucher.lines)", 6),
        ("sum(l.amount for l in voucher.lines if l.amount > 999)", 0),
        ("count(l for l in voucher.lines)", 3),
        ("count(voucher.documents)", 2),
        ("min(l.amount for l in voucher.lines)", Decimal("6.00")),
        ("max(l.amount for l in voucher.lines if l.number > 9)", None),
        ("any(l.side == 'C' for l in voucher.lines)", True),
        ("all(l.side == 'C' for l in voucher.lines)", False),
        ("join(voucher.documents)", "B1,B2"),
        ("voucher.documents | join('、')", "B1、B2"),
        ("join(text(l.amount) for l in voucher.lines)", "100.00,6.00,106.00"),
        ("voucher.posting_date | date_text('YYYYMMDD')", "20261118"),
        ("voucher.business_date | date_text('YYYYMMDD') | upper()", None),
        ("text(voucher.posting_date)", "2026-11-18"),
        ("text(line.number) + '-' + lower(voucher.book)", "1-a01"),
        ("default(line.original.rate, 1)", 1),
        ("abs(-1.50)", Decimal("1.50")),
        ("(line.amount if line.side == 'D' else 0) | round(0)", Decimal(100)),
        ("line.amount == (100 | round(2))", True),
        ("\n  line.amount   # what we claim\n  + 1\n", Decimal("101.00")),
    ],
)
def test_what_the_language_says(evaluate, text, value):
    found = evaluate(text)
    assert found == value
    assert type(found) is type(value)


def test_decimals_stay_exact_beyond_what_python_rounds_to(evaluate):
    long = "123456789012345678.123456789012"
    assert evaluate(f"{long} * {long}") == Decimal(f"{int(long.replace('.', '')) ** 2}e-24")


def test_a_result_that_cannot_be_exact_is_an_error(evaluate):
    with pytest.raises(ExpressionError, match="too many digits"):
        evaluate("123456789012345678.123456789012 * 123456789012345678.123456789012 * 123456789012345678.123456789012")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("line.original.rate * 2", "line.original.rate has no value"),
        ("line.original.rate > 1", "line.original.rate has no value"),
        ("round(line.original.rate, 2)", "line.original.rate has no value"),
        ("sum(l.original.amount for l in voucher.lines)", "an item of sum"),
        ("voucher.extensions['memo'] * 2", "numbers only"),
        ("100 / (line.amount - 100) | round(2)", "division by zero"),
    ],
)
def test_what_has_no_value_is_named_when_it_runs(evaluate, text, words):
    with pytest.raises(ExpressionError, match=words) as caught:
        evaluate(text)
    assert caught.value.problems[0].path == "m.toml:7"
    assert caught.value.problems[0].facts["expression"] == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("line.amuont", "did you mean amount"),
        ("vouchr.book", "did you mean voucher"),
        ("PRE001", "For a text write 'PRE001'"),
        ("rond(line.amount, 2)", "did you mean round"),
        ("line.side == 'DR'", "can never be 'DR'"),
        ("line.side in ('D', 'X')", "can never be 'X'"),
        ("voucher.lines.amount", r"sum\(x.amount for x in voucher.lines\)"),
        ("line.account == 1001", "cannot be compared"),
        ("line.summary < 3", "cannot be compared"),
        ("line == voucher.lines", "cannot be compared"),
        ("line.amount + 'x'", r"text\(…\)"),
        ("line.summary * 2", "numbers only, but line.summary is text"),
        ("voucher.posting_date - 1", "is a date"),
        ("line.amount / 3", "a quotient must be rounded"),
        ("text(line.amount / 3)", "round the quotient first"),
        ("sum(l.amount / 3 for l in voucher.lines)", "a quotient must be rounded"),
        ("upper(line.amount)", "must be text"),
        ("round(line.amount, line.number)", "must be written out"),
        ("round(line.amount, 20)", "from 0 to 12"),
        ("round(line.amount)", r"round\(value, places\)"),
        ("round(line.amount, 2, 3)", r"round\(value, places\)"),
        ("round(line.amount, plces=2)", r"round\(value, places\)"),
        ("date_text(voucher.posting_date, '%Y')", "only YYYY, MM, DD"),
        ("voucher.posting_date | date_text", r"write … \| date_text\(\)"),
        ("sum(line.amount)", "must be a list"),
        ("sum(l.account for l in voucher.lines)", "sum takes a number"),
        ("sum(x for x in line.amount)", "not a list"),
        ("line.account in 'abc'", "a tuple of literals"),
        ("line.account in ('1')", r"\('a',\)"),
        ("line.account in voucher.documents", "a tuple of literals"),
        ("line.account is '1'", "followed by None"),
        ("1 is None", "followed by None"),
        ("null + 1", "null can only be the result"),
        ("upper", "call it with brackets"),
        ("1e5", "plain decimal"),
        ("0x10", "plain decimal"),
        ("1_000", "plain decimal"),
        ("1234567890123456789", "plain decimal"),
        ("1.1234567890123", "plain decimal"),
        ("'a' 'b", "syntax error"),
        ("", "empty"),
        ("line.amount, 1", "one single expression"),
        ("line.amount) + (1", "one single expression"),
    ],
)
def test_what_is_wrong_is_told_when_it_is_compiled(evaluate, text, words):
    with pytest.raises(ExpressionError, match=words):
        evaluate(text)


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        (
            "line.amount if line.side == 'D' else 0 | round(2)",
            "(line.amount if line.side == 'D' else 0) | round(2) or line.amount if line.side == 'D' else (0 | round",
        ),
        ("line.account | upper() == '1'", "write (line.account | upper()) == '1'"),
        ("1 + (2 | round(0) + 3)", "write (2 | round(0)) …"),
        ("not line.account | upper()", "write (not line.account) | upper() or not (line.account | upper())"),
        ("default(line.account | upper(), 'x')", "write default((line.account | upper()), 'x')"),
    ],
)
def test_a_pipe_inside_another_expression_wants_brackets(evaluate, text, forms):
    with pytest.raises(ExpressionError) as caught:
        evaluate(text)
    assert forms in str(caught.value)


def test_a_rule_speaks_of_an_item_of_one_or_several_classes(bearer, tax):
    is_bearer = compile_expression("item.role == 'bearer'", Scope.of(item=bearer))
    assert is_bearer(item=bearer("bearer")) is True
    assert is_bearer(item=bearer("payer")) is False
    either = Scope.of(item=(bearer, tax))
    assert compile_expression("not item.confirmed", either)(item=tax()) is True
    assert compile_expression("not item.confirmed", either)(item=tax(confirmed=True)) is False
    assert compile_expression("item.role == 'bearer'", either)(item=tax()) is False
    with pytest.raises(ExpressionError, match="has no colour"):
        compile_expression("item.colour", either)


def test_a_method_of_any_class_is_never_a_value(bearer, tax):
    for scope in (Scope.of(item=bearer), Scope.of(item=(tax, bearer))):
        with pytest.raises(ExpressionError, match="is a method"):
            compile_expression("item.pay", scope)


@pytest.mark.parametrize("name", ["_x", "null", "for", "sum", "a b"])
def test_names_that_cannot_be_used(bearer, name):
    with pytest.raises(ExpressionError):
        Scope.of(**{name: bearer})


def test_a_traceback_shows_file_and_line(bearer):
    compiled = compile_expression("item.share * 2", Scope.of(item=bearer), filename="rules/a01.toml", line=42)
    with pytest.raises(ExpressionError, match=r"rules/a01\.toml:42") as caught:
        compiled(item=bearer("x"))
    frames = caught.value.__cause__.__traceback__
    places = []
    while frames:
        places.append((frames.tb_frame.f_code.co_filename, frames.tb_lineno))
        frames = frames.tb_next
    assert ("rules/a01.toml", 42) in places


def test_errors_speak_both_languages(evaluate):
    with pytest.raises(ExpressionError) as caught:
        evaluate("line.amuont")
    problem = caught.value.problems[0]
    assert "没有 amuont" in problem.message.zh
    assert "amount" in problem.hint.zh
