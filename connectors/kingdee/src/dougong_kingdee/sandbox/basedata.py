"""Base data of the emulated data centre: the seed, indexed, with internal ids and open periods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import count
from typing import Any

from attrs import frozen

from dougong_sdk.sandbox import Seed, Store

__all__ = ["BaseData", "Item", "following"]


@frozen
class Item:
    """One row of base data. ``id`` is Kingdee's internal id, unique within its kind."""

    kind: str
    id: int
    code: str
    name: str
    row: Mapping[str, Any]


_CUSTOM_SLOT = 100000  # slots of a customer's own dimensions are FF100001 and up


def _slots(given: Mapping[str, str], dimensions: Iterable[str]) -> dict[str, str]:
    """Slots and their dimensions; a dimension of the seed without a slot gets the next free custom one."""
    slots = {slot.upper(): name for slot, name in given.items()}
    for name in dimensions:
        if name not in slots.values():
            slots[next(s for n in count(_CUSTOM_SLOT + 1) if (s := f"FF{n}") not in slots)] = name
    return slots


_TABLES = {"company_org": "companies", "book": "books", "voucher_type": "voucher_types", "account": "accounts"}
_NATIVE_TABLES = {
    "currency": "currencies",
    "rate_type": "rate_types",
    "settle_type": "settle_types",
    "material": "materials",
    "bill_type": "bill_types",
}


class BaseData:
    """The seed by kind and code. Rebuilt with each seed; where a book stands is in the ledger."""

    def __init__(self, seed: Seed, store: Store) -> None:
        self._store = store
        self.native: Mapping[str, Any] = seed["native"]
        self._isos = {row.get("iso"): row["code"] for row in self.native["currencies"]}
        self._kinds: dict[str, dict[str, Item]] = {}
        for kind, table in _TABLES.items():
            self._add(kind, seed[table])
        for kind, table in _NATIVE_TABLES.items():
            self._add(kind, self.native.get(table, []))
        for kind, rows in seed["dimensions"].items():
            self._add(kind, rows)
        users = [row["user"] for row in seed["credentials"] if row["kind"] == "basic"]
        self._add("user", [{"code": user} for user in users])
        self._by_id = {kind: {item.id: item for item in items.values()} for kind, items in self._kinds.items()}
        self._seeded_periods = {(row["book"], row["period"]): bool(row.get("open", True)) for row in seed["periods"]}
        self.slots = _slots(self.native["slots"], seed["dimensions"])
        self.slot_of = {name: slot for slot, name in self.slots.items()}

    def _add(self, kind: str, rows: Iterable[Mapping[str, Any]]) -> None:
        items = self._kinds.setdefault(kind, {})
        for given in rows:
            row = dict(given)
            if "currency" in row:
                row["currency"] = self._currency(row["currency"])
            if "currencies" in row:
                row["currencies"] = [self._currency(currency) for currency in row["currencies"]]
            items[row["code"]] = Item(kind, len(items) + 1, row["code"], row.get("name", row["code"]), row)

    def _currency(self, named: str) -> str:
        """A seed may name currencies by Kingdee's code or by ISO code."""
        return str(self._isos.get(named, named))

    def items(self, kind: str) -> Mapping[str, Item]:
        """All rows of a kind by code."""
        return self._kinds.get(kind, {})

    def find(self, kind: str, code: str) -> Item | None:
        """One row by its code (the user's number)."""
        return self._kinds.get(kind, {}).get(code)

    def find_id(self, kind: str, number: int) -> Item | None:
        """One row by its internal id."""
        return self._by_id.get(kind, {}).get(number)

    def currency_of(self, book: str) -> str:
        """Functional currency of a book, from the book or its company; the first currency if neither says."""
        row = self._kinds["book"][book].row
        company = self.find("company_org", row.get("company", ""))
        return str(row.get("currency") or (company.row.get("currency") if company else None) or self.first_currency())

    def first_currency(self) -> str:
        """The currency that stands first."""
        return next(iter(self._kinds["currency"]), "")

    def unit(self, currency: str) -> Decimal:
        """The smallest amount of a currency."""
        item = self.find("currency", currency)
        return Decimal(1).scaleb(-int(item.row.get("scale", 2) if item else 2))

    def first_period(self, book: str) -> str:
        """The period (``2020-01``) with which a book was put in use."""
        return min([str(self.native["open_from"]), *self._seeded(book)])

    def current_period(self, book: str) -> str:
        """The period that a book stands at: books close in order, so all before it are closed.

        A person's hand counts before the seed; a closed period of the seed closes those before it too.
        """
        by_hand = self._store.get("period", book)
        if by_hand is not None:
            return str(by_hand["current"])
        closed = [period for period, is_open in self._seeded(book).items() if not is_open]
        return following(max(closed)) if closed else self.first_period(book)

    def period_is_open(self, book: str, period: str) -> bool:
        """Is ``period`` (``2026-11``) open: neither closed nor beyond what the calendar holds?"""
        by_hand = self._store.get("period", book) or {}
        opened = [one for one, is_open in self._seeded(book).items() if is_open]
        last = max([str(self.native["open_to"]), str(by_hand.get("last", "")), *opened])
        return self.current_period(book) <= period <= last

    def close_period(self, book: str, period: str) -> None:
        """Close a period and all before it (结账)."""
        self._stand_at(book, max(self.current_period(book), following(period)), "")

    def open_period(self, book: str, period: str) -> None:
        """Open a period and all after it again (反结账)."""
        self._stand_at(book, min(self.current_period(book), period), period)

    def _stand_at(self, book: str, current: str, opened: str) -> None:
        last = max(opened, str((self._store.get("period", book) or {}).get("last", "")))
        self._store.put("period", book, {"current": current, "last": last})

    def _seeded(self, book: str) -> dict[str, bool]:
        return {period: is_open for (of, period), is_open in self._seeded_periods.items() if of == book}


def following(period: str) -> str:
    """The period after ``2026-12``: ``2027-01``."""
    year, month = int(period[:4]), int(period[5:])
    return f"{year + month // 12:04}-{month % 12 + 1:02}"
