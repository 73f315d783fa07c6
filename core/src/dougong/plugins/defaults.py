"""What the core answers where a connector does not: registered as a plugin like any other, asked last."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from dougong.markers import hookimpl
from dougong.model.bookings import Booking
from dougong.model.codes import Codes, FieldMapping
from dougong.model.messages import Item, Message, Payload

__all__ = ["CoreDefaults", "exact_json"]


class CoreDefaults:
    """The declarative mapping, and one JSON message per item."""

    @hookimpl(trylast=True)
    def map_booking(self, booking: Booking, mapping: FieldMapping, codes: Codes) -> Payload:
        """The field mapping as it is written."""
        return mapping(booking, codes)

    @hookimpl(trylast=True)
    def prepare(self, items: Sequence[Item]) -> Sequence[Message]:
        """One message per item; its body is the payload."""
        return [Message(items=(item.id,), body=exact_json(item.payload.body)) for item in items]


def exact_json(value: Any) -> bytes:
    """Payload data as JSON in UTF-8: decimals as numbers with every digit, dates as ISO 8601 text.

    :raises TypeError: for a float or anything else that has no exact form.
    """
    from dougong.formats.json_text import dumps

    return dumps(_plain(value), numbers=True).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dt.date | dt.datetime | dt.time):
        return value.isoformat()
    return value
