"""Access tokens from an OAuth 2.0 token endpoint (RFC 6749 §4.4, §5; RFC 7521; RFC 7522; RFC 7523)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from dougong.hookspecs import Deadline
from dougong_sdk.auth.tokens import Token
from dougong_sdk.errors import BadAnswer, LoginRefused, RestError
from dougong_sdk.messages import Answer
from dougong_sdk.rest import RestSession

__all__ = ["TokenEndpoint"]

_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SAML_GRANT = "urn:ietf:params:oauth:grant-type:saml2-bearer"
_JWT_CLIENT = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_REFUSALS = frozenset({400, 401, 403})
_LONGEST_REASON = 300


class TokenEndpoint:
    """Where access tokens are asked for; each grant is a function that `TokenCache` takes.

    A client proves itself by what its server wants: `session` with `auth=Basic(client_id, client_secret)`, or with a
    client certificate; `client_secret` here, in the body; or a signed `client_assertion` (RFC 7523 §2.2).

    :param session: to the server that issues tokens. :param path: of the endpoint, relative to the session's address.
    :param client_id: in the body; empty where the session names the client.
    :param client_secret: in the body. :param client_assertion: makes a new one for each request.

    .. versionadded:: 0.1
    """

    def __init__(
        self,
        session: RestSession,
        path: str,
        *,
        client_id: str = "",
        client_secret: str = "",
        client_assertion: Callable[[], str] | None = None,
    ) -> None:
        self._session, self._path = session, path
        self._client = {"client_id": client_id, "client_secret": client_secret}
        self._client_assertion = client_assertion

    def __repr__(self) -> str:
        return f"<TokenEndpoint {self._session!r} {self._path}>"

    def client_credentials(self, scope: str = "", **more: str) -> Callable[[Deadline], Token]:
        """The client's own right (RFC 6749 §4.4).

        :param more: further parameters of the request, as some servers want them (`resource`, `audience`).
        """
        return lambda deadline: self._ask({"grant_type": "client_credentials", "scope": scope, **more}, deadline)

    def jwt_bearer(self, assertion: Callable[[], str], scope: str = "") -> Callable[[Deadline], Token]:
        """A user's right, by a signed JWT (RFC 7523 §2.1). :param assertion: e.g. a `JwtAssertion`."""
        return self._assert(_JWT_GRANT, assertion, scope)

    def saml_bearer(self, assertion: Callable[[], str], scope: str = "") -> Callable[[Deadline], Token]:
        """A user's right, by a signed SAML assertion (RFC 7522 §2.1). :param assertion: e.g. a `SamlAssertion`."""
        return self._assert(_SAML_GRANT, assertion, scope)

    def _assert(self, grant: str, assertion: Callable[[], str], scope: str) -> Callable[[Deadline], Token]:
        return lambda deadline: self._ask({"grant_type": grant, "assertion": assertion(), "scope": scope}, deadline)

    def _ask(self, form: Mapping[str, str], deadline: Deadline) -> Token:
        """One token.

        :raises LoginRefused: the server says no. :raises RestError: it did not answer, or not with a token.
        """
        form = {**form, **self._client}
        if self._client_assertion:
            form |= {"client_assertion_type": _JWT_CLIENT, "client_assertion": self._client_assertion()}
        body = urlencode({name: value for name, value in form.items() if value}).encode("ascii")
        answer = self._session.send(
            "POST",
            self._path,
            body=body,
            deadline=deadline,
            headers={"Accept": "application/json"},
            media_type="application/x-www-form-urlencoded",
        )
        if answer.status in _REFUSALS:
            raise self._refused(answer)
        return _token(answer.expect(200).json())

    def _refused(self, answer: Answer) -> LoginRefused:
        reason, secret = _reason(answer), self._client["client_secret"]
        reason = self._session.redact(reason.replace(secret, "***") if secret else reason)[:_LONGEST_REASON]
        zh, en = answer.clock_note()
        return LoginRefused(f"授权服务器不发放令牌: {reason}{zh}", f"the server issues no token: {reason}{en}")


def _reason(answer: Answer) -> str:
    """`error` and `error_description` (RFC 6749 §5.2), or the status where it says nothing readable."""
    try:
        said = answer.json()
    except RestError:
        said = None
    if not isinstance(said, dict) or not said.get("error"):
        return f"HTTP {answer.status}"
    return ": ".join(str(said[name]) for name in ("error", "error_description") if said.get(name))


def _token(said: Any) -> Token:
    """The token of a good answer (RFC 6749 §5.1); servers write `expires_in` as a number or as a text."""
    value = said.get("access_token") if isinstance(said, dict) else None
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or " " in value or not value:
        raise BadAnswer("应答中没有 access_token", "there is no access_token in the answer")
    if str(said.get("token_type", "Bearer")).lower() != "bearer":
        raise BadAnswer("令牌类型不是 Bearer", "the token is of another type than Bearer")
    try:
        seconds = float(said["expires_in"]) if said.get("expires_in") is not None else math.inf
    except (TypeError, ValueError):
        seconds = math.nan
    if not seconds > 0:
        raise BadAnswer("令牌的有效期不可读", "the lifetime of the token cannot be read")
    return Token(value, seconds)
