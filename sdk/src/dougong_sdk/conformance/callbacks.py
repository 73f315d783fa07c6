"""Callbacks between the sandbox and a project: pushed over real HTTP, and what the project's ledger holds of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import attrs

from dougong.ledger.inbox import request_of
from dougong.model.outcomes import CallbackRequest
from dougong_sdk.conformance.door import CallbackDoor
from dougong_sdk.conformance.rules import expect

if TYPE_CHECKING:
    from dougong_sdk.conformance.lab import Bench

__all__ = ["Answers", "Callbacks", "Stored", "callbacks", "register"]

#: What is answered later the ERP has given up, milliseconds.
_QUICK = 3000
#: A callback that finds nothing is closed in the very transaction that stores it, milliseconds.
_AT_ONCE = 20

Answers = Sequence[Mapping[str, Any]]


@attrs.frozen
class Stored:
    """A callback as the ledger keeps it.

    :param found: whether it found something of ours.
    """

    message_id: str
    request: CallbackRequest
    received_at: int
    found: bool


@attrs.frozen
class Callbacks:
    """What the ERP of a bench pushes, and where it arrives."""

    bench: Bench

    def emit(self, **how: Any) -> Answers:
        """Push what is to be pushed now, of every kind; the answers, as `/_sandbox/emit` tells them."""
        return [answer for kind in self.kinds for answer in self.bench.sandbox.emit(kind, **how)["answers"]]

    def composed(self, **how: Any) -> int:
        """How many messages there are; `how` as for `emit`, e.g. `keep` them for later, or `drop` them."""
        return sum(int(self.bench.sandbox.emit(kind, **how)["composed"]) for kind in self.kinds)

    @property
    def kinds(self) -> Sequence[str]:
        """Kinds of messages that this ERP pushes."""
        return self.bench.lab.subject.pushes

    def taken(self, **how: Any) -> Answers:
        """Push, and the ERP has to be content with every reply. :raises Violation: it is not, or waits too long."""
        answers = self.emit(**how)
        for one in answers:
            told = f"{one['status']} {one['content_type']} {one['body'][:200]!r}"
            expect(one["acknowledged"], f"the ERP takes this for no acknowledgement, and pushes again: {told}")
            expect(one["milliseconds"] < _QUICK, f"the reply took {one['milliseconds']} ms")
        return answers

    def stored(self) -> list[Stored]:
        """What the ledger keeps of callbacks, oldest first."""
        return [
            Stored(row["message_id"], request_of(row), row["received_at"], _found(row))
            for row in self._rows("SELECT * FROM inbox ORDER BY received_at")
        ]

    def marks(self) -> list[tuple[int, int]]:
        """(delivery, fencing number): moved whenever something is done about one, hurrying it included."""
        return [(row["id"], row["version"]) for row in self._rows("SELECT id, version FROM delivery ORDER BY id")]

    def _rows(self, query: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.bench.folder / "ledger.db")) as base:
            base.row_factory = sqlite3.Row
            return [dict(row) for row in base.execute(query)]


def _found(row: Mapping[str, Any]) -> bool:
    return row["handled_at"] is None or bool(row["handled_at"] - row["received_at"] > _AT_ONCE)


@contextmanager
def callbacks(bench: Bench) -> Iterator[Callbacks]:
    """The door of a bench's project, and its ERP told to push there."""
    with CallbackDoor(bench.folder) as door:
        made = Callbacks(bench)
        register(made, door.url(bench.lab.name))
        yield made


def register(made: Callbacks, url: str) -> None:
    """Tell the ERP where to push. :raises Violation: its sandbox pushes nothing."""
    expect(made.kinds, "it reads callbacks, and its sandbox pushes none: name their kinds in Sandbox.pushes")
    for kind in made.kinds:
        made.bench.sandbox.target(kind, url)
