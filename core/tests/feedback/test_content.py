"""What is told: vouchers of a whole set, changes of number and stage, reversals, and what waits for a person."""

from __future__ import annotations

from dougong.ledger.rows import problems_text
from dougong.ledger.states import DeliveryState
from dougong.model.postings import Stage
from dougong.model.problems import Problem


def told(rows):
    return [(row["kind"], [v["number"] for v in row["content"].get("vouchers", [])]) for row in rows()]


def test_posted(book, deliver, sweep, rows):
    deliver(book())
    assert sweep()
    (row,) = rows()
    assert (row["document"], row["kind"], row["state"], row["attempts"]) == ("R1", "posted", "done", 1)
    voucher = {"entity": "A01", "book": "A01", "number": "记-1", "erp_id": "id-1", "stage": "submitted"}
    voucher |= {"date": None, "period": "2026-11"}
    assert row["content"] == {"moment": "accrual", "revision": 1, "vouchers": [voucher]}


def test_nothing_is_told_while_a_set_is_half_delivered(book, deliver, sweep, rows):
    one, other = book(set_id="S1"), book(entity="B01", set_id="S1")
    deliver(one, "记-1")
    sweep()
    assert rows() == []
    deliver(other, "记-2")
    sweep()
    assert told(rows) == [("posted", ["记-1", "记-2"])]


def test_without_a_set_each_is_its_own(book, deliver, sweep, rows):
    payments = [book(moment="payment", part=part) for part in ("p1", "p2")]
    deliver(payments[0], "付-1")
    sweep()
    deliver(payments[1], "付-2")
    sweep()
    assert told(rows) == [("posted", ["付-1"]), ("posted", ["付-2"])]
    assert [row["content"]["vouchers"][0]["part"] for row in rows()] == ["p1", "p2"]


def test_another_number_or_stage_is_told_again_and_so_is_the_way_back(book, deliver, sweep, rows):
    row = book()
    for number, stage in [("记-1", Stage.SUBMITTED), ("记-7", Stage.SUBMITTED), ("记-1", Stage.SUBMITTED)]:
        deliver(row, number, stage=stage)
        sweep()
    deliver(row, "记-1", stage=Stage.AUDITED)
    sweep()
    assert told(rows) == [("posted", ["记-1"]), ("posted", ["记-7"]), ("posted", ["记-1"]), ("posted", ["记-1"])]
    assert [row["content"].get("again") for row in rows()] == [None, None, 1, None]
    assert rows()[-1]["content"]["vouchers"][0]["stage"] == "audited"


def test_what_is_as_it_was_told_is_not_told_again(book, deliver, sweep, rows):
    row = book()
    for _ in range(3):
        deliver(row)
        sweep()
    assert len(rows()) == 1


def test_reversed(book, deliver, sweep, rows, now):
    row = book()
    deliver(row)
    sweep()
    deliver(row, "", to=DeliveryState.REVERSED)
    sweep()
    sweep()
    assert told(rows) == [("posted", ["记-1"]), ("reversed", ["记-1"])]
    assert now(row).told == now(row).version


def test_a_set_is_reversed_when_its_last_voucher_is(book, deliver, sweep, rows):
    one, other = book(set_id="S1"), book(entity="B01", set_id="S1")
    deliver(one, "记-1")
    deliver(other, "记-2")
    sweep()
    deliver(other, "", to=DeliveryState.REVERSED)
    sweep()
    # half of a set is nothing to tell: both or none
    assert told(rows) == [("posted", ["记-1", "记-2"])]
    deliver(one, "", to=DeliveryState.REVERSED)
    sweep()
    assert told(rows)[-1] == ("reversed", ["记-1", "记-2"])


def test_of_a_voucher_that_nobody_was_told_of_no_reversal_is_told(book, deliver, sweep, rows):
    row = book()
    deliver(row)
    deliver(row, "", to=DeliveryState.REVERSED)
    sweep()
    assert rows() == []


def test_what_waits_for_a_person_is_told_in_both_languages(book, deliver, sweep, rows):
    problem = Problem.of("PERIOD_CLOSED", "期间已关闭", "the period is closed", hint_zh="开期", hint_en="open it")
    held = {"problems": problems_text((problem,)), "reason": "PERIOD_CLOSED"}
    row = book()
    deliver(row, "", to=DeliveryState.HELD, **held)
    sweep()
    deliver(row, "", to=DeliveryState.HELD, **held)
    sweep()
    (told_,) = rows()
    assert told_["kind"] == "held"
    content = told_["content"]
    assert (content["delivery"], content["state"], content["reason"]) == (row.name, "held", "PERIOD_CLOSED")
    assert content["problems"] == [
        {
            "code": "PERIOD_CLOSED",
            "path": "",
            "message": {"zh": "期间已关闭", "en": "the period is closed"},
            "hint": {"zh": "开期", "en": "open it"},
        }
    ]


def test_what_was_deleted_and_is_there_again_is_told(book, deliver, sweep, rows):
    row = book()
    deliver(row)
    sweep()
    deliver(row, "", to=DeliveryState.PARKED, reason="deleted_in_erp")
    sweep()
    deliver(row, "", to=DeliveryState.DELIVERED, reason="")
    sweep()
    assert [kind for kind, _ in told(rows)] == ["posted", "held", "posted"]
