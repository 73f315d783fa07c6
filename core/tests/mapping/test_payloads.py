"""What is written into a payload after the mapping: changes of add-ons, then our reference."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dougong.hookspecs.addon import Change
from dougong.mapping import MappingError, apply_changes, place_reference
from dougong.model.messages import Payload
from dougong.model.operations import Reference

REFERENCE = "DG0123456789ABCDEFGH"


def payload_of(summary="差旅费 B26110001"):
    return Payload({"FEntity": [{"FEXPLANATION": summary, "n": 1}, {"n": 2}]}, {"FEntity[].n": "line.number"})


def append(field="FEntity[0].FEXPLANATION"):
    return Reference(field, append=True)


def test_the_reference_stands_behind_the_text():
    before = payload_of()
    after = place_reference(before, append(), REFERENCE, max_summary=200)
    assert after.body["FEntity"][0]["FEXPLANATION"] == f"差旅费 B26110001 {REFERENCE}"
    assert after.body["FEntity"][1] == {"n": 2}
    assert after.sources["FEntity[0].FEXPLANATION"] == "reference"
    assert before.body["FEntity"][0]["FEXPLANATION"] == "差旅费 B26110001"


def test_the_text_gives_way_and_keeps_the_document_number():
    after = place_reference(payload_of(), append(), REFERENCE, max_summary=31, keep=["B26110001"])
    assert after.body["FEntity"][0]["FEXPLANATION"] == f"B26110001 {REFERENCE}"
    with pytest.raises(MappingError, match="do not fit together"):
        place_reference(payload_of(), append(), REFERENCE, max_summary=25, keep=["B26110001"])


@given(st.text(max_size=60), st.integers(len(REFERENCE), 80))
def test_the_reference_is_whole_within_the_limit_and_placing_it_again_changes_nothing(text, limit):
    once = place_reference(payload_of(text), append(), REFERENCE, max_summary=limit)
    placed = once.body["FEntity"][0]["FEXPLANATION"]
    assert placed.endswith(REFERENCE)
    assert len(placed) <= limit
    again = place_reference(once, append(), REFERENCE, max_summary=limit)
    assert again.body == once.body


def test_a_field_of_its_own_is_made_where_it_is_missing():
    after = place_reference(payload_of(), Reference("Head.F_REF"), REFERENCE)
    assert after.body["Head"] == {"F_REF": REFERENCE}
    replaced = place_reference(after, Reference("Head.F_REF"), "DG2")
    assert replaced.body["Head"] == {"F_REF": "DG2"}


@pytest.mark.parametrize("reference", [None, Reference("")])
def test_without_a_field_the_payload_stays_as_it_is(reference):
    payload = payload_of()
    assert place_reference(payload, reference, REFERENCE) is payload


@pytest.mark.parametrize("field", ["FEntity[7].F", "FEntity.F", "FEntity[0].n.F", "FEntity[0]..F", "[0].F", "F[x]"])
def test_no_such_place(field):
    with pytest.raises(MappingError, match="REFERENCE_NOT_PLACED") as caught:
        place_reference(payload_of(), Reference(field), REFERENCE)
    assert caught.value.problems[0].path == field


def test_a_reference_that_is_too_long_and_a_field_that_is_no_text():
    with pytest.raises(MappingError, match="more than 16"):
        place_reference(payload_of(), Reference("a", max_length=16), REFERENCE)
    with pytest.raises(MappingError, match="does not hold a text"):
        place_reference(payload_of(), append("FEntity[0].n"), REFERENCE)


def test_changes_are_folded_in_order_with_their_reasons():
    before = payload_of()
    changes = [
        Change("FEntity[1].n", 5, "first"),
        Change("FEntity[1].n", Decimal("6.0"), "second"),
        Change("X.Y", None, "z"),
    ]
    after = apply_changes(before, changes)
    assert after.body["FEntity"][1] == {"n": Decimal("6.0")}
    assert after.body["X"] == {"Y": None}
    assert after.sources["FEntity[1].n"] == "change: second"
    assert after.sources["FEntity[].n"] == "line.number"
    assert before.body["FEntity"][1] == {"n": 2}


def test_every_change_that_cannot_be_made_is_told():
    changes = [
        Change("FEntity[9].n", 5, "far"),
        Change("n", 1.5, "float"),
        Change("m", [{"a": 0.1}], "deep"),
        Change("", 1, "none"),
    ]
    with pytest.raises(MappingError) as caught:
        apply_changes(payload_of(), changes)
    assert [problem.code for problem in caught.value.problems] == ["CHANGE_INVALID"] * 4
    assert "a float cannot be sent" in str(caught.value)
