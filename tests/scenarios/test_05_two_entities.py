"""Scenario 5: A pays what B bears; two vouchers, or none."""

from __future__ import annotations

import shutil

import pytest


def test_v5_1_and_v5_2(scenario):
    scenario.push(on="2026-11-18")
    scenario.holds("V5.1", "V5.2")


def test_v5_1_and_v5_2_as_planned(scenario):
    scenario.today("2026-11-18")
    scenario.plans("V5.1", "V5.2")


def test_v5_3(scenario):
    scenario.today("2026-11-18")
    plans = scenario("plan", "--json", str(scenario.step("title"))).printed
    assert "TITLE_MISMATCH" in {note["code"] for one in plans for note in one["notes"]}
    scenario.push("title")
    scenario.holds("V5.1", "V5.3")


@pytest.fixture
def book_b_holds(scenario):
    """B has rules of its own: a closed period holds."""
    rules = scenario.customer.folder / "rules"
    shutil.copy(rules / "a01.toml", rules / "b01.toml")
    scenario.change('books      = ["A01", "B01"]', 'books      = ["A01"]')
    for old, new in (
        ('books      = ["A01", "B01"]', 'books      = ["B01"]'),
        ('closed_period    = "next_open"', 'closed_period    = "hold"'),
    ):
        scenario.customer.change("rules/b01.toml", old, new)
    return scenario


def test_both_or_none(book_b_holds):
    book_b_holds.close("2026-11", book="B01")
    book_b_holds.push(on="2026-11-18")
    book_b_holds.holds()
    assert {"PERIOD_CLOSED", "SET_INCOMPLETE"} <= book_b_holds.problems("S5").keys()
    assert {row["state"] for row in book_b_holds.rows("S5")} == {"held"}


def test_partly_delivered(scenario):
    scenario.refuse(match='"FNumber":"002"')
    scenario.push(on="2026-11-18")
    scenario.holds("V5.1")
    assert {row["book"]: row["state"] for row in scenario.rows("S5")} == {"A01": "delivered", "B01": "rejected"}
    assert "1/2" in scenario("status").out
    assert scenario("feedback", "--json").printed == []
    (sent,) = scenario.erp.postings()
    (refused,) = (row["delivery"] for row in scenario.rows("S5") if row["state"] == "rejected")
    scenario.retry(refused)
    scenario.holds("V5.1", "V5.2")
    assert sent in scenario.erp.postings()
    assert {row["document"] for row in scenario("feedback", "--json").printed} == {"S5"}


def test_taken_back_and_booked_again(scenario):
    """Both or none, whatever is done to one of them."""
    scenario.push(on="2026-11-18")
    refused = scenario.customer.dougong("reverse", "D1", "--reason", "记错公司")
    assert refused.status == 1
    assert "`reverse D1 D2`" in " ".join(refused.err.split())
    scenario("reverse", "D1", "D2", "--reason", "记错公司")
    scenario("run")
    assert [row["state"] for row in scenario.rows("S5")] == ["reversed"] * 2 + ["delivered"] * 2

    scenario("repost", "D1", "--reason", "原来没错")
    scenario("run")
    assert [row["set"] for row in scenario.rows("S5")][-2:] == [{"delivered": 2, "of": 2}] * 2
    told = scenario("feedback", "--json").printed
    assert [row["kind"] for row in told if row["content"]["moment"] == "accrual"] == ["posted", "reversed", "posted"]


def test_of_both_one_was_deleted(scenario):
    scenario.push(on="2026-11-18")
    (b,) = (row for row in scenario.rows("S5") if row["book"] == "B01")
    scenario.erp.hand("delete", id=b["erp_id"])
    scenario("reconcile")
    scenario("repost", b["delivery"], "--reason", "误删")
    scenario("run")
    scenario.holds("V5.1", "V5.2")
    (row,) = (row for row in scenario.rows("S5") if row["book"] == "A01")
    assert row["set"] == {"delivered": 2, "of": 2}
