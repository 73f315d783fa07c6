"""The simplest ways in, whose headers are known from the start, and several ways at once."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterable, Mapping

from dougong.hookspecs import Deadline
from dougong_sdk.errors import LoginRefused
from dougong_sdk.messages import Answer, Auth, Refusal, Request

__all__ = ["ApiKey", "Basic", "Credentials", "Refuses", "Together", "status_401", "status_401_proves"]

#: Tells from an answer whether it refuses us; `Refusal.renewable` is decided by the way in.
Refuses = Callable[[Answer], Refusal | None]


def status_401(answer: Answer) -> Refusal | None:
    """A bare 401: it may come from something between us and an ERP that has done its work, so it proves nothing.

    .. versionadded:: 0.1
    """
    return Refusal() if answer.status == 401 else None


def status_401_proves(answer: Answer) -> Refusal | None:
    """A 401 of an ERP that is known to look at credentials before it does anything, with nothing in between.

    .. versionadded:: 0.1
    """
    return Refusal(proof=True) if answer.status == 401 else None


class Credentials:
    """Remembers that fixed credentials were refused: shown again with every voucher they would lock the user out.

    :param refuses: which answers refuse us. :param pause: seconds during which what was refused, with proof, is not
        shown again.

    .. versionadded:: 0.1
    """

    def __init__(self, refuses: Refuses, pause: float) -> None:
        self._refuses, self._pause, self._refused_until = refuses, pause, 0.0

    def check(self) -> None:
        """:raises LoginRefused: they were refused just now."""
        if time.monotonic() < self._refused_until:
            raise LoginRefused(
                f"同样的凭据刚刚被拒绝, {self._pause:g} 秒内不再出示",
                f"the same credentials were refused just now; they are not shown again for {self._pause:g} s",
            )

    def refused(self, answer: Answer) -> Refusal | None:
        """As `refuses` says; a refusal that proves that it was these which were looked at is remembered."""
        refusal = self._refuses(answer)
        if refusal and refusal.proof:
            self._refused_until = time.monotonic() + self._pause
        return refusal


class ApiKey:
    """Fixed headers: the key of an API gateway, a token that never changes.

    A refusal that proves that it was these which were looked at and refused is remembered: showing them again with
    every voucher would lock the user out.

    :param headers: by name; their values are secrets.
    :param refuses: which answers refuse us; what is fixed is never shown a second time.
    :param pause: seconds during which what was refused, with proof, is not shown again.

    .. versionadded:: 0.1
    """

    def __init__(self, headers: Mapping[str, str], *, refuses: Refuses = status_401, pause: float = 30.0) -> None:
        self._headers, self._credentials = dict(headers), Credentials(refuses, pause)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {', '.join(self._headers)}>"

    def authorize(self, request: Request, deadline: Deadline) -> Request:
        """With the headers. :raises LoginRefused: they were refused just now."""
        self._credentials.check()
        return request.with_headers(self._headers)

    def refused(self, request: Request, answer: Answer) -> Refusal | None:
        """As `refuses` says."""
        return self._credentials.refused(answer)

    def secrets(self) -> Iterable[str]:
        """The values of the headers."""
        return self._headers.values()


class Basic(ApiKey):
    """User and password in every request (RFC 7617), without being asked first.

    :param user: without a colon. :param password: encoded as UTF-8, as is the user. The others as of `ApiKey`.
    :raises ValueError: there is a colon in the user's name.

    .. versionadded:: 0.1
    """

    def __init__(self, user: str, password: str, *, refuses: Refuses = status_401, pause: float = 30.0) -> None:
        if ":" in user:
            raise ValueError("a user's name in Basic authentication cannot hold a colon")
        self._both = password, base64.b64encode(f"{user}:{password}".encode()).decode()
        super().__init__({"Authorization": f"Basic {self._both[1]}"}, refuses=refuses, pause=pause)

    def secrets(self) -> Iterable[str]:
        """The password, plain and as it is sent."""
        return self._both


class Together:
    """Several ways at once: the key of a gateway, a login of the ERP behind it, a CSRF token on top.

    :param ways: in this order; a later one sees, and may sign, what the earlier ones have added.

    .. versionadded:: 0.1
    """

    def __init__(self, *ways: Auth) -> None:
        self._ways = ways

    def __repr__(self) -> str:
        return f"<Together {self._ways}>"

    def authorize(self, request: Request, deadline: Deadline) -> Request:
        """With all of them."""
        for way in self._ways:
            request = way.authorize(request, deadline)
        return request

    def refused(self, request: Request, answer: Answer) -> Refusal | None:
        """Each forgets what is stale; renewable if one is, proof only if all that feel refused have it."""
        refusals = [refusal for way in self._ways if (refusal := way.refused(request, answer))]
        if not refusals:
            return None
        return Refusal(
            proof=all(refusal.proof for refusal in refusals),
            renewable=any(refusal.renewable for refusal in refusals),
            reason=next((refusal.reason for refusal in refusals if refusal.reason), ""),
        )

    def secrets(self) -> Iterable[str]:
        """Those of all."""
        return [secret for way in self._ways for secret in way.secrets()]
