"""Working: refresh what derivations need, then run the steps until everything rests."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial

from dougong.clock import epoch_ms
from dougong.flow.inputs import load_inputs
from dougong.flow.project import Project
from dougong.flow.reading import read_held_again
from dougong.flow.scope import Progress, Scope
from dougong.flow.shift import Shift
from dougong.ledger import deliveries, reference
from dougong.ledger.statements import Tx
from dougong.model.masterdata import MasterRecord
from dougong.model.problems import DougongError, Problem, Text

__all__ = ["accounts_not_read", "refresh_master_data", "work"]

#: Master data of an ERP is renewed when it is older.
_MASTER_AGE_MS = 3_600_000
#: After so many failures in a row a delivery counts as resting for this run: the ERP is down. The next run tries once.
_MOST_FAILURES = 7
_MASTER_KINDS = ("account", "department", "employee", "supplier", "currency", "book", reference.PERIOD)


def work(
    project: Project,
    *,
    only: Collection[int] | None = None,
    to: str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> list[Problem]:
    """Run the steps until everything rests: opened, sent, completed, resolved, or waiting for a person.

    :param only: rows of the documents that this run is for; it ends when their deliveries rest, and those that they
        have freed. `None` = all.
    :param to: works on this connection alone; never re-routes.
    :param progress: called a few times a second with how far it is and what fails.
    :returns: what kept a connection from being worked on at all: its connector cannot be used, its master data cannot
        be read.
    """
    if to is not None:
        project.door(to)  # a run for one connection that cannot be used is none
    names = [name for name in project.usable if to in (None, name)]
    read_held_again(project)
    problems = [problem for name in project.shut if to is None for problem in project.shut[name]]
    problems += refresh_master_data(project, names)
    inputs = load_inputs(project)
    silent = [name for name in names if name in inputs.blind and _cause(name, problems) is None]
    problems += [accounts_not_read(name) for name in silent]
    project.ledger.write(lambda tx: deliveries.hurry_failing(tx, _MOST_FAILURES))
    shift = Shift(project, names, inputs)
    scope = Scope(project, only, shift.lanes, _MOST_FAILURES)  # before anything is freed: it notes what waits
    with shift:
        shift.worker.run(scope.rested, progress=lambda: scope.tell(progress))
        scope.tell(progress, last=True)
    return problems


def refresh_master_data(project: Project, names: Iterable[str], *, age_ms: int = _MASTER_AGE_MS) -> list[Problem]:
    """Renew the ERPs' master data where it is older than `age_ms`, and in any case what they say of their periods.

    :returns: why an ERP could not be asked, where it was time for all of it: that it is down is a problem, not an end.
        Without news of its periods the last known ones count, and it refuses what does not fit them.
    """
    problems: list[Problem] = []
    for name in names:
        door = project.door(name)
        with project.ledger.read() as connection:
            last = reference.master_time(connection, name)
        if not door.supports("pull_master_data"):
            project.ledger.write(partial(reference.put_periods, connection=name, records=()))
        elif last is None or epoch_ms() - last >= age_ms:
            problems += (problem.at(f"connections.{name}") for problem in _pull(project, name, _MASTER_KINDS))
        elif found := _pull(project, name, (reference.PERIOD,)):
            door.log.warning("periods of %s: %s", name, found[0].message.en)
    return problems


def _pull(project: Project, name: str, kinds: Sequence[str]) -> tuple[Problem, ...]:
    """Ask an ERP for master data and keep what it tells; returns why it could not be asked."""
    door, session = project.door(name), None
    try:
        session = door.open_session(door.call())
        told = list(door.pull_master_data(kinds, session, door.call()))
    except DougongError as error:
        return error.problems
    finally:
        door.close_session(session)
    project.ledger.write(partial(_keep, name=name, told=[one for one in told if one.kind in kinds]))
    return ()


def _keep(tx: Tx, name: str, told: Sequence[MasterRecord]) -> None:
    reference.put_all_master(tx, name, (one for one in told if one.kind != reference.PERIOD))
    reference.put_periods(tx, name, (one for one in told if one.kind == reference.PERIOD))


def accounts_not_read(connection: str, troubles: Iterable[Problem] = ()) -> Problem:
    """An ERP that has never told its accounts: the cause, and what to do.

    :param troubles: why connections could not be asked, as `refresh_master_data` answers.
    """
    cause = _cause(connection, troubles)
    why = Text(f": {cause.message.zh}", f": {cause.message.en}") if cause else Text("", "")
    hint = cause.hint if cause and cause.hint.en else Text("", "")
    return Problem.of(
        "ACCOUNTS_NOT_READ",
        f"从未读取到 {connection} 的科目{why.zh}",
        f"the accounts of {connection} were never read{why.en}",
        path=f"connections.{connection}",
        hint_zh=hint.zh or f"以 dougong check {connection} 检查连接与权限, 然后重试",
        hint_en=hint.en or f"look at connection and rights with `dougong check {connection}`, then try again",
    )


def _cause(connection: str, troubles: Iterable[Problem]) -> Problem | None:
    place = f"connections.{connection}"
    return next((one for one in troubles if one.path == place or one.path.startswith(f"{place}.")), None)
