"""Mutual TLS: whose certificate the server does not take has done nothing, in TLS 1.2 and in 1.3."""

from __future__ import annotations

import datetime as dt
import ssl
import time

import pytest
from cryptography.hazmat.primitives import serialization

from dougong.model.outcomes import NotDone
from dougong.model.problems import DougongError
from dougong_sdk.rest import Unreachable, outcome_of
from dougong_sdk.sandbox import tls
from dougong_sdk.sandbox.tls import make_client_certificate, make_tls

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


def in_one_file(identity, password=b""):
    key = serialization.load_pem_private_key(identity.key.read_bytes(), None)
    locked = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
    path = identity.key.with_name("both.pem")
    path.write_bytes(identity.certificate.read_bytes() + pem)
    return path


@pytest.fixture(scope="module")
def identities(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    known, stranger, locked = (make_client_certificate(folder / name, name) for name in ("known", "stranger", "locked"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tls, "_VALID", dt.timedelta(hours=-1))
        expired = make_client_certificate(folder / "expired", "expired")
    return {
        "expired": (expired.ca, in_one_file(expired)),
        "server": make_tls(folder / "server", "127.0.0.1"),
        "known": (known.ca, in_one_file(known)),
        "stranger": (stranger.ca, in_one_file(stranger)),
        "locked": (locked.ca, in_one_file(locked, b"pa55word")),
    }


@pytest.fixture(params=VERSIONS, ids=["1.2", "1.3"])
def server(request, identities, serve_http):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = request.param
    context.load_cert_chain(identities["server"].certificate, identities["server"].key)
    context.verify_mode = ssl.CERT_REQUIRED
    for name in ("known", "locked", "expired"):
        context.load_verify_locations(identities[name][0])
    return serve_http(lambda request: (200, [], b"{}"), time.time, context)


def test_a_known_certificate_lets_in(server, identities, open_session, within):
    session = open_session(server.url, ca_file=identities["server"].ca, certificate=identities["known"][1])
    assert [session.post("x", b"{}", deadline=within()).status for _ in range(2)] == [200, 200]


def test_an_encrypted_key_is_opened_with_its_password(server, identities, open_session, within):
    session = open_session(
        server.url,
        ca_file=identities["server"].ca,
        certificate=identities["locked"][1],
        certificate_password="pa55word",
    )
    assert session.post("x", b"{}", deadline=within()).status == 200
    assert session.redact("it is pa55word") == "it is ***"


@pytest.mark.parametrize("name", ["stranger", "expired", None])
def test_a_certificate_that_is_not_taken_proves_that_nothing_was_done(server, identities, open_session, within, name):
    certificate = identities[name][1] if name else None
    session = open_session(server.url, ca_file=identities["server"].ca, certificate=certificate)
    with pytest.raises(Unreachable) as caught:
        session.post("x", b"{}", deadline=within())
    assert isinstance(outcome_of(caught.value), NotDone)
    assert server.seen == []


@pytest.mark.parametrize("password", ["", "wr0ng"])
def test_a_wrong_password_is_a_wrong_setting_and_nobody_is_asked_at_the_terminal(identities, open_session, password):
    with pytest.raises(DougongError, match=r"SETTINGS_INVALID.*both\.pem") as caught:
        open_session("https://erp/", certificate=identities["locked"][1], certificate_password=password)
    assert "wr0ng" not in f"{caught.value} {caught.value!r}"
