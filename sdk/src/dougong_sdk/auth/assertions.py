"""Signed statements about who calls, for token endpoints: a JWT (RFC 7523), a SAML 2.0 assertion (RFC 7522)."""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs

from dougong.model.problems import DougongError, Problem

if TYPE_CHECKING:  # most ways in sign nothing, and cryptography is heavy
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

__all__ = ["JwtAssertion", "SamlAssertion", "private_key", "thumbprint"]

_SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
_SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"
_PROTOCOL = "urn:oasis:names:tc:SAML:2.0:"
#: Seconds that the receiver's clock may be behind ours.
_LEEWAY = 60


def private_key(pem: str, password: str = "") -> RSAPrivateKey:
    """An RSA key from PEM.

    :param password: of an encrypted key.
    :raises DougongError: `SETTINGS_INVALID`: it is no RSA key, or the password is wrong.

    .. versionadded:: 0.1
    """
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem.encode(), password.encode() or None)
    except (TypeError, ValueError):  # their texts may quote the key
        key = None
    if isinstance(key, rsa.RSAPrivateKey):
        return key
    raise DougongError(
        Problem.of(
            "SETTINGS_INVALID",
            "签名私钥不是 PEM 格式的 RSA 私钥, 或口令不对",
            "the signing key is no RSA private key in PEM, or its password is wrong",
            path="private_key",
        )
    ) from None


def thumbprint(pem: str) -> str:
    """What a JWT's head calls a certificate (`x5t`, RFC 7515 §4.1.7): SHA-1 of it, in base64 for the address bar.

    :param pem: the certificate.
    :raises DougongError: `SETTINGS_INVALID`: it is none.

    .. versionadded:: 0.1
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    try:
        digest = x509.load_pem_x509_certificate(pem.encode()).fingerprint(hashes.SHA1())  # noqa: S303 - as the RFC says
    except ValueError:
        zh, en = "证书不是 PEM 格式的 X.509 证书", "the certificate is no X.509 certificate in PEM"
        raise DougongError(Problem.of("SETTINGS_INVALID", zh, en, path="certificate")) from None
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


@attrs.frozen(kw_only=True)
class JwtAssertion:
    """Makes a JWT signed with RS256, another one at each call.

    Also what an ERP takes as the bearer token itself, where it trusts our key: `Bearer(TokenCache(lambda deadline:
    Token(assertion(), assertion.seconds)))`.

    :param issuer: `iss`: who signs. :param subject: `sub`: for whom; empty = none.
    :param audience: `aud`: the token endpoint or what its server is called; empty = none.
    :param key: from `private_key`.
    :param seconds: how long it is good for.
    :param claims: further claims, or other values for those above.
    :param headers: further members of its head, e.g. `kid` or `x5t`.
    :param clock: seconds since 1970.

    .. versionadded:: 0.1
    """

    issuer: str
    key: RSAPrivateKey = attrs.field(repr=False)
    subject: str = ""
    audience: str = ""
    seconds: int = 300
    claims: Mapping[str, Any] = attrs.field(factory=dict)
    headers: Mapping[str, str] = attrs.field(factory=dict)
    clock: Callable[[], float] = attrs.field(default=time.time, repr=False)

    def __call__(self) -> str:
        """A new one."""
        import jwt

        now = int(self.clock())
        who = {"iss": self.issuer, "sub": self.subject, "aud": self.audience}
        claims: dict[str, Any] = {name: value for name, value in who.items() if value}
        claims |= {"iat": now, "exp": now + self.seconds, "jti": str(uuid.uuid4()), **self.claims}
        return jwt.encode(claims, self.key, algorithm="RS256", headers=dict(self.headers))


@attrs.frozen(kw_only=True)
class SamlAssertion:
    """Makes a SAML 2.0 bearer assertion signed with RSA-SHA256, another one at each call, in base64url.

    Needs `dougong-sdk[saml]`.

    :param issuer: who signs. :param subject: `NameID`: the user for whom we ask.
    :param audience: what the ERP's authorisation server is called. :param recipient: the address of its endpoint.
    :param key: from `private_key`. :param certificate: in PEM; goes with the signature.
    :param name_format: last part of the format of `NameID`, with its version.
    :param attributes: name → value, e.g. `client_id` where the ERP wants it here.
    :param seconds: how long it is good for. :param clock: seconds since 1970.

    .. versionadded:: 0.1
    """

    issuer: str
    subject: str
    audience: str
    recipient: str
    key: RSAPrivateKey = attrs.field(repr=False)
    certificate: str = attrs.field(repr=False)
    name_format: str = "1.1:nameid-format:unspecified"
    attributes: Mapping[str, str] = attrs.field(factory=dict)
    seconds: int = 300
    clock: Callable[[], float] = attrs.field(default=time.time, repr=False)

    def __call__(self) -> str:
        """A new one."""
        from lxml import etree
        from signxml.algorithms import CanonicalizationMethod
        from signxml.signer import XMLSigner

        signer = XMLSigner(c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0)
        name = f"_{uuid.uuid4()}"
        signed = signer.sign(
            self._unsigned(name), key=self.key, cert=self.certificate, reference_uri=f"#{name}", id_attribute="ID"
        )
        return base64.urlsafe_b64encode(etree.tostring(signed)).rstrip(b"=").decode("ascii")

    def _unsigned(self, name: str) -> Any:
        """The assertion, with a place for the signature where the schema wants it: behind the issuer."""
        from lxml.builder import ElementMaker

        now = self.clock()
        instant, end = _instant(now), _instant(now + self.seconds)
        e = ElementMaker(namespace=_SAML, nsmap={"saml2": _SAML})
        bearer = e.SubjectConfirmation(
            e.SubjectConfirmationData(NotOnOrAfter=end, Recipient=self.recipient), Method=f"{_PROTOCOL}cm:bearer"
        )
        how = e.AuthnContext(e.AuthnContextClassRef(f"{_PROTOCOL}ac:classes:unspecified"))
        statements = [e.AuthnStatement(how, AuthnInstant=instant, SessionIndex=name)]
        if self.attributes:
            rows = [e.Attribute(e.AttributeValue(value), Name=key) for key, value in self.attributes.items()]
            statements.append(e.AttributeStatement(*rows))
        return e.Assertion(
            e.Issuer(self.issuer),
            ElementMaker(namespace=_SIGNATURE, nsmap={"ds": _SIGNATURE}).Signature(Id="placeholder"),
            e.Subject(e.NameID(self.subject, Format=f"urn:oasis:names:tc:SAML:{self.name_format}"), bearer),
            e.Conditions(
                e.AudienceRestriction(e.Audience(self.audience)), NotBefore=_instant(now - _LEEWAY), NotOnOrAfter=end
            ),
            *statements,
            ID=name,
            IssueInstant=instant,
            Version="2.0",
        )


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
