"""Rows of code tables: what each must be by itself, and what an import changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import attrs

from dougong.model.problems import DougongError, Problem

__all__ = ["COLUMNS", "EVERYWHERE", "CodeDiff", "CodeError", "CodeRow", "diff", "row_problem"]

#: Columns of a code file, in the order in which they are written; `→` parts what is given from what is found.
COLUMNS = ("table", "scope", "ours", "→theirs", "valid_from", "valid_to", "note")
#: Scope of a row that counts for every connection; also "any code" in the column `ours`.
EVERYWHERE = "*"


class CodeError(DougongError):
    """Code rows that contradict each other or cannot be understood; it carries every problem."""


@attrs.frozen
class CodeRow:
    """One row of a code table.

    :param table: which table: account, department, account_book …
    :param scope: `connection/book`, `connection`, or `*` for every connection.
    :param ours: our code; `*` = every code that has no row of its own.
    :param theirs: the ERP's code; `*` (only where `ours` is `*`) = the same as ours.
    :param valid_from: first business date; `None` = always. `valid_to`: last business date, inclusive.
    :param number: row in the file that it came from; 0 = none.

    .. versionadded:: 0.1
    """

    table: str
    scope: str
    ours: str
    theirs: str
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    note: str = ""
    number: int = attrs.field(default=0, eq=False)

    @classmethod
    def from_ledger(cls, row: Sequence[str]) -> CodeRow:
        """The row that `to_ledger` wrote."""
        table, scope, ours, theirs, valid_from, valid_to, note = row
        first = dt.date.fromisoformat(valid_from) if valid_from else None
        last = dt.date.fromisoformat(valid_to) if valid_to else None
        return cls(table, scope, ours, theirs, first, last, note)

    def to_ledger(self) -> tuple[str, str, str, str, str, str, str]:
        """The row as texts in the order of `COLUMNS`; a date without limit is empty."""
        days = [day.isoformat() if day else "" for day in (self.valid_from, self.valid_to)]
        return self.table, self.scope, self.ours, self.theirs, days[0], days[1], self.note

    @property
    def key(self) -> tuple[str, str, str, dt.date]:
        """What tells the row apart from all others of a consistent table."""
        return self.table, self.scope, self.ours, self.valid_from or dt.date.min

    def valid(self, on: dt.date) -> bool:
        """Whether the row counts on a business date."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)

    def problems(self) -> list[Problem]:
        """What is wrong with the row by itself."""
        found = []
        if not (self.table and self.ours and self.theirs):
            zh, en = "table, ours, theirs 都须填写", "table, ours and theirs must all be filled in"
            found.append(row_problem("CODE_ROW_INVALID", [self], zh, en))
        if self.theirs == EVERYWHERE and self.ours != EVERYWHERE:
            zh, en = "只有 ours 为 * 时, theirs 才可为 *", "theirs can be * only where ours is *"
            found.append(row_problem("CODE_ROW_INVALID", [self], zh, en))
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            zh, en = "valid_from 晚于 valid_to", "valid_from is later than valid_to"
            found.append(row_problem("CODE_ROW_INVALID", [self], zh, en))
        return found


def row_problem(code: str, rows: Sequence[CodeRow], zh: str, en: str) -> Problem:
    """A problem that names rows by number, table, scope and code."""
    first = rows[0]
    numbers = [str(row.number) for row in rows if row.number]
    words = f"{first.table} / {first.scope} / {first.ours}"
    place = f"row {', '.join(numbers)}" if numbers else ""
    at = (f"第 {'、'.join(numbers)} 行 ", f"row {' and '.join(numbers)}, ") if numbers else ("", "")
    return Problem.of(code, f"{at[0]}{words}: {zh}", f"{at[1]}{words}: {en}", path=place)


@attrs.frozen
class CodeDiff:
    """What an import would change.

    :param changed: pairs of the row as it is and as it would be.

    .. versionadded:: 0.1
    """

    added: tuple[CodeRow, ...]
    changed: tuple[tuple[CodeRow, CodeRow], ...]
    removed: tuple[CodeRow, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def diff(before: Iterable[CodeRow], after: Iterable[CodeRow]) -> CodeDiff:
    """What changes from `before` to `after`; rows are the same when table, scope, our code and `valid_from` are.

    .. versionadded:: 0.1
    """
    old, new = {row.key: row for row in before}, {row.key: row for row in after}
    return CodeDiff(
        tuple(row for key, row in new.items() if key not in old),
        tuple((old[key], row) for key, row in new.items() if key in old and old[key] != row),
        tuple(row for key, row in old.items() if key not in new),
    )
