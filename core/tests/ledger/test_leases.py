from __future__ import annotations

import pytest

from dougong.clock import epoch_ms
from dougong.ledger import deliveries
from dougong.ledger.errors import StaleLease
from dougong.ledger.states import DeliveryState


@pytest.fixture
def claim(ledger):
    def make(owner="me", *, count=10, lease_ms=60_000, connection="erp"):
        return ledger.write(lambda tx: deliveries.claim(tx, connection, owner, count=count, lease_ms=lease_ms))

    return make


def test_each_due_delivery_is_leased_to_one(delivery, claim):
    rows = [delivery(f"R{n}") for n in range(5)]
    first, second = claim("a", count=3), claim("b")
    assert [row.id for row in first + second] == [row.id for row in rows]
    assert {row.lease_owner for row in first} == {"a"}
    assert claim("c") == []


@pytest.mark.parametrize("state", [DeliveryState.HELD, DeliveryState.BLOCKED])
def test_what_rests_is_not_leased(delivery, claim, state):
    delivery(state=state)
    assert claim() == []


def test_other_connections_are_left_alone(delivery, claim):
    delivery(connection="other")
    assert claim() == []
    assert len(claim(connection="other")) == 1


def test_not_before_it_is_due(ledger, delivery, claim):
    row = delivery()
    ledger.write(lambda tx: deliveries.move(tx, row, DeliveryState.READY, event="later", due_at=epoch_ms() + 60_000))
    assert claim() == []


def test_a_stale_worker_writes_nothing(ledger, delivery, claim, now, sql):
    delivery()
    (mine,) = claim("slow", lease_ms=-1)
    (theirs,) = claim("fast")
    assert theirs.version > mine.version

    with pytest.raises(StaleLease, match="taken over by another process"):
        ledger.write(lambda tx: deliveries.move(tx, mine, DeliveryState.SENDING, event="mine", keep_lease=True))
    with pytest.raises(StaleLease):
        ledger.write(lambda tx: deliveries.release(tx, mine, due_at=0))

    assert now(mine) == theirs
    assert sql("SELECT count(*) FROM audit WHERE event = 'mine'") == [(0,)]
    ledger.write(lambda tx: deliveries.move(tx, theirs, DeliveryState.SENDING, event="theirs", keep_lease=True))
    assert now(mine).state is DeliveryState.SENDING


def test_a_worker_that_a_person_overtook_writes_nothing(ledger, delivery, claim, now, sql):
    delivery()
    (mine,) = claim("worker")
    ledger.write(lambda tx: deliveries.move(tx, mine, DeliveryState.CANCELLED, event="cancelled", actor="li"))

    with pytest.raises(StaleLease):
        ledger.write(lambda tx: deliveries.move(tx, mine, DeliveryState.SENDING, event="mine", keep_lease=True))

    assert now(mine).state is DeliveryState.CANCELLED
    assert sql("SELECT count(*) FROM audit WHERE event = 'mine'") == [(0,)]


def test_a_worker_keeps_its_lease_while_it_goes_on(ledger, delivery, claim, now):
    delivery()
    (row,) = claim("me")
    kept = ledger.write(lambda tx: deliveries.move(tx, row, DeliveryState.SENDING, event="x", keep_lease=True))
    assert kept.lease_owner == "me"
    assert kept.lease_until >= row.lease_until + deliveries.LEASE_MS - 60_000
    assert now(row) == kept
    freed = ledger.write(lambda tx: deliveries.move(tx, kept, DeliveryState.DELIVERED, event="x"))
    assert (freed.lease_owner, freed.lease_until) == ("", 0)
    assert now(row) == freed


def test_release(ledger, delivery, claim, now):
    delivery()
    (row,) = claim()
    ledger.write(lambda tx: deliveries.release(tx, row, due_at=17))
    assert (now(row).due_at, now(row).lease_owner) == (17, "")
    assert [again.id for again in claim()] == [row.id]


def test_leases_of_the_dead_end_at_once(ledger, delivery, claim, now):
    delivery("R1"), delivery("R2")
    (dead,), (alive,) = claim("dead", count=1), claim("alive", count=1)

    assert ledger.write(lambda tx: deliveries.release_dead(tx, lambda owner: owner == "dead")) == 1

    assert now(alive) == alive
    assert [row.id for row in claim("heir")] == [dead.id]
    with pytest.raises(StaleLease):
        ledger.write(lambda tx: deliveries.move(tx, dead, DeliveryState.HELD, event="x"))


def test_one_more_beside_those_that_are_held(ledger, delivery, now):
    row = delivery()
    leased = ledger.write(lambda tx: deliveries.lease(tx, row, "me", epoch_ms() + 1000))
    assert now(row) == leased
    with pytest.raises(StaleLease):
        ledger.write(lambda tx: deliveries.lease(tx, row, "you", epoch_ms() + 1000))
