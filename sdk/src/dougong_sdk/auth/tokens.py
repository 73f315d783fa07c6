"""Tokens and logins that many calls share: fetched once per expiry, never in a storm."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable

import attrs

from dougong.hookspecs import Deadline
from dougong_sdk.errors import LoginRefused, Unclear, Unreachable
from dougong_sdk.refusals import Refused

__all__ = ["Token", "TokenCache"]


@attrs.frozen
class Token:
    """What a login gave us.

    :param value: the token or session id; never shown.
    :param seconds: how long it is good for; infinite where the ERP does not say.

    .. versionadded:: 0.1
    """

    value: str = attrs.field(repr=False)
    seconds: float = math.inf


class TokenCache:
    """Holds one token for any number of threads and renews it once, whoever asks.

    While one thread logs in, the others wait for it instead of logging in too. A login that the ERP refused is not
    tried again for `pause` seconds: many threads with a wrong password would lock the user out. Nor is a login made
    more than `most` times in `pause` seconds: an ERP that takes no token for long would be stormed with logins.

    :param fetch: logs in; gets the deadline of the call that needs the token. What it raises as `Refused`, in the ERP's
        own words, is a refused login.
    :param margin: seconds before the end at which a token is renewed already.
    :param pause: seconds during which a refused login is not repeated.
    :param most: logins within `pause`.

    .. versionadded:: 0.1
    """

    def __init__(
        self, fetch: Callable[[Deadline], Token], *, margin: float = 30.0, pause: float = 30.0, most: int = 10
    ) -> None:
        self._fetch, self._margin, self._pause = fetch, margin, pause
        self._lock = threading.Lock()
        self._current: tuple[str, float] | None = None  # token, monotonic end
        self._refused: tuple[LoginRefused, float] | None = None
        self._logins: deque[float] = deque(maxlen=most)  # monotonic moments, oldest first
        self._given: deque[str] = deque(maxlen=4)

    def get(self, deadline: Deadline) -> str:
        """A token that is good now.

        :raises LoginRefused: the ERP refuses us. :raises NotSent: it cannot be asked.
        """
        token = self.held()
        if token:
            return token
        if not self._lock.acquire(timeout=deadline.remaining()):
            raise Unreachable("等待登录超时", "no login in time")
        try:
            return self.held() or self._log_in(deadline)
        finally:
            self._lock.release()

    def forget(self, stale: str) -> None:
        """The ERP no longer takes this token. If another thread has renewed it already, the new one stays."""
        with self._lock:
            if self._current and self._current[0] == stale:
                self._current = None

    def held(self) -> str | None:
        """The token that is good now, if there is one; never logs in."""
        current = self._current
        return current[0] if current and time.monotonic() < current[1] else None

    def secrets(self) -> list[str]:
        """The tokens of late, for `RestSession.redact`: an ERP that refuses one likes to quote it."""
        return list(self._given)

    def _log_in(self, deadline: Deadline) -> str:
        started = time.monotonic()
        if self._refused and started < self._refused[1]:
            raise self._refused[0]
        if len(self._logins) == self._logins.maxlen and started < self._logins[0] + self._pause:
            raise LoginRefused(
                "ERP 反复拒绝刚刚发放的令牌, 稍后再登录",
                "the ERP keeps refusing tokens that it has just issued; the next login waits",
                retry_after=self._logins[0] + self._pause - started,
            )
        self._logins.append(started)
        try:
            token = self._ask(deadline)
        except Unclear as error:  # whatever became of the login: the call that needs it has not been made
            reason = error.problems[0].message
            raise Unreachable(
                f"登录未得到应答: {reason.zh}", f"no answer to the login: {reason.en}", retry_after=error.retry_after
            ) from error
        except LoginRefused as error:
            self._refused = (error, time.monotonic() + self._pause)
            raise
        # A token that lives shorter than the margin is used for half its life, or it would never be used at all.
        self._current = (token.value, started + max(token.seconds - self._margin, token.seconds / 2))
        self._given.append(token.value)
        self._refused = None
        return token.value

    def _ask(self, deadline: Deadline) -> Token:
        try:
            return self._fetch(deadline)
        except Refused as error:
            said = error.problems[0].message
            raise LoginRefused(said.zh, said.en) from error
