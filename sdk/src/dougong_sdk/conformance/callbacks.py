"""Callbacks between the sandbox and a project: pushed over real HTTP, and what the project's ledger holds of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import attrs
from sqlalchemy import select

from dougong.ledger import schema
from dougong.ledger.store import Ledger
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
        from dougong.ledger import inbox

        table = schema.inbox
        with Ledger(self.bench.folder / "ledger.db") as ledger, ledger.read() as connection:
            rows = connection.execute(select(table).order_by(table.c.received_at)).mappings().all()
        return [
            Stored(
                row["message_id"],
                inbox.request_of(dict(row)),
                row["received_at"],
                _found(row["received_at"], row["handled_at"]),
            )
            for row in rows
        ]

    def marks(self) -> list[tuple[int, int]]:
        """(delivery, fencing number): moved whenever something is done about one, hurrying it included."""
        table = schema.delivery
        with Ledger(self.bench.folder / "ledger.db") as ledger, ledger.read() as connection:
            return [tuple(row) for row in connection.execute(select(table.c.id, table.c.version).order_by(table.c.id))]


def _found(received_at: int, handled_at: int | None) -> bool:
    return handled_at is None or handled_at - received_at > _AT_ONCE


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
