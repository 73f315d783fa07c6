"""The four ways into a pod: password, client credentials, a user's assertion, a JWT of our own (oracle.md §8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from dougong.hookspecs import Deadline
from dougong_oracle.settings import OracleSettings
from dougong_sdk.auth import (
    Auth,
    Basic,
    Bearer,
    JwtAssertion,
    Token,
    TokenCache,
    TokenEndpoint,
    private_key,
    status_401_proves,
    thumbprint,
)
from dougong_sdk.rest import RestSession

__all__ = ["identity_server", "way_in"]

#: Seconds that a JWT of our own is good for.
_SECONDS = 300


def identity_server(settings: OracleSettings) -> RestSession | None:
    """The server that issues tokens, where the setting `login` wants one; whoever opens it closes it."""
    if settings.login not in ("oauth", "assertion"):
        return None
    address = urlsplit(settings.token_url)
    client = Basic(settings.client_id, settings.client_secret, refuses=lambda _: None)
    return RestSession(f"{address.scheme}://{address.netloc}/", auth=client, ca_file=settings.ca_file)


def way_in(settings: OracleSettings, server: RestSession | None) -> Auth:
    """The way that the setting `login` names; Oracle's gateway looks at it before it lets anything through."""
    if settings.login == "basic":
        return Basic(settings.user, settings.password, refuses=status_401_proves)
    return Bearer(TokenCache(_tokens(settings, server)), refuses=status_401_proves)


def _tokens(settings: OracleSettings, server: RestSession | None) -> Callable[[Deadline], Token]:
    if server is None:
        own = _assertion(settings, claims={"prn": settings.user})
        return lambda deadline: Token(own(), _SECONDS)
    endpoint = TokenEndpoint(server, urlsplit(settings.token_url).path)
    if settings.login == "oauth":
        return endpoint.client_credentials(settings.scope)
    return endpoint.jwt_bearer(_assertion(settings, subject=settings.user, audience=settings.audience), settings.scope)


def _assertion(settings: OracleSettings, **how: Any) -> JwtAssertion:
    """Signed with our key; its head names our certificate, by which the pod knows us."""
    headers = {"x5t": thumbprint(settings.certificate.read_text("utf-8"))} if settings.certificate else {}
    key = private_key(settings.private_key)
    return JwtAssertion(issuer=settings.issuer or settings.client_id, key=key, seconds=_SECONDS, headers=headers, **how)
