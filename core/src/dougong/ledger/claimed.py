"""What documents are about in money, for lists: of what is held no booking tells it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.engine import Connection

from dougong.ledger import schema
from dougong.model.money import plain

__all__ = ["claimed", "unbooked"]

#: Moments that book a document as a whole.
_WHOLE = ("accrual", "loan")


def unbooked(connection: Connection, where: ColumnElement[bool]) -> dict[int, tuple[str | None, str | None]]:
    """Currency and amount of deliveries without a booking: their documents', where one delivery takes all of it.

    :param where: which deliveries.
    :returns: by delivery; the amount is `None` where nothing tells the delivery's share.
    """
    delivery, document, coverage = schema.delivery, schema.document, schema.coverage
    query = (
        select(delivery.c.id, delivery.c.moment, document.c.canonical)
        .join(coverage, coverage.c.delivery_id == delivery.c.id)
        .join(document, document.c.id == coverage.c.document_id)
        .where(where, delivery.c.total.is_(None))
        .order_by(document.c.id)
    )
    return {id_: _share(moment, json.loads(text)) for id_, moment, text in connection.execute(query)}


def _share(moment: str, content: Mapping[str, Any]) -> tuple[str | None, str | None]:
    whole = moment in _WHOLE and not any(line.get("splits") for line in content.get("lines") or ())
    return content.get("currency"), claimed(content) if whole else None


def claimed(content: Mapping[str, Any]) -> str | None:
    """The document's total in its own currency, as lists show it: of its lines, else of its payees.

    :param content: the canonical document as JSON.
    :returns: what was approved, else claimed; `None` where a line in another currency has no amount in this one.
    """
    lines = content.get("lines") or ()
    if not lines:
        return _sum([payee.get("amount") for payee in content.get("payees") or ()])
    return _sum([_amount(line, content.get("currency")) for line in lines])


def _amount(line: Mapping[str, Any], currency: str | None) -> str | None:
    known: str | None = line.get("approved") or line.get("base")
    return known or (line.get("gross") if line.get("currency") in (None, "", currency) else None)


def _sum(amounts: list[str | None]) -> str | None:
    known = [Decimal(amount) for amount in amounts if amount is not None]
    return plain(sum(known, Decimal(0))) if known and len(known) == len(amounts) else None
