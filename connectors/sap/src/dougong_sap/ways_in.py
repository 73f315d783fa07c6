"""How we let ourselves in: user and password, a client certificate, OAuth, OAuth with a SAML assertion (sap.md §3).

SAP looks at who asks before it dispatches to a service, so a 401 proves that nothing was done; a token that it no
longer takes is renewed once.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlencode

import attrs

from dougong.model.problems import DougongError, Problem
from dougong_sap.settings import SapSettings
from dougong_sdk.auth import (
    ApiKey,
    Auth,
    Basic,
    Bearer,
    SamlAssertion,
    TokenCache,
    TokenEndpoint,
    private_key,
    status_401_proves,
)
from dougong_sdk.rest import RestSession

__all__ = ["rest_session", "token_session", "way_in"]

#: Goes along with a signature; the key in the same file does not.
_CERTIFICATES = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def rest_session(settings: SapSettings, auth: Auth) -> RestSession:
    """The wire. A client certificate goes into the handshake, unless it only signs assertions."""
    shown = settings.certificate if settings.auth == "certificate" else None
    return RestSession(
        settings.base_url,
        auth=auth,
        ca_file=settings.ca_file,
        certificate=shown,
        certificate_password=settings.certificate_password,
    )


def token_session(settings: SapSettings) -> RestSession | None:
    """To the token endpoint, where the client proves itself by its secret; none where tokens are not used."""
    if settings.auth not in ("oauth", "saml"):
        return None
    return rest_session(settings, Basic(settings.client_id, settings.client_secret, refuses=status_401_proves))


def way_in(settings: SapSettings, tokens: RestSession | None) -> Auth:
    """What every call shows.

    :param tokens: from `token_session`.
    :raises DougongError: `SETTINGS_INVALID`: the certificate cannot sign.
    """
    if tokens is None:
        if settings.auth == "basic":
            return Basic(settings.user, settings.password, refuses=status_401_proves)
        return ApiKey({}, refuses=status_401_proves)  # the certificate has been shown already
    client = urlencode({"sap-client": settings.client}) if settings.client else ""
    path = f"{settings.token_path}?{client}".rstrip("?")
    endpoint = TokenEndpoint(tokens, path, client_id=settings.client_id)
    if settings.auth == "oauth":
        fetch = endpoint.client_credentials(settings.scope)
    else:
        fetch = endpoint.saml_bearer(_assertion(settings, str(tokens.url(settings.token_path))), settings.scope)
    return Bearer(TokenCache(fetch), refuses=status_401_proves)


def _assertion(settings: SapSettings, endpoint: str) -> SamlAssertion:
    pem = _read(settings)
    try:
        key = private_key(pem, settings.certificate_password)
    except DougongError as error:
        raise DougongError(attrs.evolve(error.problems[0], path="certificate")) from None
    return SamlAssertion(
        issuer=settings.saml_issuer,
        subject=settings.user,
        audience=settings.saml_audience,
        recipient=settings.saml_recipient or endpoint,
        key=key,
        certificate="\n".join(_CERTIFICATES.findall(pem)),
        name_format=settings.saml_name_format,
    )


def _read(settings: SapSettings) -> str:
    try:
        return Path(settings.certificate or "").read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "PEM"
        zh, en = f"证书文件不可读: {why}", f"the certificate file cannot be read: {why}"
        raise DougongError(Problem.of("SETTINGS_INVALID", zh, en, path="certificate")) from None
