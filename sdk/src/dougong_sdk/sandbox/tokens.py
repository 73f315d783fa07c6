"""Who is logged in at an emulated ERP: users and their tokens, gone with the process as a server's memory is."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .base import Sandbox

__all__ = ["Tokens"]


class Tokens:
    """Tokens of the users in the seed's ``credentials``: by name and password for those of kind ``basic``.

    :param sandbox: whose seed and ``token_seconds`` count.

    .. versionadded:: 0.1
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._users: dict[str, tuple[str, float]] = {}

    def knows(self, user: str, password: str) -> bool:
        """Whether there is such a user with this password."""
        rows = [row for row in self.rows("basic") if row.get("user") == user]
        return any(secrets.compare_digest(str(row.get("password")).encode(), password.encode()) for row in rows)

    def log_in(self, user: str, password: str) -> str | None:
        """A new token; ``None`` for a user whom nobody knows or a wrong password."""
        return self.issue(user) if self.knows(user, password) else None

    def issue(self, user: str) -> str:
        """A new token for who has proved otherwise who they are."""
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
        rows = [row for row in self.rows() if user in (row.get("user"), row.get("acts_as"), row.get("id"))]
        return any(row.get("roles") != [] for row in rows)

    def rows(self, kind: str = "") -> list[Mapping[str, Any]]:
        """The seed's credentials, of one kind or of all."""
        return [row for row in self._sandbox.seed["credentials"] if kind in ("", row["kind"])]

    def forget(self) -> None:
        """Everybody has to log in again."""
        self._users.clear()
