"""Limits of a lane: calls per second, and a breaker that spares an ERP that is down."""

from __future__ import annotations

import threading
import time

__all__ = ["Breaker", "Rate"]


class Rate:
    """At most so many calls per second, evenly spaced; waits in the caller's thread.

    :param per_second: calls per second; `None` = no limit.
    """

    def __init__(self, per_second: float | None) -> None:
        self._pause = 1.0 / per_second if per_second else 0.0
        self._next = 0.0
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait for this call's turn."""
        if not self._pause:
            return
        with self._lock:
            now = time.monotonic()
            turn = max(self._next, now)
            self._next = turn + self._pause
        if turn > now:
            time.sleep(turn - now)


class Breaker:
    """Opens after so many failures in a row, lets one try through after a pause; while open nothing uses up attempts.

    :param failures: failures in a row that open it. :param open_seconds: first pause; doubles up to ten minutes.
    """

    def __init__(self, failures: int = 5, open_seconds: float = 2.0) -> None:
        self._limit = failures
        self._first = open_seconds
        self._count = 0
        self._until = 0.0
        self._since = 0.0
        self._lock = threading.Lock()

    def report(self, ok: bool) -> None:
        """Count a success (closes it) or a failure (may open it)."""
        with self._lock:
            if ok:
                self._count = 0
                self._until = 0.0
                return
            if not self._count:
                self._since = time.monotonic()
            self._count += 1
            if self._count >= self._limit:
                pause = min(self._first * 2 ** ((self._count - self._limit) // self._limit), 600.0)
                self._until = time.monotonic() + pause

    @property
    def tripped(self) -> bool:
        """Whether it has opened and nothing has worked since."""
        return self._count >= self._limit

    @property
    def failing_seconds(self) -> float:
        """Seconds since the first failure of the row that has opened it; 0 when it is not tripped."""
        return time.monotonic() - self._since if self.tripped else 0.0

    @property
    def open_seconds(self) -> float:
        """Seconds until the next try is allowed; 0 when closed."""
        return max(0.0, self._until - time.monotonic())
