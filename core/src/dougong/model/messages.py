"""What is sent: payloads, items, physical messages, correlations. Frozen before the first byte leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NewType

import attrs

from dougong.model.bookings import Booking
from dougong.model.identity import Key
from dougong.model.postings import Facts

__all__ = ["Correlation", "Item", "ItemId", "Message", "Payload", "Wanted"]

#: Names one delivery within a message.
ItemId = NewType("ItemId", str)


@attrs.frozen
class Payload:
    """One booking in the ERP's own structure: nested dicts and lists of str, int, Decimal, bool, None, date.

    :param body: the structure; decimals stay `Decimal` until the connector writes them.
    :param sources: target path → expression that filled it (`plan` shows it).
    """

    body: Mapping[str, Any]
    sources: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class Correlation:
    """Something that an answer will carry, by which it finds its attempt: a message id, a job number, a URL."""

    kind: str
    value: str


@attrs.frozen
class Item:
    """One delivery on its way into a message.

    :param payload: with our reference already in the field that the operation declares.
    :param reference: who the posting is; written as `reference_text`.
    :param request_id: who this content is (one per generation).
    :param booking: what the payload was made from.
    """

    id: ItemId
    payload: Payload
    reference: Key
    reference_text: str
    request_id: Key
    booking: Booking


@attrs.frozen
class Message:
    """One physical message with one or many items; core freezes exactly this.

    :param items: in the order in which they stand in the body.
    :param body: the bytes that will leave, resent unchanged.
    :param correlations: committed before the first byte leaves.
    :param facts: what each posting must show (in the ERP's codes where the connector knows them); core adds total,
        currency, date and lines from the booking.
    :param plain: where the body is packed (a zip, say): what it holds, for whoever looks for something in it. Not kept.
    :param headers: what belongs to the content (an idempotency key, say); tokens and signatures belong to the session.
    """

    items: tuple[ItemId, ...]
    body: bytes
    media_type: str = "application/json"
    correlations: tuple[Correlation, ...] = ()
    facts: Mapping[ItemId, Facts] = attrs.field(factory=dict)
    headers: Mapping[str, str] = attrs.field(factory=dict)
    operation: str = ""
    plain: bytes = b""

    @property
    def readable(self) -> bytes:
        """What references and amounts are looked for in: the body, or what it holds where it is packed."""
        return self.plain or self.body


@attrs.frozen
class Wanted:
    """What `find` and `poll` look for.

    :param reference: as sent. :param reference_field: where it was written then (`Reference.field`), whatever the
        settings say now; empty = it was never sent, so look where it would be written.
    :param facts: as frozen; says in which book and period to look.
    :param erp_key: the ERP's id when it is known already.
    :param first_sent: when the first byte left, epoch seconds UTC; `None` = never.
    """

    item: ItemId
    reference: str
    facts: Facts
    correlations: Sequence[Correlation] = ()
    erp_key: str | None = None
    first_sent: float | None = None
    reference_field: str = ""
