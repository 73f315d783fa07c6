"""Processes that may be killed: forked from a server that has imported and compiled everything, so that one is cheap.

The server is warmed up once (`warm.py`); a run of the product in a fresh process then costs a tenth of a second.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.forkserver import ensure_running
from pathlib import Path
from typing import Any

import attrs

from dougong import crashpoints

#: Longest that one process may take, seconds; reached only when something hangs.
PATIENCE = 60
#: Exit status of a process that a crash point ended.
KILLED = -signal.SIGKILL

_FORKS = multiprocessing.get_context("forkserver")
# pytest is the main module here, and so of every process that is started from here.
_FORKS.set_forkserver_preload(["pytest", "warm"])


@attrs.frozen
class Started:
    """A process that runs a job."""

    process: multiprocessing.process.BaseProcess
    log: Path

    def end(self) -> int:
        """Wait for its end; minus the signal that ended it, or its exit status."""
        self.process.join(PATIENCE)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
            raise AssertionError(f"the process hung; its output:\n{self.log.read_text('utf-8')}")
        return self.process.exitcode


def start(log: Path, job: Callable[..., None], *arguments: Any, crash: str = "", **environment: str) -> Started:
    """Run a job in a process of its own, killed at a crash point or not at all."""
    _warm_up()
    environment["DOUGONG_CRASH"] = crash
    process = _FORKS.Process(target=_run, args=(str(log), environment, job, arguments), daemon=True)
    process.start()
    return Started(process, log)


def _warm_up() -> None:
    """The server finds `warm` beside this module."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(Path(__file__).parent), before)))
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
    crashpoints._WANTED = environment["DOUGONG_CRASH"]  # read when it was imported, which was in the server
    job(*arguments)
