"""A server of the standard library that counts its work, and clients that are closed with the test."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from dougong.hookspecs import Deadline
from dougong_sdk.proxy.fixtures import proxy_to  # noqa: F401
from dougong_sdk.rest import RestSession

ANSWER = b'{"number":"' + b"7" * 200 + b'"}'


class Handler(BaseHTTPRequestHandler):
    """Each POST is work that is done when its body has been read."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.work.append(body)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *arguments): ...


class WorkServer(ThreadingHTTPServer):
    """Knows which bodies it has worked on; a connection that breaks is nothing to print."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.work = []

    def handle_error(self, request, client_address): ...


@pytest.fixture
def server(running):
    return running(WorkServer())


@pytest.fixture
def proxy(server, proxy_to):  # noqa: F811 - the fixture imported above
    return proxy_to("127.0.0.1", server.server_port)


@pytest.fixture
def session(proxy):
    made = RestSession(f"{proxy.url}/api/")
    yield made
    made.close()


@pytest.fixture
def client(proxy):
    with httpx.Client(base_url=proxy.url, trust_env=False, timeout=5) as made:
        yield made


@pytest.fixture
def post(session):
    return lambda body=b"{}", seconds=5.0: session.post("save", body, deadline=Deadline.after(seconds))
