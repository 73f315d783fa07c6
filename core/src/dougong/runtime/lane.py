"""One lane per connection: its threads, each with its own sessions, its rate and its breaker."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from typing import Any

from dougong.hookspecs import Call
from dougong.model.operations import Operation
from dougong.model.outcomes import NotDone, Outcome, Unknown
from dougong.plugins import Door
from dougong.runtime.limits import Breaker, Rate

__all__ = ["Lane", "Slot"]


class Slot:
    """One thread's way to the ERP (`dougong.delivery.Link`): sessions are its own, opened when first needed."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self._sessions: dict[str, Any] = {}

    @property
    def door(self) -> Door:
        """The connection's door."""
        return self.lane.door

    def session(self, credential: str = "main") -> Any:
        """This thread's session for a credential."""
        if credential not in self._sessions:
            self._sessions[credential] = self.door.open_session(self.door.call(credential=credential))
        return self._sessions[credential]

    def call(self, operation: Operation, credential: str = "main") -> Call:
        """A fresh call within the rate limit."""
        self.lane.rate.take()
        return self.door.call(seconds=self.door.deadline(operation), credential=credential)

    def report(self, outcomes: Iterable[Outcome]) -> None:
        """A call of which every outcome says that the ERP is unwell counts against the breaker, however many it has."""
        well = [not isinstance(outcome, (NotDone, Unknown)) for outcome in outcomes]
        if well:
            self.lane.breaker.report(any(well))

    def close(self) -> None:
        """Close whatever was opened."""
        for session in self._sessions.values():
            self.door.close_session(session)
        self._sessions.clear()


class Lane:
    """The threads of one connection.

    :param door: the connection; its configuration says how many threads, how many calls per second, when to leave it
        alone.
    """

    def __init__(self, door: Door) -> None:
        limits = door.connection.limits
        self.door = door
        self.rate = Rate(limits.rate)
        self.breaker = Breaker(limits.breaker.failures, limits.breaker.open_seconds)
        self.concurrency = limits.concurrency
        self._work: queue.SimpleQueue[Callable[[Slot], None] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._waiting = 0
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The connection's name."""
        return self.door.connection.name

    @property
    def waiting(self) -> int:
        """Units of work that were submitted and are not done."""
        return self._waiting

    @property
    def hungry(self) -> bool:
        """Whether some threads will soon have nothing to do."""
        return self._waiting <= 2 * self.concurrency

    def submit(self, work: Callable[[Slot], None]) -> None:
        """Hand a unit of work to the next free thread; threads start as they are needed."""
        with self._lock:
            self._waiting += 1
            if len(self._threads) < min(self.concurrency, self._waiting):
                thread = threading.Thread(
                    target=self._serve, name=f"lane-{self.name}-{len(self._threads) + 1}", daemon=True
                )
                self._threads.append(thread)
                thread.start()
        self._work.put(work)

    def _serve(self) -> None:
        slot = Slot(self)
        try:
            while (work := self._work.get()) is not None:
                try:
                    work(slot)
                finally:
                    with self._lock:
                        self._waiting -= 1
        finally:
            slot.close()

    def close(self) -> None:
        """Finish what was submitted, then stop the threads."""
        for _ in self._threads:
            self._work.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()
