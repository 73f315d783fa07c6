"""Which periods of each account book are closed: Kingdee closes in order, and the book tells where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from dougong.hookspecs import Deadline
from dougong.model.masterdata import MasterRecord
from dougong_kingdee.envelope import NO_FIELD, KingdeeRefused
from dougong_kingdee.session import PAGE, KingdeeSession

__all__ = ["BookPeriods", "pull_periods", "read_books"]


@attrs.frozen
class BookPeriods:
    """Where one account book stands.

    :param first: the period that it was put in use with, `2024-01`. :param current: the first one that is not closed.
    """

    book: str
    first: str
    current: str

    def records(self) -> Iterator[MasterRecord]:
        """The closed periods, oldest first, and the current one; those after it may be booked to as well."""
        period = self.first
        while period < self.current:
            yield self._record(period, is_open=False)
            period = _following(period)
        yield self._record(self.current, is_open=True)

    def _record(self, period: str, *, is_open: bool) -> MasterRecord:
        data = {"book": self.book, "open": is_open}
        return MasterRecord(kind="period", id=f"{self.book}/{period}", code=period, data=data)


def pull_periods(session: KingdeeSession, deadline: Deadline) -> Iterator[MasterRecord]:
    """Records of kind `period` of all books that the user sees; none where the data centre does not tell."""
    for book in read_books(session, deadline) or ():
        yield from book.records()


def read_books(session: KingdeeSession, deadline: Deadline) -> Sequence[BookPeriods] | None:
    """The books that tell their periods. `None`: this data centre has no such fields (setting `period_fields`)."""
    names = session.settings.period_fields
    keys = ("FNumber", *(names[name] for name in ("start_year", "start_period", "year", "period")))
    rows: list[Sequence[Any]] = []
    try:
        while page := session.query("BD_AccountBook", keys, "", deadline, order="FNumber ASC", start=len(rows)):
            rows += page
            if len(page) < PAGE:
                break
    except KingdeeRefused as error:
        if error.failure.msg_code != NO_FIELD:
            raise
        return None
    return [book for row in rows if (book := _book(*row)) is not None]


def _book(book: str, start_year: Any, start_period: Any, year: Any, period: Any) -> BookPeriods | None:
    """`None` for a book that is not in use yet, or whose periods are no months."""
    current, first = _period(year, period), _period(start_year, start_period)
    return None if not book or current is None else BookPeriods(str(book), first or current, current)


def _period(year: Any, number: Any) -> str | None:
    try:
        numbers = int(year), int(number)
    except (TypeError, ValueError):
        return None
    return f"{numbers[0]:04d}-{numbers[1]:02d}" if 1900 < numbers[0] <= 9999 and 1 <= numbers[1] <= 12 else None


def _following(period: str) -> str:
    year, month = int(period[:4]), int(period[5:])
    return f"{year + month // 12:04d}-{month % 12 + 1:02d}"
