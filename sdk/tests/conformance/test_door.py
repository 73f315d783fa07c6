"""The door for callbacks of a project under certification: the HTTP of interfaces.md §5."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest

from dougong_sdk.conformance.door import CallbackDoor


@pytest.fixture(scope="module")
def knock(relay):
    """`knock(method, path, body, headers)` at the door of a project with one connection, `relay`."""
    with CallbackDoor(relay.bench().folder) as door:
        parts = urlsplit(door.url("relay"))

        def ask(method, path, body=None, headers=()):
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            told = answer.status, answer.getheader("Content-Type"), answer.read()
            connection.close()
            return told

        yield ask


@pytest.mark.parametrize("path", ["/", "/v1/callbacks/", "/v1/callbacks/another", "/v1/documents"])
def test_there_is_nothing_else(knock, path):
    assert knock("POST", path, b"{}")[0] == 404


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
@pytest.mark.parametrize("path", ["/v1/callbacks/relay", "/v1/callbacks/relay/below?x=1"])
def test_the_connector_answers_at_its_address_and_below(knock, method, path):
    status, kind, body = knock(method, path)
    assert (status, kind) == (401, "application/json")
    assert body == (b"" if method == "HEAD" else b'{"received": false}')


def test_too_much_is_not_read(knock):
    assert knock("POST", "/v1/callbacks/relay", headers={"Content-Length": str(1024 * 1024 + 1)})[0] == 413


def test_what_the_connector_cannot_read_is_answered_without_a_word(knock):
    """Signed by the ERP, and no JSON: the connector raises."""
    from dougong_sdk.sandbox import find_sandbox

    sandbox = find_sandbox("relay")
    signing = type("Signing", (), {"settings": {"callback_secret": "Relay#2026"}})()
    message = sandbox._signed(signing, json.dumps([]).encode(), forge=False)
    assert knock("POST", "/v1/callbacks/relay", message.body, message.headers) == (500, "application/json", b"")
