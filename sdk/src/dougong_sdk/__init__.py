"""What the author of a connector imports, in one place; each name loads its module when it is first used.

The contract (`hookimpl`, `About`, `Call`) comes from the core; sessions from `dougong_sdk.rest`, `.auth` and
`.transport`; emulated ERPs from `dougong_sdk.sandbox`; for tests, `dougong_sdk.proxy` and `dougong_sdk.recording`.
Importing this package loads neither httpx nor a server.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dougong import hookimpl
    from dougong.hookspecs import About, Call, Deadline, TargetField
    from dougong_sdk.auth import Token, TokenCache
    from dougong_sdk.rest import Answer, LoginRefused, NotSent, RestError, RestSession, Unclear, outcome_of
    from dougong_sdk.transport import LeanTransport

__all__ = [
    "About",
    "Answer",
    "Call",
    "Deadline",
    "LeanTransport",
    "LoginRefused",
    "NotSent",
    "RestError",
    "RestSession",
    "TargetField",
    "Token",
    "TokenCache",
    "Unclear",
    "hookimpl",
    "outcome_of",
]

_HOMES = {
    "hookimpl": "dougong",
    **dict.fromkeys(("About", "Call", "Deadline", "TargetField"), "dougong.hookspecs"),
    **dict.fromkeys(("Token", "TokenCache"), "dougong_sdk.auth"),
    **dict.fromkeys(
        ("Answer", "LoginRefused", "NotSent", "RestError", "RestSession", "Unclear", "outcome_of"), "dougong_sdk.rest"
    ),
    "LeanTransport": "dougong_sdk.transport",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
