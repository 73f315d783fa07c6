from __future__ import annotations

import hashlib
import hmac
import json
import logging

import pytest
from flow_documents import report

ADDRESS = "/v1/callbacks/erp"


def signed(body, key="canary-of-the-door"):
    return {"X-Signature": hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}


def inbox(project):
    from sqlalchemy import select

    from dougong.ledger import schema

    table = schema.inbox
    with project.ledger.read() as connection:
        found = connection.execute(select(table.c.message_id, table.c.raw, table.c.handled_at.is_(None)))
        return [tuple(row) for row in found]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
def test_shown_to_the_connector_untouched(client, seen, method):
    body = b'{ "a" : 1.50,\r\n"\xff" }' if method == "POST" else b""
    answer = client.request(
        method, f"{ADDRESS}/a%2Fb/c%20d?x=1&x=%20", content=body, headers={"X-Thing": "One", "X-Thing-2": "zwei"}
    )
    assert answer.status_code == 200
    (request,) = seen
    assert (request.method, request.path, request.query) == (method, "/a%2Fb/c%20d", "x=1&x=%20")
    assert request.body == body
    assert request.header("x-thing") == "One"


def test_at_its_own_address(client, seen):
    assert client.post(ADDRESS, content=b"x").status_code == 200
    assert client.post(ADDRESS + "/", content=b"y").status_code == 200
    assert [request.path for request in seen] == ["", "/"]


def test_the_reply_is_the_connectors(client):
    answer = client.get(f"{ADDRESS}/wsdl")
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"<wsdl/>", "text/xml")
    assert answer.headers.get_list("x-a") == ["1", "2"]
    head = client.head(f"{ADDRESS}/wsdl")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "7")


def test_stored_before_the_reply_and_once(client, project, woken):
    for _ in range(3):
        assert client.post(f"{ADDRESS}/told", content=b"news").content == b"thanks"
    assert inbox(project) == [("m-6e657773", b"news", 0)]
    assert len(woken) == 3


def test_what_is_not_believed_changes_nothing(client, project):
    body = b"news"
    for headers in ({}, {"X-Signature": ""}, signed(body, "other"), signed(b"newt")):
        assert client.post(f"{ADDRESS}/signed", content=body, headers=headers).status_code == 401
    assert inbox(project) == []
    assert client.post(f"{ADDRESS}/signed", content=body, headers=signed(body)).status_code == 200


def test_people_hear_of_many_that_are_refused_but_not_of_each(client, caplog):
    from dougong.cli.logs import stop_logging

    stop_logging()
    logging.getLogger("dougong").propagate = True
    for _ in range(49):
        client.post(f"{ADDRESS}/signed", content=b"x")
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert told == ["5 callbacks of erp in a row were refused, the last one because: wrong signature"]
    client.post(f"{ADDRESS}/signed", content=b"x")
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 2


@pytest.mark.parametrize("name", ["nobody", "silent", "", "ERP", "erp%20", "%2e%2e"])
def test_nobody_there(client, seen, name):
    answer = client.post(f"/v1/callbacks/{name}/told", content=b"x")
    assert (answer.status_code, seen) == (404, [])


def test_a_connection_that_cannot_be_used(client):
    answer = client.post("/v1/callbacks/broken", content=b"x")
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    assert "nowhere" not in answer.text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods(client, seen, method):
    assert (client.request(method, ADDRESS).status_code, seen) == (405, [])


def test_too_large(client, seen):
    assert client.post(ADDRESS, content=b"x" * 1001).status_code == 413
    assert client.post(ADDRESS, content=b"x" * 1000).status_code == 200
    assert len(seen) == 1


def test_one_that_breaks_its_connector_is_seen_by_people_and_by_nobody_else(client, rows, project):
    for _ in range(2):
        answer = client.post(f"{ADDRESS}/raises", content=b"x")
        assert (answer.status_code, answer.text) == (500, "internal error")
    (row,) = rows()
    assert (row["connection"], row["state"], row["problems"][0]["code"]) == ("erp", "held", "PLUGIN_FAILED")
    assert "canary" not in json.dumps(rows())
    assert [raw for _, raw, _ in inbox(project)] == [b"x"]


def test_a_reply_that_cannot_be_made(client, rows):
    assert client.post(f"{ADDRESS}/nonsense", content=b"x").status_code == 500
    assert [row["problems"][0]["code"] for row in rows()] == ["CALLBACK_UNUSABLE"]


def test_rubbish_cannot_fill_the_ledger(client, rows):
    for number in range(30):
        client.post(f"{ADDRESS}/raises", content=b"%d" % number)
    assert len(rows()) == 20


def test_once_its_connector_is_repaired_it_is_read(client, rows, project, monkeypatch):
    import door_erp

    from dougong.flow.callbacks import take_kept

    client.post(f"{ADDRESS}/raises", content=b"x")
    take_kept(project)
    assert len(rows()) == 1
    whole = door_erp.CallbackRefused
    monkeypatch.setattr(door_erp, "RuntimeError", whole, raising=False)
    take_kept(project)
    assert rows() == []


def test_documents_in_it_are_accepted_before_the_reply(client, rows):
    body = json.dumps(report()).encode()
    assert client.post(f"{ADDRESS}/documents?m1", content=body).content == b"taken"
    assert [(row["documents"], row["state"]) for row in rows()] == [(["R1"], "accepted")]
    assert client.post(f"{ADDRESS}/documents?m1", content=body).status_code == 202
    assert len(rows()) == 1


def test_documents_that_were_stored_and_not_accepted(client, rows, project, monkeypatch):
    from dougong.flow import callbacks

    def dies(*_):
        raise SystemExit

    monkeypatch.setattr(callbacks, "_take_documents", dies)
    from dougong.model.outcomes import CallbackRequest

    request = CallbackRequest("POST", "/documents", "m1", (), json.dumps(report()).encode())
    with pytest.raises(SystemExit):
        callbacks.take_callback(project, project.door("erp"), request)
    monkeypatch.undo()
    assert rows() == []
    callbacks.take_kept(project)
    assert [row["documents"] for row in rows()] == [["R1"]]


def test_a_document_that_cannot_be_read_is_seen(client, rows):
    assert client.post(f"{ADDRESS}/documents?m1", content=b"{").status_code == 202
    (row,) = rows()
    assert (row["connection"], row["documents"]) == ("erp", [])
    assert row["problems"]


def test_a_full_ledger(client, project, monkeypatch):
    from dougong import confirmation

    def full(*_, **__):
        raise project.ledger.unwell("database or disk is full")

    monkeypatch.setattr(confirmation, "receive", full)
    assert client.post(ADDRESS, content=b"x").status_code == 503
