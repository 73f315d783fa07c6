"""A SAML assertion of somebody else: believed by a certificate that is known, and while it is good."""

from __future__ import annotations

import base64
import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree

from dougong_sdk.auth import SamlAssertion
from dougong_sdk.saml import NotVerified, verified_assertion

NOW = dt.datetime.now(dt.UTC)
SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"


class Signer:
    def __init__(self):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "erp")])
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key())
        made = made.serial_number(1).not_valid_before(NOW - dt.timedelta(days=1))
        signed = made.not_valid_after(NOW + dt.timedelta(days=1)).sign(self.key, hashes.SHA256())
        self.certificate = signed.public_bytes(serialization.Encoding.PEM).decode()

    def assertion(self):
        who = {"issuer": "erp", "subject": "INTEGRATION", "audience": "us", "recipient": "https://us/"}
        text = SamlAssertion(key=self.key, certificate=self.certificate, **who)()
        return etree.fromstring(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


@pytest.fixture(scope="module")
def signer():
    return Signer()


def test_what_is_signed_is_handed_back(signer):
    signed = verified_assertion(signer.assertion(), signer.certificate, NOW)
    assert signed.findtext(f"{SAML}Subject/{SAML}NameID") == "INTEGRATION"


def test_it_may_stand_within_something_else(signer):
    envelope = etree.Element("{urn:x}Envelope", nsmap={"x": "urn:x"})
    envelope.append(signer.assertion())
    assert verified_assertion(envelope[0], signer.certificate, NOW) is not None


def test_another_certificate_is_another_sender(signer):
    with pytest.raises(NotVerified, match="signature"):
        verified_assertion(signer.assertion(), Signer().certificate, NOW)


def test_what_was_changed_is_not_believed(signer):
    assertion = signer.assertion()
    assertion.find(f"{SAML}Subject/{SAML}NameID").text = "SOMEBODY"
    with pytest.raises(NotVerified, match="signature"):
        verified_assertion(assertion, signer.certificate, NOW)


def test_what_is_not_signed_is_not_believed(signer):
    assertion = signer.assertion()
    assertion.remove(assertion.find("{http://www.w3.org/2000/09/xmldsig#}Signature"))
    with pytest.raises(NotVerified):
        verified_assertion(assertion, signer.certificate, NOW)


@pytest.mark.parametrize("minutes", [-10, 10])
def test_it_is_good_for_a_while_only(signer, minutes):
    with pytest.raises(NotVerified, match="this time"):
        verified_assertion(signer.assertion(), signer.certificate, NOW + dt.timedelta(minutes=minutes))
