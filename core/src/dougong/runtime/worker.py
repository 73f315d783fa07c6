"""The loop: open what was accepted, claim what is due, give it to the lanes, wait for the next thing to happen."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby

from sqlalchemy import func, select

from dougong import delivery
from dougong.clock import epoch_ms
from dougong.delivery import Derive
from dougong.ledger import deliveries, schema
from dougong.ledger.errors import StaleLease
from dougong.ledger.rows import FOREVER, DeliveryRow
from dougong.ledger.statements import Tx
from dougong.ledger.states import MOVING, DeliveryState
from dougong.ledger.store import Ledger
from dougong.runtime.lane import Lane, Slot
from dougong.runtime.owner import is_dead, owner_name

__all__ = ["Worker"]

_LOG = logging.getLogger("dougong.runtime")
#: What has waited for its thread so long that its lease ends before a call would is left to whoever claims it next.
_LEAST_MS = deliveries.LEASE_MS // 3
#: Claimed at once per lane; a multiple of the threads, so that none waits for a claim.
_AHEAD = 4
#: Between two looks at what other processes left, while there is work in flight.
_LOOK_SECONDS = 0.2
#: The loop wakes at least this often, for what other processes did.
_IDLE_SECONDS = 0.5


class Worker:
    """Works on a ledger until told that it may stop.

    :param lanes: connection → lane. :param derive: derives one delivery anew.
    :param open_documents: opens the moments of some accepted documents; returns how many, zero when there are none.
    """

    def __init__(
        self, ledger: Ledger, lanes: Mapping[str, Lane], derive: Derive, open_documents: Callable[[], int]
    ) -> None:
        self._ledger = ledger
        self._lanes = lanes
        self._derive = derive
        self._open_documents = open_documents
        self._owner = owner_name()
        self._moved = threading.Event()
        self._ended = False
        self._failure: BaseException | None = None

    def wake(self) -> None:
        """Something has come, from any thread: look for it now."""
        self._moved.set()

    def end(self) -> None:
        """Begin nothing more, from any thread: `run` returns when what is in flight has ended."""
        self._ended = True
        self._moved.set()

    def run(self, rested: Callable[[], bool], *, progress: Callable[[], None] = lambda: None) -> None:
        """Work until `rested()` says that nothing more can be done now, or `end()` was called.

        :param rested: asked whenever nothing is in flight.
        :param progress: called after each unit of work, from the loop's thread.
        :raises BaseException: what a unit of work did not expect; everything committed stays.
        """
        looked = -_LOOK_SECONDS
        while True:
            self._moved.clear()
            if time.monotonic() - looked >= _LOOK_SECONDS:
                looked = time.monotonic()
                self.adopt()
                progress()
            if self._failure is not None:
                raise self._failure
            if self._ended:
                if not any(lane.waiting for lane in self._lanes.values()):
                    return
                self._moved.wait(_IDLE_SECONDS)
                continue
            self._gather()
            wanting = [lane for lane in self._lanes.values() if self._feed(lane)]
            # What is due does not fill the lanes: open more, some at a time, while they work on what they have.
            if (wanting or not self._lanes) and self._open_documents():
                continue
            if any(lane.waiting for lane in self._lanes.values()):
                self._moved.wait(_IDLE_SECONDS)
            elif rested():
                # what ended last, while this looked, may have freed a document that waited for it
                if not self._open_documents():
                    return
            else:
                self._moved.wait(self._until_due())

    def _gather(self) -> None:
        """Open what fills a message of a hungry lane, where one takes many: else many small ones would leave."""
        most = max((_batch(lane) for lane in self._lanes.values() if lane.hungry), default=1)
        wanted = most if most > 1 else 0
        while wanted > 0 and (opened := self._open_documents()):
            wanted -= opened

    def adopt(self) -> None:
        """Take over what a dead process left: its leases end now, not by time."""
        with self._ledger.read() as connection:
            table = schema.delivery
            owners = set(
                connection.execute(
                    select(table.c.lease_owner)
                    .where(table.c.state.in_([*map(str, MOVING)]), table.c.lease_until > epoch_ms())
                    .distinct()
                ).scalars()
            )
        if any(is_dead(owner) for owner in owners - {self._owner}):
            self._ledger.write(lambda tx: deliveries.release_dead(tx, is_dead))

    def _feed(self, lane: Lane) -> bool:
        """Claim due deliveries for a lane that has room; returns whether it would take more than are due.

        An ERP that is down keeps nothing from being opened.
        """
        if not lane.hungry:
            return False
        if lane.breaker.open_seconds or (lane.breaker.tripped and lane.waiting):
            return True  # one try at a time after the breaker's pause, until one has worked
        room = 1 if lane.breaker.tripped else lane.concurrency * _AHEAD - lane.waiting
        batch = 1 if lane.breaker.tripped else _batch(lane)
        count = room * min(batch, 50)
        rows = self._ledger.write(
            lambda tx: deliveries.claim(tx, lane.name, self._owner, count=count, lease_ms=deliveries.LEASE_MS)
        )
        for kind, group in _units(rows, lane):
            lane.submit(partial(self._do, kind, group))
        return len(rows) < count

    def _do(self, kind: DeliveryState, rows: Sequence[DeliveryRow], slot: Slot) -> None:
        try:
            if self._ended or min(row.lease_until for row in rows) < epoch_ms() + _LEAST_MS:
                self._give_back(rows)
                return
            match kind:
                case DeliveryState.READY:
                    delivery.send(self._ledger, rows, slot, self._derive)
                case DeliveryState.WAITING:
                    delivery.poll(self._ledger, rows, slot)
                case DeliveryState.INCOMPLETE:
                    delivery.complete(self._ledger, rows[0], slot)
                case _:
                    delivery.resolve(self._ledger, rows[0], slot)
        except StaleLease as lost:
            _LOG.info("%s", lost)
            self._give_back(rows)
        except BaseException as error:  # noqa: BLE001 - must reach the loop's thread, whatever it is
            self._failure = self._failure or error
        finally:
            if slot.lane.hungry or self._failure is not None:
                self._moved.set()

    def _give_back(self, rows: Sequence[DeliveryRow]) -> None:
        """One of a unit was taken away: those that nobody has touched since they were claimed are due again."""

        def work(tx: Tx) -> None:
            for row in rows:
                now = deliveries.by_id(tx, row.id)
                if now.version == row.version:
                    deliveries.release(tx, now, due_at=epoch_ms())

        self._ledger.write(work)

    def _until_due(self) -> float:
        """Seconds until something is due, at most the idle time."""
        table = schema.delivery
        with self._ledger.read() as connection:
            due = connection.execute(
                select(func.min(table.c.due_at)).where(
                    table.c.state.in_([*map(str, MOVING)]), table.c.due_at < FOREVER, table.c.due_at > epoch_ms()
                )
            ).scalar()
        pauses = [lane.breaker.open_seconds for lane in self._lanes.values() if lane.breaker.open_seconds]
        waits = [_IDLE_SECONDS, *pauses]
        if due is not None:
            waits.append((due - epoch_ms()) / 1000)
        return max(0.002, min(waits))


def _batch(lane: Lane) -> int:
    """Most deliveries that one message of a lane takes."""
    return max(map(lane.door.batch, lane.door.operations), default=1)


def _units(rows: Iterable[DeliveryRow], lane: Lane) -> Iterator[tuple[DeliveryState, list[DeliveryRow]]]:
    """Cut claimed rows into units of work: ready ones of one operation by batch size, all others one by one."""

    def kind(row: DeliveryRow) -> tuple[str, str, str]:
        return (row.state.value, row.target_type, row.verb)

    for (state, target, verb), members in groupby(sorted(rows, key=lambda row: (kind(row), row.due_at, row.id)), kind):
        group = list(members)
        size = lane.door.batch(lane.door.operation(f"{target}.{verb}")) if state == DeliveryState.READY else 1
        for start in range(0, len(group), size):
            yield DeliveryState(state), group[start : start + size]
