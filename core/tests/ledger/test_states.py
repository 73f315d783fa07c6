from __future__ import annotations

import sqlite3
from itertools import product

import pytest

from dougong.ledger import attempts, deliveries, postings
from dougong.ledger.states import (
    AT_REST,
    FINAL,
    IN_ORDER,
    TRANSITIONS,
    UNSENT,
    DeliveryState,
    IllegalTransition,
    check_transition,
)
from dougong.model.documents import SourceRef
from dougong.model.identity import Coverage
from dougong.model.messages import Message
from dougong.model.postings import Facts, Stage

PAIRS = [pytest.param(a, b, id=f"{a}-{b}") for a, b in product(DeliveryState, DeliveryState)]


def test_every_state_has_its_transitions():
    assert set(TRANSITIONS) == set(DeliveryState)
    assert {state for following in TRANSITIONS.values() for state in following} == set(DeliveryState)
    assert {DeliveryState.CANCELLED, DeliveryState.REVERSED} == FINAL
    assert IN_ORDER < AT_REST
    assert not UNSENT & {DeliveryState.SENDING, DeliveryState.WAITING, DeliveryState.UNKNOWN, DeliveryState.PARKED}


def test_what_may_be_in_the_erp_is_never_cancelled_unseen():
    for state in (DeliveryState.SENDING, DeliveryState.WAITING, DeliveryState.UNKNOWN, DeliveryState.INCOMPLETE):
        assert DeliveryState.CANCELLED not in TRANSITIONS[state]
    assert DeliveryState.SENDING not in TRANSITIONS[DeliveryState.DELIVERED]
    assert DeliveryState.READY not in TRANSITIONS[DeliveryState.DELIVERED]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_transition(ledger, delivery, now, sql, before, after):
    row = delivery()
    if before is not row.state:
        sql("UPDATE delivery SET state = ? WHERE id = ?", before.value, row.id)
    row = now(row)
    if after in TRANSITIONS[before]:
        ledger.write(lambda tx: deliveries.move(tx, row, after, event="test"))
        assert now(row).state is after
        return
    with pytest.raises(IllegalTransition, match=f"cannot go from {before} to {after}"):
        ledger.write(lambda tx: deliveries.move(tx, row, after, event="test"))
    assert now(row) == row
    assert sql("SELECT count(*) FROM audit WHERE event = 'test'") == [(0,)]


def test_check_transition_says_what_to_do():
    with pytest.raises(IllegalTransition) as caught:
        check_transition(DeliveryState.REVERSED, DeliveryState.READY)
    assert caught.value.problems[0].hint.en


# -- what the database itself refuses ---------------------------------------------------------------------------------


@pytest.mark.parametrize("state", sorted(FINAL))
def test_a_final_state_does_not_change_whoever_asks(ledger, delivery, sql, state):
    row = delivery()
    sql("UPDATE delivery SET state = ? WHERE id = ?", state.value, row.id)
    for statement in ("UPDATE delivery SET state = 'ready'", "UPDATE delivery SET due_at = 0", "DELETE FROM delivery"):
        with pytest.raises(sqlite3.IntegrityError):
            sql(statement)


def test_a_coverage_lives_once(ledger, delivery, now, sql):
    first = delivery()
    (document,) = sql("SELECT id FROM document")
    cover = Coverage(SourceRef("src", "T", "expense", "id-R1"), "A01", "A01", "accrual")
    new = deliveries.NewDelivery("erp", "V", ((document[0], cover),), ("R1",), 2, Stage.SUBMITTED, DeliveryState.READY)
    with pytest.raises(sqlite3.IntegrityError, match=r"coverage\.live"):
        ledger.write(lambda tx: deliveries.create(tx, new))
    assert sql("SELECT count(*) FROM delivery") == [(1,)]

    ledger.write(lambda tx: deliveries.move(tx, first, DeliveryState.CANCELLED, event="cancel"))
    second = ledger.write(lambda tx: deliveries.create(tx, new))

    assert (first.incarnation, second.incarnation) == (1, 2)
    assert first.reference != second.reference
    assert ledger.look(lambda tx: deliveries.live_for(tx, cover.key)) == now(second)


def _freeze(tx, row, request="r1"):
    item = attempts.item_id(row)
    return attempts.freeze(
        tx,
        [row],
        Message((item,), b"bytes"),
        operation="V.create",
        reference_field="reference",
        references={item: "DG1"},
        facts={item: Facts()},
        bookings={item: "{}"},
        request_id=request,
        artifacts=[],
        connector_version="x 1",
    )


def test_one_open_attempt_each(ledger, delivery):
    row = delivery()
    frozen = ledger.write(lambda tx: _freeze(tx, row))
    with pytest.raises(sqlite3.IntegrityError, match=r"attempt_item\.delivery_id, attempt_item\.open"):
        ledger.write(lambda tx: _freeze(tx, row, "r2"))

    ledger.write(lambda tx: attempts.close_items(tx, frozen.id, {row.id: "not_done"}))
    assert ledger.look(lambda tx: attempts.load_open(tx, row.id)) is None
    with pytest.raises(sqlite3.IntegrityError, match="request_id"):
        ledger.write(lambda tx: _freeze(tx, row, "r1"))
    ledger.write(lambda tx: _freeze(tx, row, "r2"))
    assert ledger.look(lambda tx: attempts.load_open(tx, row.id)).message.body == b"bytes"


@pytest.mark.parametrize("column", ["body", "body_hash", "request_id", "connection"])
def test_what_was_frozen_stays(ledger, delivery, sql, column):
    row = delivery()
    ledger.write(lambda tx: _freeze(tx, row))
    with pytest.raises(sqlite3.IntegrityError, match="frozen"):
        sql(f"UPDATE attempt SET {column} = 'other'")


def test_one_posting_belongs_to_one_delivery(ledger, delivery, posting):
    one, two = delivery("R1"), delivery("R2")
    ledger.write(lambda tx: postings.record(tx, one, posting("7")))
    with pytest.raises(sqlite3.IntegrityError, match="erp_key"):
        ledger.write(lambda tx: postings.record(tx, two, posting("7")))


def test_what_waited_is_derived_again_when_its_dependency_is_given_up(ledger, delivery, now):
    loan, other = delivery("L1", DeliveryState.HELD), delivery("R1", DeliveryState.BLOCKED)
    ledger.write(lambda tx: deliveries.depend(tx, other.id, [loan.id]))

    ledger.write(lambda tx: deliveries.move(tx, loan, DeliveryState.CANCELLED, event="cancel"))

    assert now(other).state is DeliveryState.READY
