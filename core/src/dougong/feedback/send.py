"""Telling sources what is due: by `write_back`, which is repeatable, or into the sink."""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Sequence
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any, Protocol, Self

from dougong.clock import epoch_ms
from dougong.crashpoints import crashpoint
from dougong.feedback.sink import append_once
from dougong.formats import dumps
from dougong.ledger import outbox
from dougong.ledger.outbox import FeedbackState, OutboxRow
from dougong.ledger.store import Ledger
from dougong.model.outcomes import AlreadyThere, Done, NotDone, Outcome, Rejected, Unknown, Waiting
from dougong.model.problems import DougongError, Problem
from dougong.plugins import Door

__all__ = ["Sources", "send"]

_LOG = logging.getLogger("dougong.feedback")
#: The source has decided; all else is tried again before anything later is told of the document.
_ANSWERS = (Done, AlreadyThere, Rejected)
#: A source that fails so often in a row is left alone for this sweep.
_MOST_FAILURES = 3
#: Told at once: lines that one death can leave behind in the sink without a note.
_BATCH = 100
#: Longest pause between two tries, seconds.
_LONGEST = 3600.0


class Sources(Protocol):
    """What telling needs from outside."""

    @property
    def sink(self) -> Path:
        """The file for sources that cannot be written back to."""

    def writer(self, connection: str) -> Door | None:
        """The door of a source that can be written back to; `None` = the sink.

        :raises DougongError: its connector cannot be opened now.
        """


def send(ledger: Ledger, sources: Sources) -> None:
    """Tell what is due, oldest first, each thing at most once; what is not taken is left for a later sweep."""
    after = 0
    writable = True
    held_up: set[int] = set()
    with _Ways(sources) as ways:
        while rows := ledger.look(partial(outbox.due, after=after, count=_BATCH)):
            after = rows[-1].id
            if writable:
                for_sink = [row for row in rows if ways.to(row.connection) is Way.SINK]
                writable = _into_sink(ledger, sources.sink, for_sink)
            for row in rows:
                # in order for each document: what came later waits for what has to be tried again
                if row.document_id not in held_up and ways.to(row.connection) is Way.BACK:
                    outcome = _write_back(ledger, row, ways)
                    if not isinstance(outcome, _ANSWERS):
                        held_up.add(row.document_id)


class Way(Enum):
    """How a source is told."""

    SINK = "sink"
    BACK = "back"
    NONE = "none"  # it is not there now


class _Ways:
    """The ways to the sources for one sweep: doors and sessions, and who has failed too often to be tried again."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._doors: dict[str, Door | None] = {}
        self._sessions: dict[str, Any] = {}
        self._failures: Counter[str] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for name, session in self._sessions.items():
            self.door(name).close_session(session)

    def to(self, name: str) -> Way:
        """How the source of this connection is told."""
        if name not in self._doors and not self._failures[name]:
            try:
                self._doors[name] = self._sources.writer(name)
            except DougongError as error:
                _LOG.warning("%s: %s", name, error)
                self._failures[name] = _MOST_FAILURES
        if self._failures[name] >= _MOST_FAILURES:
            return Way.NONE
        return Way.SINK if self._doors[name] is None else Way.BACK

    def door(self, name: str) -> Door:
        """The door of a source that is written back to."""
        door = self._doors[name]
        if door is None:
            raise LookupError(name)
        return door

    def write_back(self, row: OutboxRow) -> Outcome:
        """Tell one thing; whatever goes wrong is an outcome."""
        name = row.connection
        door = self.door(name)
        try:
            if name not in self._sessions:
                self._sessions[name] = door.open_session(door.call())
            outcome = door.write_back(_feedback(row), self._sessions[name], door.call())
        except DougongError as error:
            outcome = NotDone(error.problems[0].message.en)
        self._failures[name] = 0 if isinstance(outcome, _ANSWERS) else self._failures[name] + 1
        return outcome


def _feedback(row: OutboxRow) -> dict[str, Any]:
    """What `write_back` gets, and what stands in a line of the sink."""
    ref = row.ref
    return {
        "id": row.id,
        "document": row.number,
        "source": {"source": ref.source, "tenant": ref.tenant, "type": ref.type, "id": ref.id},
        "kind": row.kind,
        "content": dict(row.content),
    }


def _into_sink(ledger: Ledger, sink: Path, rows: Sequence[OutboxRow]) -> bool:
    """Whether all of them are in the sink. They never overtake each other: a pause would break the order."""
    if not rows:
        return True
    try:
        append_once(sink, [dumps(_feedback(row)).encode() for row in rows], among=_BATCH)
    except OSError as error:
        problem = _unwritable(sink, error)
        first = rows[0]
        ledger.write(lambda tx: outbox.postpone(tx, first, FeedbackState.DUE, (problem,), epoch_ms()))
        return False
    crashpoint("feedback_sent")
    ledger.write(lambda tx: outbox.close(tx, rows))
    crashpoint("feedback_done")
    return True


def _write_back(ledger: Ledger, row: OutboxRow, ways: _Ways) -> Outcome:
    outcome = ways.write_back(row)
    crashpoint("feedback_sent")
    _record(ledger, row, outcome)
    crashpoint("feedback_done")
    return outcome


def _record(ledger: Ledger, row: OutboxRow, outcome: Outcome) -> None:
    match outcome:
        case Done() | AlreadyThere():
            ledger.write(lambda tx: outbox.close(tx, [row]))
        case Rejected(problems, _):
            at = _later(row)
            ledger.write(lambda tx: outbox.postpone(tx, row, FeedbackState.REFUSED, problems, at))
        case NotDone(reason, after) | Unknown(reason, after):
            _again(ledger, row, reason, after)
        case Waiting(_, after):
            _again(ledger, row, "taken, not done yet", after)


def _again(ledger: Ledger, row: OutboxRow, reason: str, after: float | None) -> None:
    problem = Problem.of(
        "FEEDBACK_PENDING",
        f"回写未完成, 稍后自动重试: {reason}",
        f"the source was not told yet, it is tried again by itself: {reason}",
        hint_zh=f"dougong check {row.connection} 检查连接; 之后 dougong run 再次回写",
        hint_en=f"`dougong check {row.connection}` looks at the connection; then `dougong run`",
    )
    at = _later(row, after)
    ledger.write(lambda tx: outbox.postpone(tx, row, FeedbackState.DUE, (problem,), at))


def _later(row: OutboxRow, after: float | None = None) -> int:
    """When to try again, epoch milliseconds: exponential with jitter, or what the source asked for (Retry-After)."""
    pause = min(0.5 * 2 ** min(row.attempts, 20), _LONGEST) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret
    return epoch_ms() + int(1000 * max(pause, after or 0.0))


def _unwritable(sink: Path, error: OSError) -> Problem:
    words = error.strerror or str(error)
    return Problem.of(
        "FEEDBACK_SINK",
        f"{sink.name} 无法写入: {words}",
        f"{sink.name} cannot be written: {words}",
        hint_zh="检查磁盘空间与权限, 然后 dougong run",
        hint_en="look at disk space and rights, then `dougong run`",
    )
