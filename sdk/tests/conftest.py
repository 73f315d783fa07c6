"""A server on loopback that really looks at what it is shown, and helpers to talk to it."""

from __future__ import annotations

import threading
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from dougong.hookspecs import Deadline
from dougong_sdk.rest import RestSession


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        seen = SimpleNamespace(method=self.command, path=self.path, headers=self.headers, body=body)
        with self.server.lock:
            self.server.seen.append(seen)
            status, headers, content = self.server.decide(seen)
        self.send_response_only(status)
        fields = {"Date": formatdate(self.server.clock(), usegmt=True), "Content-Length": str(len(content))}
        for name, value in [*fields.items(), *headers]:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = answer  # noqa: N815 - names of http.server

    def log_message(self, *args):
        """Says nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A client that was turned away is no error of the server."""


@pytest.fixture
def running():
    """`running(server)`: a server of the standard library in a thread of its own, until the test ends."""
    started = []

    def run(server):
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        started.append((server, thread))
        return server

    yield run
    for server, thread in started:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def serve_http(running):
    """`serve_http(decide, clock)`: `decide(request) -> status, headers, body`, one at a time; has `url` and `seen`."""

    def serve(decide, clock, tls=None):
        server = _Server(("127.0.0.1", 0), _Handler)
        server.decide, server.clock, server.seen, server.lock = decide, clock, [], threading.Lock()
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        server.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}/erp/"
        return running(server)

    return serve


@pytest.fixture
def together():
    """`together(n, work)`: what n threads get that start at the same moment; an exception is what one gets, too."""

    def run(count, work):
        barrier, got = threading.Barrier(count), []

        def one():
            barrier.wait(10)
            try:
                got.append(work())
            except Exception as error:  # noqa: BLE001 - the test looks at it
                got.append(error)

        threads = [threading.Thread(target=one) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return got

    return run


@pytest.fixture
def open_session():
    """`RestSession`, closed with the test."""
    made = []

    def make(url, **more):
        made.append(RestSession(url, **more))
        return made[-1]

    yield make
    for session in made:
        session.close()


@pytest.fixture
def within():
    return lambda seconds=10.0: Deadline.after(seconds)
