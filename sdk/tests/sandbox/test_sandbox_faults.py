"""Each fault as a plain client sees it, and what the ledger holds afterwards."""

from __future__ import annotations

import http.client
import json
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dougong_sdk.sandbox import Request, Response, Sandbox, SandboxError
from dougong_sdk.sandbox.faults import FAULTS, Fault, FaultBook

CUT = (http.client.RemoteDisconnected, ConnectionResetError)


def _wait_for(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.005)


@pytest.mark.parametrize("fault", ["refuse", "reset_before_work"])
def test_the_connection_is_cut_and_nothing_is_done(toy, client, fault):
    toy.fault(fault, operation="note", count=1)
    with pytest.raises(CUT):
        client.note()
    assert toy.postings() == []
    assert client.note("again")[0] == 200


def test_the_connection_is_cut_after_the_work(toy, client):
    toy.fault("reset_after_work", operation="note", count=1)
    with pytest.raises(CUT):
        client.note("done")
    assert [note["text"] for note in toy.postings()] == ["done"]


def test_the_work_is_done_late(toy, client):
    toy.fault("work_late", operation="note", count=1, seconds="0.2")
    with pytest.raises(CUT):
        client.note("late")
    assert toy.postings() == []
    _wait_for(lambda: [note["text"] for note in toy.postings()] == ["late"])


@pytest.mark.parametrize(("fault", "done"), [("status_before_work", 0), ("status_after_work", 1)])
def test_a_status_before_or_after_the_work(toy, client, fault, done):
    toy.fault(fault, operation="note", count=1, status=429, retry_after=7)
    answer = client.send("note", {"text": "x"})
    answer.read()
    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
    assert len(toy.postings()) == done


def test_a_truncated_body(toy, client):
    toy.fault("truncate", operation="note", count=1)
    answer = client.send("note", {"text": "x" * 1000})
    with pytest.raises(http.client.IncompleteRead) as error:
        answer.read()
    assert 0 < len(error.value.partial) < int(answer.headers["Content-Length"])
    assert len(toy.postings()) == 1


def test_the_wrong_content_type(toy, client):
    toy.fault("wrong_content_type", operation="note", count=1)
    answer = client.send("note", {"text": "x"})
    assert answer.headers["Content-Type"].startswith("text/html")
    assert json.loads(answer.read())["text"] == "x"


def test_a_slow_drip(toy, client):
    toy.fault("drip", operation="note", count=1, seconds="0.4")
    started = time.monotonic()
    answer = client.send("note", {"text": "x" * 100})
    first = answer.read(1)
    rest = answer.read()
    assert json.loads(first + rest)["text"] == "x" * 100
    assert time.monotonic() - started >= 0.3
    assert len(toy.postings()) == 1


def test_an_answer_that_comes_twice(toy, client):
    toy.fault("duplicate_answer", operation="note", count=1)
    body = b'{"text":"twice"}'
    head = f"POST /toy/note HTTP/1.1\r\nHost: x\r\nToken: {client.token}\r\nContent-Length: {len(body)}\r\n\r\n"
    parts = urlsplit(toy.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as raw:
        raw.sendall(head.encode() + body)
        received = b"".join(iter(lambda: raw.recv(65536), b""))
    assert received.count(b"HTTP/1.1 200 OK") == 2
    assert received.count(b'"text":"twice"') == 2
    assert len(toy.postings()) == 1


def test_an_answer_that_leaves_something_out(toy, client):
    toy.fault("partial_answer", operation="note", count=1)
    assert client.note() == (200, b'{"id":"1","text":"x"}')
    assert len(toy.postings()) == 1


def test_who_answers_about_one_voucher_at_a_time_leaves_nothing_out():
    class Prompt(Sandbox):
        title = "Prompt ERP"

    with pytest.raises(SandboxError, match="one voucher at a time"):
        Sandbox.shortened(Prompt, Response())


def test_a_business_error_in_the_erps_own_words(toy, client):
    toy.fault("business_error", operation="note", count=1, code="E42")
    assert client.note() == (200, b'{"code":"E42"}')
    assert toy.postings() == []


def test_an_expired_session(toy, client):
    toy.fault("expire_session", operation="note", count=1)
    assert client.note()[0] == 401
    client.login()
    assert client.note()[0] == 200


def test_faults_can_be_cleared(toy, client):
    toy.fault("reset_before_work")
    toy.clear_faults()
    assert client.note()[0] == 200


def test_every_fault_is_tested_here():
    text = Path(__file__).read_text("utf-8")
    assert [fault for fault in FAULTS if f'"{fault}"' not in text] == []


def _request(body=b"", path="/toy/note"):
    return Request("POST", path, path, "", {}, body)


def _hits(fault, operations, bodies=None):
    book = FaultBook()
    book.add(Fault.read(fault))
    bodies = bodies or [b""] * len(operations)
    return [book.next_for(_request(body), op) is not None for op, body in zip(operations, bodies, strict=True)]


def test_count_and_every_choose_among_matching_requests():
    assert _hits({"fault": "refuse", "count": 2}, ["a"] * 4) == [True, True, False, False]
    assert _hits({"fault": "refuse", "every": 2}, ["a"] * 5) == [False, True, False, True, False]
    assert _hits({"fault": "refuse", "every": 2, "count": 1}, ["a"] * 5) == [False, True, False, False, False]
    assert _hits({"fault": "refuse"}, ["a"] * 2) == [True, True]


def test_operation_and_match_narrow_down():
    assert _hits({"fault": "refuse", "operation": "NOTE", "count": 1}, ["login", "note"]) == [False, True]
    assert _hits({"fault": "refuse", "match": "B-1", "count": 1}, ["a", "a"], [b"B-2", b'{"n":"B-1"}']) == [False, True]


def test_the_first_fault_that_matches_happens():
    book = FaultBook()
    book.add(Fault.read({"fault": "refuse", "count": 1}))
    book.add(Fault.read({"fault": "drip"}))
    assert [book.next_for(_request(), "a").fault for _ in range(2)] == ["refuse", "drip"]


@pytest.mark.parametrize(
    "order",
    [
        {"fault": "explode"},
        {},
        {"fault": "refuse", "opration": "x"},
        {"fault": "work_late", "operation": "note"},
        {"fault": "refuse", "every": 0},
        {"fault": "refuse", "count": "many"},
        {"fault": "drip", "seconds": -1},
        {"fault": "drip", "seconds": "NaN"},
    ],
)
def test_what_is_no_fault_is_refused(order):
    with pytest.raises(SandboxError):
        Fault.read(order)
