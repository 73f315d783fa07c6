from __future__ import annotations

import http.client
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dougong_sdk.sandbox.fixtures import borrow_sandbox, launch_sandbox, sandbox_pool  # noqa: F401

TOY = "toy_sandbox:ToySandbox"


class ToyClient:
    """A plain http.client, so that nothing smooths over what the wire does."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        parts = urlsplit(sandbox.url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
        self.token = ""

    def send(self, operation, body):
        headers = {"token": self.token, "Content-Type": "application/json"}
        self.connection.request("POST", f"/toy/{operation}", json.dumps(body), headers)
        return self.connection.getresponse()

    def ask(self, operation, body):
        answer = self.send(operation, body)
        return answer.status, answer.read()

    def login(self):
        status, body = self.ask("login", {"user": "ann", "password": "s3cret-word"})
        assert status == 200
        self.token = json.loads(body)["token"]

    def note(self, text="x", **more):
        return self.ask("note", {"text": text, **more})


@pytest.fixture(autouse=True, scope="session")
def _toy_is_importable():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=":")
        yield


@pytest.fixture
def toy(borrow_sandbox):  # noqa: F811 - the fixture imported above
    return borrow_sandbox(TOY)


@pytest.fixture
def connect():
    """Clients that are closed with the test."""
    clients = []

    def new(sandbox, *, login=True):
        client = ToyClient(sandbox)
        clients.append(client)
        if login:
            client.login()
        return client

    yield new
    for client in clients:
        client.connection.close()


@pytest.fixture
def client(toy, connect):
    return connect(toy)


@pytest.fixture
def toy_name():
    return TOY
