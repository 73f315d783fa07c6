"""A mapping against the fields that the target tells."""

from __future__ import annotations

import pytest

from dougong.cli.target_fields import unknown_fields
from dougong.hookspecs import TargetField

KNOWN = [
    TargetField(path)
    for path in (
        "FDate",
        "FAccountBookID.FNumber",
        "FEntity.FACCOUNTID.FNumber",
        "FEntity.FDEBIT",
        "FEntity.FDetailID.FDETAILID__FFLEX5.FNumber",
        "FEntity.FDetailID.FDETAILID__FFLEX7.FNumber",
    )
]


def unknown(*paths):
    return [(problem.code, problem.path) for problem in unknown_fields(paths, KNOWN)]


@pytest.mark.parametrize(
    "path",
    ["FDate", "FDATE", "FEntity[].FDEBIT", "FEntity[].FACCOUNTID.FNUMBER", "FAccountBookID.Id"],
)
def test_letter_case_and_the_code_of_a_reference_do_not_count(path):
    assert unknown(path) == []


@pytest.mark.parametrize(
    "path",
    ["Date", "FEntity[].FDEBET", "FENTITYS[].FDEBIT", "FEntity[].FDetailID.FDETAILID__FFLEX9.FNumber", "FDate.FNumber"],
)
def test_what_the_target_does_not_know_is_named_once(path):
    assert unknown(path, path) == [("FIELD_UNKNOWN", path.replace("[]", ""))]


def test_a_slip_of_the_hand_is_told_what_was_meant():
    (problem,) = unknown_fields(["FEntity[].FDEBET"], KNOWN)
    assert "FEntity.FDEBIT" in problem.hint.zh
    assert "FEntity.FDEBIT" in problem.hint.en
