"""Every login of kingdee.md §2.1 and the signed headers of §2.3, over the wire."""

from __future__ import annotations

import hashlib
import json
import time
from urllib.parse import urlencode

import pytest

DES = {"demo": "8pgy+w4WguM=", "Demo@123": "QiJuVrvBk3pBoNWe7dYHsw=="}
VIEW_BODY = '{"data":{"FormId":"BD_Currency","FieldKeys":"FCODE","FilterString":"FNUMBER=\'PRE001\'"}}'
QUERY = "Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.ExecuteBillQuery.common.kdsvc"
LOST = "会话信息已丢失，请重新登录"


@pytest.fixture
def guest(kingdee, connect):
    return connect(kingdee)


def _sign(account, user, app, secret, timestamp, hashing=hashlib.sha256):
    return hashing("".join(sorted([account, user, app, secret, timestamp])).encode()).hexdigest()


def _works(caller, headers):
    status, _, body = caller.post(QUERY, VIEW_BODY, headers)
    return status == 200 and body == b'[["CNY"]]'


def test_validate_user_sets_both_cookies(guest, make):
    headers, reply = guest.auth("ValidateUser", make.account, "demo", "Demo@123", 2052)
    cookies = [cookie.partition(";")[0] for cookie in headers.get_all("Set-Cookie")]
    session = reply["KDSVCSessionId"]
    assert reply["LoginResultType"] == 1
    assert reply["Context"]["UserName"] == "demo"
    assert cookies == [f"kdservice-sessionid={session}", f"ASP.NET_SessionId={reply['Context']['SessionId']}"]
    assert _works(guest, {"Cookie": f"Theme=standard;kdservice-sessionid={session}"})
    assert _works(guest, {"kdservice-sessionid": session})
    assert _works(guest, {"SID": session})


def test_named_parameters_and_form_bodies(guest, make):
    named = {"acctID": make.account, "username": "demo", "password": "Demo@123", "lcid": 1033}
    path = f"{make.prefix}.AuthService.ValidateUser.common.kdsvc"
    for body in (json.dumps(named), urlencode(named)):
        reply = json.loads(guest.post(path, body)[2])
        assert (reply["LoginResultType"], reply["Context"]["UserLocale"]) == (1, "en-US")


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("ValidateUser2", ("demo", "Demo@123", "2052")),
        ("ValidateUserEnDeCode", (DES["demo"], DES["Demo@123"], 2052)),
        ("LoginByAppSecret", ("demo", "{app}", "{secret}", "2052")),
    ],
)
def test_other_logins(guest, make, method, parameters):
    _, app, secret = make.maker
    filled = [p.format(app=app, secret=secret) if isinstance(p, str) else p for p in parameters]
    _, reply = guest.auth(method, make.account, *filled)
    assert reply["LoginResultType"] == 1
    assert _works(guest, {"kdservice-sessionid": reply["KDSVCSessionId"]})


@pytest.mark.parametrize("hashing", [hashlib.sha256, hashlib.sha1])
@pytest.mark.parametrize("as_text", [True, False])
def test_login_by_sign(guest, make, hashing, as_text):
    user, app, secret = make.maker
    timestamp = str(int(time.time()))
    sign = _sign(make.account, user, app, secret, timestamp, hashing)
    sent = timestamp if as_text else int(timestamp)
    assert guest.auth("LoginBySign", make.account, user, app, sent, sign, 2052)[1]["LoginResultType"] == 1
    old = str(int(time.time()) - 301)
    stale = _sign(make.account, user, app, secret, old, hashing)
    assert guest.auth("LoginBySign", make.account, user, app, old, stale, 2052)[1]["LoginResultType"] == 0
    assert guest.auth("LoginBySign", make.account, user, app, timestamp, "0" * 64, 2052)[1]["LoginResultType"] == 0


def test_simple_passport(launch_sandbox, connect):
    kingdee = launch_sandbox("kingdee")
    kingdee.seed({"native": {"passports": {"cGFzcw==": "demo"}}})
    guest = connect(kingdee)
    assert guest.auth("LoginBySimplePassport", "cGFzcw==", 2052)[1]["LoginResultType"] == 1
    assert guest.auth("LoginBySimplePassport", "b3RoZXI=", 2052)[1]["LoginResultType"] == 0


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("ValidateUser", ("demo", "wrong", 2052)),
        ("ValidateUser", ("nobody", "Demo@123", 2052)),
        ("ValidateUserEnDeCode", ("demo", "Demo@123", 2052)),
        ("LoginByAppSecret", ("auditor", "210001_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", "x", 2052)),
    ],
)
def test_a_wrong_login_is_http_200_without_a_session(guest, make, method, parameters):
    _, reply = guest.auth(method, make.account, *parameters)
    assert (reply["LoginResultType"], reply["KDSVCSessionId"], reply["IsSuccessByAPI"]) == (0, None, False)
    assert reply["Message"]


def test_an_app_logs_in_for_its_own_user_only(guest, make):
    _, app, secret = make.maker
    assert guest.auth("LoginByAppSecret", make.account, "auditor", app, secret, 2052)[1]["LoginResultType"] == 0


def test_a_wrong_data_centre_is_not_http_200(guest, make):
    path = f"{make.prefix}.AuthService.ValidateUser.common.kdsvc"
    status, _, body = guest.post(path, '{"parameters":["nosuch","demo","Demo@123",2052]}')
    assert status == 500
    assert body.startswith(b"response_error:")


def test_logout_ends_the_session_even_with_an_empty_body(guest, make):
    guest.login()
    assert _works(guest, {})
    guest.post(f"{make.prefix}.AuthService.Logout.common.kdsvc", "")
    assert LOST in guest.post(QUERY, VIEW_BODY)[2].decode()


def test_data_centres_are_told_to_anybody(guest, make):
    path = "Kingdee.BOS.ServiceFacade.ServicesStub.Account.AccountService.GetDataCenterList.common.kdsvc"
    assert json.loads(guest.post(path, "{}")[2])[0]["Id"] == make.account


@pytest.mark.parametrize("milliseconds", [False, True])
def test_signed_headers_open_a_session_silently(guest, milliseconds):
    at = int(time.time() * 1000) if milliseconds else int(time.time())
    headers = guest.signed_headers(f"/k3cloud/{QUERY}", at=at, nonce="0123456789abcdef0123456789abcdef")
    status, answered, body = guest.post(QUERY, VIEW_BODY, headers)
    assert (status, body) == (200, b'[["CNY"]]')
    cookie = answered.get_all("Set-Cookie")[0].partition(";")[0]
    assert _works(guest, {"Cookie": cookie})


def test_a_valid_session_counts_before_credentials(guest):
    guest.login()
    assert _works(guest, {"X-Kd-Appkey": "nonsense", "x-api-timestamp": "0"})


def _signed(guest, **changes):
    return {**guest.signed_headers(f"/k3cloud/{QUERY}"), **changes}


@pytest.mark.parametrize(
    "changes",
    [
        {"X-Api-Signature": "bad"},
        {"X-Kd-Signature": "bad"},
        {"X-Api-ClientID": "210002"},
        {"x-api-nonce": "another"},
        {"X-Kd-Appkey": "210009_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"},
        {"X-Kd-Appdata": "!"},
        {"x-api-timestamp": "soon"},
    ],
)
def test_a_wrong_signature_loses_the_session(guest, changes):
    body = json.loads(guest.post(QUERY, VIEW_BODY, _signed(guest, **changes))[2])
    status = body[0][0]["Result"]["ResponseStatus"]
    assert (status["MsgCode"], status["Errors"][0]["Message"]) == (1, LOST)


@pytest.mark.parametrize(("offset", "accepted"), [(-290, True), (290, True), (-310, False), (310, False)])
def test_the_timestamp_window_is_five_minutes(guest, offset, accepted):
    headers = guest.signed_headers(f"/k3cloud/{QUERY}", at=int(time.time()) + offset)
    assert _works(guest, headers) == accepted


def test_a_signature_is_good_for_its_path_only(guest):
    assert not _works(guest, guest.signed_headers("/k3cloud/other.common.kdsvc"))


def test_expired_sessions(launch_sandbox, connect):
    caller = connect(launch_sandbox("kingdee", settings={"token_seconds": "0"})).login()
    assert LOST in caller.post(QUERY, VIEW_BODY)[2].decode()


def test_lost_sessions_in_each_operations_own_wrapping(guest):
    assert guest.query("BD_Currency", "FCODE")[0][0]["Result"]["ResponseStatus"]["MsgCode"] == 1
    assert guest.ask("BillQuery", FormId="BD_Currency", FieldKeys="FCODE")["Result"]["ResponseStatus"]["MsgCode"] == 1
    assert guest.call("Save", "GL_VOUCHER", {"Model": {}})["Result"]["ResponseStatus"]["MsgCode"] == 1


def test_roles(launch_sandbox, connect, make):
    kingdee = launch_sandbox("kingdee")
    users = {"nothing": [], "reader": ["reader"], "maker": ["reader", "maker"], "chief": ["chief accountant"]}
    rows = [{"kind": "basic", "user": user, "password": "p", "roles": roles} for user, roles in users.items()]
    kingdee.seed({"credentials": rows})

    def codes(user):
        caller = connect(kingdee).login(user, "p")
        query = caller.query("BD_Currency", "FCODE", "FNUMBER='PRE001'")
        save = caller.save(make.voucher())["Result"]
        audit = caller.stage("Audit", save["Id"] or 1)
        return query == [["CNY"]], save["ResponseStatus"]["MsgCode"] != 2, audit["MsgCode"] != 2

    assert {user: codes(user) for user in users} == {
        "nothing": (False, False, False),
        "reader": (True, False, False),
        "maker": (True, True, False),
        "chief": (True, True, True),
    }


def test_switch_org(caller):
    assert caller.ask("SwitchOrg", OrgNumber="200")["Result"]["ResponseStatus"]["IsSuccess"]
    assert caller.ask("SwitchOrg", OrgNumber="999")["Result"]["ResponseStatus"]["MsgCode"] == 9


def test_logins_are_logged_without_their_parameters(kingdee, guest, make):
    guest.login()
    guest.auth("LoginByAppSecret", make.account, *make.maker, 2052)
    assert [entry["body"] for entry in kingdee.requests()] == ["***", "***"]
