"""What is particular to each shape, without any fault."""

from __future__ import annotations

import json

import pytest
from fake_erp import callback_request
from shapes import SHAPES


@pytest.mark.parametrize("shape", SHAPES)
def test_delivered(bench, shape):
    one = bench(shape, "R1", "R2", "R3", "R4", "R5")

    one.completes()
    one.completes()

    one.check(recovered=False)
    assert len(one.erp.all("posting")) == 5


def test_together_they_cover_every_class(tmp_path):
    from shapes import Settings

    from dougong.model.operations import Ambiguity

    declared = [shape(Settings(str(tmp_path / name))).operations() for name, shape in SHAPES.items()]
    assert {operation.safety.ambiguity for operations in declared for operation in operations} == set(Ambiguity)


def test_confirmation_before_the_answer(bench):
    one = bench("confirming", "R1", "R2")

    one.completes()

    one.check(recovered=False)
    assert one.events("R1") == ["created", "prepared", "taken", "confirmed", "completed"]
    assert one.erp.calls("push") == 1


def test_a_bad_item_rejects_the_message_and_the_innocent_go_again(bench):
    one = bench("batching", "R1", "BAD", "R2")

    one.completes()

    assert one.states() == {"R1": "delivered", "BAD": "rejected", "R2": "delivered"}
    assert {row["document"] for row in one.erp.all("posting")} == {"R1", "R2"}
    assert len(one.erp.all("posting")) == 2
    attempts = {row["documents"][0]: row["attempts"] for row in one.deliveries()}
    assert attempts == {"R1": 2, "BAD": 1, "R2": 2}
    assert one.events("R1").count("prepared") == 2
    assert [row["problems"][0]["code"] for row in one.deliveries() if row["state"] == "rejected"] == ["ACCOUNT_CLOSED"]


@pytest.mark.parametrize("kind", ["lost", "lost_before", "late"])
def test_a_bad_item_and_a_lost_answer(bench, kind):
    one = bench("batching", "R1", "BAD", "R2")
    one.erp.fault(kind)

    one.completes()

    assert one.states() == {"R1": "delivered", "BAD": "rejected", "R2": "delivered"}
    assert len(one.erp.all("posting")) == 2


def test_three_steps(bench):
    one = bench("stepping", "R1")

    one.completes()

    one.check()
    assert one.events("R1") == ["created", "prepared", "answered", "completed", "completed", "completed"]


def test_the_answer_is_a_url(bench):
    from sqlalchemy import select

    from dougong.ledger import schema

    one = bench("linking", "R1")
    one.completes()

    kept = one.read(
        lambda c: [tuple(row) for row in c.execute(select(schema.correlation.c.kind, schema.correlation.c.value))]
    )
    assert ("url", "https://erp.example/answers/1") in kept


def test_an_erp_that_never_comes_leaves_it_to_a_person(bench):
    one = bench("calling", "R1", settle=0.02, visits=False)

    one.completes()

    (delivery,) = one.deliveries()
    assert (delivery["state"], delivery["reason"]) == ("parked", "ambiguous")


def test_forged_and_repeated_callbacks_have_no_effect(bench, told):
    from dougong.confirmation import receive
    from dougong.ledger.store import Ledger

    one = bench("confirming", "R1")
    one.completes()
    before = one.deliveries()
    body = json.dumps(told(one))
    strange = json.dumps(
        {"id": "C-strange", "outcomes": [{"item": "99.0", "posting": told(one)["outcomes"][0]["posting"]}]}
    )
    with Ledger(one.setup.ledger_file) as ledger:
        door = one.setup.door()
        forged = receive(ledger, door, callback_request("POST", "/told", body, signature="0" * 64))
        again = receive(ledger, door, callback_request("POST", "/told", body))
        unknown = receive(ledger, door, callback_request("POST", "/told", strange))
    assert (forged.reply.status, forged.known) == (401, False)
    assert (again.reply.status, again.known) == (200, True)
    assert (unknown.reply.status, unknown.known) == (200, False)

    one.completes()

    assert one.deliveries() == before
    one.check()
