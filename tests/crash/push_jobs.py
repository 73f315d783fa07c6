"""What runs in the processes that are killed: the product as `dougong push` runs it, and the means to start it fast.

A process is forked from a server that has imported everything, so that one run costs a fraction of a second.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from pathlib import Path

import attrs

#: Labels that a push to Kingdee passes; the others are passed by the fake ERPs of tests/contract alone.
KINGDEE_LABELS = (
    "accepted",
    "opened",
    "prepared",
    "answered",
    "outcome",
    "step_answered",
    "step_outcome",
    "asked",
    "resolved",
)

#: Longest that one process may take, seconds; reached only when something hangs.
PATIENCE = 60

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        "dougong.flow",
        "dougong.flow.actions",
        "dougong.ledger.views",
        "dougong.reconcile",
        "alembic.command",
        "dougong_kingdee.connector",
        "dougong_kingdee.session",
        "dougong_sdk.rest",
        "stevedore",
    ]
)


def push(folder: Path, files: list[Path], most_failures: int) -> None:
    """`dougong push FILE…`: accept, then work here until these deliveries rest."""
    from dougong.flow import Project, read_files, take_in, work, working

    working._MOST_FAILURES = most_failures
    with Project(folder) as project:
        read = read_files(project, files)
        assert not read.bad, read.bad
        accepted = take_in(project, read)
        work(project, only=[item.document_id for item in accepted if item.document_id])


def _run(log: str, environment: dict[str, str], job, arguments) -> None:
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.environ.update(environment)
    job(*arguments)


@attrs.define
class Started:
    """A process that runs a job."""

    process: multiprocessing.Process
    log: Path

    def end(self) -> int:
        """Wait for its end; minus the signal that ended it, or its exit status."""
        self.process.join(PATIENCE)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
            raise AssertionError(f"the process hung; its output:\n{self.log.read_text('utf-8')}")
        return self.process.exitcode


def start(log: Path, job, *arguments, crash: str | None = None) -> Started:
    """Run a job in a process of its own, killed at a crash point or not at all."""
    environment = {"KD_SECRET": "0123456789abcdef0123456789abcdef", "KD_AUDIT": "fedcba9876543210fedcba9876543210"}
    environment["DOUGONG_CRASH"] = crash or ""
    process = _FORKS.Process(target=_run, args=(str(log), environment, job, arguments), daemon=True)
    process.start()
    return Started(process, log)


KILLED = -signal.SIGKILL


def write_reports(path: Path, reports: list[dict]) -> Path:
    path.write_text(json.dumps(reports, ensure_ascii=False), encoding="utf-8")
    return path


def set_up(folder: Path, codes: list[tuple[str, str, str]]) -> None:
    """What a project needs before its first push: codes, and the ERP's master data."""
    from dougong.flow import Project
    from dougong.flow.working import refresh_master_data
    from dougong.ledger import reference

    with Project(folder) as project:
        rows = [(table, "kingdee", ours, theirs, "", "", "") for table, ours, theirs in codes]
        project.ledger.write(lambda tx: reference.replace_codes(tx, rows, actor="test"))
        assert refresh_master_data(project, ["kingdee"]) == []
