"""Ways into an ERP, for `RestSession(auth=…)`; what one has to do is the protocol `Auth`.

==================== ==========================================================================================
`Basic`              user and password
`ApiKey`             fixed headers: a gateway's key, a token that never changes
`Bearer`             a token that is fetched, kept and renewed (`TokenCache`): OAuth 2.0 through `TokenEndpoint`,
                     with `JwtAssertion` or `SamlAssertion` where a user's right is asked for; or any login
`HmacSigned`         every request signed, by templates
`CsrfToken`          token and cookies on top of another way
`Together`           several at once
==================== ==========================================================================================

Mutual TLS is the session's own: `RestSession(certificate=…)`. A refused token is renewed once; whether the call is then
made once more stands in `RestSession.send`.
"""

from __future__ import annotations

from dougong_sdk.auth.assertions import JwtAssertion, SamlAssertion, private_key, thumbprint
from dougong_sdk.auth.bearer import Bearer
from dougong_sdk.auth.csrf import CsrfToken
from dougong_sdk.auth.headers import ApiKey, Basic, Together, status_401, status_401_proves
from dougong_sdk.auth.hmac_signed import HmacSigned
from dougong_sdk.auth.oauth import TokenEndpoint
from dougong_sdk.auth.tokens import Token, TokenCache
from dougong_sdk.messages import Auth, Refusal

__all__ = [
    "ApiKey",
    "Auth",
    "Basic",
    "Bearer",
    "CsrfToken",
    "HmacSigned",
    "JwtAssertion",
    "Refusal",
    "SamlAssertion",
    "Together",
    "Token",
    "TokenCache",
    "TokenEndpoint",
    "private_key",
    "status_401",
    "status_401_proves",
    "thumbprint",
]
