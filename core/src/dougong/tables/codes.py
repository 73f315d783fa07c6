"""Code tables: what an ERP calls a thing, by table, scope, our code and date (contract.md §7).

A code without a row has no translation: nothing is passed through unless the table itself says `*` = `*`.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Mapping, Sequence

import attrs

from dougong.model.problems import Problem
from dougong.tables.code_files import code_table_file, read_code_row, read_code_rows, write_code_rows
from dougong.tables.code_rows import COLUMNS, EVERYWHERE, CodeDiff, CodeError, CodeRow, diff, row_problem

__all__ = [
    "COLUMNS",
    "EVERYWHERE",
    "CodeDiff",
    "CodeError",
    "CodeRow",
    "CodeTable",
    "ScopedCodes",
    "code_table_file",
    "diff",
    "read_code_row",
    "read_code_rows",
    "write_code_rows",
]


@attrs.frozen
class ScopedCodes:
    """The codes of one connection and book; implements `dougong.model.codes.Codes`.

    :param scopes: most specific first; the first scope that has a row for a code on a date decides, and within a scope
        the code's own row comes before `*`.

    .. versionadded:: 0.1
    """

    scopes: tuple[str, ...]
    _chains: Mapping[str, Mapping[str, tuple[CodeRow, ...]]] = attrs.field(repr=False)
    _certain: Mapping[str, Mapping[str, str]] = attrs.field(repr=False)

    def lookup(self, table: str, ours: str, on: dt.date) -> str | None:
        """The ERP's code of `ours` on a business date, or `None` without a row."""
        known = self._certain.get(table)
        if known is None:
            return None
        found = known.get(ours)
        return found if found is not None else self._search(table, ours, on)

    def _search(self, table: str, ours: str, on: dt.date) -> str | None:
        chains = self._chains[table]
        for row in chains.get(ours) or chains.get(EVERYWHERE, ()):
            if row.valid(on):
                return ours if row.theirs == EVERYWHERE else row.theirs
        return None


@attrs.frozen
class CodeTable:
    """All code rows of a project, known to be consistent.

    .. versionadded:: 0.1
    """

    rows: tuple[CodeRow, ...]

    @classmethod
    def from_rows(cls, rows: Iterable[CodeRow]) -> CodeTable:
        """A table from rows.

        :raises CodeError: rows that are wrong by themselves, or two for the same code on the same date (with both row
            numbers).
        """
        kept = tuple(rows)
        problems = [problem for row in kept for problem in row.problems()] or _overlaps(kept)
        if problems:
            raise CodeError(problems)
        return cls(kept)

    def for_scope(self, *scopes: str) -> ScopedCodes:
        """The codes that count for these scopes and for everybody: `table.for_scope("kingdee/A01", "kingdee")`.

        `connection/book` beats `connection` beats `*`, in whatever order they are given.
        """
        ranked = sorted({*scopes, EVERYWHERE}, key=lambda scope: (scope == EVERYWHERE, "/" not in scope, scope))
        by_table: dict[str, dict[str, list[CodeRow]]] = {}
        for row in self.rows:
            if row.scope in ranked:
                by_table.setdefault(row.table, {}).setdefault(row.ours, []).append(row)
        chains = {table: _chains(codes, ranked) for table, codes in by_table.items()}
        certain = {
            table: {ours: rows[0].theirs for ours, rows in codes.items() if ours != EVERYWHERE and _always(rows[0])}
            for table, codes in chains.items()
        }
        return ScopedCodes(tuple(ranked), chains, certain)


def _chains(codes: Mapping[str, list[CodeRow]], ranked: Sequence[str]) -> dict[str, tuple[CodeRow, ...]]:
    """For each code the rows that may decide, in the order in which they are asked."""

    def rank(row: CodeRow) -> tuple[int, bool]:
        return ranked.index(row.scope), row.ours == EVERYWHERE

    general = codes.get(EVERYWHERE, [])
    return {
        ours: tuple(sorted(rows if ours == EVERYWHERE else [*rows, *general], key=rank)) for ours, rows in codes.items()
    }


def _always(row: CodeRow) -> bool:
    return row.valid_from is None and row.valid_to is None and row.theirs != EVERYWHERE


def _overlaps(rows: Iterable[CodeRow]) -> list[Problem]:
    problems = []
    ordered = sorted(rows, key=lambda row: row.key)
    for _, group in itertools.groupby(ordered, key=lambda row: row.key[:3]):
        latest: CodeRow | None = None
        for row in group:
            if latest and (latest.valid_to is None or (row.valid_from or dt.date.min) <= latest.valid_to):
                zh, en = "两行有效期重叠", "two rows count on the same dates"
                problems.append(row_problem("CODE_ROWS_OVERLAP", [latest, row], zh, en))
            if latest is None or _end(row) >= _end(latest):
                latest = row
    return problems


def _end(row: CodeRow) -> dt.date:
    return row.valid_to or dt.date.max
