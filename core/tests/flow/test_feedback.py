"""A run tells sources what became of their documents: at its end, and now and then while it goes on."""

from __future__ import annotations

import json
import threading

import pytest
from flow_documents import report

from dougong.flow import Project, telling
from dougong.flow.undoing import reverse


@pytest.fixture
def told(shop):
    """(document, kind) of each line in the sink."""

    def read():
        sink = shop.folder / "feedback.jsonl"
        lines = sink.read_text("utf-8").splitlines() if sink.exists() else []
        return [(row["document"], row["kind"]) for row in map(json.loads, lines)]

    return read


def test_what_was_delivered_is_told_once(shop, told):
    shop.push(report())
    shop.push(report(state="archived", day=19))
    shop.push()
    assert told() == [("R1", "posted")]


def test_what_is_held_is_told_and_then_what_became_of_it(shop, told):
    shop.push(report(department="D99"))
    assert told() == [("R1", "held")]
    departments = shop.folder / "tables" / "departments.csv"
    text = departments.read_text("utf-8-sig")
    departments.write_text(text + text.splitlines()[1].replace("D01", "D99") + "\n", "utf-8")
    shop.push()
    assert told() == [("R1", "held"), ("R1", "posted")]


def test_whose_part_of_a_merged_voucher_is_taken_back_is_told_so_and_nobody_else_is(daily, told):
    shop = daily
    shop.push(report("R1"), report("R2"))
    (merged,) = (row["delivery"] for row in shop.rows() if row["delivery"])
    shop.act(reverse, int(merged[1:]), only={int(merged[1:]): ["R2"]})
    shop.push()
    posted = [("R1", "posted"), ("R2", "posted")]
    assert sorted(told()) == sorted([*posted, ("R2", "reversed"), ("R2", "posted")])  # the last is its red voucher
    shop.act(reverse, int(merged[1:]))
    shop.push()
    assert sorted(told()[4:]) == [("R1", "posted"), ("R1", "reversed")]


def test_a_long_run_tells_while_it_goes_on(shop, told, monkeypatch):
    monkeypatch.setattr(telling, "_EVERY", 0.0)
    swept = threading.Event()
    sweep = telling.feedback.sweep

    def noted(*arguments):
        done = sweep(*arguments)
        if threading.current_thread().name == "feedback":
            swept.set()
        return done

    monkeypatch.setattr(telling.feedback, "sweep", noted)
    with Project(shop.folder) as project, telling.Teller(project):
        assert swept.wait(10)


def test_what_goes_wrong_beside_a_run_does_not_end_it(shop, monkeypatch, caplog):
    monkeypatch.setattr(telling, "_EVERY", 0.0)
    failed = threading.Event()

    def broken(*_):
        failed.set()
        raise RuntimeError("out of order")

    with Project(shop.folder) as project, telling.Teller(project), monkeypatch.context() as patched:
        patched.setattr(telling.feedback, "sweep", broken)
        assert failed.wait(10)
    assert "feedback failed" in caplog.text


def test_another_process_that_tells_is_waited_for_only_so_long(shop, told, monkeypatch):
    monkeypatch.setattr(telling, "_PATIENCE", 0.0)
    monkeypatch.setattr(telling.feedback, "sweep", lambda *_: False)
    shop.push(report())
    assert told() == []
