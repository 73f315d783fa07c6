"""Signed statements of others about who calls us: a SAML assertion in a callback, verified by a certificate we know.

Needs `dougong-sdk[saml]`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

__all__ = ["NotVerified", "verified_assertion"]

_SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
#: By how much the sender's clock may differ from ours.
_SKEW = dt.timedelta(seconds=60)


class NotVerified(Exception):
    """It is not signed by whom we know, or not good at this time.

    .. versionadded:: 0.1
    """


def verified_assertion(assertion: Any, certificate: str, at: dt.datetime) -> Any:
    """The part of a SAML 2.0 assertion that its signature covers; nothing else of it may be believed.

    :param assertion: the element, of lxml. :param certificate: PEM of whoever signs: what the signature itself brings
        along is not looked at.
    :param at: when it arrived; with a zone.
    :raises NotVerified: as said.

    .. versionadded:: 0.1
    """
    from lxml import etree
    from signxml.exceptions import SignXMLException
    from signxml.verifier import XMLVerifier

    alone = etree.fromstring(etree.tostring(assertion))
    try:
        signed = XMLVerifier().verify(alone, x509_cert=certificate, id_attribute="ID").signed_xml
    except (SignXMLException, ValueError) as error:
        raise NotVerified(f"the signature does not match: {type(error).__name__}") from None
    if signed is None or signed.tag != f"{_SAML}Assertion":
        raise NotVerified("the signature covers something else than the assertion")
    conditions = signed.find(f"{_SAML}Conditions")
    if conditions is None:
        raise NotVerified("the assertion has no conditions")
    begin, end = (_moment(conditions.get(name)) for name in ("NotBefore", "NotOnOrAfter"))
    if not begin - _SKEW <= at < end + _SKEW:
        raise NotVerified("the assertion is not good at this time")
    return signed


def _moment(text: str | None) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(str(text))
    except ValueError:
        raise NotVerified("the assertion does not say when it is good") from None
