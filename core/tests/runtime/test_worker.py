from __future__ import annotations

import threading

import pytest
from ledger_kit import posting_for

from dougong.ledger import deliveries
from dougong.ledger.states import AT_REST
from dougong.ledger.states import DeliveryState as S
from dougong.model.outcomes import Done, NotDone
from dougong.runtime import Worker


@pytest.fixture
def run(ledger, derive, sql):
    """Runs a worker until everything rests; closes the lane."""

    def go(erp, derive=derive, rested=None, opens=lambda: 0, **how):
        def rests():
            return all(state in AT_REST for (state,) in sql("SELECT state FROM delivery"))

        worker = Worker(ledger, {"erp": erp.lane}, derive, opens)
        try:
            worker.run(rested or rests, **how)
        finally:
            erp.lane.close()

    return go


def numbered(message):
    return Done(posting_for(message.items[0]))


def test_everything_that_is_due(erp, delivery, now, run):
    rows = [delivery(f"R{n}") for n in range(20)]
    it = erp()
    it.answers["push"] += [numbered] * 20
    run(it)
    assert {now(row).state for row in rows} == {S.DELIVERED}
    assert len(it.calls["push"]) == 20


def test_batches_are_filled(erp, delivery, now, run):
    rows = [delivery(f"R{n}") for n in range(7)]
    it = erp(batch=3, rest="limits = { concurrency = 1 }")
    it.answers["push"] += [lambda message: {item: Done(posting_for(item)) for item in message.items}] * 3
    run(it)
    assert sorted(len(asked[0].items) for asked in it.calls["push"]) == [1, 3, 3]
    assert {now(row).state for row in rows} == {S.DELIVERED}


def test_documents_are_opened_until_a_message_is_full(erp, delivery, run):
    it, opened = erp(batch=5, rest="limits = { concurrency = 1 }"), iter(range(7))
    it.answers["push"] += [lambda message: {item: Done(posting_for(item)) for item in message.items}] * 2

    def open_one():
        number = next(opened, None)
        if number is not None:
            delivery(f"R{number}")
        return int(number is not None)

    run(it, opens=open_one)
    assert [len(asked[0].items) for asked in it.calls["push"]] == [5, 2]


def test_no_more_threads_than_the_connection_allows(erp, delivery, run):
    for n in range(12):
        delivery(f"R{n}")
    busy, most, lock = set(), [], threading.Lock()

    def push(message):
        with lock:
            busy.add(message.items)
            most.append(len(busy))
        with lock:
            busy.discard(message.items)
        return numbered(message)

    it = erp(rest="limits = { concurrency = 2 }")
    it.answers["push"] += [push] * 12
    run(it)
    assert max(most) <= 2


def test_what_has_waited_too_long_for_its_thread_is_left_to_the_next_claim(erp, delivery, now, ledger):
    delivery()
    (row,) = ledger.write(lambda tx: deliveries.claim(tx, "erp", "me", count=1, lease_ms=1_000))
    it = erp()
    Worker(ledger, {"erp": it.lane}, None, lambda: 0)._do(S.READY, [row], it.link)
    assert (now(row).state, now(row).lease_owner, it.calls["push"]) == (S.READY, "", [])


def test_what_nobody_expected_ends_the_run_and_loses_nothing(erp, delivery, now, run):
    row = delivery()

    def broken(row, link):
        raise ZeroDivisionError("a bug")

    it = erp()
    with pytest.raises(ZeroDivisionError, match="a bug"):
        run(it, broken)
    assert now(row).state is S.READY


def test_another_processs_delivery_is_left_alone(ledger, erp, delivery, now, run, derive, sql):
    """Between the claim and the freeze somebody takes one of a batch: the others go on."""
    rows = [delivery(f"R{n}") for n in range(3)]
    stolen = []

    def steals(row, link):
        if not stolen:
            stolen.append(rows[1].id)
            sql("UPDATE delivery SET version = version + 1, lease_owner = 'thief' WHERE id = ?", rows[1].id)
        return derive(row, link)

    it = erp(batch=3, rest="limits = { concurrency = 1 }")
    it.answers["push"] += [lambda message: {item: Done(posting_for(item)) for item in message.items}] * 3

    def others_rest():
        return all(now(row).state is S.DELIVERED for row in (rows[0], rows[2]))

    run(it, steals, others_rest)

    assert (now(rows[1]).state, now(rows[1]).lease_owner) == (S.READY, "thief")
    assert all(f"{rows[1].id}.0" not in asked[0].items for asked in it.calls["push"])


def test_leases_of_the_dead_are_adopted(ledger, erp, delivery, now, run):
    row = delivery()
    ledger.write(lambda tx: deliveries.claim(tx, "erp", _dead(), count=1, lease_ms=3_600_000))
    it = erp()
    it.answers["push"].append(numbered)
    run(it)
    assert now(row).state is S.DELIVERED


def _dead():
    from dougong.runtime import owner_name

    host, pid, started = owner_name().rsplit(":", 2)
    return f"{host}:{pid}:{int(started) + 1}"


def test_an_open_breaker_uses_up_no_attempts(erp, delivery, sql, run):
    for n in range(10):
        delivery(f"R{n}")
    it = erp(rest="limits = { concurrency = 1, breaker = { failures = 3, open_seconds = 600.0 } }")
    it.answers["push"] += [NotDone("down", after=0.0)] * 10

    run(it, rested=lambda: it.lane.breaker.open_seconds > 0)

    assert len(it.calls["push"]) <= 5
    assert sql("SELECT count(*) FROM delivery WHERE attempts = 0")[0][0] >= 5


def test_one_try_after_the_pause_then_everything(erp, delivery, now, run):
    rows = [delivery(f"R{n}") for n in range(10)]
    it = erp(rest="limits = { concurrency = 4, breaker = { failures = 4, open_seconds = 0.02 } }")
    it.answers["push"] += [NotDone("down", after=0.0)] * 4 + [numbered] * 40
    run(it)
    assert {now(row).state for row in rows} == {S.DELIVERED}
    assert not it.lane.breaker.tripped


def test_after_the_pause_one_at_a_time(ledger, erp, delivery, derive, monkeypatch):
    from dougong.runtime import worker

    asked = []
    monkeypatch.setattr(worker.deliveries, "claim", lambda *_, count, **__: asked.append(count) or [])
    it = erp(rest="limits = { concurrency = 4, breaker = { failures = 1, open_seconds = 0.0 } }")
    it.lane.breaker.report(ok=False)
    made = Worker(ledger, {"erp": it.lane}, derive, lambda: 0)
    made._feed(it.lane)
    it.lane.breaker.report(ok=True)
    made._feed(it.lane)
    assert asked == [1, 16]


def test_what_the_last_one_freed_is_opened_before_the_end(ledger):
    """Whoever waited for what ended while the loop looked is not left to the next run."""
    freed = iter([0, 1, 0, 0])
    Worker(ledger, {}, None, lambda: next(freed)).run(lambda: True)
    assert list(freed) == []


def test_told_to_end_it_finishes_what_it_has_begun_and_leaves_the_rest(erp, delivery, now, ledger, derive):
    rows = [delivery(f"R{n}") for n in range(4)]
    it = erp(rest="limits = { concurrency = 1 }")

    def push(message):
        worker.end()
        return numbered(message)

    it.answers["push"].append(push)
    worker = Worker(ledger, {"erp": it.lane}, derive, lambda: 0)
    try:
        worker.run(lambda: False)
    finally:
        it.lane.close()
    left = [now(row) for row in rows]
    assert [row.state for row in left] == [S.DELIVERED, S.READY, S.READY, S.READY]
    assert {row.lease_until for row in left} == {0}


def test_woken_it_looks_at_once(erp, delivery, now, ledger, derive, monkeypatch):
    monkeypatch.setattr(Worker, "_until_due", lambda _: 3600.0)
    it, made = erp(), []
    it.answers["push"].append(numbered)
    worker = Worker(ledger, {"erp": it.lane}, derive, lambda: 0)

    def look():
        if not made:
            made.append(delivery())
            worker.wake()
        elif now(made[0]).state is S.DELIVERED:
            worker.end()
        return False

    try:
        worker.run(look, progress=look)
    finally:
        it.lane.close()
    assert now(made[0]).state is S.DELIVERED
