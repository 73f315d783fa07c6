"""OAuth 2.0 against a token endpoint that verifies secrets, signatures, audiences and times."""

from __future__ import annotations

import base64
import datetime as dt
import json
import time
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import XMLVerifier
from signxml.exceptions import InvalidSignature

from dougong.model.problems import DougongError
from dougong_sdk.auth import Basic, Bearer, JwtAssertion, SamlAssertion, Token, TokenCache, TokenEndpoint, private_key
from dougong_sdk.rest import LoginRefused, Unreachable

SECRET = "client-s3cret"
PEM, PKCS8, PLAIN = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
SAML = {"s": "urn:oasis:names:tc:SAML:2.0:assertion"}


class Key:
    def __init__(self):
        self.private = rsa.generate_private_key(65537, 2048)
        self.pem = self.private.private_bytes(PEM, PKCS8, PLAIN).decode()
        self.public = self.private.public_key()
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "signer")])
        now = dt.datetime.now(dt.UTC)
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.public)
        made = made.serial_number(7).not_valid_before(now - dt.timedelta(1)).not_valid_after(now + dt.timedelta(1))
        self.certificate = made.sign(self.private, hashes.SHA256()).public_bytes(PEM).decode()


@pytest.fixture(scope="module")
def key():
    return Key()


@pytest.fixture(scope="module")
def another_key():
    return Key()


class Server:
    """An authorisation server and the ERP that takes its tokens."""

    def __init__(self, key):
        self.key, self.ahead, self.issued, self.used = key, 0.0, [], set()
        self.lifetime, self.url = 3600, ""

    def clock(self):
        return time.time() + self.ahead

    def decide(self, request):
        if request.path == "/erp/token":
            status, content = self.token({name: values[0] for name, values in parse_qs(request.body.decode()).items()},
                                         request.headers)  # fmt: skip
        else:
            shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
            good = self.trusts(shown) if shown.count(".") == 2 else shown == (self.issued or [""])[-1]
            status, content = (200, {"ok": True}) if good and shown else (401, {})
        return status, [("Content-Type", "application/json")], json.dumps(content).encode()

    def token(self, form, headers):
        expected = "Basic " + base64.b64encode(f"client:{SECRET}".encode()).decode()
        in_body = (form.get("client_id"), form.get("client_secret")) == ("client", SECRET)
        if not in_body and headers.get("Authorization") != expected and not self.asserted_client(form):
            said = f"bad secret {form.get('client_secret')} {headers.get('Authorization')}"
            return 401, {"error": "invalid_client", "error_description": said}
        grant = form["grant_type"].rpartition(":")[2]
        if grant == "jwt-bearer" and not self.trusts(form["assertion"], "https://as/token", "张三"):
            return 400, {"error": "invalid_grant", "error_description": "assertion refused"}
        if grant == "saml2-bearer" and not self.trusts_saml(form["assertion"]):
            return 400, {"error": "invalid_grant"}
        self.issued.append(f"at-{len(self.issued)}")
        return 200, {"access_token": self.issued[-1], "token_type": "bearer", "expires_in": self.lifetime}

    def trusts(self, token, audience=None, subject=None):
        off = {"verify_exp": False, "verify_iat": False, "verify_aud": bool(audience)}  # our clock, below
        try:
            claims = jwt.decode(token, self.key.public, algorithms=["RS256"], audience=audience, options=off)
        except jwt.PyJWTError:
            return False
        once = claims["jti"] not in self.used
        self.used.add(claims["jti"])
        in_time = claims["iat"] - 60 <= self.clock() < claims["exp"]
        return once and in_time and claims["iss"] == "us" and subject in (None, claims.get("sub"))

    def asserted_client(self, form):
        return "client_assertion" in form and self.trusts(form["client_assertion"], "https://as/token", "client")

    def trusts_saml(self, text):
        content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        try:
            # what counts is only what the verifier returns
            signed = XMLVerifier().verify(content, x509_cert=self.key.certificate, id_attribute="ID").signed_xml
        except (InvalidSignature, ValueError):
            return False
        conditions = signed.find("s:Conditions", SAML)
        now = dt.datetime.fromtimestamp(self.clock(), dt.UTC)
        start, end = (dt.datetime.fromisoformat(conditions.get(name)) for name in ("NotBefore", "NotOnOrAfter"))
        confirmed = signed.find(".//s:SubjectConfirmationData", SAML)
        return (
            start <= now < end
            and signed.findtext("s:Issuer", None, SAML) == "us"
            and signed.findtext(".//s:Audience", None, SAML) == "S4H_100"
            and signed.findtext(".//s:NameID", None, SAML) == "张三"
            and confirmed.get("Recipient") == "https://as/token"
        )


@pytest.fixture
def server(key, serve_http):
    made = Server(key)
    made.http = serve_http(made.decide, made.clock)
    made.url = made.http.url
    return made


@pytest.fixture
def enter(server, open_session):
    """A session to the ERP that gets its tokens by a grant of the endpoint: `enter(lambda endpoint: …)`."""

    def make(grant, *, auth=Basic("client", SECRET), **client):  # noqa: B008 - never changed
        endpoint = TokenEndpoint(open_session(server.url, auth=auth), "token", **client)
        return open_session(server.url, auth=Bearer(TokenCache(grant(endpoint))))

    return make


def by_client(endpoint):
    return endpoint.client_credentials("scope-1")


def statement(key, **more):
    given = {"issuer": "us", "subject": "张三", "audience": "https://as/token", **more}
    return JwtAssertion(key=private_key(key.pem), **given)


def saml(key, **more):
    given = {"issuer": "us", "subject": "张三", "audience": "S4H_100", "recipient": "https://as/token", **more}
    return SamlAssertion(key=private_key(key.pem), certificate=key.certificate, **given)


# -- client credentials ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("client", [{}, {"auth": None, "client_id": "client", "client_secret": SECRET}],
                         ids=["header", "body"])  # fmt: skip
def test_client_credentials_let_in(server, enter, within, client):
    session = enter(by_client, **client)
    assert session.post("x", b"{}", deadline=within()).json() == {"ok": True}
    assert session.post("x", b"{}", deadline=within()).status == 200
    assert server.issued == ["at-0"]
    asked = parse_qs(server.http.seen[0].body.decode())
    assert (asked["grant_type"], asked["scope"]) == (["client_credentials"], ["scope-1"])


def test_a_client_may_prove_itself_by_a_signed_statement(server, enter, within, key):
    client = statement(key, subject="client")
    assert enter(by_client, auth=None, client_assertion=client).post("x", b"", deadline=within()).status == 200


@pytest.mark.parametrize(
    "client",
    [{"auth": Basic("client", "wr0ng")}, {"auth": None, "client_id": "client", "client_secret": "wr0ng"}],
    ids=["header", "body"],
)
def test_a_wrong_client_secret_is_refused_in_the_servers_words_without_the_secret(server, enter, within, client):
    session = enter(by_client, **client)
    for _ in range(3):
        with pytest.raises(LoginRefused, match="invalid_client: bad secret") as caught:
            session.post("x", b"{}", deadline=within())
    shown = f"{caught.value} {caught.value!r}"
    assert "wr0ng" not in shown
    assert base64.b64encode(b"client:wr0ng").decode() not in shown
    assert len(server.http.seen) == 1, "a wrong secret is not tried again at once"


def test_sixteen_threads_get_one_token_and_renew_it_once(server, enter, within, together):
    session = enter(by_client)

    def read():
        return session.send("GET", "x", deadline=within()).status

    assert together(16, read) == [200] * 16
    assert len(server.issued) == 1
    server.issued.append("revoked all before")
    assert together(16, read) == [200] * 16
    assert len(server.issued) == 3


@pytest.mark.parametrize("lifetime", ["60", 60, "60.0"])
def test_a_lifetime_may_be_a_text_and_is_kept(server, enter, within, monkeypatch, lifetime):
    now = [1000.0]
    monkeypatch.setattr("dougong_sdk.auth.tokens.time", type("Clock", (), {"monotonic": lambda: now[0]}))
    server.lifetime = lifetime
    session = enter(by_client)
    for seconds, issued in ((0, 1), (29, 1), (2, 2)):
        now[0] += seconds
        session.post("x", b"", deadline=within())
        assert len(server.issued) == issued


BAD = {
    "no token": {"token_type": "Bearer"},
    "an empty token": {"access_token": ""},
    "a token with a line break": {"access_token": "a\r\nX-Evil: 1"},
    "another type": {"access_token": "a", "token_type": "mac"},
    "ended": {"access_token": "a", "expires_in": 0},
    "a lifetime in words": {"access_token": "a", "expires_in": "soon"},
    "a list": [],
}


@pytest.mark.parametrize("name", BAD)
def test_an_answer_without_a_usable_token_is_none(server, enter, within, name):
    server.token = lambda form, headers: (200, BAD[name])
    with pytest.raises(Unreachable):
        enter(by_client).post("x", b"{}", deadline=within())
    assert {request.path for request in server.http.seen} == {"/erp/token"}


def test_a_server_that_is_down_is_no_refusal_and_says_when(server, enter, within):
    server.http.decide = lambda request: (503, [("Retry-After", "7")], b"down")
    with pytest.raises(Unreachable) as caught:
        enter(by_client).post("x", b"{}", deadline=within())
    assert caught.value.retry_after == 7


def test_a_refusal_without_words_gives_the_status(server, enter, within):
    server.http.decide = lambda request: (403, [("Content-Type", "text/html")], b"<html>")
    with pytest.raises(LoginRefused, match="HTTP 403"):
        enter(by_client).post("x", b"{}", deadline=within())


# -- signed statements -----------------------------------------------------------------------------------------------


GRANTS = {
    "jwt": lambda key, **more: lambda endpoint: endpoint.jwt_bearer(statement(key, **more), "scope-1"),
    "saml": lambda key, **more: lambda endpoint: endpoint.saml_bearer(saml(key, **more), "scope-1"),
}


@pytest.mark.parametrize("kind", GRANTS)
def test_a_signed_statement_gets_a_token(server, enter, within, key, kind):
    assert enter(GRANTS[kind](key)).post("x", b"", deadline=within()).status == 200


@pytest.mark.parametrize("kind", GRANTS)
def test_each_token_is_asked_for_with_a_statement_of_its_own(server, enter, within, key, kind):
    session = enter(GRANTS[kind](key))
    session.send("GET", "x", deadline=within())
    server.issued.append("revoked all before")
    assert session.send("GET", "x", deadline=within()).status == 200
    asked = [parse_qs(request.body.decode()) for request in server.http.seen if request.path == "/erp/token"]
    assert len({form["assertion"][0] for form in asked}) == 2


@pytest.mark.parametrize("kind", GRANTS)
def test_a_statement_signed_with_another_key_is_refused(server, enter, within, another_key, kind):
    with pytest.raises(LoginRefused, match="invalid_grant"):
        enter(GRANTS[kind](another_key)).post("x", b"", deadline=within())


@pytest.mark.parametrize("kind", GRANTS)
@pytest.mark.parametrize("wrong", [{"audience": "elsewhere"}, {"subject": "李四"}, {"issuer": "them"}], ids=str)
def test_a_statement_that_says_something_else_is_refused(server, enter, within, key, kind, wrong):
    with pytest.raises(LoginRefused, match="invalid_grant"):
        enter(GRANTS[kind](key, **wrong)).post("x", b"", deadline=within())


@pytest.mark.parametrize("kind", GRANTS)
@pytest.mark.parametrize("ahead", [360, -360])
def test_a_clock_six_minutes_off_is_refused_and_named(server, enter, within, key, kind, ahead):
    server.ahead = ahead
    with pytest.raises(LoginRefused, match=rf"our clock is {'-' if ahead > 0 else ''}3(60|59|61) s ahead"):
        enter(GRANTS[kind](key)).post("x", b"", deadline=within())


@pytest.mark.parametrize("kind", GRANTS)
def test_a_clock_of_its_own_states_the_time(server, enter, within, key, kind):
    server.ahead = 360
    assert enter(GRANTS[kind](key, clock=server.clock)).post("x", b"", deadline=within()).status == 200


def test_a_signed_statement_may_be_the_token_itself(server, open_session, within, key):
    statements = statement(key, subject="", audience="", claims={"prn": "fin.user"}, headers={"x5t": "abc"})
    way = Bearer(TokenCache(lambda deadline: Token(statements(), statements.seconds)))
    assert open_session(server.url, auth=way).post("x", b"", deadline=within()).status == 200
    shown = server.http.seen[0].headers["Authorization"].removeprefix("Bearer ")
    assert jwt.get_unverified_header(shown) == {"alg": "RS256", "typ": "JWT", "x5t": "abc"}
    claims = jwt.decode(shown, options={"verify_signature": False})
    assert (claims["prn"], claims.keys() & {"sub", "aud"}) == ("fin.user", set())


def test_a_saml_assertion_has_the_order_that_the_schema_wants(key):
    text = saml(key, attributes={"client_id": "c<1>"})()
    root = etree.fromstring(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    assert [etree.QName(child).localname for child in root] == [
        "Issuer", "Signature", "Subject", "Conditions", "AuthnStatement", "AttributeStatement",
    ]  # fmt: skip
    assert root.findtext(".//s:AttributeValue", None, SAML) == "c<1>"


# -- keys ------------------------------------------------------------------------------------------------------------


def test_a_key_may_be_encrypted(key):
    locked = serialization.BestAvailableEncryption(b"pa55")
    pem = key.private.private_bytes(PEM, PKCS8, locked).decode()
    assert private_key(pem, "pa55").public_key() == key.public
    for password in ("", "wrong"):
        with pytest.raises(DougongError, match="SETTINGS_INVALID") as caught:
            private_key(pem, password)
        assert pem.splitlines()[1] not in f"{caught.value!r} {caught.value}"


@pytest.mark.parametrize("pem", ["", "nonsense", "ec"])
def test_what_is_no_rsa_key_is_refused(pem):
    if pem == "ec":
        pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(PEM, PKCS8, PLAIN).decode()
    with pytest.raises(DougongError, match="RSA"):
        private_key(pem)


def test_statements_do_not_show_their_keys(key):
    for shown in (repr(statement(key)), repr(saml(key))):
        assert "PRIVATE" not in shown
        assert "RSAPrivateKey" not in shown
