"""Who is let in: Basic, tokens of the identity domain, JWTs of trusted issuers; each really verified (oracle.md §8)."""

from __future__ import annotations

import base64
import binascii
import secrets
import time
from typing import TYPE_CHECKING, Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from dougong_sdk.sandbox import Request, Response, exact_json

if TYPE_CHECKING:
    from .product import OracleSandbox

__all__ = ["TOKENS", "Logins"]

#: Path of the identity domain's token endpoint; a real one is on a server of its own.
TOKENS = "/oauth2/v1/token"
_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Logins:
    """Who a request comes from. :param sandbox: whose seed and `token_seconds` count."""

    def __init__(self, sandbox: OracleSandbox) -> None:
        self._sandbox = sandbox
        self._issued: dict[str, tuple[str, float]] = {}

    def user(self, request: Request) -> str | None:
        """Whom a request has proved to be from; `None` for nobody."""
        kind, _, shown = request.headers.get("authorization", "").partition(" ")
        if kind == "Basic":
            name, password = _pair(shown)
            return name if self._sandbox.tokens.knows(name, password) else None
        if kind != "Bearer":
            return None
        user, end = self._issued.get(shown, ("", 0.0))
        if user:
            return user if time.monotonic() < end else None
        return self._signed(shown, "prn")

    def may_work(self, user: str) -> bool:
        """Whether a user, or a client by itself, has any role."""
        rows = [row for row in self._sandbox.seed["credentials"] if user in (row.get("user"), row.get("id"))]
        return bool(rows) and all(row.get("roles") != [] for row in rows)

    def forget(self) -> None:
        """Every token is stale."""
        self._issued.clear()

    def token(self, request: Request) -> Response:
        """Client credentials, or a user's right by an assertion."""
        client = self._client(request)
        if client is None:
            return _said(401, {"error": "invalid_client", "error_description": "Client authentication failed."})
        form = request.form
        if form.get("grant_type") == "client_credentials":
            user = str(client.get("acts_as") or client["id"])
        elif form.get("grant_type") == _JWT_GRANT and (found := self._signed(form.get("assertion", ""), "sub")):
            user = found
        else:
            return _said(400, {"error": "invalid_grant", "error_description": "The assertion is not valid."})
        seconds = self._sandbox.settings["token_seconds"]
        token = secrets.token_urlsafe(32)
        self._sandbox.credentials.issued(token)
        self._issued[token] = (user, time.monotonic() + float(seconds))
        return _said(200, {"access_token": token, "token_type": "Bearer", "expires_in": int(seconds)})

    def _client(self, request: Request) -> dict[str, Any] | None:
        name, secret = _pair(request.headers.get("authorization", "").removeprefix("Basic "))
        rows = (row for row in self._sandbox.seed["credentials"] if row["kind"] == "oauth_client")
        found = next((row for row in rows if row.get("id") == name), None)
        good = found is not None and secrets.compare_digest(str(found.get("secret")).encode(), secret.encode())
        return found if good else None

    def _signed(self, token: str, claim: str) -> str | None:
        """The user whom a JWT of a trusted issuer names."""
        try:
            head, claims = jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})
            issuers = (row for row in self._sandbox.seed["credentials"] if row["kind"] == "jwt_issuer")
            row = next(row for row in issuers if row.get("issuer") == claims.get("iss"))
            certificate = x509.load_pem_x509_certificate(str(row["certificate"]).encode())
            digest = base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA1())).decode().rstrip("=")  # noqa: S303
            if head.get("x5t", "").rstrip("=") not in (digest, ""):
                return None
            options = {"require": ["exp", "iat"], "verify_aud": False}
            jwt.decode(token, certificate.public_key(), algorithms=["RS256"], options=options)  # type: ignore[arg-type]
        except (jwt.PyJWTError, StopIteration, ValueError, KeyError):
            return None
        return str(claims.get(claim) or "") or None


def _pair(shown: str) -> tuple[str, str]:
    try:
        name, _, password = base64.b64decode(shown, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password


def _said(status: int, body: dict[str, Any]) -> Response:
    return Response(exact_json.dumps(body).encode(), status, "application/json")
