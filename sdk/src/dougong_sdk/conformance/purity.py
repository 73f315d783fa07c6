"""Another day, and no network: what a pure function does not notice."""

from __future__ import annotations

import datetime as dt
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NoReturn
from unittest.mock import patch

from dougong_sdk.conformance.rules import Violation

__all__ = ["SHIFT", "elsewhere"]

#: How far the clocks are off.
SHIFT = dt.timedelta(days=400)


@contextmanager
def elsewhere(package: str) -> Iterator[None]:
    """Clocks are off by `SHIFT` and sockets refuse.

    :param package: whose modules may hold the clocks under names of their own.
    """
    later = {dt.datetime: _later(dt.datetime, "now", "today", "utcnow"), dt.date: _later(dt.date, "today")}
    modules = [dt, *(module for name, module in sys.modules.items() if name.partition(".")[0] == package)]
    clocks = {name: _off(getattr(time, name)) for name in ("time", "time_ns")}
    with ExitStack() as changed:
        for name in ("connect", "connect_ex", "sendto"):
            changed.enter_context(patch.object(socket.socket, name, _refuse))
        changed.enter_context(patch.object(socket, "getaddrinfo", _refuse))
        for name, clock in clocks.items():
            changed.enter_context(patch.object(time, name, clock))
        for module in modules:
            for name, held in list(vars(module).items()):
                if isinstance(held, type) and held in later:
                    changed.enter_context(patch.object(module, name, later[held]))
        yield


def _refuse(*_: object, **__: object) -> NoReturn:
    raise Violation("it uses the network")


def _off(clock: Any) -> Any:
    seconds = int(SHIFT.total_seconds())
    return lambda: clock() + (seconds * 10**9 if clock.__name__.endswith("ns") else seconds)


def _later(real: Any, *names: str) -> Any:
    """A class of dates whose clock is off; everything of the real class is one of its objects."""

    class Kind(type):
        def __instancecheck__(cls, one: object) -> bool:
            return isinstance(one, real)

    def clock(name: str) -> Any:
        return classmethod(lambda _, *zone: getattr(real, name)(*zone) + SHIFT)

    return Kind(real.__name__, (real,), {name: clock(name) for name in names})
