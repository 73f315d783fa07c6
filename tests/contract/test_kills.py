"""SIGKILL at every crash point that each shape passes, twice, with and without a lost answer."""

from __future__ import annotations

import pytest
from contract_jobs import REACHED, REACHED_WHEN_LOST

pytestmark = pytest.mark.crash

#: Class E may not send again what may have left: a person decides.
_LEFT_OPEN = {"prepared", "answered"}


def _cells(reached):
    return [pytest.param(shape, label, id=f"{shape}-{label}") for shape, labels in reached.items() for label in labels]


@pytest.mark.parametrize(("shape", "label"), _cells(REACHED))
def test_killed_twice(bench, shape, label):
    alone = shape == "calling"  # others that are on their way at the same moment would be parked, too
    one = bench(shape, *(["R1"] if alone else []), settle=5.0 if alone else 0.2)

    one.killed(label)
    one.run(label)
    one.completes()

    parked = one.tally().parked
    if alone and label in _LEFT_OPEN:
        assert parked == one.numbers
    elif not (alone and label == "callback_stored"):  # this ERP may come to fetch at any moment, also while we send
        assert parked == ()
    one.check(parked=parked)


@pytest.mark.parametrize(("shape", "label"), _cells(REACHED_WHEN_LOST))
def test_killed_twice_after_a_lost_answer(bench, shape, label):
    one = bench(shape, "R1")
    one.erp.fault("lost")

    one.killed(label)
    one.run(label)
    one.completes()

    one.check(parked=one.numbers if shape == "calling" else ())
