"""A server that answers by script, and a search for what must not be in a recording."""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import re
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote_plus

import pytest

from dougong.hookspecs import Deadline
from dougong_sdk.rest import RestSession


class Handler(BaseHTTPRequestHandler):
    """Hands out the answers of the server's script, and keeps what was asked."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.path, dict(self.headers), body))
        content, headers = self.server.script.pop(0)
        self.send_response(200)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = answer  # noqa: N815 - the library looks for these names

    def log_message(self, *arguments): ...


class ScriptedServer(ThreadingHTTPServer):
    """Answers `script` in order: pairs of content and headers."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.script, self.asked = [], []

    def says(self, content, *headers, media_type="application/json"):
        self.script.append((content, [("Content-Type", media_type), *headers]))

    def handle_error(self, request, client_address): ...


@pytest.fixture
def server(running):
    return running(ScriptedServer())


@pytest.fixture
def session(server):
    """Makes sessions to the server, or to an address where nobody is."""
    made = []

    def make(*, port=None, **more):
        made.append(RestSession(f"http://127.0.0.1:{port or server.server_port}/api/", **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "recording"


@pytest.fixture
def soon():
    return lambda: Deadline.after(5)


def readings(text):
    """A text as it stands, and as whoever undoes its escapes would read it, twice over."""
    found = {text}
    for _ in range(2):
        for one in list(found):
            found |= {unquote_plus(one), html.unescape(one)}
            with suppress(UnicodeError, ValueError):
                found.add(codecs.decode(one.encode("ascii", "backslashreplace"), "unicode_escape"))
    for one in list(found):
        for run in re.findall(r"[A-Za-z0-9+/_-]{5,}", one):
            found |= {decoded(run[start:]) for start in range(4)}
            with suppress(ValueError):
                found.add(bytes.fromhex(run).decode("utf-8", "ignore"))
    return found


def decoded(run):
    run = run.replace("-", "+").replace("_", "/")
    with suppress(binascii.Error):
        run = run[:-1] if len(run) % 4 == 1 else run
        return base64.b64decode(run + "=" * (-len(run) % 4)).decode("utf-8", "ignore")
    return ""


@pytest.fixture
def leaks():
    """Which of these texts stand in which files of a folder, in any encoding."""

    def search(folder, values):
        found = []
        for path in folder.rglob("*"):
            for reading in readings(path.read_text("utf-8")):
                found += [(path.name, value) for value in values if value in reading]
        return sorted(set(found))

    return search
