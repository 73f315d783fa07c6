"""Merging: what is ready for the same book, day and type becomes one delivery, written down before it is made."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from itertools import groupby

from dougong import accounting, formats
from dougong.clock import epoch_ms
from dougong.crashpoints import crashpoint
from dougong.delivery import Blocked, Held, rest
from dougong.flow.deriving import Deriver
from dougong.flow.dissolving import dissolve
from dougong.flow.failing import reasons
from dougong.flow.intended import Intended
from dougong.ledger import deliveries, groups, reversals
from dougong.ledger.deliveries import NewDelivery
from dougong.ledger.rows import DeliveryRow, DocumentRow, problems_from
from dougong.ledger.statements import Tx
from dougong.ledger.states import DeliveryState
from dougong.model.bookings import Voucher
from dougong.model.documents import SourceRef
from dougong.model.identity import Coverage
from dougong.model.problems import DougongError, Problem
from dougong.runtime.lane import Lane, Slot

__all__ = ["Merger"]

#: A place in a problem's path that names a line: `FEntity[3].FACCOUNTID`.
_LINE = re.compile(r"\[(\d+)\]")
_Checked = tuple[DeliveryRow, DocumentRow, Intended]


class Merger:
    """Forms groups of what is ready, and dissolves those that one member keeps from being booked.

    :param lanes: connection → lane, for what has to be asked of the ERP before a voucher may join.
    """

    def __init__(self, deriver: Deriver, lanes: Mapping[str, Lane]) -> None:
        self._deriver = deriver
        self._ledger = deriver.project.ledger
        self._slots = {name: Slot(lane) for name, lane in lanes.items()}
        self._seen: set[tuple[int, int]] = set()

    def close(self) -> None:
        """Close the sessions that were opened."""
        for slot in self._slots.values():
            slot.close()

    def merge(self) -> int:
        """Form every group that can be formed now; returns how many deliveries it has moved."""
        moved = sum(self._dissolve(row) for row in self._ledger.look(groups.stuck))
        rows = [row for row in self._ledger.look(groups.waiting) if row.connection in self._slots]
        for _, found in groupby(rows, key=lambda row: (row.connection, row.merge_key)):
            moved += self._form(list(found))
        return moved

    def _form(self, rows: Sequence[DeliveryRow]) -> int:
        """A group, or a single delivery where there is only one; nothing while a payment batch is not complete."""
        slot = self._slots[rows[0].connection]
        if "|payment_batch|" in (rows[0].merge_key or ""):
            if self._waits(rows):
                return len(rows)
            rows = self._ready(rows[0])  # who waits no more may have become ready after the rows were read
        if not rows:
            return 0  # another process has taken them
        try:
            slot.session()
        except DougongError:
            return 0  # the ERP is down: nobody knows yet whether they may be sent
        checked = [one for row in rows if (one := self._checked(row, slot)) is not None]
        for chunk in _chunks(checked, self._deriver.inputs.limits(rows[0].book).max_lines):
            self._ledger.write(lambda tx, chunk=chunk: self._write(tx, chunk))  # type: ignore[misc]
            crashpoint("merged")
        return len(rows)

    def _ready(self, row: DeliveryRow) -> list[DeliveryRow]:
        """All of a group that are ready now."""
        key = (row.connection, row.merge_key)
        return [one for one in self._ledger.look(groups.waiting) if (one.connection, one.merge_key) == key]

    def _waits(self, rows: Sequence[DeliveryRow]) -> bool:
        """A payment batch waits until none of it waits; who is held or given up lets the rest go."""

        def write(tx: Tx) -> bool:
            waiting = groups.blocked(tx, rows[0])
            waiting = [one for one in waiting if not _waits_for_batch(one)]
            if waiting:
                groups.block(tx, groups.unchanged(tx, rows), waiting)
            return bool(waiting)

        return bool(self._ledger.look(lambda tx: groups.blocked(tx, rows[0]))) and self._ledger.write(write)

    def _checked(self, row: DeliveryRow, slot: Slot) -> _Checked | None:
        """A member that has passed every check; one that has not is held or blocked by itself."""
        try:
            document, intended = self._deriver.intentions.single(row)
            if isinstance(intended, Intended):
                problems = self._deriver.payloads.of(intended.booking, slot)[1]
                if not problems:
                    return row, document, intended
                intended = Held(problems, self._deriver.inputs.hash, intended.still)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this member's matter
            intended = Held(reasons(error, row.name, self._ledger), self._deriver.inputs.hash)
        made: Held | Blocked = intended

        def write(tx: Tx) -> None:
            for one in groups.unchanged(tx, [row]):
                rest(tx, one, made)

        self._ledger.write(write)
        return None

    def _write(self, tx: Tx, chunk: Sequence[_Checked]) -> None:
        rows = [row for row, _, _ in chunk]
        if len(groups.unchanged(tx, rows)) < len(rows) or not all(intended.still(tx) for _, _, intended in chunk):
            return  # one of them has changed just now, or is another process's: all are looked at again
        if len(chunk) == 1:
            deliveries.move(tx, rows[0], DeliveryState.READY, event="alone", merge_key=None, due_at=epoch_ms())
            return
        group_id = uuid.uuid4().hex
        groups.absorb(tx, rows, group_id)
        first, bookings = chunk[0][0], [intended.booking for _, _, intended in chunk]
        deliveries.create(
            tx,
            NewDelivery(
                first.connection,
                first.target_type,
                tuple((document.id, _coverage(document.ref, row)) for row, document, _ in chunk),
                tuple(dict.fromkeys(number for booking in bookings for number in booking.documents)),
                max(row.revision for row, _, _ in chunk),
                chunk[0][2].stage,
                DeliveryState.READY,
                self._deriver.inputs.hash,
                period=bookings[0].period,
                currency=bookings[0].currency,
                total=format(sum(booking.total for booking in bookings), "f"),
                group_id=group_id,
            ),
        )

    # -- dissolving -------------------------------------------------------------------------------------------------

    def _dissolve(self, row: DeliveryRow) -> int:
        """Take out who keeps a group from being booked; the others form another one. Nothing of it is in the ERP."""
        if (row.id, row.version) in self._seen:
            return 0
        self._seen.add((row.id, row.version))
        members = self._ledger.look(lambda tx: groups.members(tx, row.id))
        culprits = self._refused(row, members) if row.state is DeliveryState.REJECTED else self._unfit(row, members)
        if not culprits:
            return 0
        self._ledger.write(lambda tx: self._split(tx, row, members, culprits))
        crashpoint("dissolved")
        return len(members)

    def _refused(self, row: DeliveryRow, members: Sequence[groups.Member]) -> dict[str, tuple[Problem, ...]]:
        """Members whose own line the ERP has named in its refusal, where others are not named."""
        text = self._ledger.look(lambda tx: reversals.booking_of(tx, row.id))
        if text is None:
            return {}
        voucher = formats.voucher_from_json(formats.loads(text))
        named: dict[SourceRef, list[Problem]] = {}
        for problem in problems_from(row.problems):
            for ref in _owners(voucher, problem.path):
                named.setdefault(ref, []).append(problem)
        found = {one.key: tuple(named[one.document.ref]) for one in members if one.document.ref in named}
        return found if len(found) < len(members) else {}

    def _unfit(self, row: DeliveryRow, members: Sequence[groups.Member]) -> dict[str, tuple[Problem, ...]]:
        """Members that cannot be booked by themselves either."""
        found = {}
        for one in members:
            problems = self._deriver.intentions.unfit(row, one)
            if problems:
                found[one.key] = problems
        return found

    def _split(
        self, tx: Tx, row: DeliveryRow, members: Sequence[groups.Member], culprits: Mapping[str, tuple[Problem, ...]]
    ) -> None:
        if groups.unchanged(tx, [row]):  # else another process has dissolved it
            without = [one.document.number for one in members if one.key in culprits]
            dissolve(tx, row, inputs=self._deriver.inputs.hash, problems=culprits, detail={"without": without})


def _waits_for_batch(row: DeliveryRow) -> bool:
    return any(name.startswith("batch ") for name in json.loads(row.waits_for))


def _coverage(ref: SourceRef, row: DeliveryRow) -> Coverage:
    return Coverage(ref, row.entity, row.book, row.moment, row.part)


def _chunks(checked: Sequence[_Checked], most: int) -> list[list[_Checked]]:
    """Groups whose lines fit into one voucher even when none can be added up, and in which no two move the same loan.

    Members are derived side by side: of two that clear one loan, neither would know what the other one leaves of it.
    """
    out: list[list[_Checked]] = []
    for one in checked:
        fitting = (group for group in out if _fits(one[2].booking, [other[2].booking for other in group], most))
        group = next(fitting, None)
        if group is None:
            out.append([one])
        else:
            group.append(one)
    return out


def _fits(booking: Voucher, others: Sequence[Voucher], most: int) -> bool:
    if any(
        (other.posting_date, other.voucher_type) != (booking.posting_date, booking.voucher_type) for other in others
    ):
        return False  # rules or periods have changed since they were opened
    loans = {moved.loan for other in others for moved in other.loans}
    if loans.intersection(moved.loan for moved in booking.loans):
        return False
    return len(booking.lines) + sum(len(other.lines) for other in others) <= most


def _owners(voucher: Voucher, path: str) -> list[SourceRef]:
    """The documents whose line a problem's path names."""
    found = _LINE.search(path)
    return accounting.owners(voucher, int(found.group(1))) if found else []
