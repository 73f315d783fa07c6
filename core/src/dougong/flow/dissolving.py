"""Dissolving: a delivery that books for several documents ends, and each of them gets one of its own again.

So who cannot be booked, or is not to be, keeps nobody else from it (posting-rules.md §8). It is written in one
transaction and says nothing new of any document: a member's own delivery is as it was before it was merged. Nothing of
what is dissolved may be in the ERP; the caller has made sure of that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dougong.ledger import audit, deliveries, documents, groups
from dougong.ledger.deliveries import NewDelivery
from dougong.ledger.groups import Member
from dougong.ledger.rows import FOREVER, DeliveryRow
from dougong.ledger.statements import Tx
from dougong.ledger.states import MERGED, DeliveryState
from dougong.model.documents import SourceRef
from dougong.model.identity import Coverage
from dougong.model.problems import Problem

__all__ = ["dissolve"]


def dissolve(
    tx: Tx,
    row: DeliveryRow,
    *,
    inputs: str,
    problems: Mapping[str, Sequence[Problem]] | None = None,
    actor: str = audit.SYSTEM,
    detail: dict[str, Any] | None = None,
) -> list[tuple[SourceRef, DeliveryRow]]:
    """End a delivery of several documents; each that still says what it says there goes on by itself.

    :param row: unsent, or proved absent. :param inputs: hash of what its members were derived with.
    :param problems: by `Member.key`: who is held with these; the others are ready.
    :returns: document and its own delivery, in the order of the members. Of a document that says something else by
        now, or was taken back, there is none: it is opened as it now is.
    """
    held, members = problems or {}, groups.members(tx, row.id)
    changed = {document.ref for document in documents.outdated(tx, row.id)}
    end, why = DeliveryState.CANCELLED, detail or {}
    deliveries.move(tx, row, end, event="dissolved", actor=actor, detail=why, due_at=FOREVER, reason=MERGED)
    staying = [one for one in members if one.document.ref not in changed and not groups.superseded(tx, one)]
    return [(one.document.ref, _alone(tx, row, one, held.get(one.key, ()), inputs, actor)) for one in staying]


def _alone(
    tx: Tx, row: DeliveryRow, member: Member, problems: Sequence[Problem], inputs: str, actor: str
) -> DeliveryRow:
    """A member's own delivery, as it was before it was merged."""
    before, document = groups.before(tx, member.key), member.document
    return deliveries.create(
        tx,
        NewDelivery(
            row.connection,
            row.target_type,
            ((document.id, Coverage(document.ref, before.entity, before.book, before.moment, before.part)),),
            (document.number,),
            document.revision,
            row.target_stage,
            DeliveryState.HELD if problems else DeliveryState.READY,
            inputs,
            row.verb,
            tuple(problems),
            period=row.period,
            currency=row.currency,
            total=before.total if before.id != row.id else None,
            merge_key=before.merge_key,
            reverses_id=row.reverses_id,
            asked_at=row.asked_at,
        ),
        actor=actor,
    )
