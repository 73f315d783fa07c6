"""What opens a session: noticed as it passes, found in a text, never shown."""

from __future__ import annotations

import pytest

from dougong_sdk.sandbox import Request, Response
from dougong_sdk.sandbox.credentials import Credentials


def request(query="", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("GET", "/", "/", query, named, b"")


@pytest.mark.parametrize(
    ("sent", "text", "name"),
    [
        (request(authorization="Bearer abcdefghijklmn"), "got abcdefghijklmn", "authorization"),
        (request(authorization='HMAC id="me", signature="c2lnbmF0dXJl+/="'), "c2lnbmF0dXJl+/=", "authorization"),
        (request(authorization="Bearer abcdef/hijklmn="), "?t=abcdef%2Fhijklmn%3D", "authorization"),
        (request(cookie="lang=zh; ASP.NET_SessionId=abcdefghijkl"), "abcdefghijkl", "cookie ASP.NET_SessionId"),
        (request(x_api_signature="0123456789abcdef"), "0123456789abcdef", "x-api-signature"),
        (request("access_token=0123456789abcdef&page=1"), "/x?access_token=0123456789abcdef", "access_token"),
    ],
)
def test_what_a_client_proves_itself_with_is_found(sent, text, name):
    credentials = Credentials()
    credentials.came(sent)
    assert credentials.held_in(text) == [name]
    assert credentials.held_in("nothing of it") == []


def test_what_is_handed_out_is_found():
    credentials = Credentials()
    credentials.issued("token-in-a-body")
    credentials.left(
        Response(b"", headers=[("Set-Cookie", "sid=abcdefghijkl; path=/"), ("X-CSRF-Token", "lmnopqrstuvw")])
    )
    assert credentials.held_in("token-in-a-body abcdefghijkl lmnopqrstuvw") == ["X-CSRF-Token", "cookie sid", "token"]


def test_words_are_not_taken_for_tokens():
    credentials = Credentials()
    credentials.came(request("page=abcdefghijklmnop", x_csrf_token="Fetch", accept="application/json;charset=utf-8"))
    assert credentials.held_in("Fetch application/json;charset=utf-8 abcdefghijklmnop") == []


def test_only_so_many_are_kept(monkeypatch):
    monkeypatch.setattr("dougong_sdk.sandbox.credentials._MOST", 2)
    credentials = Credentials()
    for token in ("first-token-1", "second-token-2", "third-token-3"):
        credentials.issued(token)
    assert credentials.held_in("first-token-1") == []
    assert credentials.held_in("third-token-3") == ["token"]
