"""What runs in the processes that are killed: the product as `dougong push` and its actions run it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path

from dougong.flow import Project, read_files, take_in, work, working
from dougong.flow.undoing import reverse
from dougong_sdk.conformance.direct import Direct
from dougong_sdk.conformance.door import CallbackDoor

__all__ = ["answer", "prepare", "push", "push_aloud", "run", "take_back"]

#: Failures in a row after which a delivery rests for this run; small, for a sandbox is down only when a rule says so.
_MOST_FAILURES = 4


def push(folder: Path, files: Sequence[Path]) -> None:
    """`dougong push FILE…`: accept, then work here until these deliveries rest."""
    working._MOST_FAILURES = _MOST_FAILURES  # noqa: SLF001 - no setting: a customer's ERP is tried as often as core says
    with Project(folder) as project:
        read = read_files(project, files)
        if read.bad:
            raise AssertionError(read.bad)
        accepted = take_in(project, read)
        work(project, only=[item.document_id for item in accepted if item.document_id])


def run(folder: Path) -> None:
    """`dougong run`: go on with whatever is open."""
    with Project(folder) as project:
        work(project)


def push_aloud(folder: Path, files: Sequence[Path]) -> None:
    """The same, with everything on standard error that anybody logs."""
    logging.basicConfig(level=logging.DEBUG, force=True)
    push(folder, files)


def answer(folder: Path, out: Path) -> None:
    """The door for callbacks, until somebody ends this process; `out` gets its address, less the connection's name."""
    with CallbackDoor(folder) as door:
        out.with_suffix(".new").write_text(door.url(""), encoding="utf-8")
        out.with_suffix(".new").replace(out)
        threading.Event().wait()


def prepare(folder: Path, name: str, count: int, out: Path) -> None:
    """Write down what `prepare` makes of the first vouchers."""
    with Project(folder) as project, Direct(project, name) as hooks:
        out.write_text(repr(hooks.messages(hooks.items(count))), encoding="utf-8")


def take_back(folder: Path, ids: Sequence[int]) -> None:
    """`dougong reverse N…`, then `dougong run`."""
    with Project(folder) as project:
        reverse(project, ids, actor="conformance", reason="conformance")
        work(project)
