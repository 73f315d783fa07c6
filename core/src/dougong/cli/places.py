"""Entity and book as columns: where rows stand in several of them, and nowhere else, for a terminal is narrow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dougong.cli.language import say

__all__ = ["cells", "columns"]


def columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What tells the places of rows apart: name → heading; nothing where all are of one entity and one book.

    An entity that is called as its book is not said twice.
    """
    named = [row for row in rows if row.get("book")]
    several = {name: _several(row.get(name) for row in named) for name in ("entity", "book")}
    if all(row.get("entity") in (None, row["book"]) for row in named):
        several["entity"] = False
    headings = {"entity": say("法人", "entity"), "book": say("账簿", "book")}
    return {name: heading for name, heading in headings.items() if several[name]}


def _several(values: Iterable[str | None]) -> bool:
    return len(set(values)) > 1


def cells(row: Mapping[str, Any], shown: Mapping[str, str]) -> list[str]:
    """Where a row stands, in those columns; blank for what has no place."""
    return [row.get(name) or "" for name in shown]
