"""Every body shape and path spelling of kingdee.md §1."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

SERVICE = "Kingdee.BOS.WebApi.ServicesStub.DynamicFormService"


def _form_shapes(form, data):
    text = json.dumps(data)
    return {
        "a": json.dumps({"formid": form, "data": data}),
        "b": json.dumps({"formid": form, "data": text}),
        "c formId": json.dumps({"formId": form, "data": data}),
        "c FormId": json.dumps({"FormId": form, "data": data}),
        "d": json.dumps({"parameters": [form, text]}),
        "e": json.dumps(
            {
                "format": 1,
                "useragent": "ApiClient",
                "rid": "1",
                "parameters": json.dumps([form, text]),
                "timestamp": "2026-01-15 10:00:00",
                "v": "1.0",
            }
        ),
        "f": urlencode({"formid": form, "data": text}),
    }


def _data_shapes(data):
    text = json.dumps(data)
    return {
        "object": json.dumps({"data": data}),
        "text": json.dumps({"data": text}),
        "form": urlencode({"data": text}),
        "parameters": json.dumps({"parameters": [text]}),
    }


@pytest.mark.parametrize("content_type", ["application/json", "applicatin/json", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize("shape", list(_form_shapes("", {})))
def test_save_in_every_shape(caller, make, shape, content_type):
    body = _form_shapes("GL_VOUCHER", {"Model": make.voucher()})[shape]
    answer = caller.post(f"{SERVICE}.Save.common.kdsvc", body, {"Content-Type": content_type})[2]
    assert json.loads(answer)["Result"]["ResponseStatus"]["IsSuccess"]


@pytest.mark.parametrize("shape", list(_data_shapes({})))
def test_a_query_in_every_shape(caller, shape):
    data = {"FormId": "BD_Currency", "FieldKeys": "FCODE", "FilterString": "FNUMBER='PRE001'", "Limit": "100"}
    answer = caller.post(f"{SERVICE}.ExecuteBillQuery.common.kdsvc", _data_shapes(data)[shape])[2]
    assert answer == b'[["CNY"]]'


@pytest.mark.parametrize(
    "shape",
    [
        lambda form, data: {"formid": form, "opNumber": "Cancel", "data": data},
        lambda form, data: {"parameters": [form, "Cancel", json.dumps(data)]},
    ],
)
@pytest.mark.parametrize("spelling", ["ExcuteOperation", "ExecuteOperation"])
def test_an_operation_number(kingdee, caller, make, shape, spelling):
    identity = caller.saved(make.voucher())
    body = json.dumps(shape("GL_VOUCHER", {"Ids": str(identity)}))
    answer = json.loads(caller.post(f"{SERVICE}.{spelling}.common.kdsvc", body)[2])
    assert answer["Result"]["ResponseStatus"]["IsSuccess"]
    assert kingdee.postings()[0]["stage"] == "void"


@pytest.mark.parametrize(
    "path",
    [
        f"{SERVICE}.save.common.kdsvc",
        "kingdee.bos.webapi.servicesstub.DynamicFormservice.SAVE.common.kdsvc",
        f"{SERVICE}.Save,Kingdee.BOS.WebApi.ServicesStub.common.kdsvc",
    ],
)
def test_paths_in_any_letter_case(caller, make, path):
    body = json.dumps({"formid": "gl_voucher", "data": {"Model": make.voucher()}})
    assert json.loads(caller.post(path, body)[2])["Result"]["ResponseStatus"]["IsSuccess"]
    caller.connection.request("POST", f"/K3Cloud/{path}", body, caller.headers)
    assert json.loads(caller.connection.getresponse().read())["Result"]["ResponseStatus"]["IsSuccess"]


@pytest.mark.parametrize("named", ["1,{0}", [1, "{0}"], ["{0}"]])
def test_ids_as_text_or_array(caller, make, named):
    identity = str(caller.saved(make.voucher()))
    ids = named.format(identity) if isinstance(named, str) else [str(i).format(identity) for i in named]
    status = caller.call("Submit", "GL_VOUCHER", {"Ids": ids})["Result"]["ResponseStatus"]
    assert [entity["Id"] for entity in status["SuccessEntitys"]] == [int(identity)]


def test_answers_are_compact_json(caller):
    body = caller.post(f"{SERVICE}.Submit.common.kdsvc", '{"formid":"GL_VOUCHER","data":{"Ids":"1"}}')[2]
    assert b'"issuccess":false' in body.lower()


@pytest.mark.parametrize("body", ["[1]", "{", "[" * 100_000, '{"parameters":"{}"}', b"\xff\xfe", "plain"])
def test_what_the_json_reader_refuses_is_http_500(caller, body):
    status, _, answer = caller.post(f"{SERVICE}.Save.common.kdsvc", body)
    assert status == 500
    assert answer.startswith(b"response_error:")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"formid":"","data":{}}', 5),
        ('{"formid":"NOPE","data":{"Model":{}}}', 4),
        ('{"formid":"BD_Currency","data":{"Model":{}}}', 12),
        ('{"formid":"GL_VOUCHER","data":"{"}', 8),
        ('{"formid":"GL_VOUCHER","data":[]}', 8),
        ('{"formid":"GL_VOUCHER","data":{}}', 8),
        ("", 5),
    ],
)
def test_wrong_parameters_have_their_msg_codes(caller, body, code):
    answer = json.loads(caller.post(f"{SERVICE}.Save.common.kdsvc", body)[2])
    assert answer["Result"]["ResponseStatus"]["MsgCode"] == code


def test_unknown_paths_and_methods(caller):
    assert caller.post("nothing", "{}")[0] == 404
    assert caller.post(f"{SERVICE}.Explode.common.kdsvc", "{}")[0] == 500
    caller.connection.request("GET", f"/k3cloud/{SERVICE}.Save.common.kdsvc")
    answer = caller.connection.getresponse()
    answer.read()
    assert answer.status == 405


@pytest.mark.parametrize("operation", ["Push", "AttachmentUpload"])
def test_operations_that_a_voucher_does_not_offer(caller, operation):
    assert caller.call(operation, "GL_VOUCHER", {})["Result"]["ResponseStatus"]["MsgCode"] == 12


def test_the_asynchronous_variant(launch_sandbox, connect, make):
    caller = connect(launch_sandbox("kingdee", settings={"work_seconds": "0.2"})).login()
    begun = caller.call(
        "BatchSave",
        "GL_VOUCHER",
        {"Model": [make.voucher()]},
        beginmethod="BeginQueryImpl",
        querymethod="QueryAsyncResult",
    )
    assert begun["Status"] == 1
    info = json.dumps({"queryInfo": json.dumps({"TaskId": begun["TaskId"], "Cancelled": False})})
    for _ in range(1000):
        state = json.loads(caller.post(f"{SERVICE}.QueryAsyncResult.common.kdsvc", info)[2])
        if state["Status"] == 2:
            break
    assert state["Result"]["Result"]["ResponseStatus"]["IsSuccess"]
