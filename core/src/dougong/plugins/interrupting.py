"""Tells Ctrl-C from a `KeyboardInterrupt` that a plugin raises: the first ends the program, the second ends nothing."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

__all__ = ["CtrlC"]


class CtrlC:
    """Notes whether the signal came while this context was open; what handles it handles it as before.

    Signals come in the main thread only: anywhere else a `KeyboardInterrupt` is always somebody's own.
    """

    def __init__(self) -> None:
        self.pressed = False
        self._before: Callable[[int, FrameType | None], Any] | None = None

    def __enter__(self) -> Self:
        before = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is threading.main_thread() and callable(before):
            self._before = before
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.pressed = True
        if self._before is not None:
            self._before(number, frame)
