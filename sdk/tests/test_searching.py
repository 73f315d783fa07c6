from __future__ import annotations

import pytest

from dougong.model.messages import ItemId, Wanted
from dougong.model.outcomes import Absent, AlreadyThere, CannotTell, Found, Unknown
from dougong.model.postings import Facts, Posting, Stage
from dougong.model.problems import Problem
from dougong_sdk.errors import TimedOut
from dougong_sdk.refusals import Refused
from dougong_sdk.searching import fetched, search


def posting(key, reference):
    return Posting(key, Stage.DRAFT, reference=reference)


HELD = {"R1": [posting("1", "R1")], "R2": [posting("2", "R2"), posting("3", "R2")], "R3": [posting("4", "R4")]}


def look(reference):
    if reference == "late":
        raise TimedOut("迟", "late")
    if reference == "no":
        raise Refused("1003", "refused", Problem.of("ACME_1003", "无权限", "no right"))
    yield from HELD.get(reference, [])


def answers(*references):
    wanted = [Wanted(ItemId(reference), reference, Facts()) for reference in references]
    return list(search(wanted, look, "vouchers by ref"))


def test_each_wanted_one_gets_its_own_answers():
    found = answers("R1", "none", "R2")
    assert [type(one) for one in found] == [Found, Absent, Found, Found]
    assert [one.item for one in found] == ["R1", "none", "R2", "R2"]
    assert [one.posting.erp_key for one in found if isinstance(one, Found)] == ["1", "2", "3"]
    assert found[1].searched == "vouchers by ref: none"


@pytest.mark.parametrize("reference", ["late", "no", "R3"], ids=["failed", "refused", "answered with another"])
def test_a_search_that_cannot_be_trusted_tells_nothing_and_does_not_stop_the_next(reference):
    assert [type(one) for one in answers(reference, "R1")] == [CannotTell, Found]


@pytest.mark.parametrize("reference", ["none", "R2", "R3", "late", "no"])
def test_what_is_refused_as_known_is_unknown_until_it_is_fetched(reference):
    assert isinstance(fetched(reference, look(reference)), Unknown)
    assert fetched("R1", look("R1")) == AlreadyThere(posting("1", "R1"))
