"""Ids become codes; what is missing, empty or repeated is told, and an id is never taken for a code."""

from __future__ import annotations

import pytest

from dougong.model.masterdata import MasterRecord


def test_everything_explained(read, flow):
    found = read(flow)
    document = found.document
    assert found.problems == ()
    assert (document.entity, document.submitter, document.submitter_name) == ("A01", "E001", "张三")
    assert (document.department, document.lines[0].fee_type, document.payees[0].code) == ("D01", "COST10", "E001")


@pytest.mark.parametrize("kind", ["employee", "department", "fee_type", "payee"])
def test_missing_companion_says_what_to_push(read, flow, known, kind):
    found = read(flow, reference=known.without(kind))
    missing = [problem for problem in found.problems if problem.code == "REFERENCE_MISSING"]
    assert {problem.facts["kind"] for problem in missing} == {kind}
    for problem in missing:
        assert problem.facts["id"] in problem.message.en
        assert "GET v" in problem.hint.en
        assert "请推送" in problem.hint.zh
    document = found.document
    words = (document.submitter, document.department, document.lines[0].fee_type, *(p.code for p in document.payees))
    assert not any("corp:" in word for word in words if word)


def test_one_cause_is_told_once(read, flow, known):
    flow["form"]["details"] *= 2
    flow["form"]["expenseMoney"]["standard"] = flow["form"]["payMoney"]["standard"] = "200.00"
    found = read(flow, reference=known.without("fee_type"))
    assert [problem.path for problem in found.problems] == ["form.details[0].feeTypeId"]


def test_no_reference_at_all(codes, flow):
    assert set(codes(flow, reference=None)) == {"REFERENCE_MISSING"}


def test_empty_staff_code(codes, read, flow, known):
    known.add(MasterRecord("employee", "corp:s1", "", "张三"))
    assert codes(flow) == ["CODE_MISSING"]
    assert read(flow, employee="id").document.submitter == "corp:s1"


def staff(key, code, **more):
    return {"id": key, "name": key, "code": code, "defaultDepartment": "corp:d1", "active": True, **more}


def test_repeated_staff_code(codes, read_all, flow, known):
    known.add(*read_all({"items": [staff("corp:s1", "E001"), staff("corp:s9", "E001")]}))
    assert set(codes(flow)) == {"CODE_REPEATED"}
    assert codes(flow, employee="id") == []


def test_repeated_over_two_pages(codes, read_all, flow, known):
    known.add(*read_all({"items": [staff("corp:s9", "E001")]}))
    known.add(*read_all({"items": [staff("corp:s1", "E001")]}))
    assert set(codes(flow)) == {"CODE_REPEATED"}


def test_repeated_department_code(codes, read_all, flow, known):
    told = {"name": "部门", "code": "D01", "parentId": "corp", "active": True, "form": {}, "order": 1}
    known.add(*read_all({"items": [{**told, "id": "corp:d1"}, {**told, "id": "corp:d9"}]}))
    assert codes(flow) == ["CODE_REPEATED"]
    assert codes(flow, department="id") == []


def test_code_of_somebody_who_left_or_was_renumbered(codes, read_all, flow, known):
    pages = [staff("corp:s1", "E001"), staff("corp:s8", "E001", active=False), staff("corp:s9", "E001")]
    known.add(*read_all({"items": pages}))
    known.add(*read_all({"items": [staff("corp:s9", "E009")]}))
    assert codes(flow) == []


def test_one_code_in_two_tenants_is_not_repeated(codes, read_all, flow, known):
    known.add(*read_all({"items": [staff("corp:s1", "E001"), staff("other:s1", "E001")]}))
    assert codes(flow) == []


@pytest.mark.parametrize(("use", "word"), [("code", "COST10"), ("name", "差旅费"), ("id", "corp:travel")])
def test_word_for_a_fee_type(read, flow, use, word):
    assert read(flow, fee_type=use).document.lines[0].fee_type == word


def test_fee_type_told_by_the_flow_itself(read, flow, known):
    flow["form"]["details"][0]["feeType"] = {"id": "corp:travel", "name": "差旅|住宿", "code": "COST99"}
    found = read(flow, reference=known.without("fee_type"))
    assert (found.document.lines[0].fee_type, found.problems) == ("COST99", ())
    assert read(flow, fee_type="name").document.lines[0].fee_type == "差旅|住宿"


def test_fee_type_without_code(codes, flow):
    flow["form"]["details"][0]["feeType"] = {"id": "corp:travel", "name": "差旅费", "code": ""}
    assert codes(flow) == ["CODE_MISSING"]
    assert codes(flow, fee_type="name") == []


def test_no_fee_type(codes, flow):
    del flow["form"]["details"][0]["feeTypeId"]
    assert codes(flow) == ["FEE_TYPE_MISSING"]
