"""Tokens against forged requests, as Gateway wants them with every call that changes something (sap.md §2.2)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from dougong_sdk.sandbox import Request, Response

__all__ = ["Csrf"]

_COOKIE = "SAP_SESSIONID_S4H_100"
_HEADER = "x-csrf-token"
_READS = ("GET", "HEAD")


class Csrf:
    """Sessions, each with its token: a token is worth nothing without the cookie of its session."""

    def __init__(self) -> None:
        self._sessions: dict[str, str] = {}

    def forget(self) -> None:
        """Every session has ended, and its token with it."""
        self._sessions.clear()

    def refusal(self, request: Request) -> Response | None:
        """Why a call may not change anything; `None` where it may, or only reads."""
        if request.method in _READS:
            return None
        token = self._sessions.get(request.cookies.get(_COOKIE, ""))
        if token is not None and secrets.compare_digest(token, request.headers.get(_HEADER, "")):
            return None
        return Response(b"CSRF token validation failed", 403, "text/plain; charset=utf-8", [(_HEADER, "Required")])

    def handed_out(self, request: Request) -> Sequence[tuple[str, str]]:
        """Headers with a token, and the cookie of a new session, where a reading call asks for one (`Fetch`)."""
        if request.method not in _READS or request.headers.get(_HEADER, "").lower() != "fetch":
            return ()
        session = request.cookies.get(_COOKIE, "")
        if session in self._sessions:
            return [(_HEADER, self._sessions[session])]
        session = secrets.token_urlsafe(24)
        self._sessions[session] = secrets.token_urlsafe(24)
        cookie = f"{_COOKIE}={session}; path=/; HttpOnly"
        return [(_HEADER, self._sessions[session]), ("set-cookie", cookie)]
