"""Doubts: what the ERP has told otherwise after it was booked is asked about, until it can tell."""

from __future__ import annotations

import time
from collections.abc import Mapping

from dougong import delivery
from dougong.ledger import doubts
from dougong.ledger.errors import StaleLease
from dougong.ledger.store import Ledger
from dougong.runtime.lane import Lane, Slot

__all__ = ["Doubts"]

#: While an ERP cannot tell it is asked again so often.
_AGAIN_SECONDS = 30.0


class Doubts:
    """Asks about doubted deliveries of some connections.

    :param lanes: connection → lane, for its limits.
    """

    def __init__(self, ledger: Ledger, lanes: Mapping[str, Lane]) -> None:
        self._ledger = ledger
        self._slots = {name: Slot(lane) for name, lane in lanes.items()}
        self._next: dict[str, float] = {}

    def close(self) -> None:
        """Close the sessions that were opened."""
        for slot in self._slots.values():
            slot.close()

    def ask(self) -> int:
        """Ask about those that may be asked about now; returns how many are settled."""
        rows = [row for row in self._ledger.look(doubts.doubted) if self._may_ask(row.connection)]
        settled = 0
        for row in rows:
            try:
                known = delivery.recheck(self._ledger, row, self._slots[row.connection])
            except StaleLease:
                continue  # another process was faster
            settled += known
            if not known:
                self._next[row.connection] = time.monotonic() + _AGAIN_SECONDS
        return settled

    def _may_ask(self, connection: str) -> bool:
        return connection in self._slots and time.monotonic() >= self._next.get(connection, 0.0)
