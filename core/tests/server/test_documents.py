from __future__ import annotations

import json

import pytest
from flow_documents import report


def send(client, document, **headers):
    content = document if isinstance(document, (bytes, str)) else json.dumps(document)
    return client.post("/v1/documents", content=content, headers={"Accept-Language": "en", **headers})


def test_new_then_known(client, woken, rows):
    first, again = send(client, report()), send(client, report())
    assert (first.status_code, again.status_code) == (201, 200)
    expected = {"document": "R1", "revision": 1, "state": "accepted", "problems": []}
    assert first.json() == again.json() == expected
    assert [row["documents"] for row in rows()] == [["R1"]]
    assert woken


def test_other_content_of_what_is_in_work_is_refused_and_on_record(client, project):
    from dougong.ledger.views import trace_view

    send(client, report(amount="300.00"))
    answer = send(client, report(amount="900.00", day=19))
    assert (answer.status_code, answer.headers["retry-after"]) == (409, "5")
    assert answer.json()["problems"][0]["code"] == "DOCUMENT_IN_WORK"
    with project.ledger.read() as connection:
        events = json.dumps(trace_view(connection, "R1", "en"), default=str)
    assert "refused_in_work" in events
    assert "900.00" not in events


def test_the_same_content_with_more_facts_is_taken_while_it_is_in_work(client):
    send(client, report(events=[]))
    assert send(client, report(day=19)).status_code == 200


def test_an_answer_that_is_not_newer_conflicts(client, project):
    from dougong.ledger import documents

    send(client, report())
    at_rest(project)
    answer = send(client, report(amount="900.00"))
    assert (answer.status_code, answer.headers.get("retry-after")) == (409, None)
    assert [problem["code"] for problem in answer.json()["problems"]] == ["STALE"]
    newest = project.ledger.look(lambda tx: documents.by_number(tx, "R1"))
    assert [(row.revision, "300.00" in row.canonical) for row in newest] == [(1, True)]


def test_a_new_revision_of_what_rests(client, project):
    send(client, report())
    at_rest(project)
    answer = send(client, report(amount="900.00", day=19))
    assert (answer.status_code, answer.json()["revision"]) == (201, 2)


def at_rest(project):
    """As if it had been looked at: held for a person."""
    from dougong.ledger import documents
    from dougong.ledger.states import DocumentState

    def hold(tx):
        (row,) = documents.by_number(tx, "R1")
        documents.change(tx, row, event="held", state=DocumentState.HELD, inputs="x")

    project.ledger.write(hold)


def test_events_alone(client, rows):
    events = {key: report()[key] for key in ("source", "tenant", "type", "id", "events")}
    answer = send(client, events)
    assert (answer.status_code, answer.json()["state"]) == (200, "held")
    assert answer.json()["problems"][0]["code"] == "DOCUMENT_UNKNOWN"
    assert [row["state"] for row in rows()] == ["held"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "INPUT_EMPTY"),
        ("{", "JSON_INVALID"),
        ('{"a": NaN}', "NUMBER_INVALID"),
        ('{"a": 1e400}', "NOT_CANONICAL"),
        ("[" * 10_000, "JSON_INVALID"),
        ('{"a": 1}', "NOT_CANONICAL"),
        ("[]", "DOCUMENT_NOT_ONE"),
        (json.dumps([report("R1"), report("R2")]), "DOCUMENT_NOT_ONE"),
    ],
    ids=["empty", "broken", "nan", "huge", "deep", "strange", "none", "two"],
)
def test_what_cannot_be_taken(client, rows, content, code):
    answer = send(client, content)
    assert answer.status_code == 422
    assert (answer.json()["document"], answer.json()["state"]) == (None, None)
    assert answer.json()["problems"]
    assert rows() == []


def test_problems_in_the_callers_language(client):
    zh = client.post("/v1/documents", content="[]", headers={"Accept-Language": "fr, zh-CN;q=0.9, en;q=0.5"})
    assert (zh.headers["content-language"], zh.json()["problems"][0]["hint"]) == ("zh", "请逐张发送")
    en = client.post("/v1/documents", content="[]", headers={"Accept-Language": "en-GB"})
    assert en.json()["problems"][0]["hint"] == "send them one by one"


@pytest.mark.parametrize("shown", [None, "", "Bearer", "Bearer wrong", "Basic s3cret", "Bearer s3cre", "Bearer ſ3cret"])
def test_without_the_token_nothing_is_taken(guarded, rows, shown):
    headers = {} if shown is None else {"Authorization": shown.encode()}
    answer = guarded.post("/v1/documents", content=json.dumps(report()), headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert "s3cret" not in answer.text
    assert rows() == []


def test_with_the_token(guarded):
    assert send(guarded, report(), Authorization="Bearer s3cret").status_code == 201


@pytest.mark.parametrize("header", ["Origin", "X-Forwarded-For", "Forwarded"])
def test_without_a_token_only_programs_of_this_machine(client, rows, header):
    assert send(client, report(), **{header: "https://elsewhere.example"}).status_code == 401
    assert rows() == []


def test_too_large(client, rows):
    assert send(client, "x" * 20_001).status_code == 413
    assert rows() == []


def test_a_ledger_that_cannot_write(client, project, monkeypatch):
    from dougong import intake

    def full(*_, **__):
        raise project.ledger.unwell("database or disk is full")

    monkeypatch.setattr(intake, "accept", full)
    answer = send(client, report())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/v1/documents", 405), ("GET", "/console", 404)])
def test_nothing_else_is_there(client, method, path, status):
    assert client.request(method, path).status_code == status


def test_what_breaks_says_nothing(client, monkeypatch):
    from dougong.server import application

    def broken(*_):
        raise RuntimeError("a secret thing")

    monkeypatch.setattr(application, "take_document", broken)
    answer = send(client, report())
    assert (answer.status_code, answer.text) == (500, "internal error")


def test_health_and_description(client):
    assert (client.get("/healthz").status_code, client.get("/healthz").text) == (200, "ok")
    assert "/v1/documents" in client.get("/v1/openapi.json").json()["paths"]
