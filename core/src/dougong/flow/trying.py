"""Trying out: what would become of what waits, derived and mapped again without asking an ERP and without writing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import attrs

from dougong.accounting import Draft, load_rules
from dougong.delivery import Blocked, Held, PutOff
from dougong.flow.deriving import Deriver
from dougong.flow.inputs import Inputs, rule_paths
from dougong.flow.project import Project
from dougong.flow.waits import waiting_for
from dougong.hookspecs import Call
from dougong.ledger import deliveries, documents
from dougong.ledger.causes import held_documents, unsent_deliveries
from dougong.ledger.rows import DeliveryRow, DocumentRow, problems_from
from dougong.ledger.statements import Tx
from dougong.ledger.states import UNSENT, DeliveryState, DocumentState
from dougong.model.bookings import Voucher
from dougong.model.operations import Operation
from dougong.model.outcomes import Outcome
from dougong.model.problems import DougongError, Problem
from dougong.plugins import Door
from dougong.tables.codes import CodeRow, CodeTable
from dougong.tables.files import Table, read_own_table

__all__ = ["Impact", "Tried", "compare_inputs", "try_deliveries", "try_documents", "with_tables"]


@attrs.frozen
class Tried:
    """What would become of a delivery, or of a booking of a document that has none yet.

    :param delivery: its id; `None` for a document. :param state: `ready` = free, `blocked`, `held`; for what is
        in the ERP already the state that it has.
    :param booking: the voucher, where there is one. :param waits_for: for people.
    """

    delivery: int | None
    numbers: tuple[str, ...]
    state: str
    problems: tuple[Problem, ...] = ()
    waits_for: tuple[str, ...] = ()
    booking: Voucher | None = None

    @property
    def free(self) -> bool:
        """Whether nothing would hold it any more."""
        return self.state in (DeliveryState.READY, DeliveryState.BLOCKED)

    @property
    def amount(self) -> Decimal | None:
        """Its voucher's total, functional currency."""
        return None if self.booking is None else self.booking.total


@attrs.frozen
class Impact:
    """What changed tables or codes do to what was not sent yet.

    :param freed: held now, free then. :param held: free now, held then. :param changed: (now, then) of vouchers whose
        accounts or dimensions change.
    """

    freed: tuple[Tried, ...] = ()
    held: tuple[Tried, ...] = ()
    changed: tuple[tuple[Tried, Tried], ...] = ()


@attrs.frozen
class _Offline:
    """A connection's link that opens no session: what only the ERP can tell is left to the real sending.

    :param name: the connection; opened when needed, for it may be gone from the configuration.
    """

    project: Project
    name: str

    @property
    def door(self) -> Door:
        """The connection's door."""
        return self.project.door(self.name)

    def session(self, credential: str = "main") -> None:
        """None: checks do without."""

    def call(self, operation: Operation, credential: str = "main") -> Call:
        """A call that reaches nothing."""
        return self.door.call(credential=credential)

    def report(self, outcomes: Iterable[Outcome]) -> None:
        """Nothing to report."""


def try_deliveries(deriver: Deriver, ids: Iterable[int]) -> list[Tried]:
    """Derive and map deliveries again, as the next run would.

    .. versionadded:: 0.1
    """
    rows = deriver.project.ledger.look(lambda tx: [deliveries.by_id(tx, id_) for id_ in ids])
    return [_delivery(deriver, row) for row in rows]


def _delivery(deriver: Deriver, row: DeliveryRow) -> Tried:
    if row.state not in UNSENT:
        return Tried(row.id, row.numbers, row.state, problems_from(row.problems))
    made = deriver(row, _Offline(deriver.project, row.connection))
    if isinstance(made, Held):
        return Tried(row.id, row.numbers, DeliveryState.HELD, made.problems)
    if isinstance(made, Blocked):
        return Tried(row.id, row.numbers, DeliveryState.BLOCKED, waits_for=made.names)
    if isinstance(made, PutOff):
        return Tried(row.id, row.numbers, DeliveryState.READY, made.problems)
    return Tried(row.id, row.numbers, DeliveryState.READY, booking=made.booking)


def try_documents(deriver: Deriver, ids: Iterable[int]) -> list[Tried]:
    """Derive documents again that are held for themselves: one answer for each of their bookings.

    .. versionadded:: 0.1
    """

    def look(tx: Tx) -> list[tuple[DocumentRow, list[str]]]:
        rows = [documents.by_id(tx, id_) for id_ in ids]
        return [(row, documents.events_of(tx, row.ref)) for row in rows]

    return [tried for row, events in deriver.project.ledger.look(look) for tried in _document(deriver, row, events)]


def _document(deriver: Deriver, row: DocumentRow, events: Sequence[str]) -> Iterator[Tried]:
    numbers = (row.number,)
    if not row.inputs:  # it was not read completely: no rule or table changes that
        yield Tried(None, numbers, DocumentState.HELD, problems_from(row.problems))
        return
    try:
        derivation = deriver.derivation(row, events)
    except DougongError as error:
        yield Tried(None, numbers, DocumentState.HELD, tuple(error.problems))
        return
    drafts = [draft for draft in derivation.drafts if draft.owner == "dougong"]
    if derivation.problems or not drafts:
        state = DocumentState.HELD if derivation.problems else DocumentState.NOT_DUE
        yield Tried(None, numbers, state, derivation.problems)
    for draft in drafts:
        yield _draft(deriver, row, draft)


def _draft(deriver: Deriver, row: DocumentRow, draft: Draft) -> Tried:
    numbers = (row.number,)
    waiting = deriver.project.ledger.look(lambda tx: waiting_for(tx, row.ref, draft))
    problems = waiting.held(draft)
    if draft.booking is not None and not problems:
        name = deriver.project.config.route(draft.entity, draft.book, draft.moment, row.type)
        try:
            _, problems = deriver.payloads.of(draft.booking, _Offline(deriver.project, name))
        except DougongError as error:
            problems = tuple(error.problems)
    if problems:
        return Tried(None, numbers, DeliveryState.HELD, problems)
    state = DeliveryState.BLOCKED if waiting.on else DeliveryState.READY
    return Tried(None, numbers, state, waits_for=waiting.names, booking=draft.booking)


# -- other tables and codes -----------------------------------------------------------------------------------------


def with_tables(project: Project, inputs: Inputs, tables: Mapping[str, Table], codes: Sequence[CodeRow]) -> Inputs:
    """The inputs as they would be with other tables and code rows.

    :param tables: path relative to the project → what would stand there. :param codes: all code rows.
    """

    def read(path: Path, name: str) -> Table:
        shown = path.relative_to(project.folder).as_posix()
        return tables[shown] if shown in tables else read_own_table(path, name)

    loaded = [load_rules(path, read, root=project.folder) for path in rule_paths(project)]
    rules = {book: one for one in loaded for book in one.rules.books}
    return attrs.evolve(inputs, rules=rules, codes=CodeTable.from_rows(codes))


def compare_inputs(project: Project, now: Inputs, then: Inputs) -> Impact:
    """What other inputs would do to everything that waits and was not sent.

    .. versionadded:: 0.1
    """
    with project.ledger.read() as connection:
        ids, held = unsent_deliveries(connection), held_documents(connection)
    before, after = Deriver(project, now), Deriver(project, then)
    pairs = list(zip(try_deliveries(before, ids), try_deliveries(after, ids), strict=True))
    known = {one.numbers for one in try_documents(before, held) if one.free}
    documents_then = [one for one in try_documents(after, held) if one.free and one.numbers not in known]
    return Impact(
        freed=(*(b for a, b in pairs if b.free and not a.free), *documents_then),
        held=tuple(b for a, b in pairs if a.free and not b.free),
        changed=tuple((a, b) for a, b in pairs if a.booking and b.booking and _posted(a.booking) != _posted(b.booking)),
    )


def _posted(voucher: Voucher) -> list[tuple[str, str, Decimal, tuple[tuple[str, str], ...]]]:
    """What the ERP would be told of the lines' places, in any order."""
    return sorted(
        (line.side, line.account, line.amount, tuple(sorted(line.dimensions.items()))) for line in voucher.lines
    )
