"""Scenario 10 before it happens: `plan` shows what a changed document does to what is booked already."""

from __future__ import annotations

import pytest

NUMBER = "B26110020"


@pytest.fixture
def first(scenario):
    """Revision 1 is in the books; November is closed since."""
    scenario.push("loan", "input", on="2026-11-12")
    return scenario


def planned(scenario):
    scenario.close("2026-11")
    scenario.today("2026-12-03")
    return scenario("plan", "--json", str(scenario.step("changed"))).printed


def test_red_and_new(first):
    red, new = planned(first)
    assert (red["moment"], red["how"], red["date"]) == ("reversal", "reversal", "2026-12-03")
    assert "记-1" in red["corrects"]
    assert (new["moment"], new["already"], new["problems"]) == ("accrual", None, [])
    assert new["waits_for"] == [f"reversal {red['corrects'].split()[0]}"]


def test_difference(scenario):
    scenario.change('change      = "red_and_new"', 'change      = "difference"')
    scenario.push("loan", "input", on="2026-11-12")
    (difference,) = planned(scenario)
    assert (difference["moment"], difference["how"]) == ("difference", "difference")


def test_held(first):
    first.push("paid", on="2026-11-20")
    (held,) = planned(first)
    assert (held["state"], [problem["code"] for problem in held["problems"]]) == ("held", ["CHANGED_AFTER_POSTING"])


def test_nothing_is_written(first):
    before = first.rows()
    planned(first)
    assert first.rows() == before
    assert len(first.erp.postings()) == 2


def test_sent_is_shown_as_it_was_sent(first):
    """Closing the period of a voucher does not change it."""
    first.close("2026-11")
    first.today("2026-12-03")
    (sent,) = first("plan", NUMBER, "--json").printed
    assert (sent["date"], sent["date_reasons"], sent["sent"]) == ("2026-11-12", [], True)


def test_revisions_are_told_apart(first):
    first.close("2026-11")
    first.push("changed", on="2026-12-03")
    shown = first.customer.dougong("trace", NUMBER, lang="zh").out
    for text in (f"{NUMBER} 第 1 版", f"{NUMBER} 第 2 版", "被冲销于", "期间已结账 2026-11"):
        assert text in shown
