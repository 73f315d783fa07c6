"""Several vouchers in one BatchSave: an outcome for each, whatever the ERP says about the others."""

from __future__ import annotations

import json

import attrs
import pytest

from dougong.model.outcomes import Done, NotDone, Rejected, Unknown
from dougong.model.problems import DougongError
from dougong_kingdee.envelope import read_reply
from dougong_kingdee.saving import outcomes_of_batch


@pytest.fixture
def batch(sandbox, bench_for):
    return bench_for(sandbox.url, batch=10)


def push(bench, items):
    (message,) = bench.connector.prepare(items, bench.call)
    return bench.connector.push(message, bench.session(), bench.call)


def wrong(item):
    item.payload.body["FEntity"][0]["FACCOUNTID"] = {"FNumber": "9999"}
    return item


def test_the_setting_is_the_operations_limit(settings_for, bench_for):
    assert [one.limits.batch for one in bench_for("http://erp/", batch=7).connector.operations()] == [7]
    with pytest.raises(DougongError, match="SETTINGS_INVALID"):
        settings_for("http://erp/", batch=0)


def test_each_voucher_is_saved_and_named_in_its_order(batch, sandbox, item_for):
    items = [item_for(f"R-{n}", f"{n}.25") for n in range(1, 6)]
    outcomes = push(batch, items)
    assert list(outcomes) == [item.id for item in items]
    held = {one["id"]: one for one in sandbox.postings()}
    for item in items:
        posting = held[outcomes[item.id].posting.erp_key]
        assert (posting["reference"], posting["total"]) == (item.reference_text, f"{item.id[2:]}.25")
    assert [one["number"] for one in held.values()] == [f"记-{n}" for n in range(1, 6)]
    assert [request["operation"] for request in sandbox.requests()] == ["BatchSave"]


def test_one_item_is_an_ordinary_save(batch, sandbox, item_for):
    item = item_for("R-1")
    assert isinstance(push(batch, [item]), Done)
    assert len(sandbox.requests("Save")) == 1


def test_without_the_setting_each_item_has_its_own_message(bench, item_for):
    items = [item_for("R-1"), item_for("R-2")]
    assert [message.items for message in bench.connector.prepare(items, bench.call)] == [("R-1",), ("R-2",)]


def test_a_wrong_voucher_does_not_take_the_others_with_it(batch, sandbox, item_for):
    items = [item_for("R-1"), wrong(item_for("R-2")), item_for("R-3")]
    outcomes = push(batch, items)
    assert [type(outcomes[item.id]) for item in items] == [Done, Rejected, Done]
    assert outcomes["R-2"].problems[0].path == "FEntity[0].FACCOUNTID"
    assert {one["reference"] for one in sandbox.postings()} == {items[0].reference_text, items[2].reference_text}


@pytest.mark.parametrize("fault", ["reset_after_work", "truncate", "wrong_content_type"])
def test_after_a_lost_answer_each_voucher_is_searched_for_itself(batch, sandbox, item_for, fault):
    items = [item_for("R-1"), wrong(item_for("R-2")), item_for("R-3")]
    sandbox.call("/faults", {"fault": fault, "operation": "BatchSave", "count": 1})
    assert isinstance(push(batch, items), Unknown)  # of all of them
    assert [type(answer).__name__ for answer in batch.find(*items)] == ["Found", "Absent", "Found"]
    assert len(sandbox.postings()) == 2


def test_an_expired_session_says_that_nothing_was_done(sandbox, bench_for, item_for):
    bench = bench_for(sandbox.url, batch=10, login="password")
    items = [item_for("R-1"), item_for("R-2")]
    sandbox.call("/faults", {"fault": "business_error", "operation": "BatchSave", "code": "1", "count": 2})
    assert [type(outcome) for outcome in push(bench, items).values()] == [NotDone, NotDone]
    assert [type(outcome) for outcome in push(bench, items).values()] == [Done, Done]


def reply(entities=(), errors=(), code=0, success=None):
    status = {
        "IsSuccess": not errors if success is None else success,
        "SuccessEntitys": [{"Id": 7 + at, "Number": f"N{at}", "DIndex": at} for at in entities],
        "Errors": [{"FieldName": "", "Message": message, "DIndex": at} for at, message in errors],
        "MsgCode": code,
    }
    return read_reply(json.loads(json.dumps({"Result": {"ResponseStatus": status}})))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (reply([0, 1, 2]), [Done, Done, Done]),
        (reply([2, 0]), [Done, Unknown, Done]),  # success with fewer than were sent
        (reply(), [Unknown, Unknown, Unknown]),
        (reply([0, 0, 1, 2]), [Unknown, Done, Done]),
        (reply([0], [(1, '编码值["X"]不存在'), (2, "?")], 11), [Done, Rejected, Rejected]),
        (reply([0], [(1, "?")], 4), [Done, Unknown, Unknown]),
        (reply([0, 1], [(1, '编码值["X"]不存在')], 9), [Done, Unknown, Unknown]),
        (reply([], [(0, "超过调用次数")], 14), [NotDone, Unknown, Unknown]),
        (reply([], [(None, '编码值["X"]不存在')], 9), [Unknown, Unknown, Unknown]),
        (reply([0], [(0, "会话信息已丢失，请重新登录")], 1), [Unknown, Unknown, Unknown]),
        (reply([], [(0, "会话信息已丢失，请重新登录")], 1), [NotDone, NotDone, NotDone]),
    ],
)
def test_only_what_names_a_voucher_counts_for_it(answer, expected):
    outcomes = outcomes_of_batch(answer, ("a", "b", "c"))
    assert [type(outcome) for outcome in outcomes.values()] == expected


def test_an_id_without_a_number_is_no_success():
    answer = reply([0])
    answer.entities[0]["Number"] = ""
    assert isinstance(outcomes_of_batch(answer, ("a",))["a"], Unknown)


def test_a_session_that_is_lost_half_way_is_not_sent_again(sandbox, bench_for, item_for, monkeypatch):
    bench, sent = bench_for(sandbox.url, batch=10, login="password"), []
    session = bench.session()
    post = session._post

    def half(path, body, *args):
        answer = post(path, body, *args)
        if "BatchSave" not in path:
            return answer
        sent.append(body)
        content = answer.json()
        status = content["Result"]["ResponseStatus"]
        lost = [{"FieldName": "", "Message": "会话信息已丢失，请重新登录", "DIndex": 1}]
        status |= {"IsSuccess": False, "Errors": lost, "SuccessEntitys": status["SuccessEntitys"][:1], "MsgCode": 1}
        return attrs.evolve(answer, content=json.dumps(content).encode())

    monkeypatch.setattr(session, "_post", half)
    outcomes = push(bench, [item_for("R-1"), item_for("R-2")])
    assert [type(outcome) for outcome in outcomes.values()] == [Done, Unknown]
    assert len(sent) == 1
