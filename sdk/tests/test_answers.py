"""Heads of answers: what ends a body, what is refused, what comes before the answer."""

from __future__ import annotations

import http.client
import socket

import pytest

from dougong.hookspecs import Deadline
from dougong_sdk.answers import Headers, WireAnswer
from dougong_sdk.sockets import Reader, Wire


@pytest.fixture
def answered():
    open_sockets = []

    def answer(data, method="POST"):
        server, client = socket.socketpair()
        open_sockets.extend((server, client))
        server.sendall(data)
        server.shutdown(socket.SHUT_WR)
        wire = Wire(client)
        wire.deadline = Deadline.after(5)
        reply = WireAnswer(Reader(wire), method)
        reply.begin()
        return reply

    yield answer
    for each in open_sockets:
        each.close()


def test_a_body_ends_by_length_by_chunks_or_with_the_connection(answered):
    by_length = answered(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab")
    by_chunks = answered(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n")
    by_end = answered(b"HTTP/1.1 200 OK\r\n\r\nab")
    assert [reply.read() for reply in (by_length, by_chunks, by_end)] == [b"ab", b"ab", b"ab"]
    assert [by_length.will_close, by_chunks.will_close, by_end.will_close] == [False, False, True]


@pytest.mark.parametrize("head", [b"HTTP/1.1 204 No Content", b"HTTP/1.1 304 Not Modified"])
def test_some_answers_have_no_body(answered, head):
    assert answered(head + b"\r\nContent-Length: 5\r\n\r\n").read() == b""


def test_an_answer_to_head_has_no_body(answered):
    assert answered(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", method="HEAD").read() == b""


def test_what_comes_before_the_answer_is_passed_over(answered):
    reply = answered(b"HTTP/1.1 100 Continue\r\nX: 1\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
    assert (reply.status, "x" in reply.head) == (201, False)


@pytest.mark.parametrize(
    ("head", "closes"),
    [
        (b"HTTP/1.0 200 OK", True),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive", False),
        (b"HTTP/1.1 200 OK\r\nConnection: Close", True),
    ],
)
def test_who_keeps_a_connection_open(answered, head, closes):
    assert answered(head + b"\r\nContent-Length: 0\r\n\r\n").will_close is closes


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n: nameless\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: 1\r\n folded\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 101 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_proper_head_is_refused(answered, data):
    with pytest.raises((http.client.HTTPException, OSError)):
        answered(data)


def test_headers_in_any_case_and_several_times():
    headers = Headers([("Set-Cookie", "a=1"), ("set-cookie", "b=2"), ("ETag", "x")])
    assert headers["SET-COOKIE"] == "a=1, b=2"
    assert headers.get_list("Set-cookie") == ["a=1", "b=2"]
    assert (list(headers), len(headers), headers.get("none", "")) == (["set-cookie", "etag"], 2, "")
    assert "etag" in headers
    with pytest.raises(KeyError):
        headers["none"]
