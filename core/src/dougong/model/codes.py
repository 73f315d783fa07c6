"""The two things that a mapping is made with, as protocols: code tables and the compiled mapping itself."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from dougong.model.bookings import Booking
from dougong.model.messages import Payload

__all__ = ["Codes", "FieldMapping"]


class Codes(Protocol):
    """What the ERP calls a thing: one row per (table, scope, our code), with validity dates."""

    def lookup(self, table: str, ours: str, on: dt.date) -> str | None:
        """The ERP's code of `ours` on a business date, `None` without a row; identity only by a row `*` = `*`."""


class FieldMapping(Protocol):
    """A compiled mapping: booking in, payload out."""

    def __call__(self, booking: Booking, codes: Codes) -> Payload:
        """The payload. :raises MappingError: with every problem of the document, not only the first."""
