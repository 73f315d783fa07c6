"""Answers that get lost, lie or come late; people at work in the ERP; an ERP that is down: one voucher, or a reason."""

from __future__ import annotations

import threading
import time
from decimal import Decimal

import pytest

from dougong_sdk.conformance.processes import KILLED

pytestmark = pytest.mark.crash


def until(condition, seconds=20):
    """Wait for something that happens in the sandbox's process."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)


# -- lost answers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["Save", "Submit", "Audit"])
def test_answer_dropped_after_the_work(product, sandbox, operation):
    product.configure(stage="audited")
    sandbox.fault("reset_after_work", operation=operation, count=1)

    product.completes(product.report())

    product.check_once(stage="audited")
    assert ("found" in product.events("D1")) is (operation == "Save")
    assert len(sandbox.requests("Save")) == 1


@pytest.mark.parametrize(
    ("fault", "members"),
    [
        ("truncate", {}),
        ("wrong_content_type", {}),
        ("duplicate_answer", {}),
        ("status_after_work", {"status": 500}),
        ("status_after_work", {"status": 502}),
        ("status_after_work", {"status": 503}),
        ("status_before_work", {"status": 500}),
        ("status_before_work", {"status": 502}),
        ("status_before_work", {"status": 503, "retry_after": "0"}),
        ("reset_before_work", {}),
        ("refuse", {}),
        ("expire_session", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.values())),
)
@pytest.mark.parametrize("operation", ["Save", "Submit"])
def test_spoiled_answer(product, sandbox, fault, members, operation):
    sandbox.fault(fault, operation=operation, count=1, **members)

    product.completes(product.report())

    product.check_once()


@pytest.mark.parametrize("operation", ["Save", "Submit"])
def test_answer_drips_beyond_the_deadline(product, sandbox, operation):
    product.configure(deadline=0.4)
    sandbox.fault("drip", operation=operation, count=1, seconds="1.5")

    product.completes(product.report())

    product.check_once()
    # its request is logged when its last drop has fallen, and not in the next test's log
    until(lambda: "drip" in [request["fault"] for request in sandbox.requests(operation)])


def test_work_done_within_the_settle_time(product, sandbox):
    product.configure(settle=0.8)
    sandbox.fault("work_late", operation="Save", count=1, seconds="0.3")

    product.completes(product.report())

    product.check_once()
    assert len(sandbox.requests("Save")) == 1


def test_work_done_after_we_asked(product, sandbox):
    # The first question comes after 1.6 s and finds nothing, the second 0.4 s later finds it.
    product.configure(settle=1.6)
    sandbox.fault("work_late", operation="Save", count=1, seconds="1.7")

    product.completes(product.report())

    product.check_once()
    assert len(sandbox.requests("Save")) == 1


def test_late_work_after_a_death(product, sandbox):
    product.configure(settle=0.8)
    sandbox.fault("work_late", operation="Save", count=1, seconds="0.3")
    report = product.report()

    assert product.push(report, crash="answered") == KILLED
    product.completes(report)

    product.check_once()


def test_lost_answers_of_many(product, sandbox, reports):
    file = product.folder / "many.json"
    reports(file, range(1, 13))
    sandbox.fault("reset_after_work", operation="Save", every=3)
    sandbox.fault("status_after_work", operation="Submit", every=4, status=502)

    product.completes(file)

    product.check_once(12)


def test_every_other_save_is_refused(product, sandbox, reports):
    file = product.folder / "many.json"
    reports(file, range(1, 9))
    sandbox.fault("status_before_work", operation="Save", every=2, status=503, retry_after="0")

    product.completes(file)

    product.check_once(8)


# -- people -----------------------------------------------------------------------------------------------------------


def test_found_with_another_amount_is_a_conflict(product, sandbox):
    sandbox.fault("reset_after_work", operation="Save", count=1)
    report = product.report()
    assert product.push(report, crash="answered") == KILLED
    (draft,) = sandbox.postings()
    kept = ("account", "side", "currency", "rate", "summary", "dimensions")
    lines = [{name: line[name] for name in kept} | {"amount": "319.00"} for line in draft["lines"]]
    sandbox.hand("edit", id=draft["id"], set={"lines": lines})

    product.completes(report)

    (delivery,) = product.deliveries()
    assert (delivery["state"], delivery["reason"]) == ("parked", "conflict")
    assert "total" in delivery["problems"][0]["message"]
    assert len(sandbox.postings(deleted=True)) == 1
    product.completes(report)
    assert len(sandbox.postings(deleted=True)) == 1
    assert product.audit_is_clean()


def test_draft_deleted_by_a_person_is_said_and_not_sent_again(product, sandbox):
    report = product.report()
    assert product.push(report, crash="outcome") == KILLED
    (draft,) = sandbox.postings()
    sandbox.hand("delete", id=draft["id"])

    for _ in range(2):
        product.completes(report)
        (delivery,) = product.deliveries()
        assert (delivery["state"], delivery["reason"]) == ("parked", "deleted_in_erp")
        assert delivery["problems"][0]["code"] == "DELETED_IN_ERP"
        assert sandbox.postings() == []
    assert len(sandbox.requests("Save")) == 1


# -- the same again ---------------------------------------------------------------------------------------------------


def test_the_same_files_again_change_nothing(product, sandbox):
    product.completes(product.report())
    before, asked = product.deliveries(), len(sandbox.requests("Save"))

    product.completes(product.report())
    product.completes(product.report(updated="2026-11-19T09:00:00+08:00", state="approved", version="7"))
    product.completes(product.report(updated="2026-11-20T09:00:00+08:00", state="paying"))
    product.completes(product.report(updated="2026-11-21T09:00:00+08:00", state="archived", logs=[{"action": "x"}]))

    assert product.deliveries() == before
    assert len(sandbox.requests("Save")) == asked
    product.check_once()


def test_two_processes_push_the_same_files(product, reports):
    file = product.folder / "many.json"
    reports(file, range(1, 9))

    both = [product.start(file), product.start(file)]

    assert [one.end() for one in both] == [0, 0], product.log
    product.check_once(8)


def test_two_processes_and_one_dies(product, sandbox, reports):
    file = product.folder / "many.json"
    reports(file, range(1, 9))
    sandbox.fault("reset_after_work", operation="Save", every=3)

    both = [product.start(file, crash="answered:3"), product.start(file)]

    ends = [one.end() for one in both]
    assert ends[0] in (KILLED, 0), product.log
    assert ends[1] == 0, product.log
    product.completes(file)
    product.check_once(8)


# -- down -------------------------------------------------------------------------------------------------------------


def test_erp_down_at_push(product, sandbox, reports):
    file = product.folder / "many.json"
    reports(file, range(1, 5))
    product.most_failures = 2
    sandbox.kill()
    try:
        product.completes(file)
        states = {(row["state"], row["reason"]) for row in product.deliveries()}
        assert states == {("ready", "NOT_SENT")}
        assert all(row["problems"] for row in product.deliveries())
    finally:
        sandbox.restart()

    product.completes(file)

    product.check_once(4)
    assert sum(Decimal(row["total"]) for row in product.deliveries()) == Decimal("1272.00")


def test_erp_down_after_save(product, sandbox):
    product.most_failures = 2
    report = product.report()
    assert product.push(report, crash="outcome") == KILLED, repr(product.deliveries()[0]["problems"])
    sandbox.kill()
    try:
        product.completes(report)
        (delivery,) = product.deliveries()
        assert (delivery["state"], delivery["stage"]) == ("incomplete", "draft")
    finally:
        sandbox.restart()

    product.completes(report)

    product.check_once()
