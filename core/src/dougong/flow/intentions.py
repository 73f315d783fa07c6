"""What each delivery is to book now: of one document, of several that are merged, or in correction of another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

import attrs

from dougong import accounting
from dougong.accounting import Derivation, Draft, LoanFact
from dougong.delivery import Blocked, Held
from dougong.flow import corrections, pieces
from dougong.flow.failing import reasons
from dougong.flow.intended import Beside, Intended
from dougong.flow.waits import Waiting, loans_are_still, waiting_for
from dougong.ledger import covering, deliveries, documents, groups
from dougong.ledger.rows import DeliveryRow, DocumentRow
from dougong.ledger.statements import Tx
from dougong.ledger.states import UNSENT
from dougong.model import words
from dougong.model.bookings import Voucher
from dougong.model.documents import SourceRef
from dougong.model.identity import Coverage
from dougong.model.problems import Problem

if TYPE_CHECKING:
    from dougong.flow.deriving import Deriver

__all__ = ["Intentions", "coverage_of"]


class Intentions:
    """Says what deliveries are to book, by deriving their documents.

    :param deriver: derives, with one set of inputs.
    """

    def __init__(self, deriver: Deriver) -> None:
        self._deriver = deriver
        self._ledger = deriver.project.ledger

    def of(self, row: DeliveryRow) -> Intended | Held | Blocked:
        """What a delivery has to book now, before it is mapped.

        :raises DougongError: it cannot be derived at all.
        """
        return self._merged(row) if row.group_id is not None else self.single(row)[1]

    def single(self, row: DeliveryRow) -> tuple[DocumentRow, Intended | Held | Blocked]:
        """What a delivery of one document has to book now, and that document.

        :raises DougongError: it cannot be derived at all.
        """
        if row.moment == "reversal":  # what it takes back is known, whatever the document says now
            document, derivation = self._document(row)[0], Derivation()
        else:
            document, derivation = self._deriver.kept(row) or self._derived_anew(row)
        found = self._of_document(row, document, derivation)

        def still(tx: Tx) -> bool:
            """Whether the document is as it was read, and its loans as they were."""
            same = covering.is_newest_covered(tx, document, row.id)
            return same and loans_are_still(tx, document.ref, derivation.loans) and found.still(tx)

        return document, attrs.evolve(found, still=still)

    def _of_document(
        self, row: DeliveryRow, document: DocumentRow, derivation: Derivation
    ) -> Intended | Held | Blocked:
        if row.moment == "reversal":
            return corrections.reversal(self._deriver, row)
        if row.moment == "difference":
            whole, book = self._deriver.whole(document), row.book
            missing = self._ledger.look(
                lambda tx: corrections.complement(self._deriver, tx, whole, derivation, row.entity, book)
            )
            return (
                Held((_gone(row),), self._deriver.inputs.hash)
                if missing is None
                else Intended(missing, row.target_stage)
            )
        draft = next((d for d in derivation.bookable if (d.moment, d.entity, d.book, d.part) == _place(row)), None)
        found = self._of_draft(row, document.ref, draft, derivation.problems)
        if row.set_id is None or draft is None or not isinstance(found, Intended):
            return found
        if self._ledger.look(lambda tx: pieces.cut_otherwise(tx, row, document.ref, derivation)):
            return Held((pieces.pieces_changed(row),), self._deriver.inputs.hash)
        return attrs.evolve(found, beside=tuple(self._rest_of_set(document, draft, derivation)))

    def _rest_of_set(self, document: DocumentRow, draft: Draft, derivation: Derivation) -> Iterator[Beside]:
        """The other vouchers of a set, but for those that were sent already."""
        for other in derivation.drafts:
            if other.set_id != draft.set_id or other is draft or other.booking is None:
                continue
            key = coverage_of(document.ref, other).key
            live = self._ledger.look(lambda tx, key=key: deliveries.live_for(tx, key))  # type: ignore[misc]
            if live is None or live.state in UNSENT:
                connection = self._deriver.project.config.route(other.entity, other.book, other.moment, document.type)
                yield Beside(connection, other.booking, live)

    def _of_draft(
        self, row: DeliveryRow, ref: SourceRef, draft: Draft | None, problems: tuple[Problem, ...]
    ) -> Intended | Held | Blocked:
        if draft is None:
            return Held(problems or (_gone(row),), self._deriver.inputs.hash)
        stage = self._deriver.target_stage(draft, row.connection)
        if draft.booking is not None and not draft.waits_for and not draft.rivals:
            return Intended(draft.booking, stage)
        waiting = self._ledger.look(lambda tx: waiting_for(tx, ref, draft))
        still = partial(_waits_still, ref=ref, draft=draft, waiting=waiting)
        problems = waiting.held(draft)
        if problems or draft.booking is None:
            return Held(problems or (_gone(row),), self._deriver.inputs.hash, still)
        if waiting.on:
            return Blocked(waiting.on, waiting.names, self._deriver.inputs.hash, still)
        return Intended(draft.booking, stage, still)

    # -- merged deliveries ------------------------------------------------------------------------------------------

    def _merged(self, row: DeliveryRow) -> Intended | Held:
        """The voucher of a merged delivery: its members are those that were written down when it was made."""
        parts: list[tuple[SourceRef, Voucher]] = []
        checks: list[Callable[[Tx], bool]] = []
        stage = row.target_stage
        for member in self._ledger.look(lambda tx: groups.members(tx, row.id)):
            if self._ledger.look(partial(groups.superseded, member=member)):
                return Held((_gone(row),), self._deriver.inputs.hash, partial(groups.superseded, member=member))
            found, known = self._member(row, member)
            if not isinstance(found, Intended):
                return Held(found.problems if isinstance(found, Held) else (_gone(row),), self._deriver.inputs.hash)
            parts.append((member.document.ref, found.booking))
            checks.append(partial(_member_still, member=member, loans=known, found=found))
            stage = found.stage
        voucher = accounting.merge(parts, self._deriver.inputs.limits(row.book))
        return Intended(voucher, stage, lambda tx: all(check(tx) for check in checks))

    def _member(
        self, row: DeliveryRow, member: groups.Member
    ) -> tuple[Intended | Held | Blocked, Mapping[str, LoanFact | None]]:
        derivation = self._deriver.derivation(member.document, member.events)
        draft = self._draft_of(derivation, member)
        return self._of_draft(row, member.document.ref, draft, derivation.problems), derivation.loans

    def _draft_of(self, derivation: Derivation, member: groups.Member) -> Draft | None:
        ref = member.document.ref
        return next((draft for draft in derivation.bookable if coverage_of(ref, draft).key == member.key), None)

    def unfit(self, row: DeliveryRow, member: groups.Member) -> tuple[Problem, ...]:
        """Why one member of a merged delivery cannot be booked, even by itself; empty when it can."""
        if self._ledger.look(partial(groups.superseded, member=member)):
            return (_gone(row),)
        try:
            found, _ = self._member(row, member)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this member's matter
            return reasons(error, member.document.subject, self._ledger)
        if isinstance(found, Intended):
            return ()
        return found.problems if isinstance(found, Held) else (_gone(row),)

    def _derived_anew(self, row: DeliveryRow) -> tuple[DocumentRow, Derivation]:
        document, events = self._document(row)
        return document, self._deriver.derivation(document, events)

    def _document(self, row: DeliveryRow) -> tuple[DocumentRow, list[str]]:
        return self._ledger.look(lambda tx: _document_of(tx, row))


def _place(row: DeliveryRow) -> tuple[str, str, str, str]:
    return (row.moment, row.entity, row.book, row.part)


def _document_of(tx: Tx, row: DeliveryRow) -> tuple[DocumentRow, list[str]]:
    document = covering.newest_covered(tx, row.id)
    return document, documents.events_of(tx, document.ref)


def _gone(row: DeliveryRow) -> Problem:
    return Problem.of(
        "BOOKING_GONE",
        f"按当前规则, {', '.join(row.numbers)} 不再产生{words.moment(row.moment).zh}凭证",
        f"under the current rules {', '.join(row.numbers)} makes no {row.moment} booking any more",
        hint_zh="检查规则与路由, 或 cancel",
        hint_en="look at rules and routes, or cancel",
    )


def coverage_of(ref: SourceRef, draft: Draft) -> Coverage:
    """What a draft books of its document."""
    return Coverage(ref, draft.entity, draft.book, draft.moment, draft.part)


def _member_still(tx: Tx, member: groups.Member, loans: Mapping[str, LoanFact | None], found: Intended) -> bool:
    same = groups.current(tx, member)
    return same and loans_are_still(tx, member.document.ref, loans) and found.still(tx)


def _waits_still(tx: Tx, ref: SourceRef, draft: Draft, waiting: Waiting) -> bool:
    """What it waits for may come while it is being derived; then nobody would wake it."""
    return waiting_for(tx, ref, draft) == waiting
