"""Telling: by `write_back` or in the sink, in order, one process at a time, again until it is taken."""

from __future__ import annotations

import json

import pytest

from dougong.clock import epoch_ms
from dougong.ledger import outbox
from dougong.ledger.states import DeliveryState
from dougong.model.outcomes import NotDone, Rejected, Unknown, Waiting
from dougong.model.problems import Problem

REFUSED = Rejected((Problem.of("NOT_PAID", "未支付", "it is not paid yet"),))


def states(rows):
    return [(row["kind"], row["state"], row["attempts"]) for row in rows()]


def test_the_source_is_told(book, deliver, sweep, source):
    deliver(book())
    sweep()
    (told,) = source.told
    assert told["id"] == 1
    assert told["document"] == "R1"
    assert told["source"] == {"source": "src", "tenant": "T", "type": "expense", "id": "id-R1"}
    assert told["kind"] == "posted"
    assert told["content"]["vouchers"][0]["number"] == "记-1"
    assert not source.sink.exists()


def test_a_source_that_cannot_be_written_back_to_has_the_sink(book, deliver, sweep, source, rows):
    source.writes_back = False
    deliver(book())
    deliver(book("R2"))
    sweep()
    sweep()
    lines = [json.loads(line) for line in source.sink.read_text("utf-8").splitlines()]
    assert [(line["id"], line["document"], line["kind"]) for line in lines] == [
        (1, "R1", "posted"),
        (2, "R2", "posted"),
    ]
    assert [line["content"] for line in lines] == [row["content"] for row in rows()]
    assert states(rows) == [("posted", "done", 1)] * 2


def test_a_line_that_was_written_before_a_death_is_not_written_again(book, deliver, sweep, source, rows, sql):
    source.writes_back = False
    deliver(book())
    sweep()
    sql("UPDATE outbox SET state = 'due', due_at = 0")
    deliver(book("R2"))
    sweep()
    assert [json.loads(line)["id"] for line in source.sink.read_text("utf-8").splitlines()] == [1, 2]
    assert {state for _, state, _ in states(rows)} == {"done"}


def test_a_sink_that_cannot_be_written_is_said_and_tried_again(book, deliver, sweep, source, rows):
    source.writes_back = False
    source.sink.mkdir()
    deliver(book())
    sweep()
    (row,) = rows()
    assert (row["state"], row["problems"][0]["code"]) == ("due", "FEEDBACK_SINK")
    source.sink.rmdir()
    sweep()
    assert states(rows) == [("posted", "done", 2)]
    assert rows()[0]["problems"] == []


@pytest.mark.parametrize(
    "answer",
    [NotDone("no connection"), Unknown("reset"), Waiting(), ConnectionResetError("reset")],
    ids=lambda answer: type(answer).__name__,
)
def test_what_is_not_taken_is_told_again(book, deliver, sweep, source, rows, hurry, answer):
    source.answers = [answer]
    deliver(book())
    sweep()
    (row,) = rows()
    assert (row["state"], row["problems"][0]["code"]) == ("due", "FEEDBACK_PENDING")
    sweep()
    assert len(source.told) == 1
    hurry()
    sweep()
    assert states(rows) == [("posted", "done", 2)]
    assert source.told[0] == source.told[1]


def test_order_holds_beyond_one_page(book, deliver, sweep, source, sql, monkeypatch):
    """However short the pause: what came later is not told in the same sweep."""
    from dougong.feedback import send

    monkeypatch.setattr(send, "_BATCH", 1)
    monkeypatch.setattr(send, "_LONGEST", 0.0)
    row = book()
    source.answers = [NotDone("busy"), NotDone("busy")]
    deliver(row)
    sweep()
    deliver(row, "记-2")
    sweep()
    assert [told["id"] for told in source.told] == [1, 1]
    sweep()
    assert [told["id"] for told in source.told] == [1, 1, 1, 2]


def test_the_source_may_ask_for_a_longer_pause(book, deliver, sweep, source, sql):
    source.answers = [NotDone("busy", after=900.0)]
    deliver(book())
    sweep()
    assert sql("SELECT due_at FROM outbox")[0][0] > epoch_ms() + 800_000


def test_what_came_later_of_a_document_waits_for_what_came_before(book, deliver, sweep, source, rows, hurry):
    row = book()
    other = book("R2")
    source.answers = [NotDone("busy", after=900.0)]
    deliver(row)
    sweep()
    deliver(row, "记-2")
    deliver(other)
    sweep()
    assert [told["document"] for told in source.told] == ["R1", "R2"]
    hurry()
    sweep()
    assert [told["id"] for told in source.told if told["document"] == "R1"] == [1, 1, 2]
    assert {state for _, state, _ in states(rows)} == {"done"}


def test_a_refusal_holds_up_nothing_and_is_over_when_something_newer_is_taken(
    book, deliver, sweep, source, rows, hurry
):
    row = book()
    source.answers = [REFUSED]
    deliver(row, "", to=DeliveryState.HELD, reason="PERIOD_CLOSED")
    sweep()
    assert rows()[0]["problems"][0]["code"] == "NOT_PAID"
    deliver(row, "", to=DeliveryState.READY)
    deliver(row)
    sweep()
    hurry()
    sweep()
    assert states(rows) == [("held", "superseded", 1), ("posted", "done", 1)]


def test_what_was_refused_is_told_again_later(book, deliver, sweep, source, rows, hurry):
    source.answers = [REFUSED]
    deliver(book())
    sweep()
    assert states(rows) == [("posted", "refused", 1)]
    hurry()
    sweep()
    assert states(rows) == [("posted", "done", 2)]


def test_a_source_that_is_down_is_left_alone_for_a_while(book, deliver, sweep, source, rows):
    for number in range(6):
        deliver(book(f"R{number}"), f"记-{number}")
    source.answers = [NotDone("down")] * 6
    sweep()
    assert len(source.told) == 3
    assert {state for _, state, _ in states(rows)} == {"due"}


def test_a_connector_that_cannot_be_opened_leaves_it_due(book, deliver, sweep, source, rows, monkeypatch):
    from dougong.model.problems import InputError

    def broken(self, connection):
        raise InputError(Problem.of("BROKEN", "坏", "broken"))

    deliver(book())
    with monkeypatch.context() as patched:
        patched.setattr(type(source), "writer", broken)
        sweep()
    assert states(rows) == [("posted", "due", 0)]
    sweep()
    assert states(rows) == [("posted", "done", 1)]


def test_one_process_tells_at_a_time(book, deliver, sweep, source, ledger, rows):
    deliver(book())
    until = epoch_ms() + 60_000
    assert ledger.write(lambda tx: outbox.take_turn(tx, "host:2:2", until, lambda _: False))
    assert not sweep()
    assert source.told == []
    assert sweep(dead={"host:2:2"})
    assert len(source.told) == 1
    assert sweep()  # and gave its turn back


def test_what_changes_while_it_is_looked_at_is_looked_at_again(book, deliver, ledger, now):
    row = deliver(book())
    later = deliver(row)
    ledger.write(lambda tx: outbox.looked_at(tx, [row]))
    assert [one.id for one in ledger.look(lambda tx: outbox.untold(tx, count=9))] == [later.id]


def test_a_document_of_several_revisions_is_told_once(book, deliver, sweep, rows, sql, ledger):
    """A delivery that was derived anew for a newer revision covers both."""
    from ledger_kit import report_of

    from dougong import intake

    deliver(book())
    (again,) = intake.accept(ledger, [report_of(gross="120.00", minutes=5)], connection="src")
    sql(
        "INSERT INTO coverage (delivery_id, document_id, coverage_key, live)"
        " SELECT delivery_id, ?, coverage_key, NULL FROM coverage",
        again.document_id,
    )
    sweep()
    (told,) = rows()
    assert told["content"]["revision"] == 2
