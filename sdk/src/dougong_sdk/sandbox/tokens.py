"""Who is logged in at an emulated ERP: tokens for name and password, gone with the process as a server's memory is."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .base import Sandbox

__all__ = ["Tokens"]


class Tokens:
    """Tokens of the users in the seed's ``credentials`` of kind ``basic``.

    :param sandbox: whose seed and ``token_seconds`` count.

    .. versionadded:: 0.1
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._users: dict[str, tuple[str, float]] = {}

    def knows(self, user: str, password: str) -> bool:
        """Whether there is such a user with this password."""
        row = self._row(user)
        return row is not None and secrets.compare_digest(str(row.get("password")).encode(), password.encode())

    def log_in(self, user: str, password: str) -> str | None:
        """A new token; ``None`` for a user whom nobody knows or a wrong password."""
        if not self.knows(user, password):
            return None
        token = secrets.token_urlsafe(24)
        self._sandbox.credentials.issued(token)
        self._users[token] = (user, time.monotonic() + float(self._sandbox.settings["token_seconds"]))
        return token

    def user(self, token: str) -> str | None:
        """Whose token it is, while it is good."""
        user, end = self._users.get(token, ("", 0.0))
        return user if time.monotonic() < end else None

    def may_work(self, user: str) -> bool:
        """Whether a user may do anything at all: ``roles: []`` may log in and nothing else."""
        row = self._row(user)
        return row is not None and row.get("roles") != []

    def forget(self) -> None:
        """Everybody has to log in again."""
        self._users.clear()

    def _row(self, user: str) -> dict[str, object] | None:
        rows = self._sandbox.seed["credentials"]
        return next((row for row in rows if row["kind"] == "basic" and row.get("user") == user), None)
