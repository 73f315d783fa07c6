"""Both sides of a period as they stand: what the ledger believes, and every posting that the ERP lists."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import attrs
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.engine import Connection, RowMapping

from dougong.ledger import attempts, schema
from dougong.ledger.rows import DeliveryRow, delivery_name
from dougong.ledger.states import UNSENT, DeliveryState
from dougong.model.messages import ItemId, Wanted
from dougong.model.outcomes import Found
from dougong.model.postings import Facts, Posting, Stage
from dougong.plugins import Door
from dougong.reconcile.compare import Ours

__all__ = ["bookings_of", "listed", "ours_of"]

_D, _P, _A, _I = schema.delivery, schema.posting, schema.attempt, schema.attempt_item

#: Reversed by deleting a draft; what a red voucher reverses stays in the ERP beside it.
_VOIDED = (_D.c.state == DeliveryState.REVERSED.value) & (_D.c.stage == Stage.VOID.value)
_ANY = _I.alias()
_LAST_SENT = (_I.c.delivery_id == _D.c.id) & (
    _I.c.attempt_id == select(func.max(_ANY.c.attempt_id)).where(_ANY.c.delivery_id == _D.c.id).scalar_subquery()
)


def listed(ours: Sequence[Ours], door: Door, session: Any, period: str) -> list[Posting]:
    """Every posting of a period; those of ours whose reference stands under another field once more, with it.

    :raises PluginError: the ERP cannot be listed.
    """
    theirs = list(door.list_postings(period, session, door.call()))
    return theirs + _under_other_fields(ours, theirs, door, session)


def _under_other_fields(ours: Sequence[Ours], theirs: Sequence[Posting], door: Door, session: Any) -> list[Posting]:
    """Postings whose reference stands where the connection's settings wrote it then: a list does not show it there."""
    fields = {operation.safety.reference.field for operation in door.operations if operation.safety.reference}
    wanted = {
        ItemId(one.delivery): one
        for one in ours
        if one.reference and one.reference_field and one.reference_field not in fields
    }
    if not wanted or not door.supports("find"):
        return []
    asked = [
        Wanted(item, one.reference or "", one.facts, erp_key=one.erp_key, reference_field=one.reference_field)
        for item, one in wanted.items()
    ]
    listed = {posting.erp_key for posting in theirs if posting.reference}
    return [
        attrs.evolve(answer.posting, reference=wanted[answer.item].reference)
        for answer in door.find(asked, session, door.call())
        if isinstance(answer, Found) and answer.posting.erp_key not in listed
    ]


def ours_of(connection: Connection, name: str, period: str) -> list[Ours]:
    """Deliveries of a connection's period that are or may be in the ERP, or are on their way there."""
    query = (
        select(
            _D,
            _P.c.erp_key,
            _P.c.erp_number,
            _P.c.stage.label("erp_stage"),
            _I.c.reference_as_sent,
            _I.c.facts,
            _I.c.outcome,
            _A.c.message,
        )
        .outerjoin(_P, _P.c.delivery_id == _D.c.id)
        .outerjoin(_I, _LAST_SENT)
        .outerjoin(_A, _A.c.id == _I.c.attempt_id)
        .where(*_within(name, period))
        .order_by(_D.c.id)
    )
    return [_our(row) for row in connection.execute(query).mappings()]


def bookings_of(connection: Connection, name: str, period: str) -> dict[str, str]:
    """What those deliveries were sent with: delivery → the voucher as JSON; none for what was never sent."""
    query = select(_D.c.id, _I.c.booking).select_from(_D).join(_I, _LAST_SENT).where(*_within(name, period))
    return {delivery_name(id_): booking for id_, booking in connection.execute(query)}


def _within(name: str, period: str) -> tuple[ColumnElement[bool], ...]:
    return (
        _D.c.connection == name,
        _D.c.period == period,
        _D.c.state != DeliveryState.CANCELLED.value,
        ~_VOIDED,
    )


def _our(row: RowMapping) -> Ours:
    state = DeliveryState(row["state"])
    settled = state in (DeliveryState.DELIVERED, DeliveryState.INCOMPLETE, DeliveryState.REVERSED)
    return Ours(
        delivery_name(row["id"]),
        DeliveryRow.numbers_of(row["documents"]),
        row["book"],
        state.value,
        sent=state not in UNSENT,
        settled=settled or row["erp_key"] is not None,
        reference=row["reference_as_sent"],
        erp_key=row["erp_key"],
        erp_number=row["erp_number"],
        stage=Stage(row["erp_stage"]) if row["erp_stage"] else None,
        period=row["period"],
        currency=row["currency"],
        total=None if row["total"] is None else Decimal(row["total"]),
        facts=attempts.facts_of(row["facts"]) if row["facts"] else Facts(),
        reference_field=attempts.reference_field(row["message"]) if row["message"] else "",
        accepted=row["outcome"] == attempts.ACCEPTED,
    )
