"""Files are recognised by content, whatever their envelope."""

from __future__ import annotations

import pytest

from dougong.model.problems import InputError
from dougong.model.sources import SourceDocument


@pytest.mark.parametrize(
    "wrap",
    [
        lambda flow: {"value": flow},
        lambda flow: {"value": "", "type": -1, "flow": flow},
        lambda flow: flow,
        lambda flow: {"count": 1, "items": [flow]},
        lambda flow: [flow],
        lambda flow: {"value": {"count": 1, "items": [flow]}},
    ],
    ids=["detail", "create", "bare", "list", "array", "list in value"],
)
def test_envelopes(read, flow, wrap):
    assert read(wrap(flow)).document.number == "B26110009"


def test_each_flow_of_a_list_keeps_its_own_bytes(read_all, flow):
    other = {**flow, "id": "ID_flow2"}
    first, second = (item for item in read_all({"items": [flow, other]}) if isinstance(item, SourceDocument))
    assert b"ID_flow2" not in first.raw
    assert b"ID_flow2" in second.raw


def test_one_file_can_explain_itself(read_all, flow, known):
    staff = {"id": "corp:s1", "name": "张三", "code": "E777", "defaultDepartment": "corp:d1", "active": True}
    found = read_all([flow, staff], reference=known.without("employee"))
    assert next(item for item in found if isinstance(item, SourceDocument)).document.submitter == "E777"


def test_unknown_answer_names_its_members(read_all):
    with pytest.raises(InputError, match="colour, size") as caught:
        read_all({"items": [{"colour": "red", "size": 3}]})
    (problem,) = caught.value.problems
    assert (problem.code, problem.path) == ("HESI_ANSWER_UNKNOWN", "items[0]")
    assert "hesi (oa)" in problem.message.en


@pytest.mark.parametrize("content", [b"3", b'"hello"', b"null", b"[1]", b'{"value": null}', b"{}"])
def test_neither_object_nor_list(read_all, content):
    with pytest.raises(InputError, match="HESI_ANSWER_UN"):
        read_all(content)


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b'{"a": NaN}', b"[" * 300 + b"]" * 300, b'{"a": 1, "a": 2}'])
def test_bad_json(read_all, content):
    with pytest.raises(InputError, match="hesi"):
        read_all(content)


def test_outbound_message_is_only_a_hint(read_all):
    message = {"action": "flow.paid", "flowId": "ID_flow1", "payMoney": {"currency": "CNY", "amount": "590.00"}}
    with pytest.raises(InputError, match="fetch its flow's details"):
        read_all(message)


@pytest.mark.parametrize(
    "item",
    [
        {"id": "ID_l", "remain": "1,000", "flowId": "f"},
        {"id": "ID_1", "entityId": "system_火车票", "E_system_火车票_金额": {"standard": "４４３"}},
    ],
)
def test_broken_amount_of_a_companion_is_refused(read_all, item):
    with pytest.raises(InputError, match="AMOUNT_INVALID"):
        read_all({"items": [item]})


def test_broken_companion_is_refused(read_all):
    with pytest.raises(InputError, match="HESI_ANSWER_UNKNOWN @ items\\[0\\]"):
        read_all({"items": [{"orgCode": "CNY", "currInfos": 5}]})


@pytest.mark.parametrize(("member", "value"), [("details", 5), ("details", ["x"]), ("writtenOffRecords", {})])
def test_malformed_flow_names_document_and_member(read_all, flow, member, value):
    flow["form"][member] = value
    with pytest.raises(InputError, match=f"FLOW_MALFORMED @ B26110009.form.{member}"):
        read_all(flow)
