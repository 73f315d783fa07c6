"""The ways into a pod, each against the emulated one."""

from __future__ import annotations

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from dougong.hookspecs import Deadline
from dougong.model.problems import DougongError
from dougong_oracle.masterdata import ledgers
from dougong_oracle.session import OracleSession
from dougong_oracle.settings import OracleSettings
from dougong_sdk.rest import LoginRefused


def identity():
    """A key and a certificate of it, in PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "dougong")]), dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(days=1))
    certificate = made.not_valid_after(now + dt.timedelta(days=1)).sign(key, hashes.SHA256())
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture(scope="module")
def key():
    return identity()


@pytest.fixture
def certificate(tmp_path, key):
    path = tmp_path / "certificate.pem"
    path.write_text(key[1], "utf-8")
    return path


@pytest.fixture
def ways(sandbox, key, certificate):
    """The settings of each way."""
    sandbox.seed({"credentials": [{"kind": "jwt_issuer", "issuer": "dougong", "certificate": key[1]}]})
    client = {
        "token_url": f"{sandbox.url}oauth2/v1/token",
        "client_id": "dougong",
        "client_secret": "Dougong-IDCS-2026",
    }
    signed = {"user": "DOUGONG_INT", "private_key": key[0], "certificate": certificate}
    return {
        "basic": {"user": "DOUGONG_INT", "password": "Dougong-Fusion-2026"},
        "oauth": {**client, "scope": "urn:opc:resource:fa:instanceid=1urn:opc:resource:consumer::all"},
        "assertion": {**client, **signed},
        "jwt": {**signed, "issuer": "dougong"},
    }


def seen(sandbox, **settings):
    session = OracleSession(OracleSettings(base_url=sandbox.url, **settings))
    try:
        return [one.code for one in ledgers(session, Deadline.after(10.0))]
    finally:
        session.close()


@pytest.mark.parametrize("login", ["basic", "oauth", "assertion", "jwt"])
def test_each_way_leads_in(sandbox, ways, login):
    assert "CN Primary Ledger" in seen(sandbox, login=login, **ways[login])


@pytest.mark.parametrize(
    ("login", "changes"),
    [
        ("basic", {"password": "wrong"}),
        ("oauth", {"client_secret": "wrong"}),
        ("assertion", {"issuer": "nobody"}),
        ("jwt", {"issuer": "nobody"}),
    ],
)
def test_what_is_wrong_does_not(sandbox, ways, login, changes):
    with pytest.raises(LoginRefused):
        seen(sandbox, login=login, **{**ways[login], **changes})


@pytest.mark.parametrize("login", ["assertion", "jwt"])
def test_nor_does_another_key(sandbox, ways, login):
    with pytest.raises(LoginRefused):
        seen(sandbox, login=login, **{**ways[login], "private_key": identity()[0]})


def test_a_token_that_has_expired_is_renewed_once(sandbox, ways):
    session = OracleSession(OracleSettings(base_url=sandbox.url, login="oauth", **ways["oauth"]))
    for _ in range(2):
        assert list(ledgers(session, Deadline.after(10.0)))
    sandbox.fault("expire_session", count=1)
    assert list(ledgers(session, Deadline.after(10.0)))
    session.close()
    assert [row["operation"] for row in sandbox.requests()].count("token") == 2


@pytest.mark.parametrize("login", ["basic", "oauth", "assertion", "jwt"])
def test_what_a_way_needs_is_demanded(login):
    with pytest.raises(DougongError, match=f"login {login} needs"):
        OracleSettings(base_url="https://pod/", login=login)
