from __future__ import annotations

import base64
import http.client
import json
import time
from urllib.parse import urlsplit

import pytest

from dougong_kingdee.sandbox import signatures
from dougong_sdk.sandbox.exact_json import dumps, loads
from dougong_sdk.sandbox.fixtures import borrow_sandbox, launch_sandbox, sandbox_pool  # noqa: F401

ACCOUNT = "65a0c1d2e3f4a5"
MAKER = ("demo", "210001_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", "0123456789abcdef0123456789abcdef")
AUDITOR = ("auditor", "210002_GBkaGxwdHh8gISIjJCUmJygpKissLS4v", "fedcba9876543210fedcba9876543210")
PREFIX = "Kingdee.BOS.WebApi.ServicesStub"


class Caller:
    """A client made of http.client and the reference page only; it shares no code with the connector."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        parts = urlsplit(sandbox.url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
        self.headers = {}

    def post(self, path, body, headers=None):
        """(status, headers, raw body) of one request below /k3cloud/."""
        sent = body if isinstance(body, bytes) else body.encode()
        self.connection.request("POST", f"/k3cloud/{path}", sent, {**self.headers, **(headers or {})})
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def auth(self, method, *parameters):
        """The reply of a login by position."""
        path = f"{PREFIX}.AuthService.{method}.common.kdsvc"
        status, headers, body = self.post(path, json.dumps({"parameters": parameters}))
        assert status == 200
        return headers, loads(body)

    def login(self, user="demo", password="Demo@123"):
        _, reply = self.auth("ValidateUser", ACCOUNT, user, password, 2052)
        assert reply["LoginResultType"] == 1, reply
        self.headers = {"kdservice-sessionid": reply["KDSVCSessionId"]}
        return self

    def call(self, operation, form, data, **more):
        """The JSON answer of an operation with a separate form id."""
        body = dumps({"formid": form, "data": data, **more})
        status, _, answer = self.post(f"{PREFIX}.DynamicFormService.{operation}.common.kdsvc", body)
        assert status == 200, answer
        return loads(answer)

    def ask(self, operation, **data):
        """The JSON answer of an operation with one parameter."""
        body = dumps({"data": data})
        return loads(self.post(f"{PREFIX}.DynamicFormService.{operation}.common.kdsvc", body)[2])

    def query(self, form, keys, where="", **more):
        return self.ask("ExecuteBillQuery", FormId=form, FieldKeys=keys, FilterString=where, **more)

    def save(self, model, **options):
        return self.call("Save", "GL_VOUCHER", {"Model": model, **options})

    def saved(self, model, **options):
        """The id of a voucher whose Save succeeds."""
        answer = self.save(model, **options)["Result"]
        assert answer["ResponseStatus"]["IsSuccess"], answer
        return answer["Id"]

    def stage(self, operation, *ids):
        """ResponseStatus of Submit, Audit and so on."""
        return self.call(operation, "GL_VOUCHER", {"Ids": ",".join(map(str, ids))})["Result"]["ResponseStatus"]

    def signed_headers(self, path, who=MAKER, *, at=None, nonce=None, org=0, account=ACCOUNT):
        user, app, secret = who
        timestamp = str(int(time.time()) if at is None else at)
        data = f"{account},{user},2052,{org}"
        return {
            "X-Api-ClientID": app.split("_")[0],
            "X-Api-Auth-Version": "2.0",
            "x-api-timestamp": timestamp,
            "x-api-nonce": nonce or timestamp,
            "x-api-signheaders": "x-api-timestamp,x-api-nonce",
            "X-Api-Signature": signatures.api_signature(app, path, nonce or timestamp, timestamp),
            "X-Kd-Appkey": app,
            "X-Kd-Appdata": base64.b64encode(data.encode()).decode(),
            "X-Kd-Signature": signatures.app_signature(app, secret, data),
        }


def line(account, debit=0, credit=0, *, text="B-1 差旅费", **dimensions):
    """One entry line; dimensions by slot, e.g. FFLEX5="BM000001"."""
    made = {"FEXPLANATION": text, "FACCOUNTID": {"FNumber": account}, "FDEBIT": debit, "FCREDIT": credit}
    if dimensions:
        made["FDetailID"] = {f"FDETAILID__{slot}": {"FNumber": code} for slot, code in dimensions.items()}
    return made


def voucher(*lines, **head):
    """A valid Model over 128.50, unless something is given."""
    return {
        "FVOUCHERID": 0,
        "FAccountBookID": {"FNumber": "001"},
        "FDate": "2026-01-15",
        "FVOUCHERGROUPID": {"FNumber": "PRE001"},
        "FEntity": list(lines)
        or [line("6602.02", 128.5, FFLEX5="BM000001"), line("2241.01", 0, 128.5, FFLEX7="E0001")],
        **head,
    }


@pytest.fixture
def kingdee(borrow_sandbox):  # noqa: F811 - the fixture imported above
    return borrow_sandbox("kingdee")


@pytest.fixture
def connect():
    """Callers that are closed with the test."""
    callers = []

    def new(sandbox):
        callers.append(Caller(sandbox))
        return callers[-1]

    yield new
    for caller in callers:
        caller.connection.close()


@pytest.fixture
def caller(kingdee, connect):
    """A caller with the session of the first user."""
    return connect(kingdee).login()


@pytest.fixture
def make():
    """Builders of a request: ``make.voucher``, ``make.line``, and the identities of the default seed."""

    class Make:
        account, maker, auditor, prefix = ACCOUNT, MAKER, AUDITOR, PREFIX

    Make.voucher, Make.line = staticmethod(voucher), staticmethod(line)
    return Make
