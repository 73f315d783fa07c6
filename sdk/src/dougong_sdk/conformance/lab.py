"""The lab: a connector, its sandbox in a process of its own, and fresh projects that push through it."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import attrs
import tomlkit

from dougong.cli.products import defaults_of
from dougong.cli.project_files import Wanted, make_project
from dougong.flow import Project
from dougong.flow.working import refresh_master_data
from dougong.ledger import audit
from dougong.ledger.store import Ledger
from dougong.ledger.views import deliveries_view, show_view
from dougong.model.postings import Stage
from dougong.plugins import find_entry
from dougong_sdk.conformance import jobs, processes
from dougong_sdk.conformance.judge import Tally, tally
from dougong_sdk.conformance.observing import Requests, observe
from dougong_sdk.conformance.reports import amount_of, report
from dougong_sdk.conformance.rules import Violation, expect
from dougong_sdk.conformance.subject import Subject
from dougong_sdk.sandbox import RunningSandbox, find_sandbox, installed_sandboxes, launch

__all__ = ["DEADLINE", "SETTLE", "SMALL_PAGE", "Bench", "Lab", "Wire"]

#: Settle time of every connection here, seconds: what a sandbox does late, it does earlier.
SETTLE = 0.2
#: Deadline of every call, seconds, unless a rule shortens it.
DEADLINE = 5.0
#: Port 9 discards; nothing listens.
_NOWHERE = "http://127.0.0.1:9"
#: Between two times at which the ERP ends what it has at work, seconds.
_FINISHING = 0.1
#: Rows of one page of a sandbox with small pages.
SMALL_PAGE = 3


@attrs.frozen
class Wire:
    """A recording that is to be made or played in place of everything else."""

    way: Literal["record", "replay"]
    folder: Path


class Lab:
    """One connector under test; a context manager.

    :param name: the product's name. :param folder: for projects, ledgers and logs.
    :param wire: a recording to make or to play.
    :param connection: what its connections say otherwise than `init` writes: `settings`, `callback`.
    :raises DougongError: nothing usable of that name is installed.

    .. versionadded:: 0.1
    """

    def __init__(
        self, name: str, folder: Path, *, wire: Wire | None = None, connection: Mapping[str, Any] | None = None
    ) -> None:
        self.name = name
        self.connection = connection or {}
        self.wire = wire
        self.folder = folder
        self.entry = find_entry(name)
        self.documents = self.lost = self.doubled = 0
        self._exit = ExitStack()
        self._others: dict[tuple[tuple[str, str], ...], RunningSandbox] = {}
        self._benches = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exit.close()

    # -- the ERP ------------------------------------------------------------------------------------------------------

    @property
    def has_sandbox(self) -> bool:
        """Whether an emulated ERP of that name is installed."""
        return self.name in installed_sandboxes()

    @cached_property
    def sandbox(self) -> RunningSandbox:
        """The emulated ERP, started at first use; its ledger outlives a kill."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return self._exit.enter_context(launch(self.name, ledger=self.folder / "sandbox.db"))

    def fresh_sandbox(self) -> RunningSandbox:
        """The emulated ERP with an empty ledger and no faults."""
        if self.sandbox.pid is None:
            self.sandbox.restart()
        self.sandbox.clear_faults()
        self.sandbox.reset()
        return self.sandbox

    # -- our side -----------------------------------------------------------------------------------------------------

    @cached_property
    def template(self) -> Path:
        """A project as `dougong init` makes it, with the ERP's master data, and nothing pushed yet."""
        folder = self.folder / "template"
        shutil.rmtree(folder, ignore_errors=True)  # of a try that failed: the reason is asked for again
        if not self.has_sandbox:  # a source needs none; of what writes a rule says so
            folder.mkdir(parents=True)
            (folder / "dougong.toml").write_text(f'[connections.{self.name}]\nconnector = "{self.name}"\n', "utf-8")
            return folder
        make_project(folder, [Wanted(self.name, self.sandbox.url, self.sandbox.ca)], actor="conformance")
        _configure(folder, self.name, settle=SETTLE, stage=None, **self.connection)
        with Project(folder) as project:
            if problems := refresh_master_data(project, [self.name]):
                raise Violation(f"its master data cannot be read: {problems[0].message.en}")
        os.environ.setdefault("DOUGONG_CONFORMANCE_TEMPLATE", str(folder))
        processes.preload(["pytest", "dougong_sdk.conformance.warm"])
        return folder

    def project_without_erp(self) -> Path:
        """A project whose ERP's address leads nowhere, for what a recording answers."""
        self._benches += 1
        folder = self.folder / f"alone-{self._benches}"
        make_project(folder, [Wanted(self.name, _NOWHERE)], actor="conformance")
        _configure(folder, self.name, settle=SETTLE, stage=None, **self.connection)
        return folder

    def secrets(self) -> dict[str, str]:
        """The secrets of the template's project, by the names of their files."""
        files = (self.template / "secrets").glob("*")
        return {path.name: path.read_text("utf-8").strip() for path in files}

    @cached_property
    def subject(self) -> Subject:
        """The connector, as a connection of the template opens it."""
        played = self.wire is not None and self.wire.way == "replay"
        project = self._exit.enter_context(Project(self.project_without_erp() if played else self.template))
        return Subject(self.entry, project.door(self.name), find_sandbox(self.name) if self.has_sandbox else None)

    @cached_property
    def requests(self) -> Requests:
        """Which requests of the ERP create, search and step, as its log shows them."""
        return observe(self)

    def bench(self, *, stage: Stage | None = None, erp: RunningSandbox | None = None, **how: Any) -> Bench:
        """A fresh project in front of an empty ERP.

        :param stage: target; by default the highest that its operation reaches.
        :param erp: another ERP than the one that all rules share, from `other_erp`.
        :param how: `concurrency`, `deadline`, `settle` in seconds, `settings`, `auditor` = `none` for a connection
            without one, `same` for the maker's own credential in its place.
        """
        sandbox = erp or self.fresh_sandbox()
        self._benches += 1
        folder = self.folder / f"project-{self._benches}"
        shutil.copytree(self.template, folder)
        target = stage or (self.subject.top if self.subject.create else None)
        asked = target if self.subject.create and len(self.subject.creating.stages) > 1 else None
        settings = {**({self._url_setting: sandbox.url} if erp else {}), **how.pop("settings", {})}
        how = {"settle": SETTLE, "deadline": DEADLINE, **how, "settings": settings}
        _configure(folder, self.name, stage=asked, **how)
        return Bench(self, folder, sandbox, target or Stage.DRAFT, how["deadline"])

    @contextmanager
    def other_erp(self, **settings: str) -> Iterator[RunningSandbox]:
        """An empty sandbox with other settings (`--set`), for `bench(erp=…)`; those who want the same share one."""
        wanted = tuple(sorted(settings.items()))
        if wanted not in self._others:
            self._others[wanted] = self._exit.enter_context(launch(self.name, settings=settings))
        sandbox = self._others[wanted]
        sandbox.clear_faults()
        sandbox.reset()
        yield sandbox

    @contextmanager
    def small_pages(self) -> Iterator[RunningSandbox]:
        """A sandbox whose pages hold few rows, where it has a setting for that."""
        setting = self.subject.page_setting
        with self.other_erp(**({setting: str(SMALL_PAGE)} if setting else {})) as sandbox:
            yield sandbox

    def sandbox_failures(self) -> list[str]:
        """Where the emulated ERPs that run failed by themselves, each place once."""
        started = [self.__dict__.get("sandbox"), *self._others.values()]
        running = [erp for erp in started if erp is not None and erp.pid is not None]
        return list(dict.fromkeys(told for erp in running for told in erp.failures()))

    @property
    def _url_setting(self) -> str:
        return defaults_of(self.name)[0].url_setting

    def count(self, found: Tally) -> None:
        """Add a comparison to the figures of the report."""
        self.documents += found.documents
        self.lost += len(found.lost)
        self.doubled += len(found.doubled)


@attrs.define(slots=False)
class Bench:
    """One project, the ERP, and what is done with both; each push in a process of its own.

    :param stage: that deliveries are to reach. :param deadline: of every call, seconds.

    .. versionadded:: 0.1
    """

    lab: Lab
    folder: Path
    sandbox: RunningSandbox
    stage: Stage
    deadline: float = DEADLINE
    wanted: dict[str, Decimal] = attrs.field(factory=dict)

    # -- pushing ------------------------------------------------------------------------------------------------------

    def file(self, *reports: Mapping[str, Any]) -> Path:
        """A file with reports."""
        path = self.folder / f"reports-{len(list(self.folder.glob('reports-*')))}.json"
        path.write_text(json.dumps(reports, ensure_ascii=False), encoding="utf-8")
        return path

    def reports(self, count: int = 1, first: int = 1, **changes: Any) -> Path:
        """A file with reports that the ERP's ledger must hold once each in the end; `changes` to each of them."""
        numbers = range(first, first + count)
        self.wanted |= {report(number)["number"]: amount_of(number) for number in numbers}
        return self.file(*(report(number, **changes) for number in numbers))

    def start(self, *files: Path, crash: str = "") -> processes.Started:
        """`dougong push FILE…` in a process that a crash point may kill."""
        return processes.start(self.folder / "log", jobs.push, self.folder, list(files), crash=crash)

    def push(self, *files: Path, crash: str = "") -> int:
        """Its exit status; minus the signal that ended it."""
        return self.start(*files, crash=crash).end()

    def completes(self, *files: Path) -> None:
        """A push that ends by itself.

        :raises Violation: with what it printed.
        """
        expect(self.push(*files) == 0, f"a push failed: {self.log[-2000:]}")

    def take_back(self, *deliveries: str, crash: str = "") -> None:
        """`dougong reverse D1 …` and `dougong run`, which a crash point may kill.

        :raises Violation: it failed, or was not killed.
        """
        ended = self._take_back(deliveries, crash)
        expect(ended == (processes.KILLED if crash else 0), f"a reversal ended with {ended}: {self.log[-2000:]}")

    def take_back_refused(self, *deliveries: str) -> bool:
        """Whether core refuses to reverse them."""
        return self._take_back(deliveries, "") != 0

    def _take_back(self, deliveries: Iterable[str], crash: str) -> int:
        ids = [int(name[1:]) for name in deliveries]
        return processes.start(self.folder / "log", jobs.take_back, self.folder, ids, crash=crash).end()

    def run(self, *, patience: float = processes.PATIENCE) -> None:
        """`dougong run`, while the ERP ends what it has at work.

        :param patience: longest that it may take, seconds.
        :raises Violation: with what it printed, or what still waits.
        """
        started, end = processes.start(self.folder / "log", jobs.run, self.folder), time.monotonic() + patience
        while started.is_alive() and time.monotonic() < end:
            self.finish_jobs()
            started.process.join(_FINISHING)
        if started.is_alive():
            started.kill()
            raise Violation(f"after {patience} s it is {[row['state'] for row in self.deliveries()]}: {self.why()}")
        expect(started.end() == 0, f"a run failed: {self.log[-2000:]}")

    def finish_jobs(self) -> None:
        """The ERP ends whatever it has at work."""
        if self._has_jobs:
            self.sandbox.hand("finish_jobs")

    @cached_property
    def _has_jobs(self) -> bool:
        return bool(self.sandbox.config()["has_jobs"])

    @property
    def log(self) -> str:
        """What its processes printed."""
        path = self.folder / "log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    # -- what came of it ----------------------------------------------------------------------------------------------

    @contextmanager
    def project(self) -> Iterator[Project]:
        """The project, open."""
        with Project(self.folder) as project:
            yield project

    def deliveries(self) -> list[dict[str, Any]]:
        """As `status --json` prints them."""
        with Ledger(self.folder / "ledger.db") as ledger, ledger.read() as connection:
            return list(deliveries_view(connection, "en"))

    def events(self, delivery: str) -> list[str]:
        """What happened to a delivery, by the audit."""
        with Ledger(self.folder / "ledger.db") as ledger, ledger.read() as connection:
            return [row["event"] for row in show_view(connection, int(delivery[1:]), "en")["audit"]]

    def tally(self) -> Tally:
        """Both sides compared; counted for the report."""
        self.finish_jobs()
        rows = [row for row in self.deliveries() if row["moment"] == "accrual"]
        guesses = {"lease_ended", "unknown", "resent", "found"}
        guessed = [row["documents"][0] for row in rows if guesses & set(self.events(row["delivery"]))]
        found = tally(self.wanted, rows, self.sandbox.postings(), guessed)
        self.lab.count(found)
        return found

    def check_once(self, *, may_park: bool = False) -> Tally:
        """Everything that was pushed stands in the ERP once, at the target stage, equal; the audit's chains are whole.

        :param may_park: it may rest with a person instead.
        :raises Violation: otherwise.
        """
        found = self.tally()
        late = f"; each call had {self.deadline} s; {self.why(found.unfinished)}" if found.unfinished else ""
        expect(found.clean, found.told() + late)
        if not may_park:
            resting = (*found.parked, *found.closed)
            expect(not resting, f"with a person without need: {self.why(resting)}")
        below = [row for row in self.deliveries() if row["state"] == "delivered" and row["stage"] != self.stage]
        expect(not below, f"not at {self.stage}: {[(row['delivery'], row['stage']) for row in below]}")
        at_rest = {"delivered", "reversed"} | ({"parked", "rejected", "held"} if may_park else set())
        open_ = [(row["delivery"], row["state"]) for row in self.deliveries() if row["state"] not in at_rest]
        expect(not open_, f"not at rest: {open_}; {self.why([])}")
        with Ledger(self.folder / "ledger.db") as ledger, ledger.read() as connection:
            expect(not audit.verify(connection), "the audit's chains are broken")
        return found

    def why(self, numbers: Iterable[str] = ()) -> str:
        """What deliveries tell of what is wrong; of all, or of these documents."""
        chosen = set(numbers)
        rows = [row for row in self.deliveries() if row["problems"] and (not chosen or row["documents"][0] in chosen)]
        return "; ".join(f"{row['documents'][0]} {row['problems'][0]['message']}" for row in rows)


def _configure(
    folder: Path,
    name: str,
    *,
    settle: float,
    stage: Stage | None,
    deadline: float | None = None,
    auditor: str = "",
    concurrency: int = 0,
    settings: Mapping[str, Any] | None = None,
    callback: Mapping[str, Any] | None = None,
) -> None:
    path = folder / "dougong.toml"
    text = tomlkit.parse(path.read_text("utf-8"))
    connection: Any = text["connections"][name]
    connection["settle"] = settle
    if stage is not None:
        connection["target_stage"] = stage.value
    limits: dict[str, Any] = {"breaker": {"failures": 50, "open_seconds": 0.05}}
    if concurrency:
        limits["concurrency"] = concurrency
    connection["limits"] = {**limits, **({"deadline": deadline} if deadline else {})}
    if auditor == "none":
        connection.pop("auditor", None)
    elif auditor == "same":
        own = {**connection["settings"], **connection["secrets"]}
        connection["auditor"] = {key: own.get(key, value) for key, value in connection["auditor"].items()}
    connection["settings"].update(settings or {})
    if callback:
        connection["callback"] = callback
    path.write_text(tomlkit.dumps(text), encoding="utf-8")
