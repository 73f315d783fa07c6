"""Deliveries of which the ERP has told something else than it did before: kept as they are, and looked at again."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import bindparam, select

from dougong.ledger import deliveries, schema
from dougong.ledger.attempts import attempt_of
from dougong.ledger.rows import FOREVER, DeliveryRow, problems_text
from dougong.ledger.statements import Statement, Tx
from dougong.ledger.states import DeliveryState
from dougong.model.messages import Correlation, ItemId
from dougong.model.problems import Problem

__all__ = ["REASON", "delivered", "doubt", "doubted"]

#: Reason of a delivered delivery that is to be looked at again.
REASON = "TOLD_OTHERWISE"

_D, _ITEM = schema.delivery, schema.attempt_item
_OF_ATTEMPT = Statement(select(_ITEM.c.delivery_id).where(_ITEM.c.attempt_id == bindparam("a")))
_LAST = Statement(
    select(schema.attempt.c.message)
    .join(_ITEM, _ITEM.c.attempt_id == schema.attempt.c.id)
    .where(_ITEM.c.delivery_id == bindparam("d"))
    .order_by(schema.attempt.c.id.desc())
    .limit(1)
)
_DOUBTED = Statement(
    select(_D).where(_D.c.state == DeliveryState.DELIVERED.value, _D.c.reason == REASON).order_by(_D.c.id)
)


def delivered(tx: Tx, connection: str, item: ItemId | None, correlation: Correlation | None) -> list[DeliveryRow]:
    """What is delivered of those that an item's name, else a correlation, stands for."""
    ids: Sequence[int] = ()
    if item is not None:
        name = item.partition(".")[0]
        ids = [int(name)] if name.isascii() and name.isdigit() and len(name) < 19 else []
    elif correlation is not None and (attempt := attempt_of(tx, connection, correlation)) is not None:
        ids = [row["delivery_id"] for row in tx.rows(_OF_ATTEMPT, {"a": attempt})]
    rows = [row for id_ in ids if (row := deliveries.known(tx, id_)) is not None]
    mine = [row for row in rows if row.connection == connection and row.state is DeliveryState.DELIVERED]
    return [row for row in mine if item is None or item in _last_sent(tx, row)]


def _last_sent(tx: Tx, row: DeliveryRow) -> list[str]:
    """The items of the message that has booked it: an older one may well have been refused."""
    found = tx.one(_LAST, {"d": row.id})
    names: list[str] = json.loads(found["message"])["items"] if found else []
    return names


def doubt(tx: Tx, row: DeliveryRow, told: str, message_id: str) -> DeliveryRow:
    """Put on record that the ERP has told otherwise; nothing else changes before it was asked.

    :param told: what it said, in one word. :param message_id: of the callback, as it is kept.
    """
    problem = Problem.of(
        "TOLD_OTHERWISE",
        f"ERP 在入账之后又通知 {row.name} 未入账, 状态不变, 将向 ERP 查询",
        f"after {row.name} was booked, the ERP has told that it is not; its state stays, and the ERP is asked",
        hint_zh="无法查询的 ERP: 请人工核对",
        hint_en="where the ERP cannot be asked, look there yourself",
    )
    return deliveries.move(
        tx,
        row,
        DeliveryState.DELIVERED,
        event="told_otherwise",
        detail={"told": told, "callback": message_id},
        reason=REASON,
        problems=problems_text((problem,)),
        due_at=FOREVER,
    )


def doubted(tx: Tx) -> list[DeliveryRow]:
    """Deliveries that are to be looked at again."""
    return [DeliveryRow.from_mapping(row) for row in tx.rows(_DOUBTED, {})]
