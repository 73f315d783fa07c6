from __future__ import annotations

import http.server
import queue
import threading

import pytest

from dougong_sdk.sandbox import SandboxError


class _Door(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.path, dict(self.headers), body))
        self.server.news.put(body)
        self.send_response(self.server.statuses.pop() if self.server.statuses else 202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def door():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Door)
    server.received, server.statuses, server.news = [], [], queue.Queue()
    server.url = f"http://127.0.0.1:{server.server_port}/callbacks"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_push_arrives_with_credentials_and_signature(toy, client, door):
    client.note("hello")
    toy.target("event", door.url, user="u", password="p")
    told = toy.emit("event")
    assert (told["composed"], told["statuses"]) == (1, [202])
    assert [(one["status"], one["body"], one["acknowledged"]) for one in told["answers"]] == [(202, "", True)]
    path, headers, body = door.received[0]
    assert (path, headers["Authorization"], headers["X-Signature"]) == ("/callbacks", "Basic dTpw", "good")
    assert b"hello" in body


def test_a_push_can_be_doubled_forged_or_dropped(toy, client, door):
    client.note()
    toy.target("event", door.url, bearer="tok")
    assert toy.emit("event", duplicate=True, forge=True)["statuses"] == [202, 202]
    assert {headers["X-Signature"] for _, headers, _ in door.received} == {"forged"}
    assert door.received[0][1]["Authorization"] == "Bearer tok"
    assert toy.emit("event", drop=True) == {"composed": 1, "statuses": [], "answers": []}
    assert len(door.received) == 2


def test_a_push_can_come_without_any_credential(toy, client, door):
    client.note()
    toy.target("event", door.url, bearer="tok")
    assert toy.emit("event", bare=True)["statuses"] == [202]
    ((_, headers, _),) = door.received
    assert not {"Authorization", "X-Signature"} & set(headers)


def test_what_makes_no_greeting_sends_none(toy, client, door):
    toy.target("event", door.url)
    assert toy.emit("event", greeting=True) == {"composed": 0, "statuses": [], "answers": []}


def test_an_unreachable_target_is_told(toy, client):
    client.note()
    toy.target("event", "http://127.0.0.1:9/")
    assert toy.emit("event")["statuses"] == [None]


def test_what_an_erp_does_not_push_is_refused(toy, door):
    toy.target("job", door.url)
    with pytest.raises(SandboxError, match="asked") as error:
        toy.emit("job")
    assert error.value.status == 409


@pytest.mark.parametrize("url", ["file:///etc/passwd", "", 7])
def test_only_http_is_a_target(toy, url):
    with pytest.raises(SandboxError):
        toy.target("event", url)


def test_with_an_address_it_pushes_by_itself_each_message_until_it_is_taken(launch_sandbox, toy_name, connect, door):
    door.statuses = [503]
    client = connect(launch_sandbox(toy_name, settings={"callback_url": door.url}))
    client.note("one")
    assert [b"one" in door.news.get(timeout=30) for _ in range(2)] == [True, True]
    client.note("two")
    assert b"two" in door.news.get(timeout=30)
