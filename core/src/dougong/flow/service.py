"""The service: the steps day and night, shift after shift, with new inputs whenever they change."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from dougong.flow.callbacks import take_kept
from dougong.flow.inputs import Inputs, load_inputs, rule_paths
from dougong.flow.project import Project
from dougong.flow.reading import read_held_again
from dougong.flow.shift import Shift
from dougong.flow.working import accounts_not_read, refresh_master_data
from dougong.ledger import deliveries, reference
from dougong.model.problems import DougongError, Problem

__all__ = ["Service"]

_LOG = logging.getLogger("dougong.flow")
#: Between two looks at rules, tables, mappings and codes.
_LOOK_SECONDS = 1.0
#: Between two requests for an ERP's periods; the rest of its master data is renewed when it is an hour old.
_MASTER_SECONDS = 300.0
#: After an ERP could not be asked.
_MASTER_AGAIN_SECONDS = 30.0
#: After a shift that ended unexpectedly, at first and at most.
_PAUSE_SECONDS, _LONGEST_PAUSE = 1.0, 60.0
_Marks = tuple[str, ...]


class Service:
    """Works on a project in threads of its own until it is stopped.

    What it has in flight when its process dies is adopted by the next one.

    :param project: open as long as the service runs.
    :param tell: called with what keeps a connection, or the whole, from being worked on; each problem once, until it
        is gone. From any thread.
    """

    def __init__(self, project: Project, tell: Callable[[Sequence[Problem]], None]) -> None:
        self._project = project
        self._tell = tell
        self._told: dict[str, tuple[Problem, ...]] = {}
        self._telling = threading.Lock()
        self._ending = threading.Event()
        self._shift: Shift | None = None
        self._inputs: Inputs | None = None
        self._looked = 0.0
        self._marks: _Marks = ()
        self._steps = threading.Thread(target=self._work, name="service", daemon=True)
        self.well = False

    def start(self) -> None:
        """Begin, after a first look at what everything is derived with.

        :raises DougongError: rules, tables or mappings are wrong.
        """
        self._inputs = load_inputs(self._project)
        for name, problems in self._project.shut.items():
            self._say(name, problems)
        self.well = True
        self._project.ledger.write(lambda tx: deliveries.hurry_failing(tx, 1))
        self._steps.start()
        for name in self._project.usable:
            keep = partial(self._keep_master_data, name)
            threading.Thread(target=keep, name=f"master-{name}", daemon=True).start()

    def wake(self) -> None:
        """Something has come: a document, a callback. From any thread."""
        shift = self._shift
        if shift is not None:
            shift.worker.wake()

    def end(self) -> None:
        """Begin nothing more. From any thread."""
        self._ending.set()
        shift = self._shift
        if shift is not None:
            shift.worker.end()

    def stop(self, seconds: float = 30.0) -> bool:
        """End, and wait for what is in flight.

        :param seconds: most time for it; what takes longer is left as if the process had died, for the next one.
        :returns: whether all has ended.
        """
        self.end()
        self._steps.join(seconds)  # who only reads master data is not waited for
        return not self._steps.is_alive()

    # -- the steps ----------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        pause = _PAUSE_SECONDS
        while not self._ending.is_set():
            try:
                self._work_a_shift()
                pause = _PAUSE_SECONDS
            except Exception:  # noqa: BLE001 - whatever it is, what was committed stays, and the next shift goes on
                self.well = False
                _LOG.exception("the steps have stopped; they go on in %.0f s", pause)
                self._ending.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _work_a_shift(self) -> None:
        self._marks = marks_of(self._project)
        inputs = self._current_inputs()
        take_kept(self._project)
        read_held_again(self._project)
        with Shift(self._project, self._project.usable, inputs) as shift:
            self._shift = shift
            if self._ending.is_set():
                return  # `end` came before there was a shift to end
            self.well = True
            shift.worker.run(lambda: False, progress=self._look)

    def _current_inputs(self) -> Inputs:
        """Rules, tables, mappings and codes as they are now; while a file of them is wrong, the last good ones."""
        try:
            self._inputs = load_inputs(self._project)
        except DougongError as error:
            self._say("inputs", error.problems)
            if self._inputs is None:
                raise
        else:
            self._say("inputs", ())
        return self._inputs

    def _look(self) -> None:
        """End the shift when its inputs are not the current ones any more."""
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        if self._shift is not None and marks_of(self._project) != self._marks:
            self._shift.worker.end()

    # -- master data --------------------------------------------------------------------------------------------------

    def _keep_master_data(self, name: str) -> None:
        """Renew what one ERP tells of itself, now and then; one that is down keeps no other waiting."""
        while not self._ending.is_set():
            try:
                problems = tuple(refresh_master_data(self._project, [name]))
                if not problems and name in load_inputs(self._project).blind:
                    problems = (accounts_not_read(name),)
            except DougongError as error:
                problems = error.problems
            except Exception:  # noqa: BLE001 - the ledger may be unwell for a while
                if not self._ending.is_set():
                    _LOG.exception("master data of %s could not be renewed; it is tried again", name)
                problems = ()
            self._say(name, problems)
            self._ending.wait(_MASTER_AGAIN_SECONDS if problems else _MASTER_SECONDS)

    def _say(self, about: str, problems: Sequence[Problem]) -> None:
        """Tell what is new of a subject."""
        if self._ending.is_set():
            return
        with self._telling:
            known, self._told[about] = self._told.get(about, ()), tuple(problems)
        if fresh := [problem for problem in problems if problem not in known]:
            self._tell(fresh)


def marks_of(project: Project) -> _Marks:
    """Cheap marks of everything that derivations depend on: another value says that it may have changed."""
    folder = project.folder
    named = [folder / path for one in project.config.connections.values() for path in one.mappings.values()]
    paths = {*rule_paths(project), *(folder / "tables").glob("*.*"), *(folder / "mappings").rglob("*.toml"), *named}
    version = project.ledger.look(reference.input_version)
    return (version, *sorted(mark for path in paths if (mark := _mark(path))))


def _mark(path: Path) -> str:
    try:
        known = path.stat()
    except OSError:
        return ""  # it has gone just now
    return f"{path} {known.st_mtime_ns} {known.st_size}"
