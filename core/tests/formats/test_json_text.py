"""The strict loader refuses what the standard one lets through; the writer keeps every digit."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dougong.formats import dumps, loads
from dougong.formats.json_text import MAX_DEPTH, MAX_LINE_BYTES
from dougong.model.problems import InputError


def refused(data, **arguments):
    with pytest.raises(InputError) as caught:
        loads(data, **arguments)
    (problem,) = caught.value.problems
    assert problem.message.zh
    assert problem.message.en
    return problem


def test_numbers_with_a_point_are_decimals_to_the_last_digit():
    value = loads('{"a": 0.1, "b": 100000000000000000.01, "c": 12, "d": 1e2, "e": -0.0}')
    assert value == {
        "a": Decimal("0.1"),
        "b": Decimal("100000000000000000.01"),
        "c": 12,
        "d": Decimal(100),
        "e": Decimal("-0.0"),
    }
    assert [type(item) for item in value.values()] == [Decimal, Decimal, int, Decimal, Decimal]


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e400", "-1E-400", "1" * 5000, "0." + "1" * 5000])
def test_numbers_that_are_no_amounts_are_refused(text):
    problem = refused(f'{{"reason": "{text}",\n "a": {text}}}')
    assert problem.code == "NUMBER_INVALID"
    assert problem.facts == {"line": "2", "column": "7"}
    assert len(problem.message.en) < 100


def test_a_key_given_twice_is_named_with_its_place():
    problem = refused('{"lines": [{"id": 1, "\\u0069d2": 2},\n {"x": "id", "id": {"id": 1}, "id": 2}]}')
    assert problem.code == "JSON_DUPLICATE_KEY"
    assert "'id'" in problem.message.en
    assert problem.facts == {"line": "2", "column": "31"}


def test_the_same_key_written_with_an_escape_is_the_same_key():
    assert refused('{"id": 1, "\\u0069d": 2}').code == "JSON_DUPLICATE_KEY"


def test_depth_up_to_the_limit_is_taken():
    text = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert json.dumps(loads(text)) == text


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 300, 5_000, 200_000])
@pytest.mark.parametrize("close", [True, False])
def test_deeper_is_refused_without_running_out_of_stack(depth, close):
    problem = refused('{"a":\n' + "[" * depth + "]" * (depth if close else 0) + ("}" if close else ""))
    assert problem.code == "JSON_TOO_DEEP"
    assert problem.facts == {"line": "2", "column": str(MAX_DEPTH)}


def test_brackets_inside_texts_are_no_depth():
    assert loads(json.dumps({"reason": "[" * 500 + '\\"' + "{" * 500})) == {"reason": "[" * 500 + '\\"' + "{" * 500}


def test_a_long_unterminated_text_is_refused_at_once():
    assert refused('["' + '\\"' * 200_000).code == "JSON_INVALID"


@pytest.mark.parametrize("text", ["", "{", '{"a":', "[1,]", "{'a': 1}", "01", "１", '{"a":1} x', '"\t"'])
def test_what_is_no_json_is_refused_with_its_place(text):
    problem = refused(text)
    assert problem.code == "JSON_INVALID"
    assert problem.facts["line"] == "1"


def test_lines_are_counted_from_where_the_text_stands_in_its_file():
    assert refused('{"a":\n!}', first_line=41).facts["line"] == "42"


def test_a_byte_order_mark_is_tolerated():
    assert loads(b'\xef\xbb\xbf{"a": "\xe4\xb8\xad"}') == {"a": "中"}


def test_another_encoding_is_named_with_the_first_wrong_byte():
    problem = refused('{\n"reason": "差旅费"}'.encode("gbk"))
    assert problem.code == "ENCODING_INVALID"
    assert problem.facts == {"offset": "13", "line": "2"}
    assert "GBK" in problem.hint.en
    assert "GBK" in problem.hint.zh


def test_utf16_is_recognised_and_broken_utf8_is_not_taken_for_another_encoding():
    assert "UTF-16" in refused('{"a": 1}'.encode("utf-16")).hint.en
    assert "looks like" not in refused(b'{"a": "\xe4\xb8"}\xff').hint.en


@pytest.mark.parametrize("text", ['{"a": "\\ud800"}', '{"a": "\\udc00"}', '{"\\uDBFF": 1}', '["\\ud83d x \\ude00"]'])
def test_half_a_surrogate_pair_is_refused(text):
    assert refused(text).code == "TEXT_INVALID"


def test_a_whole_pair_and_an_escaped_backslash_are_text():
    assert loads('["\\ud83d\\ude00", "\\\\ud800"]') == ["😀", "\\ud800"]


def test_a_text_with_half_a_pair_is_refused_too():
    assert refused('["\ud800"]').code == "TEXT_INVALID"


def test_size_is_counted_in_bytes():
    assert loads('"中"', limit=5) == "中"
    problem = refused('"中"', limit=4)
    assert problem.code == "INPUT_TOO_LARGE"
    assert MAX_LINE_BYTES < 32 * 1024 * 1024


def test_decimals_are_written_as_texts_or_as_numbers_exactly():
    value = {"a": Decimal("1.50"), "b": Decimal("1E+3"), "c": Decimal("1E-7"), "d": [Decimal("-0.10"), "1.50"]}
    assert dumps(value) == '{"a":"1.50","b":"1000","c":"0.0000001","d":["-0.10","1.50"]}'
    assert dumps(value, numbers=True) == '{"a":1.50,"b":1000,"c":0.0000001,"d":[-0.10,"1.50"]}'
    assert dumps({"a": Decimal("1.0")}, indent=1, numbers=True) == '{\n "a": 1.0\n}'


@pytest.mark.parametrize("value", [1.5, [float("nan")], {"a": {"b": 0.1}}, Decimal("NaN"), {1, 2}, object()])
@pytest.mark.parametrize("numbers", [True, False])
def test_what_has_no_exact_json_is_not_written(value, numbers):
    with pytest.raises(TypeError):
        dumps(value, numbers=numbers)


@pytest.mark.parametrize("numbers", [True, False])
@pytest.mark.parametrize("value", ["\ud800", [Decimal(1), "\ud800"], {"\ud800": Decimal(1)}, chr(0xDFFF)])
def test_text_that_utf8_cannot_hold_is_not_written(value, numbers):
    with pytest.raises(ValueError, match="surrogate"):
        dumps(value, numbers=numbers)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**50), 10**50) | st.text(st.characters(codec="utf-8"))
        | st.decimals(-(10**20), 10**20, places=6),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    )
)  # fmt: skip
def test_whatever_is_written_is_read_again(value):
    assert loads(dumps(value, numbers=True)) == value
    assert loads(dumps(value, numbers=True, indent=2).encode()) == value
