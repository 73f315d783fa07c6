from __future__ import annotations

import pytest

from dougong.model.outcomes import NotDone, Rejected, Unknown
from dougong.model.problems import Text
from dougong_sdk.refusals import ErrorDictionary
from dougong_sdk.rest import outcome_of

ACME = ErrorDictionary(
    {
        "messages": [
            {
                "match": r"账簿(?P<book>\d+)的期间(?P<period>\d{4}\.\d+)已结账",
                "class": "refused",
                "code": "PERIOD_CLOSED",
                "zh": "打开期间",
                "en": "open it",
            }
        ],
        "codes": {
            "7": {"class": "refused", "zh": "改正", "en": "correct it"},
            "8": {"class": "busy"},
            "9": {"class": "session"},
        },
    },
    Text("示例", "Acme"),
    "ACME",
)


def test_a_code_becomes_a_problem_with_the_next_step():
    problem = ACME.problem(7, "科目不存在", "lines[0].account")
    assert (problem.code, problem.path, problem.hint) == ("ACME_7", "lines[0].account", Text("改正", "correct it"))
    assert problem.message == Text("示例: 科目不存在", "Acme: 科目不存在")


def test_a_message_says_more_than_its_code_and_its_groups_are_facts():
    problem = ACME.problem(7, "账簿001的期间2026.3已结账")
    assert (problem.code, problem.facts) == ("PERIOD_CLOSED", {"book": "001", "period": "2026-03", "erp_code": "7"})


@pytest.mark.parametrize(
    ("code", "outcome"), [(7, Rejected), (8, NotDone), (9, NotDone), (4711, Unknown), (None, Unknown)]
)
def test_the_class_is_the_outcome_and_what_nobody_described_is_unknown(code, outcome):
    refusal = ACME.refusal(code, "…")
    assert isinstance(outcome_of(refusal), outcome)
    assert refusal.code == str(code)
