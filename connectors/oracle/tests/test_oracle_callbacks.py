"""What the pod says by itself: believed by its certificate alone, and only a hint."""

from __future__ import annotations

import datetime as dt

import pytest

from dougong.hookspecs import Call
from dougong.model.messages import Correlation
from dougong.model.outcomes import CallbackRefused, CallbackRequest
from dougong_oracle.callbacks import read_callback
from dougong_oracle.sandbox.callbacks import certificate_of, completions, without_assertion
from dougong_oracle.settings import OracleSettings
from dougong_sdk.rest import BadAnswer

TREE = {
    "JOBS": [
        {"REQUESTID": "603547", "STATUS": "SUCCEEDED", "DOCUMENTNAME": "DGFILE.zip"},
        {"REQUESTID": "603550", "STATUS": "ERROR"},
    ],
    "SUMMARYSTATUS": "ERROR",
}


def settings(secret="pod"):
    return OracleSettings(base_url="https://pod/", user="u", password="p", pod_certificate=certificate_of(secret))


def call(ahead=dt.timedelta()):
    return Call(connection="oracle", now=dt.datetime.now(dt.UTC) + ahead)


def told(tree=None, change=lambda body: body):
    (message,) = completions([tree or TREE], "INTEGRATION", "pod")
    return CallbackRequest("POST", "", "", (("Content-Type", message.content_type),), change(message.body))


def test_it_asks_for_the_import_of_the_file():
    found = read_callback(told(), settings(), call())
    assert found.ask == (Correlation("file", "DGFILE.zip"),)
    assert found.updates == ()
    assert (found.message_id, found.reply.status) == ("jobs 603547 SUCCEEDED/603550 ERROR", 200)


def test_told_again_it_is_the_same_message_though_signed_anew():
    assert told().body != told().body
    assert len({read_callback(told(), settings(), call()).message_id for _ in range(2)}) == 1


@pytest.mark.parametrize(
    ("request_", "how"),
    [
        (told(), {"secret": "another pod"}),
        (told(change=without_assertion), {}),
        (told(change=lambda body: body.replace(b">INTEGRATION<", b">SOMEBODY<")), {}),
        (told(change=lambda _: b"no xml"), {}),
        (CallbackRequest("GET", "", "", (), told().body), {}),
    ],
)
def test_nobody_else_is_believed(request_, how):
    with pytest.raises(CallbackRefused) as refused:
        read_callback(request_, settings(**how), call())
    assert (refused.value.reply.status, refused.value.reply.body) == (401, b"")


@pytest.mark.parametrize("ahead", [dt.timedelta(minutes=-10), dt.timedelta(minutes=10)])
def test_nor_is_what_is_not_good_at_the_time(ahead):
    with pytest.raises(CallbackRefused):
        read_callback(told(), settings(), call(ahead))


def test_without_a_certificate_nobody_is_let_in():
    with pytest.raises(CallbackRefused):
        read_callback(told(), OracleSettings(base_url="https://pod/", user="u", password="p"), call())


def test_a_message_of_the_pod_that_tells_of_no_jobs_is_kept_for_people():
    body = told(change=lambda body: body.replace(b'"JOBS"', b'"NEWS"')).body
    with pytest.raises(BadAnswer):
        read_callback(CallbackRequest("POST", "", "", (), body), settings(), call())
