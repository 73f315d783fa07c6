"""The token endpoint: client credentials, a user's right by a signed SAML assertion (sap.md §3, RFC 6749, RFC 7522)."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import secrets
from typing import TYPE_CHECKING, Any

from dougong_sdk import xml
from dougong_sdk.rest import BadAnswer
from dougong_sdk.saml import NotVerified, verified_assertion
from dougong_sdk.sandbox import Request, Response

if TYPE_CHECKING:
    from .product import SapSandbox

__all__ = ["TOKEN_PATH", "OAuth", "name_and_password"]

TOKEN_PATH = "/sap/bc/sec/oauth2/token"  # noqa: S105 - where tokens are asked for
_SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
_SAML_GRANT = "urn:ietf:params:oauth:grant-type:saml2-bearer"


class _Denied(Exception):
    """No token: `error` and `error_description` of RFC 6749 §5.2."""

    def __init__(self, error: str, text: str) -> None:
        super().__init__(text)
        self.error, self.text = error, text


def name_and_password(request: Request) -> tuple[str, str]:
    """What a request shows of Basic authentication; two empty texts where it shows none."""
    way, _, shown = request.headers.get("authorization", "").partition(" ")
    try:
        name, _, password = base64.b64decode(shown, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return (name, password) if way.lower() == "basic" else ("", "")


class OAuth:
    """Gives out tokens. :param sandbox: whose credentials count, and who keeps the tokens."""

    def __init__(self, sandbox: SapSandbox) -> None:
        self._sandbox = sandbox
        self._used: set[str] = set()

    def answer(self, request: Request) -> Response:
        """A token, or why there is none."""
        try:
            token = self._sandbox.tokens.issue(self._user(request))
        except _Denied as denied:
            said = {"error": denied.error, "error_description": denied.text}
            refused = denied.error == "invalid_client"
            challenge = [("www-authenticate", 'Basic realm="SAP"')] if refused else []
            return Response(json.dumps(said).encode(), 401 if refused else 400, "application/json", challenge)
        seconds = max(1, int(self._sandbox.settings["token_seconds"]))
        given = {"access_token": token, "token_type": "Bearer", "expires_in": seconds}
        return Response(json.dumps(given).encode(), 200, "application/json", [("cache-control", "no-store")])

    def _user(self, request: Request) -> str:
        if request.method != "POST":
            raise _Denied("invalid_request", "POST only")
        client, grant = self._client(request), request.form.get("grant_type")
        if grant == "client_credentials":
            return str(client.get("acts_as") or client["id"])
        if grant == _SAML_GRANT:
            return self._asserted(request, request.form.get("assertion", ""))
        raise _Denied("unsupported_grant_type", f"grant type {grant} is not supported")

    def _client(self, request: Request) -> Any:
        """Who asks, by Basic authentication or in the body."""
        named, secret = request.form.get("client_id", ""), request.form.get("client_secret", "")
        if "authorization" in request.headers:
            name, secret = name_and_password(request)
            if named not in ("", name):
                raise _Denied("invalid_client", "two different clients are named")
            named = name
        row = next((row for row in self._sandbox.tokens.rows("oauth_client") if row.get("id") == named), None)
        if row is None or not secrets.compare_digest(str(row.get("secret")).encode(), secret.encode()):
            raise _Denied("invalid_client", "client authentication failed")
        return row

    # -- the assertion ------------------------------------------------------------------------------------------------

    def _asserted(self, request: Request, text: str) -> str:
        """The user whom an assertion names, if a trusted issuer has signed it for us and now.

        Only the signed part is looked at: what else an envelope may hold has been vouched for by nobody.
        """
        assertion = self._signed(_decoded(text))
        self._is_for_us(assertion, request)
        used = str(assertion.get("ID"))
        if used in self._used:
            raise _Denied("invalid_grant", "the assertion was used before")
        user = assertion.findtext(f"{_SAML}Subject/{_SAML}NameID")
        if user not in {row.get("user") for row in self._sandbox.tokens.rows("basic")}:
            raise _Denied("invalid_grant", "the user of the assertion is not known")
        self._used.add(used)
        return str(user)

    def _signed(self, root: Any) -> Any:
        """What a trusted issuer has signed of it, good at this time."""
        issuer = root.findtext(f"{_SAML}Issuer")
        rows = [row for row in self._sandbox.tokens.rows("saml_issuer") if row.get("issuer") == issuer]
        if not rows:
            raise _Denied("invalid_grant", "the issuer of the assertion is not trusted")
        try:
            return verified_assertion(root, str(rows[0]["certificate"]), dt.datetime.now(dt.UTC))
        except NotVerified as error:
            raise _Denied("invalid_grant", str(error)) from None

    def _is_for_us(self, assertion: Any, request: Request) -> None:
        audience = self._sandbox.settings["saml_audience"]
        if audience not in [node.text for node in assertion.iter(f"{_SAML}Audience")]:
            raise _Denied("invalid_grant", f"the assertion is not for the audience {audience}")
        confirmed = assertion.find(f".//{_SAML}SubjectConfirmationData")
        recipient = "" if confirmed is None else str(confirmed.get("Recipient"))
        if recipient.partition("?")[0].partition("://")[2] != f"{request.headers.get('host', '')}{TOKEN_PATH}":
            raise _Denied("invalid_grant", "the assertion is for another recipient")


def _decoded(text: str) -> Any:
    try:
        root = xml.parse(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, BadAnswer):
        raise _Denied("invalid_grant", "the assertion is no XML in base64url") from None
    if root.tag != f"{_SAML}Assertion":
        raise _Denied("invalid_grant", "it is no SAML 2.0 assertion")
    return root
