"""Every way in against a server that verifies it: let in, refused, renewed once; and nothing secret in any text."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from dougong.model.outcomes import NotDone, Unknown
from dougong_sdk.auth import (
    ApiKey,
    Basic,
    Bearer,
    CsrfToken,
    HmacSigned,
    Refusal,
    Together,
    Token,
    TokenCache,
    status_401_proves,
)
from dougong_sdk.rest import BadStatus, LoginRefused, Request, Unreachable, outcome_of

SECRET = "geh€im-7"
OK = (200, [("Content-Type", "application/json")], b'{"ok":true}')


def denied(status=401, *headers, body=b"{}"):
    return status, [("Content-Type", "application/json"), *headers], body


class Erp:
    """Decides who may come in; `clock` is its own."""

    def __init__(self):
        self.ahead, self.tokens, self.logins, self.work = 0.0, [], 0, 0
        self.nonces = set()

    def clock(self):
        return time.time() + self.ahead

    # ways of looking at a request: True, or the refusal

    def basic(self, request):
        expected = base64.b64encode(f"张三:{SECRET}".encode()).decode()
        return request.headers.get("Authorization") == f"Basic {expected}" or denied()

    def token(self, request):
        shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
        shown = shown or parse_qs(urlsplit(request.path).query).get("access_token", [""])[0]
        return (bool(self.tokens) and hmac.compare_digest(shown, self.tokens[-1])) or denied()

    def signed(self, request):
        path, _, query = request.path.partition("?")
        stamp, nonce = request.headers["X-Timestamp"], request.headers["X-Nonce"]
        parts = [request.method, path, query, stamp, nonce, hashlib.sha256(request.body).hexdigest()]
        expected = base64.b64encode(hmac.digest(SECRET.encode(), "\n".join(parts).encode(), "sha256")).decode()
        fresh = abs(int(stamp) - self.clock()) <= 300 and nonce not in self.nonces
        self.nonces.add(nonce)
        return (fresh and hmac.compare_digest(request.headers["X-Signature"], expected)) or denied()

    def issue(self):
        self.logins += 1
        self.tokens.append(f"tök/{self.logins}+=".replace("ö", "o"))
        return self.tokens[-1]

    def deciding(self, *looks):
        def decide(request):
            for look in looks:
                seen = look(request)
                if seen is not True:
                    return seen
            self.work += 1
            return OK

        return decide


@pytest.fixture
def erp():
    return Erp()


@pytest.fixture
def door(erp, serve_http, open_session):
    """`door(look…)`: a server of this ERP; `.session(auth)` talks to it."""

    def make(*looks):
        server = serve_http(erp.deciding(*looks), erp.clock)
        server.session = lambda auth=None: open_session(server.url, auth=auth)
        return server

    return make


def signed_by(secret=SECRET, **more):
    return HmacSigned(
        "key-1",
        secret,
        text="{method}\n{path}\n{query}\n{timestamp}\n{nonce}\n{body_sha256}",
        headers={"X-Key": "{key}", "X-Timestamp": "{timestamp}", "X-Nonce": "{nonce}", "X-Signature": "{signature}"},
        **more,
    )


def login(erp, **more):
    return Bearer(TokenCache(lambda deadline: Token(erp.issue())), **more)


# -- what is fixed ---------------------------------------------------------------------------------------------------


def test_basic_lets_in(door, erp, within):
    assert door(erp.basic).session(Basic("张三", SECRET)).post("x", b"{}", deadline=within()).json() == {"ok": True}


def test_a_wrong_password_is_a_refused_login_where_nothing_can_have_been_done(door, erp, within):
    server = door(erp.basic)
    session = server.session(Basic("张三", "falsch"))
    with pytest.raises(LoginRefused, match="HTTP 401"):
        session.send("GET", "x", deadline=within())
    assert len(server.seen) == 1, "the same password is not shown twice: it would lock the user out"


def test_a_bare_401_after_an_effect_proves_nothing(door, erp, within):
    server = door(erp.basic)
    answer = server.session(Basic("张三", "falsch")).post("x", b"{}", deadline=within())
    with pytest.raises(BadStatus) as caught:
        answer.expect(200)
    assert isinstance(outcome_of(caught.value), Unknown)


def test_a_401_that_the_connector_calls_proof_is_one(door, erp, within):
    session = door(erp.basic).session(Basic("张三", "falsch", refuses=status_401_proves))
    with pytest.raises(LoginRefused) as caught:
        session.post("x", b"{}", deadline=within())
    assert isinstance(outcome_of(caught.value), NotDone)


def test_what_is_known_to_be_refused_is_not_shown_with_every_call(door, erp, within):
    server = door(erp.basic)
    session = server.session(Basic("张三", "falsch", refuses=status_401_proves))
    for _ in range(3):
        with pytest.raises(LoginRefused):
            session.post("x", b"{}", deadline=within())
    assert len(server.seen) == 1


def test_after_its_pause_it_is_shown_again(door, erp, within):
    server = door(erp.basic)
    session = server.session(Basic("张三", "falsch", refuses=status_401_proves, pause=0))
    for _ in range(2):
        with pytest.raises(LoginRefused):
            session.post("x", b"{}", deadline=within())
    assert len(server.seen) == 2


def test_a_colon_in_a_user_name_would_be_read_as_another_user():
    with pytest.raises(ValueError, match="colon"):
        Basic("a:b", "c")


def test_a_gateway_key_and_a_login_go_together(door, erp, within):
    server = door(lambda request: request.headers.get("X-Gateway-Key") == "k-1" or denied(403), erp.basic)
    both = Together(ApiKey({"X-Gateway-Key": "k-1"}), Basic("张三", SECRET))
    assert server.session(both).post("x", b"", deadline=within()).status == 200
    assert server.session(Basic("张三", SECRET)).post("x", b"", deadline=within()).status == 403


# -- signed requests -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body"),
    [("a", b'{"x":1.10}'), ("a%20b/%E4%B8%AD?q=%C3%A9+1&empty=", "凭证".encode()), ("a", b"\xff\x00\xfe"), ("a", b"")],
)
def test_a_signature_over_what_is_sent_is_taken(door, erp, within, path, body):
    assert door(erp.signed).session(signed_by()).post(path, body, deadline=within()).status == 200


def test_another_secret_is_refused_and_not_tried_again(door, erp, within):
    server = door(erp.signed)
    with pytest.raises(LoginRefused):
        server.session(signed_by("other")).send("GET", "a", deadline=within())
    assert len(server.seen) == 1


@pytest.mark.parametrize("ahead", [360, -360])
def test_a_clock_six_minutes_off_is_refused_and_named(door, erp, within, ahead):
    erp.ahead = -ahead
    with pytest.raises(LoginRefused, match=f"our clock is {ahead} s ahead|our clock is {ahead + 1} s ahead"):
        door(erp.signed).session(signed_by()).send("GET", "a", deadline=within())


def test_a_clock_of_its_own_signs(door, erp, within):
    erp.ahead = 3600
    assert door(erp.signed).session(signed_by(clock=erp.clock)).post("a", b"", deadline=within()).status == 200


def test_every_field_of_the_templates(door, erp, within):
    fields = (
        "method host path query sorted_query body body_sha256 body_sha256_base64 body_md5_base64 timestamp timestamp_ms"
        " utc date key header[X-Id]"
    )
    text = "|".join(f"{{{name}}}" for name in fields.split())
    way = HmacSigned("k", "s", text=text, headers={"X-Text": text, "X-Mac": "{signature}"}, encoding="hex",
                     digest="sha1", clock=lambda: 1790000000.5)  # fmt: skip
    server = door()
    server.session(way).post("p?b=2&a=1", b"body", deadline=within(), headers={"X-Id": "7"})
    (request,) = server.seen
    sha, md5 = hashlib.sha256(b"body"), hashlib.md5(b"body")
    assert request.headers["X-Text"].split("|") == [
        "POST", f"127.0.0.1:{server.server_port}", "/erp/p", "b=2&a=1", "a=1&b=2", "body", sha.hexdigest(),
        base64.b64encode(sha.digest()).decode(), base64.b64encode(md5.digest()).decode(), "1790000000", "1790000000500",
        "2026-09-21T14:13:20Z", "Mon, 21 Sep 2026 14:13:20 GMT", "k", "7",
    ]  # fmt: skip
    assert request.headers["X-Mac"] == hmac.digest(b"s", request.headers["X-Text"].encode(), "sha1").hex()


def test_a_header_that_is_not_there_is_signed_as_empty(door, within):
    way = HmacSigned("k", "s", text="{header[X-Id]}", headers={"X-Mac": "{signature}"}, encoding="hex")
    server = door()
    server.session(way).post("p", b"", deadline=within())
    assert server.seen[0].headers["X-Mac"] == hmac.digest(b"s", b"", "sha256").hex()


@pytest.mark.parametrize(("text", "header"), [("{boddy}", ""), ("{signature}", ""), ("", "{}")])
def test_a_field_that_does_not_exist_is_told_before_anything_is_due(text, header):
    with pytest.raises(ValueError, match="no field"):
        HmacSigned("k", "s", text=text, headers={"X": header})


@pytest.mark.parametrize("wrong", [{"digest": "sha257"}, {"encoding": "base32"}])
def test_a_digest_or_encoding_that_does_not_exist_is_told_then_too(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong.values()))):
        HmacSigned("k", "s", text="", headers={}, **wrong)


def test_a_signature_that_was_refused_is_not_made_again_and_the_reason_is_told(door, within):
    """An envelope of the ERP's own, which quotes what we signed with."""

    def refuses(answer):
        return Refusal(proof=True, reason="key s3cret is disabled")

    server = door()
    session = server.session(
        HmacSigned("k", "s3cret", text="{body}", headers={"X-Mac": "{signature}"}, refuses=refuses)
    )
    with pytest.raises(LoginRefused, match=r"refuses us: HTTP 200 \(key \*\*\* is disabled\)"):
        session.post("p", b"", deadline=within())
    with pytest.raises(LoginRefused, match="refused just now"):
        session.post("p", b"", deadline=within())
    assert len(server.seen) == 1


# -- tokens ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [{}, {"header": "", "parameter": "access_token"}], ids=["header", "parameter"])
def test_a_token_that_has_ended_is_renewed_once_for_a_read(door, erp, within, place):
    server = door(erp.token)
    session = server.session(login(erp, **place))
    assert session.send("GET", "a?x=1", deadline=within()).status == 200
    erp.tokens.append("another")  # the server has forgotten the first
    assert session.send("GET", "a?x=1", deadline=within()).status == 200
    assert (erp.logins, len(server.seen)) == (2, 3)
    assert dict(parse_qsl(urlsplit(server.seen[-1].path).query))["x"] == "1"


def test_an_effect_is_not_repeated_after_a_bare_401_but_the_next_call_logs_in(door, erp, within):
    server = door(erp.token)
    session = server.session(login(erp))
    session.post("a", b"1", deadline=within())
    erp.tokens.append("another")
    assert session.post("a", b"2", deadline=within()).status == 401
    assert session.post("a", b"3", deadline=within()).status == 200
    assert [request.body for request in server.seen] == [b"1", b"2", b"3"]


@pytest.mark.parametrize(
    ("way", "call"),
    [
        ({"refuses": status_401_proves}, {}),
        ({}, {"repeatable": True}),
    ],
    ids=["proof", "said to be a read"],
)
def test_a_call_that_may_be_repeated_is_repeated_byte_for_byte(door, erp, within, way, call):
    server = door(erp.token)
    session = server.session(login(erp, **way))
    session.send("POST", "a", body=b"1", deadline=within(), **call)
    erp.tokens.append("another")
    assert session.send("POST", "a", body=b"2", deadline=within(), **call).status == 200
    assert [request.body for request in server.seen] == [b"1", b"2", b"2"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_sixteen_threads_renew_exactly_once(door, erp, within, together, method):
    server = door(erp.token)
    way = login(erp, refuses=status_401_proves)
    session = server.session(way)
    session.send(method, "a", deadline=within())
    erp.tokens.append("another")
    got = together(16, lambda: session.send(method, "a", deadline=within()).status)
    assert got == [200] * 16
    assert erp.logins == 2
    assert erp.work == 17


def test_an_erp_that_takes_no_token_is_not_stormed_with_logins(door, erp, within, together):
    session = door(lambda request: denied()).session(login(erp))
    got = together(16, lambda: session.send("GET", "a", deadline=within()))
    assert {type(error) for error in got} == {LoginRefused}
    with pytest.raises(LoginRefused):
        session.send("GET", "a", deadline=within())
    assert erp.logins <= 10


def test_an_erp_that_refuses_in_its_own_words_under_status_200(door, erp, within):
    def look(request):
        return erp.token(request) is True or denied(200, body=b'{"code":310036}')

    def refuses(answer):
        return Refusal(proof=True) if answer.json().get("code") == 310036 else None

    session = door(look).session(login(erp, refuses=refuses))
    session.post("a", b"1", deadline=within())
    erp.tokens.append("another")
    assert session.post("a", b"2", deadline=within()).json() == {"ok": True}
    assert erp.logins == 2


def test_a_login_that_cannot_be_made_proves_that_nothing_was_sent(door, erp, within, open_session):
    nowhere = open_session("http://127.0.0.1:9/")

    def fetch(deadline):
        return Token(nowhere.send("GET", "token", deadline=deadline).text())

    server = door(erp.token)
    with pytest.raises(Unreachable):
        server.session(Bearer(TokenCache(fetch))).post("a", b"1", deadline=within())
    assert server.seen == []


# -- csrf ------------------------------------------------------------------------------------------------------------


class Gateway(Erp):
    """SAP's gateway: a token is good only with the cookies that came with it."""

    def __init__(self):
        super().__init__()
        self.session, self.fetches = None, 0

    def csrf(self, request):
        wish = request.headers.get("X-CSRF-Token", "")
        if request.method == "GET" and wish.lower() == "fetch":
            self.fetches += 1
            self.session = f"s{self.fetches}"
            cookies = [("Set-Cookie", f"SAP_SESSIONID_X={self.session}; path=/, now; HttpOnly"), ("Set-Cookie", "u=1")]
            return 200, [("X-CSRF-Token", f"csrf-{self.session}"), *cookies], b"{}"
        if request.method == "GET":
            return True
        cookies = request.headers.get("Cookie", "").split("; ")
        good = wish == f"csrf-{self.session}" and f"SAP_SESSIONID_X={self.session}" in cookies and "u=1" in cookies
        return good or denied(403, ("X-CSRF-Token", "Required"), body=b"CSRF token validation failed")


@pytest.fixture
def gateway(serve_http):
    erp = Gateway()
    erp.server = serve_http(erp.deciding(erp.basic, erp.csrf), erp.clock)
    return erp


@pytest.fixture
def on_top(gateway, open_session):
    """A session to the gateway: a login, and a CSRF token on top."""

    def make(password=SECRET):
        basic = Basic("张三", password)
        csrf = CsrfToken(open_session(gateway.server.url, auth=basic), "service/")
        session = open_session(gateway.server.url, auth=Together(basic, csrf))
        session.csrf = csrf
        return session

    return make


def test_a_csrf_token_is_fetched_for_what_changes_something_and_kept(gateway, on_top, within):
    session = on_top()
    session.send("GET", "x", deadline=within())
    assert gateway.fetches == 0
    session.post("x", b"1", deadline=within())
    session.post("x", b"2", deadline=within(), headers={"Cookie": "mine=1"})
    assert gateway.fetches == 1
    assert gateway.server.seen[-1].headers["Cookie"].startswith("mine=1; SAP_SESSIONID_X=s1")


def test_a_csrf_token_that_died_is_fetched_anew_once_for_sixteen_threads(gateway, on_top, within, together):
    session = on_top()
    session.post("x", b"1", deadline=within())
    gateway.session = None
    assert together(16, lambda: session.post("x", b"2", deadline=within()).status) == [200] * 16
    assert gateway.fetches == 2
    assert gateway.work == 17


def test_a_csrf_token_that_is_never_taken_is_asked_for_once_more_only(gateway, on_top, within):
    gateway.server.decide = gateway.deciding(
        lambda request: gateway.csrf(request) if request.method == "GET" else denied(403, ("x-csrf-token", "Required"))
    )
    with pytest.raises(LoginRefused) as caught:
        on_top().post("x", b"1", deadline=within())
    assert isinstance(outcome_of(caught.value), NotDone)
    assert [request.method for request in gateway.server.seen] == ["GET", "POST", "GET", "POST"]


def test_any_other_403_is_about_rights(gateway, on_top, within):
    session = on_top()
    session.post("x", b"1", deadline=within())
    gateway.server.decide = lambda request: denied(403)
    assert session.post("x", b"2", deadline=within()).status == 403
    assert gateway.fetches == 1


def test_who_may_not_fetch_a_csrf_token_is_refused_and_nothing_is_posted(gateway, on_top, within):
    with pytest.raises(LoginRefused):
        on_top("falsch").post("x", b"1", deadline=within())
    assert [request.method for request in gateway.server.seen] == ["GET"]


@pytest.mark.parametrize(("status", "kind"), [(200, Unreachable), (404, Unreachable), (403, LoginRefused)])
def test_a_service_without_a_csrf_token_is_told(gateway, on_top, within, status, kind):
    gateway.server.decide = lambda request: denied(status)
    with pytest.raises(kind):
        on_top().post("x", b"1", deadline=within())


# -- secrets ---------------------------------------------------------------------------------------------------------


def test_no_way_in_shows_a_secret(door, erp, gateway, on_top, within):
    posting = on_top()
    posting.post("x", b"", deadline=within())
    bearer = login(erp)
    bearer.authorize(Request("GET", posting.url("x")), within())
    ways = [Basic("u", SECRET), ApiKey({"K": "gateway-key"}), signed_by(), bearer, posting.csrf]
    hidden = [SECRET, base64.b64encode(f"u:{SECRET}".encode()).decode(), "gateway-key", *erp.tokens, "csrf-s1"]
    for way in [*ways, Together(*ways)]:
        session = door(lambda request: denied()).session(way)
        shown = way.authorize(Request("POST", posting.url(f"x?q={SECRET}"), {}, SECRET.encode()), within())
        try:
            said = session.send("GET", "x", deadline=within())
        except LoginRefused as error:
            said = error
        words = session.redact(" ".join([*way.secrets(), *shown.headers.values()]))
        seen = f"{words} {way!r} {session!r} {shown!r} {said} {said!r}"
        assert [secret for secret in hidden if secret in seen] == []
