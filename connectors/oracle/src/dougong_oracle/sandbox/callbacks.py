"""What the pod pushes: `onJobCompletion` with the tree of an import's jobs, and a signed assertion (oracle.md §6.2)."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from lxml import etree
from lxml.builder import ElementMaker
from signxml.algorithms import CanonicalizationMethod, SignatureMethod
from signxml.signer import XMLSigner

from dougong_sdk.sandbox import Outgoing, exact_json

__all__ = ["certificate_of", "completions", "without_assertion"]

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
_SCHEDULER = "http://xmlns.oracle.com/scheduler/types"
_SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"
_GOOD_FOR = dt.timedelta(minutes=5)


def _key(secret: str) -> ec.EllipticCurvePrivateKey:
    """The same key for the same setting, so that a project can be made for a pod that does not run yet."""
    return ec.derive_private_key(
        int.from_bytes(hashlib.sha256(secret.encode()).digest()[:31], "big") + 1, ec.SECP256R1()
    )


def certificate_of(secret: str) -> str:
    """The pod's certificate, in PEM."""
    key, name = _key(secret), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "oracle-fusion")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    made = made.not_valid_after(dt.datetime(2049, 12, 31, tzinfo=dt.UTC))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def completions(trees: Iterable[Mapping[str, Any]], user: str, secret: str) -> list[Outgoing]:
    """A message for each import."""
    return [_message(tree, user, secret) for tree in trees]


def _message(tree: Mapping[str, Any], user: str, secret: str) -> Outgoing:
    e = ElementMaker(namespace=_SOAP, nsmap={"env": _SOAP})
    told = ElementMaker(namespace=_SCHEDULER, nsmap={"typ": _SCHEDULER})
    security = ElementMaker(namespace=_SECURITY, nsmap={"wsse": _SECURITY})
    content = told.onJobCompletion(
        told.requestId(str(tree["JOBS"][0]["REQUESTID"])),
        told.state(str(tree["SUMMARYSTATUS"])),
        told.resultMessage(exact_json.dumps(tree)),
    )
    envelope = e.Envelope(e.Header(security.Security(_assertion(user, secret))), e.Body(content))
    return Outgoing(etree.tostring(envelope, encoding="utf-8"), "text/xml; charset=utf-8", {"SOAPAction": '""'})


def _assertion(user: str, secret: str) -> Any:
    e, now, name = ElementMaker(namespace=_SAML, nsmap={"saml2": _SAML}), dt.datetime.now(dt.UTC), f"_{uuid.uuid4()}"
    unsigned = e.Assertion(
        e.Issuer(user),
        ElementMaker(namespace=_SIGNATURE, nsmap={"ds": _SIGNATURE}).Signature(Id="placeholder"),
        e.Subject(e.NameID(user)),
        e.Conditions(NotBefore=_instant(now), NotOnOrAfter=_instant(now + _GOOD_FOR)),
        ID=name,
        IssueInstant=_instant(now),
        Version="2.0",
    )
    exclusive = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
    signer = XMLSigner(signature_algorithm=SignatureMethod.ECDSA_SHA256, c14n_algorithm=exclusive)
    return signer.sign(
        unsigned, key=_key(secret), cert=certificate_of(secret), reference_uri=f"#{name}", id_attribute="ID"
    )


def _instant(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def without_assertion(body: bytes) -> bytes:
    """The same message, and nobody says who sends it."""
    root = etree.fromstring(body)
    header = root.find(f"{{{_SOAP}}}Header")
    if header is not None:
        root.remove(header)
    return bytes(etree.tostring(root, encoding="utf-8"))
