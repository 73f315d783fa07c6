"""SIGKILL at every crash point of the way to Kingdee, once, and again during recovery: one voucher, at its stage."""

from __future__ import annotations

import pytest
from push_jobs import KINGDEE_LABELS

from dougong_sdk.conformance.processes import KILLED

pytestmark = pytest.mark.crash

#: These are passed only when an answer was lost.
LOST_ANSWER = ("asked", "resolved")


@pytest.mark.parametrize("stage", ["submitted", "audited"])
@pytest.mark.parametrize("label", KINGDEE_LABELS)
def test_killed_twice_and_posted_once(product, sandbox, label, stage):
    product.configure(stage=stage)
    if label in LOST_ANSWER:
        sandbox.fault("reset_after_work", operation="Save", count=1)
    report = product.report()

    assert product.push(report, crash=label) == KILLED, f"never reached {label}: {product.log}"
    product.push(report, crash=label)  # killed again where recovery passes it
    product.completes(report)

    product.check_once(stage=stage)


@pytest.mark.parametrize("passing", [1, 2])
@pytest.mark.parametrize("label", ["step_answered", "step_outcome"])
def test_killed_at_each_step_of_the_ladder(product, label, passing):
    product.configure(stage="audited")
    report = product.report()

    assert product.push(report, crash=f"{label}:{passing}") == KILLED
    product.completes(report)

    product.check_once(stage="audited")


@pytest.mark.parametrize("label", ["prepared", "answered", "outcome"])
def test_killed_among_many(product, label, reports):
    file = product.folder / "many.json"
    reports(file, range(1, 13))

    assert product.push(file, crash=f"{label}:3") == KILLED
    assert product.push(file, crash=f"{label}:2") in (KILLED, 0)
    product.completes(file)

    product.check_once(12)
