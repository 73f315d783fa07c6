"""The vendor's own client, unmodified, against the sandbox."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest

main = pytest.importorskip("k3cloud_webapi_sdk.main", reason="kingdee-cdp-webapi-sdk is not installed")


@pytest.fixture
def sdk(kingdee, make):
    client = main.K3CloudApiSdk(kingdee.url)
    client.InitConfig(make.account, *make.maker, kingdee.url)
    return client


@pytest.fixture
def sdk_from_file(kingdee, make, tmp_path):
    user, app, secret = make.maker
    config = tmp_path / "conf.ini"
    config.write_text(
        f"[config]\nX-KDApi-AcctID = {make.account}\nX-KDApi-UserName = {user}\nX-KDApi-AppID = {app}\n"
        f"X-KDApi-AppSec = {secret}\nX-KDApi-ServerUrl = {kingdee.url}\nX-KDApi-LCID = 2052\nX-KDApi-OrgNum = 100\n",
        "utf-8",
    )
    client = main.K3CloudApiSdk(kingdee.url)
    client.Init(config_path=str(config))
    return client


def _status(answer):
    return json.loads(answer)["Result"]["ResponseStatus"]


def _round(kingdee, sdk, make):
    assert json.loads(sdk.GetDataCenters())[0]["Id"] == make.account
    saved = json.loads(sdk.Save("GL_VOUCHER", {"Model": make.voucher(), "NeedReturnFields": ["FBillNo"]}))["Result"]
    identity = saved["Id"]
    named = {"Ids": str(identity)}
    for operation, stage in ((sdk.Submit, "submitted"), (sdk.Audit, "audited")):
        assert _status(operation("GL_VOUCHER", named))["IsSuccess"]
        assert kingdee.postings()[0]["stage"] == stage
    viewed = json.loads(sdk.View("GL_VOUCHER", {"Id": str(identity)}))["Result"]["Result"]
    assert viewed["BillNo"] == saved["NeedReturnData"][0]["FBillNo"]
    rows = sdk.ExecuteBillQuery(
        {"FormId": "GL_VOUCHER", "FieldKeys": "FVOUCHERID,FDEBIT", "FilterString": "FEXPLANATION like '%B-1%'"}
    )
    assert json.loads(rows) == [[identity, 128.5], [identity, 0]]
    assert _status(sdk.Delete("GL_VOUCHER", named))["MsgCode"] == 12
    assert _status(sdk.UnAudit("GL_VOUCHER", named))["IsSuccess"]
    assert _status(sdk.Delete("GL_VOUCHER", named))["IsSuccess"]
    assert kingdee.postings() == []


def test_a_whole_round(kingdee, sdk, make):
    _round(kingdee, sdk, make)


def test_a_whole_round_configured_by_file(kingdee, sdk_from_file, make):
    _round(kingdee, sdk_from_file, make)


def test_the_session_is_kept(kingdee, sdk):
    for _ in range(2):
        sdk.BillQuery({"FormId": "BD_Currency", "FieldKeys": "FCODE"})
    assert sdk.cookiesStore.SID
    assert [entry["status"] for entry in kingdee.requests("BillQuery")] == [200, 200]


def test_the_polling_variant(sdk, make):
    answer = sdk.BatchSaveQuery("GL_VOUCHER", {"Model": [make.voucher(), make.voucher()]})
    assert len(_status(answer)["SuccessEntitys"]) == 2


def test_a_wrong_secret_is_a_lost_session(kingdee, make):
    client = main.K3CloudApiSdk(kingdee.url)
    user, app, _ = make.maker
    client.InitConfig(make.account, user, app, "wrong", kingdee.url)
    assert _status(client.Save("GL_VOUCHER", {"Model": make.voucher()}))["MsgCode"] == 1


def test_a_wrong_account_raises(kingdee, make):
    client = main.K3CloudApiSdk(kingdee.url)
    client.InitConfig("nosuch", *make.maker, kingdee.url)
    with pytest.raises(RuntimeError, match="response_error"):
        client.Save("GL_VOUCHER", {"Model": make.voucher()})
    assert urlsplit(kingdee.url).path == "/k3cloud/"
