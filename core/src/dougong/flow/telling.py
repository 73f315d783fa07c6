"""Feedback beside a run: now and then while it works, in a thread of its own, and once more when everything rests."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from dougong import feedback
from dougong.flow.project import Project
from dougong.plugins import Door
from dougong.runtime import is_dead, owner_name

__all__ = ["Teller"]

_LOG = logging.getLogger("dougong.flow")
#: Between two sweeps of a long run, seconds.
_EVERY = 5.0
#: Another process may be telling: so long is its end waited for, seconds; what is left it tells itself.
_PATIENCE = 10.0


class Teller:
    """Sweeps while it is open; a context manager. A source that is down neither ends nor delays the run."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._owner = owner_name()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="feedback", daemon=True)

    @property
    def sink(self) -> Path:
        """`feedback.jsonl` in the project."""
        return self._project.folder / "feedback.jsonl"

    def writer(self, connection: str) -> Door | None:
        """The door of a configured connection whose connector writes back."""
        if connection not in self._project.config.connections:
            return None
        door = self._project.door(connection)
        return door if door.supports("write_back") else None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        if error is None:
            self.finish()

    def _sweep(self) -> bool:
        return feedback.sweep(self._project.ledger, self, self._owner, is_dead)

    def _work(self) -> None:
        while not self._stop.wait(_EVERY):
            try:
                self._sweep()
            except Exception:  # noqa: BLE001 - the run goes on; its end tells what is left, and says what is wrong
                _LOG.exception("feedback failed; it is tried again")

    def finish(self) -> None:
        """Sweep until nothing more can be told now."""
        deadline = time.monotonic() + _PATIENCE
        while not self._sweep() and time.monotonic() < deadline:
            time.sleep(0.02)
