from __future__ import annotations

from decimal import Decimal

import pytest

from dougong.model.outcomes import Done, Rejected
from dougong.model.postings import Facts, Posting, Stage
from dougong_sdk.steps import Steps, gone

STEPS = Steps(up={Stage.DRAFT: "submit", Stage.SUBMITTED: "audit"}, down={Stage.DRAFT: "delete"})


def at(stage):
    return Posting("7", stage, "记-1", total=Decimal(100))


@pytest.mark.parametrize(
    ("stage", "target", "step"),
    [
        (Stage.DRAFT, Stage.AUDITED, "submit"),
        (Stage.SUBMITTED, Stage.AUDITED, "audit"),
        (Stage.DRAFT, Stage.VOID, "delete"),
    ],
)
def test_one_step_towards_the_target(stage, target, step):
    assert STEPS.next(at(stage), target, Facts()) == step


@pytest.mark.parametrize("target", [Stage.DRAFT, Stage.SUBMITTED])
def test_what_is_there_already_is_done(target):
    assert STEPS.next(at(Stage.SUBMITTED), target, Facts()) == Done(at(Stage.SUBMITTED))


def test_what_somebody_has_edited_stays_as_it_is():
    assert STEPS.next(at(Stage.DRAFT), Stage.VOID, Facts(total=Decimal(99))) == Done(at(Stage.DRAFT))


def test_a_step_that_the_api_does_not_have_is_refused():
    outcome = STEPS.next(at(Stage.AUDITED), Stage.VOID, Facts())
    assert isinstance(outcome, Rejected)
    assert outcome.problems[0].code == "STEP_IMPOSSIBLE"


def test_gone_is_what_a_void_wants_and_a_surprise_otherwise():
    assert gone(at(Stage.DRAFT), Stage.VOID) == Done(at(Stage.VOID))
    outcome = gone(at(Stage.DRAFT), Stage.AUDITED)
    assert isinstance(outcome, Rejected)
    assert outcome.problems[0].code == "DELETED_IN_ERP"
