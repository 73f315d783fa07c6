"""Answers that are lost before or after the work, work that comes late, connections that are refused."""

from __future__ import annotations

import pytest
from contract_jobs import as_project
from shapes import SHAPES

ASKED_BY_US = [shape for shape in SHAPES if shape != "calling"]


@pytest.mark.parametrize("kind", ["lost", "lost_before", "late"])
@pytest.mark.parametrize("shape", ASKED_BY_US)
def test_posted_once(bench, shape, kind):
    one = bench(shape)
    one.erp.fault(kind)

    one.completes()

    one.check(recovered=True)


@pytest.mark.parametrize("shape", SHAPES)
def test_refused_connections_are_no_riddle(bench, shape):
    one = bench(shape)
    one.erp.fault("refused", count=2)

    one.completes()

    one.check(recovered=False)


@pytest.mark.parametrize("kind", ["lost", "lost_before", "late"])
@pytest.mark.parametrize("shape", ["confirming", "batching", "linking"])
def test_a_repeat_that_is_refused_proves_nothing(bench, shape, kind):
    """The first sending may have worked: what follows is the same message again, never a new one."""
    one = bench(shape, "R1")
    one.erp.fault(kind)
    one.erp.fault("refused", count=2)

    one.completes()

    one.check(recovered=True)


@pytest.mark.parametrize("kind", ["lost", "lost_before", "late"])
def test_class_e_is_parked_and_never_sent_again(bench, kind):
    one = bench("calling", "R1")
    one.erp.fault(kind)

    one.completes()
    one.completes()

    one.check(parked=["R1"])
    assert one.erp.calls("push") == 1
    (delivery,) = one.deliveries()
    assert delivery["reason"] == "ambiguous"
    assert delivery["problems"][0]["hint"]


@pytest.mark.parametrize("shape", ["confirming", "stepping"])
@pytest.mark.parametrize("kind", ["lost", "lost_before", "late", "refused"])
def test_steps_are_harmless_to_repeat(bench, shape, kind):
    one = bench(shape)
    one.erp.fault(kind, "step", count=2)

    one.completes()

    one.check()


@pytest.mark.parametrize("kind", ["lost", "lost_before", "refused"])
def test_questions_may_fail_too(bench, kind):
    one = bench("stepping", "R1")
    one.erp.fault("lost")
    one.erp.fault(kind, "find", count=2)

    one.completes()

    one.check(recovered=True)
    assert "cannot_tell" in one.events("R1")


def test_polls_may_fail_too(bench):
    one = bench("linking")
    one.erp.fault("lost", "poll", count=2)

    one.completes()

    one.check()


def test_a_key_that_is_forgotten_is_not_used_again(bench):
    """Class B after its window: searched like D, and sent again only when it is not there."""
    one = bench("linking", window=0.0)
    one.erp.fault("lost")
    one.erp.fault("lost_before")

    one.completes()

    one.check(recovered=True)


def test_a_person_resolves_what_class_e_left_open(bench):
    from dougong.flow.actions import ActionError, cancel, resolve_absent
    from dougong.ledger.store import Ledger

    one = bench("calling", "R1")
    one.erp.fault("lost_before")
    one.completes()
    with Ledger(one.setup.ledger_file) as ledger:
        project, door = as_project(ledger), one.setup.door()
        project.door = lambda name: door
        with pytest.raises(ActionError, match="may be in the ERP"):
            cancel(project, [1], actor="li", reason="?")
        resolve_absent(project, 1, actor="li", reason="looked")

    one.completes()

    one.check()
    assert "resolved_absent" in one.events("R1")
