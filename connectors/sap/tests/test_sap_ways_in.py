"""Every way into SAP, against a sandbox that verifies it: good, wrong, expired, missing."""

from __future__ import annotations

import base64
import datetime as dt
import json
import time

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from dougong.model.outcomes import NotDone
from dougong.model.problems import DougongError
from dougong_sap import ways_in
from dougong_sap.settings import SapSettings
from dougong_sdk.auth import SamlAssertion
from dougong_sdk.sandbox import tls
from dougong_sdk.sandbox.tls import make_client_certificate

OAUTH = {"auth": "oauth", "password": "", "client_id": "DOUGONG_OAUTH", "client_secret": "Dougong-OAuth-2026"}
ISSUER, AUDIENCE = "dougong-idp", "S4H_100"


def works(bench):
    return {one.ok for one in bench.connector.check(bench.session, bench.call())}


def reason(bench, item):
    """Why nothing was done, of a push that was turned away."""
    outcome = bench.outcome(item)
    assert isinstance(outcome, NotDone), outcome
    return outcome.reason


def certificate(folder, key, name="signer"):
    """A self-signed certificate and its key in one file; the certificate alone."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / f"{name}.pem"
    file.write_bytes(built + pem)
    return file, built.decode()


@pytest.fixture(scope="module")
def signer(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("saml"), rsa.generate_private_key(65537, 2048))


@pytest.fixture
def item(new_item):
    return new_item("R-1")


# -- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "user"),
        ({"user": "U"}, "password"),
        ({"auth": "certificate"}, "certificate"),
        ({"auth": "oauth", "client_id": "C"}, "client_secret"),
        ({"auth": "saml", "user": "U", "client_id": "C", "client_secret": "S", "saml_issuer": "I"}, "certificate"),
    ],
)
def test_what_a_way_needs_and_lacks_is_named(given, missing):
    with pytest.raises(DougongError) as caught:
        SapSettings(base_url="https://sap/", **given)
    (problem,) = caught.value.problems
    assert (problem.code, problem.path) == ("SETTINGS_INVALID", missing)


def test_secrets_are_in_no_text():
    settings = SapSettings(base_url="https://sap/", auth="oauth", client_id="C", client_secret="geheim")
    assert "geheim" not in repr(settings)


# -- OAuth ------------------------------------------------------------------------------------------------------------


def test_client_credentials_open_everything_and_one_token_serves_many_calls(bench_for, item, sandbox):
    bench = bench_for(sandbox.url, **OAUTH)
    assert works(bench) == {True}
    bench.done(item)
    assert [entry["status"] for entry in sandbox.requests("token")] == [200]
    (log,) = sandbox.requests("token")
    assert log["body"] == "grant_type=client_credentials"


def test_a_token_that_is_no_longer_taken_is_renewed_once(bench_for, item, sandbox):
    bench = bench_for(sandbox.url, **OAUTH)
    assert works(bench) == {True}
    sandbox.fault("expire_session", operation="post", count=1)
    bench.done(item)
    assert len(sandbox.requests("token")) == 2
    assert [entry["status"] for entry in sandbox.requests("post")] == [401, 200]
    assert len(sandbox.postings()) == 1


def test_a_token_that_is_never_taken_is_not_renewed_for_ever(bench_for, item, sandbox):
    bench = bench_for(sandbox.url, **OAUTH)
    sandbox.fault("expire_session", operation="post")
    assert "HTTP 401" in reason(bench, item)
    assert len(sandbox.requests("post")) == 2
    assert sandbox.postings() == []


def test_a_wrong_client_secret_is_told_without_it_and_not_shown_again(bench_for, item, sandbox):
    bench = bench_for(sandbox.url, **{**OAUTH, "client_secret": "wr0ng"})
    assert works(bench) == {False}
    said = reason(bench, item)
    assert "wr0ng" not in said
    assert [entry["status"] for entry in sandbox.requests("token")] == [401]
    assert sandbox.requests("post") == []


def test_a_client_without_rights_gets_a_token_and_nothing_else(bench_for, item, sandbox):
    row = {"kind": "oauth_client", "id": "NOBODY", "secret": "x1234567890123", "roles": []}
    sandbox.seed({"credentials": [row]})
    bench = bench_for(sandbox.url, **{**OAUTH, "client_id": "NOBODY", "client_secret": "x1234567890123"})
    assert works(bench) == {False}
    assert {entry["status"] for entry in sandbox.requests("master")} == {403}


# -- SAML -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def saml(sandbox, signer):
    """Settings of an identity provider that the sandbox trusts."""
    file, public = signer
    sandbox.seed({"credentials": [{"kind": "saml_issuer", "issuer": ISSUER, "certificate": public}]})
    return {**OAUTH, "auth": "saml", "certificate": file, "saml_issuer": ISSUER, "saml_audience": AUDIENCE}


def test_a_signed_assertion_gives_a_users_right(bench_for, item, sandbox, saml):
    bench = bench_for(sandbox.url, **saml)
    assert works(bench) == {True}
    sandbox.fault("expire_session", operation="post", count=1)
    bench.done(item)
    assert [entry["status"] for entry in sandbox.requests("token")] == [200, 200]


WRONG = {
    "issuer": ({"saml_issuer": "somebody"}, "not trusted"),
    "audience": ({"saml_audience": "PRD_100"}, "audience"),
    "recipient": ({"saml_recipient": "https://other/sap/bc/sec/oauth2/token"}, "recipient"),
    "user": ({"user": "NOBODY"}, "user of the assertion"),
    "client": ({"client_secret": "wr0ng"}, "refuses us"),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_assertion_that_is_not_for_us_gives_none(bench_for, item, sandbox, saml, name):
    changes, said = WRONG[name]
    bench = bench_for(sandbox.url, **{**saml, **changes})
    assert said in reason(bench, item)
    assert sandbox.postings() == []


def test_a_signature_by_another_key_gives_none(bench_for, item, sandbox, saml, tmp_path):
    other, _ = certificate(tmp_path, rsa.generate_private_key(65537, 2048))
    assert "signature" in reason(bench_for(sandbox.url, **{**saml, "certificate": other}), item)


def test_an_expired_assertion_gives_none(bench_for, item, sandbox, saml, monkeypatch):
    hours_ago = lambda: time.time() - 7200  # noqa: E731 - a clock
    made = ways_in._assertion
    monkeypatch.setattr(ways_in, "_assertion", lambda *given: attrs.evolve(made(*given), clock=hours_ago))
    assert "not good at this time" in reason(bench_for(sandbox.url, **saml), item)


def test_an_assertion_that_was_altered_or_used_before_gives_none(sandbox, saml, signer, monkeypatch, bench_for):
    settings = SapSettings(base_url=sandbox.url, **{**saml, "user": "DOUGONG"})
    shown = []
    call = SamlAssertion.__call__
    monkeypatch.setattr(SamlAssertion, "__call__", lambda self: shown.append(call(self)) or shown[-1])
    bench = bench_for(sandbox.url, **saml)
    assert works(bench) == {True}
    (used,) = shown
    text = base64.urlsafe_b64decode(used + "==").decode()
    altered = base64.urlsafe_b64encode(text.replace(">DOUGONG<", ">SYSTEM<").encode()).decode()
    for assertion, said in ((used, "used before"), (altered, "signature"), ("%%", "base64url"), ("", "base64url")):
        answer = ask(settings, assertion)
        assert (answer.status, json.loads(answer.content)["error"]) == (400, "invalid_grant")
        assert said in json.loads(answer.content)["error_description"]
    assert "PRIVATE KEY" not in text
    assert signer[0].read_text().partition("PRIVATE KEY-----\n")[2][:60] not in text


def ask(settings, assertion):
    """What the token endpoint answers to an assertion."""
    from urllib.parse import urlencode

    from dougong.hookspecs import Deadline

    session = ways_in.token_session(settings)
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:saml2-bearer", "assertion": assertion}
    try:
        return session.send(
            "POST",
            settings.token_path,
            body=urlencode(form).encode(),
            deadline=Deadline.after(20),
            media_type="application/x-www-form-urlencoded",
        )
    finally:
        session.close()


def test_a_certificate_that_cannot_sign_is_a_wrong_setting(bench_for, sandbox, saml, tmp_path):
    elliptic, _ = certificate(tmp_path, ec.generate_private_key(ec.SECP256R1()))
    for file in (elliptic, tmp_path / "none.pem"):
        with pytest.raises(DougongError) as caught:
            _ = bench_for(sandbox.url, **{**saml, "certificate": file}).session
        assert caught.value.problems[0].path == "certificate"


# -- client certificate -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def identities(tmp_path_factory):
    """Files with certificate and key: one that the sandbox knows, a stranger's, one that has expired."""
    folder = tmp_path_factory.mktemp("mtls")
    found = {name: make_client_certificate(folder / name, "DOUGONG") for name in ("known", "stranger")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tls, "_VALID", dt.timedelta(hours=-1))
        found["expired"] = make_client_certificate(folder / "expired", "DOUGONG")
    (folder / "authorities.pem").write_bytes(found["known"].ca.read_bytes() + found["expired"].ca.read_bytes())
    for one in found.values():
        one.key.with_name("both.pem").write_bytes(one.certificate.read_bytes() + one.key.read_bytes())
    return {"authorities": folder / "authorities.pem"} | {
        name: one.key.with_name("both.pem") for name, one in found.items()
    }


@pytest.fixture(scope="module")
def guarded(identities):
    from dougong_sdk.sandbox import launch

    with launch("sap-s4", settings={"tls": "1", "client_ca": str(identities["authorities"])}) as sandbox:
        yield sandbox


def test_a_known_certificate_lets_in_without_user_and_password(bench_for, item, guarded, identities):
    bench = bench_for(
        guarded.url, auth="certificate", user="", password="", certificate=identities["known"], ca_file=guarded.ca
    )
    assert works(bench) == {True}
    assert bench.done(item).number == "0100000000"


@pytest.mark.parametrize("name", ["stranger", "expired", None])
def test_a_certificate_that_is_not_taken_does_nothing(bench_for, item, guarded, identities, name):
    given = {"auth": "certificate", "certificate": identities[name]} if name else {}
    bench = bench_for(guarded.url, ca_file=guarded.ca, **given)
    assert "certificate" in reason(bench, item).lower()


def test_without_a_handshake_that_demands_one_a_certificate_is_nobody(bench_for, item, sandbox, identities):
    bench = bench_for(sandbox.url, auth="certificate", certificate=identities["known"])
    assert "HTTP 401" in reason(bench, item)


# -- on top of it, the token against forged requests ------------------------------------------------------------------


def test_when_the_session_ends_both_tokens_are_renewed(bench_for, new_item, sandbox):
    bench = bench_for(sandbox.url, **OAUTH, target="SUPPLIER_INVOICE")
    invoice = {
        "CompanyCode": "1000",
        "DocumentDate": dt.date(2026, 1, 15),
        "PostingDate": dt.date(2026, 1, 15),
        "InvoicingParty": "10000002",
        "DocumentCurrency": "CNY",
        "InvoiceGrossAmount": "100.00",
        "to_SupplierInvoiceItemGLAcct": [
            {
                "GLAccount": "6602010000",
                "CostCenter": "CC1001",
                "DebitCreditCode": "S",
                "SupplierInvoiceItemAmount": "100.00",
            }
        ],
    }
    for name in ("R-1", "R-2"):
        made = new_item(name)
        body = {**invoice, "SupplierInvoiceIDByInvcgParty": made.reference_text}
        bench.done(attrs.evolve(made, payload=attrs.evolve(made.payload, body=body)))
        sandbox.fault("expire_session", operation="invoice", count=1)
    assert [entry["status"] for entry in sandbox.requests("invoice")] == [201, 401, 201]
    assert len(sandbox.requests("token")) == 2
