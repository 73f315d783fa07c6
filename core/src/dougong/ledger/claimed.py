"""What a document is about in money, for lists: of what is held no booking tells it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dougong.model.money import plain

__all__ = ["claimed"]


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
