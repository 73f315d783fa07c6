"""What the author of a connector imports, in one place; each name loads its module when it is first used.

The contract (`hookimpl`, `About`, `Call`) comes from the core; sessions from `dougong_sdk.rest`, `.soap`, `.auth` and
`.transport`; emulated ERPs from `dougong_sdk.sandbox`; for tests, `dougong_sdk.proxy` and `dougong_sdk.recording`.
Importing this package loads neither httpx nor a server.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dougong import hookimpl
    from dougong.hookspecs import About, Call, Deadline, TargetField
    from dougong_sdk.auth import (
        ApiKey,
        Basic,
        Bearer,
        CsrfToken,
        HmacSigned,
        JwtAssertion,
        SamlAssertion,
        Together,
        Token,
        TokenCache,
        TokenEndpoint,
        status_401_proves,
    )
    from dougong_sdk.refusals import ErrorDictionary, Refused
    from dougong_sdk.rest import (
        Answer,
        Auth,
        Fault,
        LoginRefused,
        NotSent,
        Refusal,
        Request,
        RestError,
        RestSession,
        Unclear,
        outcome_of,
    )
    from dougong_sdk.searching import fetched, search
    from dougong_sdk.soap import SoapService, SoapSession
    from dougong_sdk.steps import Steps, gone
    from dougong_sdk.transport import LeanTransport

__all__ = [
    "About",
    "Answer",
    "ApiKey",
    "Auth",
    "Basic",
    "Bearer",
    "Call",
    "CsrfToken",
    "Deadline",
    "ErrorDictionary",
    "Fault",
    "HmacSigned",
    "JwtAssertion",
    "LeanTransport",
    "LoginRefused",
    "NotSent",
    "Refusal",
    "Refused",
    "Request",
    "RestError",
    "RestSession",
    "SamlAssertion",
    "SoapService",
    "SoapSession",
    "Steps",
    "TargetField",
    "Together",
    "Token",
    "TokenCache",
    "TokenEndpoint",
    "Unclear",
    "fetched",
    "gone",
    "hookimpl",
    "outcome_of",
    "search",
    "status_401_proves",
]

_HOMES = {
    "hookimpl": "dougong",
    **dict.fromkeys(("About", "Call", "Deadline", "TargetField"), "dougong.hookspecs"),
    **dict.fromkeys(
        (
            "ApiKey",
            "Basic",
            "Bearer",
            "CsrfToken",
            "HmacSigned",
            "JwtAssertion",
            "SamlAssertion",
            "Token",
            "TokenCache",
            "TokenEndpoint",
            "Together",
            "status_401_proves",
        ),
        "dougong_sdk.auth",
    ),
    **dict.fromkeys(("ErrorDictionary", "Refused"), "dougong_sdk.refusals"),
    **dict.fromkeys(
        (
            "Answer",
            "Auth",
            "Fault",
            "LoginRefused",
            "NotSent",
            "Refusal",
            "Request",
            "RestError",
            "RestSession",
            "Unclear",
            "outcome_of",
        ),
        "dougong_sdk.rest",
    ),
    **dict.fromkeys(("fetched", "search"), "dougong_sdk.searching"),
    **dict.fromkeys(("SoapService", "SoapSession"), "dougong_sdk.soap"),
    **dict.fromkeys(("Steps", "gone"), "dougong_sdk.steps"),
    "LeanTransport": "dougong_sdk.transport",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
