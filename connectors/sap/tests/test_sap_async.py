"""Handed over one-way and confirmed at the door: whatever happens to the confirmation, an entry is posted once."""

from __future__ import annotations

import re

import attrs
import pytest

from dougong.flow import take_callback
from dougong.model.outcomes import Rejected
from dougong_sdk.conformance.callbacks import Callbacks, callbacks
from dougong_sdk.conformance.checks.waiting import an_hour, at_work, taken, waits
from dougong_sdk.conformance.door import CallbackDoor
from dougong_sdk.conformance.lab import Lab
from dougong_sdk.conformance.rules import RULES

WAYS = [
    *((rule, cell) for rule in RULES if rule.startswith(("CALLBACK", "POLL")) for cell in RULES[rule].cells(None)),
    ("PUSH-001", ""),
    ("PUSH-003", "reset_after_work"),
    ("PUSH-003", "reset_before_work"),
    ("PUSH-004", "prepared"),
    ("PUSH-004", "answered"),
    ("REVERSAL-001", "answered"),
    ("WIRE-001", ""),
]
#: Rules about what this ERP does not do: it tries no address by a challenge of its own.
NOT_APPLICABLE = {"CALLBACK-006"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("async")
    secret = folder / "callback"
    secret.write_text("Back-2026", "utf-8")
    secret.chmod(0o600)
    connection = {
        "settings": {"mode": "async", "poll_after": 0.1},
        "callback": {"user": "SAP", "password": {"file": str(secret)}},
    }
    with Lab("sap-s4", folder, connection=connection) as made:
        yield made


@pytest.mark.slow  # with the whole certification: tox -e certify
@pytest.mark.parametrize(("rule", "cell"), WAYS, ids=[f"{rule}-{cell}" if cell else rule for rule, cell in WAYS])
def test_the_rules_about_what_is_answered_later(lab, rule, cell):
    reason = RULES[rule].needs(lab.subject)
    assert bool(reason) == (rule in NOT_APPLICABLE), reason
    if not reason:
        RULES[rule].check(lab, cell)


@pytest.fixture
def bench(lab):
    """An entry that SAP has taken, and works on for an hour."""
    with at_work(lab) as made:
        assert waits(made)
        yield made


def states(bench):
    return [(row["state"], row["stage"]) for row in bench.deliveries()]


def settled(bench):
    bench.run()
    bench.check_once()
    return states(bench)


def test_a_confirmation_before_the_202(lab):
    with an_hour(lab) as erp:
        bench = lab.bench(erp=erp)
        with callbacks(bench) as door:
            erp.fault("drip", operation="send", count=1, seconds=2)
            pushing = bench.start(bench.reports(1))
            while not door.composed(drop=True):
                bench.finish_jobs()
            assert [row["state"] for row in bench.deliveries()] == ["sending"]
            assert [answer["status"] for answer in door.taken()] == [202]
            assert pushing.end() == 0
        assert states(bench) == [("delivered", "posted")]
        bench.check_once()


def test_a_confirmation_twice(bench):
    bench.finish_jobs()
    with callbacks(bench) as door:
        assert [answer["status"] for answer in door.taken(duplicate=True)] == [202, 202]
        assert len(door.stored()) == 1
        assert settled(bench) == [("delivered", "posted")]
        before = door.marks()
        door.taken()
        assert door.marks() == before


@pytest.mark.parametrize("how", ["forge", "bare"])
def test_a_forged_confirmation(bench, how):
    bench.finish_jobs()
    with callbacks(bench) as door:
        before = door.marks()
        assert [answer["status"] for answer in door.emit(**{how: True})] == [401]
        assert (door.marks(), door.stored()) == (before, [])


def test_a_confirmation_for_a_stranger(lab):
    with an_hour(lab) as erp:
        stranger, bench = taken(lab, erp, first=2), taken(lab, erp)
        stranger.finish_jobs()
        with callbacks(stranger) as door:
            door.composed(keep=True)
        with callbacks(bench) as door:
            # both entries are confirmed at the door of one: only its own moves
            assert [answer["status"] for answer in door.taken(kept=True)] == [202, 202]
            assert [one.found for one in door.stored()].count(True) == 1


def test_a_confirmation_that_never_comes(bench):
    bench.finish_jobs()
    with callbacks(bench) as door:
        door.emit(drop=True)
        assert settled(bench) == [("delivered", "posted")]
        assert door.stored() == []


def test_a_refusal_is_believed_where_sap_shows_nothing(bench):
    bench.sandbox.seed({"accounts": [{"code": "6602020000", "dimensions": ["department", "project"]}]})
    bench.finish_jobs()
    bench.sandbox.seed({"accounts": [{"code": "6602020000", "dimensions": ["department"]}]})
    with callbacks(bench) as door:
        door.taken()
        (stored,) = door.stored()
        bench.run()
    (row,) = bench.deliveries()
    assert (row["state"], [one["code"] for one in row["problems"]]) == ("rejected", ["DIMENSION_MISSING"])
    assert bench.sandbox.postings() == []
    with bench.project() as project:
        door = project.door(bench.lab.name)
        (update,) = door.read_callback(stored.request, door.call()).updates
        assert isinstance(update.outcome, Rejected)


def test_a_refusal_is_not_believed_where_sap_shows_the_entry(bench):
    bench.finish_jobs()
    with callbacks(bench) as door:
        door.taken()
        (stored,) = door.stored()
    other = re.sub(rb"<AccountingDocument>\d+", b"<AccountingDocument> ", stored.request.body)
    other = other.replace(b"605(RW)", b"104(F5)").replace(b">1</", b">3</").replace(b"UUID>", b"UUID>x", 1)
    with bench.project() as project:
        door = project.door(bench.lab.name)
        take_callback(project, door, attrs.evolve(stored.request, body=other))
        told = door.read_callback(attrs.evolve(stored.request, body=other), door.call())
        assert isinstance(told.updates[0].outcome, Rejected)
    assert settled(bench) == [("delivered", "posted")]


def test_events_of_the_sandbox_are_taken_in_both_ways_of_cloud_events(lab):
    with an_hour(lab) as erp:
        bench = taken(lab, erp, 2)
        bench.finish_jobs()
        with CallbackDoor(bench.folder) as door:
            erp.target("event", door.url(lab.name))
            assert erp.emit("event", forge=True)["statuses"] == [401, 401]
            assert erp.emit("event")["statuses"] == [202, 202]
        assert [one.message_id.partition(" ")[0] for one in Callbacks(bench).stored()] == ["event"] * 2
        assert settled(bench) == [("delivered", "posted")] * 2
