"""The seed as an ERP looks things up in it: rows by kind and code, scales of currencies, periods of books."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from .seed import Seed
from .store import Store

__all__ = ["Master"]

_TABLES = ("companies", "books", "accounts", "voucher_types")
Row = Mapping[str, Any]


class Master:
    """Master data by kind and code: the seed's tables, ``currencies`` of its ``native``, each dimension by its name.

    Every month from ``native.open_from`` to ``native.open_to`` is open in every book, unless ``periods`` of the seed,
    or a person's hand, says otherwise.

    :param seed: as merged. :param store: where a hand's doings with periods are kept.

    .. versionadded:: 0.1
    """

    def __init__(self, seed: Seed, store: Store) -> None:
        self._store = store
        native = seed["native"]
        self._first, self._last = str(native.get("open_from", "2020-01")), str(native.get("open_to", "2027-12"))
        tables = {**{name: seed[name] for name in _TABLES}, "currencies": native.get("currencies", [])}
        self._kinds = {
            kind: {str(row["code"]): row for row in rows} for kind, rows in {**tables, **seed["dimensions"]}.items()
        }
        self._seeded = {(row["book"], row["period"]): bool(row.get("open", True)) for row in seed["periods"]}

    def rows(self, kind: str) -> Mapping[str, Row]:
        """All rows of a kind by code; none of a kind that nobody has heard of."""
        return self._kinds.get(kind, {})

    def currency_of(self, book: str) -> str:
        """Functional currency of a book: its own, else that of its company."""
        row = self.rows("books").get(book, {})
        company = self.rows("companies").get(str(row.get("company")), {})
        return str(row.get("currency") or company.get("currency") or next(iter(self.rows("currencies")), ""))

    def unit(self, currency: str) -> Decimal:
        """The smallest amount of a currency."""
        return Decimal(1).scaleb(-int(self.rows("currencies").get(currency, {}).get("scale", 2)))

    def is_open(self, book: str, period: str) -> bool:
        """Whether a period (``2026-11``) takes vouchers."""
        by_hand = self._store.get("period", f"{book}/{period}")
        if by_hand is not None:
            return bool(by_hand["open"])
        return self._seeded.get((book, period), self._first <= period <= self._last)

    def set_period(self, book: str, period: str, *, is_open: bool) -> None:
        """A person closes or opens a period."""
        self._store.put("period", f"{book}/{period}", {"open": is_open})

    def periods(self) -> Iterator[dict[str, Any]]:
        """Every period of every book: ``book``, ``period``, ``open``."""
        for book in self.rows("books"):
            year, month = map(int, self._first.split("-"))
            while (period := f"{year:04}-{month:02}") <= self._last:
                yield {"book": book, "period": period, "open": self.is_open(book, period)}
                year, month = year + month // 12, month % 12 + 1
