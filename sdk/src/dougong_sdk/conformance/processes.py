"""Processes that may be killed: forked from a server that has imported and compiled everything, so that one is cheap.

The server runs the module `warm` once, which a caller may have replaced by its own before the first process; a run of
the product in a fresh process then costs a tenth of a second. What ends a process is a crash point
(`DOUGONG_CRASH`), never a test's patience.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Sequence
from multiprocessing.forkserver import ensure_running
from pathlib import Path
from typing import Any

import attrs

from dougong import crashpoints

__all__ = ["KILLED", "PATIENCE", "Started", "preload", "start", "text_in"]

#: Longest that one process may take, seconds; reached only when something hangs.
PATIENCE = 60
#: Exit status of a process that a crash point ended.
KILLED = -signal.SIGKILL

_FORKS = multiprocessing.get_context("forkserver")
#: Folders that the server finds its modules in, beside those of this process.
_folders: list[str] = []


def preload(modules: Sequence[str], *, folder: Path | None = None) -> None:
    """Name what the server imports before it forks; without effect once it runs.

    :param modules: names; the main module of this process is best among them (`pytest`), or each child imports it.
    :param folder: where modules lie that are not installed.

    .. versionadded:: 0.1
    """
    _FORKS.set_forkserver_preload(list(modules))
    if folder is not None:
        _folders.append(str(folder))


@attrs.frozen
class Started:
    """A process that runs a job.

    .. versionadded:: 0.1
    """

    process: multiprocessing.process.BaseProcess
    log: Path

    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self.process.is_alive()

    def kill(self) -> None:
        """End it now."""
        self.process.kill()
        self.process.join()

    def end(self) -> int:
        """Wait for its end; minus the signal that ended it, or its exit status."""
        self.process.join(PATIENCE)
        if self.process.exitcode is None:
            self.kill()
            raise AssertionError(f"the process hung; its output:\n{self.log.read_text('utf-8')}")
        return self.process.exitcode


def start(log: Path, job: Callable[..., None], *arguments: Any, crash: str = "", **environment: str) -> Started:
    """Run a job in a process of its own, killed at a crash point or not at all.

    :param log: file that takes its output, appended. :param job: a function that can be imported by name.
    :param crash: `label[:n]`.

    .. versionadded:: 0.1
    """
    _warm_up()
    environment["DOUGONG_CRASH"] = crash
    process = _FORKS.Process(target=_run, args=(str(log), environment, job, arguments), daemon=True)
    process.start()
    return Started(process, log)


def text_in(path: Path) -> str:
    """What a process writes there, as soon as it has. :raises AssertionError: it never does."""
    end = time.monotonic() + PATIENCE
    while not path.exists():
        if time.monotonic() > end:
            raise AssertionError(f"nothing was ever written to {path.name}")
        time.sleep(0.01)
    return path.read_text("utf-8")


def _warm_up() -> None:
    """The server inherits our environment when it starts, and only then."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (*_folders, before)))
    try:
        ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def _run(log: str, environment: dict[str, str], job: Callable[..., None], arguments: Any) -> None:
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.environ.update(environment)
    crashpoints._WANTED = environment["DOUGONG_CRASH"]  # noqa: SLF001 - read at import, which was in the server
    job(*arguments)
