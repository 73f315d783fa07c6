"""What a run is about: which deliveries, how far they are, and what keeps those from getting on that fail."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from itertools import groupby

import attrs
from sqlalchemy import ColumnElement, false, func, or_, select, true

from dougong.clock import epoch_ms
from dougong.flow.project import Project
from dougong.ledger import schema
from dougong.ledger.rows import FOREVER, problems_from
from dougong.ledger.states import AT_REST, MOVING, DeliveryState, DocumentState
from dougong.model.problems import Problem
from dougong.runtime import Lane

__all__ = ["Progress", "Scope", "Trouble", "waiting"]

_TELL_SECONDS = 0.2
#: An ERP that by its next try will have failed for so long is down: what was not sent to it waits for the next run.
_PATIENCE_SECONDS = 60.0
#: More runs of consecutive ids than this do not make a query shorter.
_MOST_RUNS = 100
_WAITING = [DeliveryState.HELD.value, DeliveryState.BLOCKED.value]


@attrs.frozen
class Trouble:
    """Why a connection does not get on.

    :param problem: of what failed last. :param next_try: seconds until it is tried again.
    """

    connection: str
    problem: Problem
    next_try: float


@attrs.frozen
class Progress:
    """How far a run is.

    :param done: deliveries at rest. :param of: deliveries in all. :param trouble: what fails now, if anything.
    """

    done: int
    of: int
    trouble: Trouble | None = None


def waiting(project: Project) -> list[int]:
    """Deliveries that wait for something: held or blocked."""
    found = select(schema.delivery.c.id).where(schema.delivery.c.state.in_(_WAITING))
    with project.ledger.read() as connection:
        return list(connection.execute(found).scalars())


class Scope:
    """The documents that a run is about, and how far they are; asked often, so it counts in the database.

    :param only: rows of documents; `None` = all. What waited when the run began and waits no more belongs to it too:
        the report that its loan has freed.
    :param lanes: connections that are worked on.
    :param most_failures: after so many in a row a delivery counts as resting for this run.
    """

    def __init__(
        self, project: Project, only: Collection[int] | None, lanes: Mapping[str, Lane], most_failures: int
    ) -> None:
        self._project = project
        self._lanes = lanes
        self._most_failures = most_failures
        self._accepted = select(func.count()).where(schema.document.c.state == DocumentState.ACCEPTED.value)
        self._mine: ColumnElement[bool] = true()
        if only is not None:
            self._accepted = self._accepted.where(_among(schema.document.c.id, only))
            covered = select(schema.coverage.c.delivery_id).where(_among(schema.coverage.c.document_id, only))
            waited = _among(schema.delivery.c.id, waiting(project))
            self._mine = schema.delivery.c.id.in_(covered) | (waited & schema.delivery.c.state.not_in(_WAITING))
        self._told = 0.0

    def rested(self) -> bool:
        """Whether nothing more can be done now: at rest, not ours to work on, or failing again and again."""
        table = schema.delivery
        down = [name for name, lane in self._lanes.items() if _is_down(lane)]
        unsent = (table.c.state == DeliveryState.READY.value) & table.c.connection.in_(down)
        moving = select(func.count()).where(
            self._mine,
            table.c.state.in_([*map(str, MOVING)]),
            table.c.due_at < FOREVER,
            table.c.failures < self._most_failures,
            table.c.connection.in_(list(self._lanes)),
            ~unsent,
        )
        with self._project.ledger.read() as connection:
            if connection.execute(self._accepted).scalar_one():
                return False
            return not connection.execute(moving).scalar_one()

    def tell(self, progress: Callable[[Progress], None] | None, *, last: bool = False) -> None:
        """Report how far it is, a few times a second."""
        if progress is None or (not last and time.monotonic() - self._told < _TELL_SECONDS):
            return
        self._told = time.monotonic()
        states = select(schema.delivery.c.state, func.count()).where(self._mine).group_by(schema.delivery.c.state)
        with self._project.ledger.read() as connection:
            counts = {DeliveryState(state): count for state, count in connection.execute(states)}
        done = sum(count for state, count in counts.items() if state in AT_REST)
        of = sum(counts.values())
        progress(Progress(done, of, self._trouble() if done < of else None))

    def _trouble(self) -> Trouble | None:
        """The problem of what has failed and is tried soonest."""
        table = schema.delivery
        failing = (
            select(table.c.connection, table.c.problems, table.c.due_at)
            .where(
                self._mine,
                table.c.state.in_([*map(str, MOVING)]),
                table.c.failures > 0,
                table.c.problems != "[]",
                table.c.connection.in_(list(self._lanes)),
            )
            .order_by(table.c.due_at)
            .limit(1)
        )
        with self._project.ledger.read() as connection:
            row = connection.execute(failing).first()
        if row is None:
            return None
        pause = self._lanes[row.connection].breaker.open_seconds
        seconds = max(0.0, pause, (row.due_at - epoch_ms()) / 1000)
        return Trouble(row.connection, problems_from(row.problems)[0], seconds)


def _is_down(lane: Lane) -> bool:
    return lane.breaker.tripped and lane.breaker.failing_seconds + lane.breaker.open_seconds > _PATIENCE_SECONDS


def _among(column: ColumnElement[int], ids: Collection[int]) -> ColumnElement[bool]:
    """Whether a column holds one of many ids; what one run takes in mostly has consecutive ones."""
    runs = [list(run) for _, run in groupby(enumerate(sorted(ids)), key=lambda pair: pair[1] - pair[0])]
    if len(runs) > _MOST_RUNS:
        return column.in_(sorted(ids))
    return or_(false(), *(column.between(run[0][1], run[-1][1]) for run in runs))
