"""Problems speak both languages, keep their place, and survive storage."""

from __future__ import annotations

import pytest

from dougong.model.problems import DougongError, InputError, Problem, Text


@pytest.fixture
def problem():
    return Problem.of(
        "CODE_UNMAPPED", "缺少代码", "no code", path="amount", hint_zh="补一行", hint_en="add a row", code_="D1"
    )


def test_the_readers_language_decides():
    text = Text("中", "en")
    assert [text.for_language(name) for name in ("zh", "zh_CN.UTF-8", "ZH-hans", "en_US", "C", "")] == ["中"] * 3 + [
        "en"
    ] * 3


@pytest.mark.parametrize(
    ("inner", "outer", "wanted"),
    [
        ("amount", "lines[3]", "lines[3].amount"),
        ("[3].amount", "lines", "lines[3].amount"),
        ("", "lines", "lines"),
        ("amount", "", "amount"),
        ("", "", ""),
        ("[0]", "[1]", "[1][0]"),
    ],
)
def test_paths_grow_from_inside_out(inner, outer, wanted):
    assert Problem.of("A", "", "", path=inner).at(outer).path == wanted


def test_storage_keeps_everything(problem):
    assert Problem.from_json(problem.to_json()) == problem
    assert problem.to_json()["facts"] == {"code_": "D1"}


def test_the_sentence_has_code_place_and_hint(problem):
    assert str(problem) == "CODE_UNMAPPED @ amount: no code (add a row)"
    assert str(Problem.of("A", "甲", "a")) == "A: a"


def test_an_error_carries_one_or_many(problem):
    assert DougongError(problem).problems == (problem,)
    error = InputError(each for each in (problem, problem))
    assert error.problems == (problem, problem)
    assert str(error) == f"{problem}; {problem}"
    assert isinstance(error, DougongError)
