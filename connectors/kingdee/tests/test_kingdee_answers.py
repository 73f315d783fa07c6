"""What each answer of the ERP means for the money, without a server: the error dictionary and the envelope."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import attrs
import httpx
import pytest

from dougong.model.outcomes import CannotTell, Done, Found, NotDone, Rejected, Unknown
from dougong.model.postings import Stage
from dougong_kingdee.envelope import Failure, outcome_of_failure
from dougong_kingdee.session import KingdeeSession
from dougong_sdk.rest import RestSession

REFUSED, BUSY, UNKNOWN = Rejected, NotDone, Unknown
#: MsgCode → outcome of Save (kingdee.md §3).
CODES = {
    **dict.fromkeys((2, 3, 5, 7, 8, 9, 10, 11, 12, 15), REFUSED),
    **dict.fromkeys((13, 14), BUSY),
    **dict.fromkeys((4, 6), UNKNOWN),
    1: BUSY,
    0: UNKNOWN,
    99: UNKNOWN,
}


def refusal(code, message="原文", field=None):
    errors = [{"FieldName": field, "Message": message, "DIndex": 0}]
    status = {"ErrorCode": 500, "IsSuccess": False, "Errors": errors, "SuccessEntitys": [], "SuccessMessages": []}
    if code is not None:
        status["MsgCode"] = code
    return {"Result": {"ResponseStatus": status, "Id": "", "Number": "", "NeedReturnData": [{}]}}


def success(**changes):
    entity = {"Id": 100123, "Number": "PZ1", "DIndex": 0}
    status = {"ErrorCode": 0, "IsSuccess": True, "Errors": [], "SuccessEntitys": [entity], "MsgCode": 0}
    return {"Result": {"ResponseStatus": status, "Id": 100123, "Number": "PZ1", "NeedReturnData": [{}]} | changes}


@attrs.define
class Wire:
    """Answers in order, the last one for ever; remembers what was asked."""

    answers: list
    requests: list = attrs.field(factory=list)

    def __call__(self, request):
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    def operations(self):
        return [str(request.url).split(".")[-3] for request in self.requests]


@pytest.fixture
def on_wire(bench_for, settings_for):
    """A bench whose sessions speak to a `Wire` instead of a server."""

    def make(*answers, **settings):
        wire, bench = Wire(list(answers)), bench_for("http://erp.example/k3cloud/", **settings)
        chosen = bench.connector.settings
        rest = RestSession(chosen.base_url, transport=httpx.MockTransport(wire), secrets=chosen.secrets())
        bench.opened["main"] = KingdeeSession(chosen, rest)
        return bench, wire

    return make


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_its_outcome(on_wire, item_for, code):
    bench, wire = on_wire(refusal(code))
    outcome = bench.push(item_for("R-1"))
    assert isinstance(outcome, CODES[code])
    assert wire.operations() == ["Save"]
    if isinstance(outcome, Rejected):
        (problem,) = outcome.problems
        assert "原文" in problem.message.zh
        assert problem.hint.zh
        assert problem.hint.en


def test_the_dictionary_covers_every_code_and_message_of_the_reference():
    folder = os.environ.get("DOUGONG_REFERENCE") or Path(__file__).parents[3].parent / "shared/reference"
    reference = Path(folder) / "kingdee.md"
    if not reference.exists():
        pytest.skip(f"no {reference} (set DOUGONG_REFERENCE)")
    section = reference.read_text("utf-8").partition("| MsgCode |")[2].partition("Transport:")[0]
    codes = [int(code) for code in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)]
    assert len(codes) == 16
    for code in codes[1:]:
        (problem,) = Failure(code, ()).problems()
        assert problem.hint.zh, code
        assert problem.hint.en, code


MESSAGES = {
    "元数据中标识为F_DG_REF的字段不存在": REFUSED,
    "业务对象不存在": REFUSED,
    "字段“往来单位”是必填项": REFUSED,
    '编码值["BM9"]不存在': REFUSED,
    "第2行分录：科目（1002-银行存款）设置的下列必录维度未录入或不可用：银行账号": REFUSED,
    "实体不存在此属性！[EntityType：BillHead …]": REFUSED,
    "已被其他用户修改": BUSY,
    "使用业务单据A与其他用户的业务操作B冲突，请稍候再使用": BUSY,
    "数据在系统中不存在": REFUSED,
    "申请日期应大于申请组织启用日期": REFUSED,
    "列名 'FID' 无效": REFUSED,
    "会话信息已丢失，请重新登录": BUSY,
    "凭证日期所在的期间已结账": REFUSED,
    "会计期间小于账簿的当前期间": REFUSED,
}


@pytest.mark.parametrize("code", [None, 0, 4])
@pytest.mark.parametrize("message", MESSAGES)
def test_a_known_message_says_more_than_its_code(message, code):
    outcome = outcome_of_failure(Failure(code, (("", message),)))
    assert isinstance(outcome, MESSAGES[message])


def test_a_failure_that_names_a_field_is_a_refusal_even_without_a_code():
    assert isinstance(outcome_of_failure(Failure(None, (("FDEBIT", "借贷不平"),))), Rejected)
    assert isinstance(outcome_of_failure(Failure(None, (("", "?"),))), Unknown)


def test_success_needs_flag_id_number_and_exactly_one_entity(on_wire, item_for):
    none = success()
    none["Result"]["ResponseStatus"]["SuccessEntitys"] = []
    truthy = success()
    truthy["Result"]["ResponseStatus"]["IsSuccess"] = "true"
    for answer in (success(Id=0), success(Number=""), none, truthy):
        assert isinstance(on_wire(answer)[0].push(item_for("R-1")), Unknown), answer
    done = on_wire(success())[0].push(item_for("R-1"))
    assert isinstance(done, Done)
    assert (done.posting.erp_key, done.posting.number, done.posting.stage) == ("100123", "PZ1", Stage.DRAFT)


UNREADABLE = [
    httpx.Response(200, text="response_error:服务内部错误"),
    httpx.Response(200, text=""),
    httpx.Response(200, json={}),
    httpx.Response(200, json=[]),
    httpx.Response(200, html="<html>login</html>"),
    httpx.Response(200, text='{"Result":{"ResponseStatus":{"IsSuccess":true,"IsSuccess":false}}}'),
    httpx.Response(200, text=json.dumps(success()).replace("100123", "NaN")),
    httpx.Response(302, headers={"location": "/login"}),
    httpx.Response(404),
    httpx.Response(503, headers={"retry-after": "7"}),
    httpx.ReadTimeout("late"),
    httpx.ReadError("reset"),
    httpx.RemoteProtocolError("half"),
]


@pytest.mark.parametrize("answer", UNREADABLE, ids=range(len(UNREADABLE)))
def test_whatever_cannot_be_read_is_unknown_and_sent_once(on_wire, item_for, answer):
    bench, wire = on_wire(answer)
    outcome = bench.push(item_for("R-1"))
    assert isinstance(outcome, Unknown)
    assert len(wire.requests) == 1
    if isinstance(answer, httpx.Response) and answer.status_code == 503:
        assert outcome.ask_after == 7


@pytest.mark.parametrize("answer", [httpx.ConnectError("refused"), httpx.ConnectTimeout("late")], ids=str)
def test_what_never_left_is_not_done(on_wire, item_for, answer):
    assert isinstance(on_wire(answer)[0].push(item_for("R-1")), NotDone)


LOGIN = {"LoginResultType": 1, "KDSVCSessionId": "s-1", "Message": ""}


def test_a_password_session_logs_in_once_again_and_repeats(on_wire, item_for):
    bench, wire = on_wire(LOGIN, refusal(1), {**LOGIN, "KDSVCSessionId": "s-2"}, success(), login="password")
    assert isinstance(bench.push(item_for("R-1")), Done)
    assert wire.operations() == ["ValidateUser", "Save", "ValidateUser", "Save"]
    assert [r.headers.get("kdservice-sessionid") for r in wire.requests] == [None, "s-1", None, "s-2"]
    assert wire.requests[1].content == wire.requests[3].content


def test_a_session_lost_twice_is_not_done_and_not_a_loop(on_wire, item_for):
    bench, wire = on_wire(LOGIN, refusal(1), LOGIN, refusal(1), login="app_secret")
    assert isinstance(bench.push(item_for("R-1")), NotDone)
    assert wire.operations() == ["LoginByAppSecret", "Save", "LoginByAppSecret", "Save"]


def test_a_bare_401_repeats_a_question_but_never_a_save(on_wire, item_for):
    bench, wire = on_wire(LOGIN, httpx.Response(401), LOGIN, success(), login="password")
    assert isinstance(bench.push(item_for("R-1")), Unknown)
    assert wire.operations() == ["ValidateUser", "Save"]
    bench, wire = on_wire(LOGIN, httpx.Response(401), LOGIN, [], login="password")
    bench.find(item_for("R-1"))
    assert wire.operations()[:4] == ["ValidateUser", "ExecuteBillQuery", "ValidateUser", "ExecuteBillQuery"]


def test_closing_logs_out_whoever_logged_in(on_wire, item_for):
    bench, wire = on_wire(LOGIN, success(), httpx.ReadTimeout("late"), login="password")
    bench.push(item_for("R-1"))
    bench.session().close()
    assert wire.operations() == ["ValidateUser", "Save", "Logout"]
    assert wire.requests[-1].headers["kdservice-sessionid"] == "s-1"
    for unused in (on_wire(success()), on_wire(success(), login="password")):
        unused[0].session().close()
        assert unused[1].requests == []


def test_a_refused_login_is_not_hammered(on_wire, item_for):
    bench, wire = on_wire({"LoginResultType": 0, "Message": "Demo@123 错误", "KDSVCSessionId": ""}, login="password")
    outcomes = [bench.push(item_for("R-1")) for _ in range(3)]
    assert all(isinstance(outcome, NotDone) for outcome in outcomes)
    assert len(wire.requests) == 1
    assert "Demo@123" not in outcomes[0].reason


def test_a_login_without_an_answer_leaves_the_voucher_unsent(on_wire, item_for):
    bench, wire = on_wire(httpx.ReadTimeout("late"), login="password")
    assert isinstance(bench.push(item_for("R-1")), NotDone)
    assert wire.operations() == ["ValidateUser"]


@pytest.mark.parametrize(
    "answer",
    [[[refusal(9)]], refusal(4), {}, [[1, 2, 3]], [[100001, "another voucher"]], httpx.Response(500)],
    ids=["nested failure", "bare failure", "empty object", "wrong width", "filter ignored", "status"],
)
def test_a_search_that_cannot_be_trusted_cannot_tell(on_wire, item_for, answer):
    (found,) = on_wire(answer)[0].find(item_for("R-1"))
    assert isinstance(found, CannotTell)


ROW = [100001, "PZ1", "PRE001", "记", 44, "100", "001", "2026-01-15T00:00:00", 2026, 1, "C", 0, False]
LINE = ["text", "1002", "CNY", 1, 88.0, 88.0, 0.0, 1]


@pytest.mark.parametrize(
    ("position", "value", "stage"),
    [
        (10, "Z", "draft"),
        (10, "A", "draft"),
        (10, "D", "draft"),
        (10, "B", "submitted"),
        (10, "C", "audited"),
        (11, 7, "posted"),
        (12, True, "void"),
    ],
)
def test_every_status_has_its_stage(on_wire, item_for, position, value, stage):
    item = item_for("R-1")
    row = [*ROW, *LINE]
    row[position] = value
    bench, _ = on_wire([[100001, item.reference_text]], [], [row], [])
    (found,) = bench.find(item)
    assert isinstance(found, Found)
    assert found.posting.stage == stage
    assert found.posting.number == "记-44"


def test_an_unknown_status_cannot_tell(on_wire, item_for):
    item = item_for("R-1")
    bench, _ = on_wire([[100001, item.reference_text]], [], [[*ROW[:10], "X", *ROW[11:], *LINE]], [])
    (answer,) = bench.find(item)
    assert isinstance(answer, CannotTell)
    assert "X" in answer.reason


def test_a_step_that_names_another_voucher_is_unknown(on_wire, bench_for, item_for):
    from dougong.model.postings import Posting

    bench, _ = on_wire([[*ROW[:10], "A", *ROW[11:], *LINE]], success())
    outcome = bench.complete(Posting("100001", Stage.DRAFT), Stage.SUBMITTED)
    assert isinstance(outcome, Unknown)


def test_a_voucher_that_a_query_hides_but_view_shows_is_not_deleted(on_wire):
    from dougong.model.postings import Posting

    bench, wire = on_wire([], {"Result": {"ResponseStatus": None, "Result": {"Id": 100001}}})
    assert isinstance(bench.complete(Posting("100001", Stage.DRAFT), Stage.SUBMITTED), Unknown)
    assert wire.operations() == ["ExecuteBillQuery", "View"]


@pytest.mark.parametrize(
    ("field", "message", "path"),
    [
        ("", "第2行分录：科目（1002-银行存款）设置的下列必录维度未录入或不可用：银行账号", "FEntity[1]"),
        ("FDEBIT", "第12行分录：借方金额与贷方金额必须录入且只能录入其一", "FEntity[11].FDEBIT"),
        ("FDate", "账簿（001）的期间（2026.1）已结账或未启用", "FDate"),
        ("", "第0行分录", ""),
    ],
)
def test_a_line_that_only_the_message_names_is_the_payloads(field, message, path):
    (problem,) = Failure(11, ((field, message),)).problems()
    assert problem.path == path
