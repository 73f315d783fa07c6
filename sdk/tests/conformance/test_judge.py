"""The checker: what each way of going wrong is called."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dougong_sdk.conformance.judge import tally, total_of

WANTED = {"R1": Decimal("10.00"), "R2": Decimal("20.00")}


def row(number, state="delivered", erp_id=None, stage="audited"):
    return {"documents": [number], "state": state, "erp_id": erp_id, "stage": stage}


def posting(id, total, stage="audited"):
    return {"id": id, "total": total, "stage": stage, "lines": []}


BOTH = [row("R1", erp_id="1"), row("R2", erp_id="2")]


def test_each_once():
    found = tally(WANTED, BOTH, [posting("1", "10.00"), posting("2", "20.0")], guessed=["R2", "R9"])
    assert found.clean
    assert (found.documents, found.recovered) == (2, ("R2",))


@pytest.mark.parametrize(
    ("rows", "postings", "what"),
    [
        (BOTH, [posting("1", "10.00")], {"lost": ("R2",), "wrong": ("R2",)}),
        (BOTH, [posting("1", "10.00"), posting("2", "20.00"), posting("3", "20.00")], {"doubled": ("R2",)}),
        (BOTH, [posting("1", "10.00"), posting("2", "20.00"), posting("3", "1.00")], {"unexpected": ("3",)}),
        (BOTH, [posting("1", "20.00"), posting("2", "10.00")], {"wrong": ("R1", "R2")}),
        (BOTH, [posting("1", "10.00", "draft"), posting("2", "20.00")], {"wrong": ("R1",)}),
        (
            [row("R1", "rejected"), row("R2", erp_id="2")],
            [posting("1", "10.00"), posting("2", "20.00")],
            {"unexpected": ("R1",)},
        ),
        ([row("R2", erp_id="2")], [posting("2", "20.00")], {"lost": ("R1",)}),
        ([row("R1", "parked", erp_id="1"), BOTH[1]], [posting("2", "20.00")], {"lost": ("R1",)}),
        ([row("R1", "unknown"), BOTH[1]], [posting("2", "20.00")], {"unfinished": ("R1",)}),
    ],
    ids=[
        "lost",
        "doubled",
        "unexpected",
        "swapped",
        "stage",
        "closed-and-there",
        "forgotten",
        "done-and-nowhere",
        "not-finished",
    ],
)
def test_what_went_wrong(rows, postings, what):
    found = tally(WANTED, rows, postings)
    told = {name: getattr(found, name) for name in ("lost", "doubled", "unexpected", "wrong", "unfinished")}
    assert {name: value for name, value in told.items() if value} == what
    assert not found.clean


@pytest.mark.parametrize(("state", "where"), [("parked", "parked"), ("held", "parked"), ("rejected", "closed")])
def test_what_a_person_has_is_not_lost(state, where):
    found = tally(WANTED, [row("R1", state), BOTH[1]], [posting("2", "20.00")])
    assert found.clean
    assert getattr(found, where) == ("R1",)
    assert "R1" in found.told()


def test_what_is_not_finished_is_not_called_lost():
    told = tally(WANTED, [row("R1", "unknown"), BOTH[1]], [posting("2", "20.00")]).told()
    assert told == "not at rest: R1"


def test_what_is_reversed_or_void_does_not_count():
    gone = [posting("3", "10.00", "void"), posting("4", "20.00", "reversed")]
    assert tally(WANTED, BOTH, [posting("1", "10.00"), posting("2", "20.00"), *gone]).clean


def test_a_total_that_the_erp_does_not_tell_is_its_debits():
    lines = [
        {"side": "D", "amount": "1.10", "base_amount": None},
        {"side": "D", "amount": "2.00", "base_amount": "14.20"},
        {"side": "C", "amount": "15.30", "base_amount": None},
    ]
    assert total_of({"total": None, "lines": lines}) == Decimal("15.30")
