"""What the ERPs say of the periods of our books: which are closed, and where vouchers go by date (序时)."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterable

from dougong.accounting.dates import first_day, period_of
from dougong.flow.inputs import Inputs
from dougong.flow.project import Project
from dougong.ledger import reference
from dougong.model.bookings import Voucher
from dougong.model.codes import Codes
from dougong.model.masterdata import MasterRecord
from dougong.model.postings import Posting, Stage
from dougong.model.problems import DougongError

__all__ = ["BookPeriods"]

#: Seconds for which an answer of the ledger holds.
_MOMENT = 0.05


class BookPeriods:
    """Periods of our books, as the ledger knows them now; thread-safe.

    :param project: open project. :param inputs: code tables and connections of the books.
    """

    def __init__(self, project: Project, inputs: Inputs) -> None:
        self._project = project
        self._inputs = inputs
        self._version = ""
        self._asked = 0.0
        self._closed: dict[str, frozenset[str]] = {}
        self._last: dict[tuple[str, str], list[Posting]] = {}
        self._sending: dict[tuple[str, str, str], dt.date] = {}
        self._lock = threading.Lock()
        self._asking = threading.Lock()

    def version(self, *, fresh: bool = False) -> str:
        """Moves whenever the ledger learns of master data: a period that was closed or opened, say.

        :param fresh: ask the ledger now; else what was asked a moment ago will do: the ERP refuses what comes too late.
        """
        now = time.monotonic()
        if self._version and not fresh and now - self._asked < _MOMENT:
            return self._version
        version = self._project.ledger.look(reference.input_version)
        with self._lock:
            self._asked = now
            if version != self._version:
                self._version = version
                self._closed.clear()
        return version

    def closed(self, book: str) -> frozenset[str]:
        """Closed periods of a book of ours, those included that its ERP has refused a voucher for."""
        version, found = self.version(), self._closed.get(book)
        if found is None:
            found = self._read(book)
            with self._lock:
                if version == self._version:
                    self._closed[book] = found
        return found

    def _read(self, book: str) -> frozenset[str]:
        name = self._inputs.books.get(book)
        if name is None:
            return frozenset()
        with self._project.ledger.read() as connection:
            records = reference.master_records(connection, name, reference.PERIOD)
        codes = self._inputs.codes_for(name, book)
        return frozenset(one.code for one in records if not one.data.get("open", True) and _concerns(one, book, codes))

    def last_voucher(self, book: str, voucher_type: str, period: str) -> dt.date | None:
        """Date of the last voucher of a type in a book's period: as the ERP lists them, asked once per run, or as sent.

        An ERP that cannot be asked is no obstacle: it refuses what is out of order, and says so itself.
        """
        known = (self._in_erp(book, voucher_type, period), self._sending.get((book, voucher_type, period)))
        return max((date for date in known if date is not None), default=None)

    def sends(self, voucher: Voucher) -> None:
        """A voucher is about to be sent: no other of its type goes before it in its period."""
        key = (voucher.book, voucher.voucher_type, voucher.period)
        with self._lock:
            self._sending[key] = max(voucher.posting_date, self._sending.get(key, voucher.posting_date))

    def _in_erp(self, book: str, voucher_type: str, period: str) -> dt.date | None:
        name, day = self._inputs.books.get(book), first_day(period)
        if name is None or day is None:
            return None
        codes = self._inputs.codes_for(name, book)
        books = {book, codes.lookup("account_book", book, day)}
        types = {voucher_type, codes.lookup("voucher_type", voucher_type, day)}
        found = (
            one.date
            for one in self._listed(name, period)
            if one.stage is not Stage.VOID and one.book in books and one.voucher_type in types
        )
        return max((date for date in found if date is not None and period_of(date) == period), default=None)

    def _listed(self, name: str, period: str) -> Iterable[Posting]:
        with self._asking:
            if (name, period) not in self._last:
                self._last[name, period] = self._list(name, period)
            return self._last[name, period]

    def _list(self, name: str, period: str) -> list[Posting]:
        door, session = self._project.door(name), None
        if not door.supports("list_postings"):
            return []
        try:
            session = door.open_session(door.call())
            return list(door.list_postings(period, session, door.call()))
        except DougongError as error:
            door.log.warning("vouchers of %s in %s: %s", name, period, error.problems[0].message.en)
            return []
        finally:
            door.close_session(session)


def _concerns(record: MasterRecord, book: str, codes: Codes) -> bool:
    """Whether a period is one of a book of ours; one that is no calendar month (an adjustment period) dates nothing."""
    day = first_day(record.code)
    if day is None:
        return False
    if "refused_for" in record.data:
        return bool(record.data["refused_for"] == book)
    return record.data.get("book") == (codes.lookup("account_book", book, day) or book)
