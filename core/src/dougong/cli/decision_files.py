"""Rows that come into a project's decision tables, and rows that they lack; the files stay the truth.

One sheet for all tables: `table`, then every key column, then every result column (with `→`), then dates and note. A
cell that does not belong to the row's table stays empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from dougong.cli.language import say
from dougong.model.problems import DougongError, Problem
from dougong.tables.cells import read_day
from dougong.tables.decisions import EMPTY, EMPTY_WORDS, DecisionTable, TableError, is_empty
from dougong.tables.files import Row, Table, read_table, write_table

if TYPE_CHECKING:
    from dougong.accounting import RuleSet

__all__ = [
    "CODES",
    "Change",
    "TodoRow",
    "Update",
    "all_rows",
    "missing_sheet",
    "split_sheet",
    "tables_of",
    "unfilled",
    "update",
]

#: Stands in the column `table` for rows of the code tables: `codes/department`.
CODES = "codes/"
_DAYS = ("valid_from", "valid_to")
_DATES = (*_DAYS, "note")
#: Facts of a table's problem that number its rows.
_ROWS = ("row", "first", "second")


@attrs.frozen
class TodoRow:
    """A row that is missing.

    :param table: name of the decision table, or `codes/NAME`. :param keys: key column → value, blank = no value.
    :param count: problems that it would solve. :param amount: money that waits; `None` where nothing tells it.
    """

    table: str
    keys: Mapping[str, str]
    count: int
    amount: Decimal | None


@attrs.frozen
class Change:
    """One row of a table's file that is new or differs; `before` is `None` for a new one."""

    row: Mapping[str, str]
    before: Mapping[str, str] | None


@attrs.frozen
class Update:
    """A table's file as it would be.

    :param path: relative to the project.
    """

    path: str
    table: Table
    changes: tuple[Change, ...]


def tables_of(rules: Iterable[RuleSet]) -> dict[str, DecisionTable]:
    """Decision tables by name.

    :raises DougongError: `TABLE_AMBIGUOUS`: rules files use one name for different files.
    """
    found: dict[str, DecisionTable] = {}
    for one in rules:
        for name, table in one.tables.items():
            known = found.setdefault(name, table)
            if known.path != table.path:
                raise DougongError(_ambiguous(name, known.path, table.path))
    return found


def missing_sheet(rows: Sequence[TodoRow], tables: Mapping[str, DecisionTable]) -> Table:
    """The missing rows as one sheet, results left empty for a person to fill in."""
    keys, results = _columns([tables[row.table] for row in rows if row.table in tables])
    if any(row.table.startswith(CODES) for row in rows):
        keys, results = [*keys, "scope", "ours"], [*results, "→theirs"]
    header = ["table", *keys, *results, *_DATES]
    empty = say(*EMPTY_WORDS)
    lines = [{"table": row.table, **{name: value or empty for name, value in row.keys.items()}} for row in rows]
    return Table.of(header, lines, "missing")


def all_rows(folder: Path, tables: Mapping[str, DecisionTable]) -> Table:
    """Every row of every table as one sheet."""
    keys, results = _columns(tables.values())
    lines = []
    for name, table in tables.items():
        raw = read_table(folder / table.path, table.path)
        lines += [
            {"table": name, **{_titled(column, table): cell for column, cell in row.cells.items()}} for row in raw.rows
        ]
    return Table.of(["table", *keys, *results, *_DATES], lines, "tables")


def _columns(tables: Iterable[DecisionTable]) -> tuple[list[str], list[str]]:
    seen = list(tables)
    keys = list(dict.fromkeys(key for table in seen for key in table.keys))
    return keys, list(dict.fromkeys(f"→{result}" for table in seen for result in table.results))


def _titled(column: str, table: DecisionTable) -> str:
    bare = column.removeprefix("→").strip()
    return f"→{bare}" if bare in table.results else bare


def split_sheet(sheet: Table, only: str | None, known: Iterable[str]) -> dict[str, list[Row]]:
    """Rows by table; those whose results are all empty are left out: nobody has filled them in yet.

    :param only: the table of a file without the column `table`.
    :raises DougongError: `TABLE_UNKNOWN`, with the row.
    """
    results = [column for column in sheet.header if column.startswith("→")]
    names = list(known)
    found: dict[str, list[Row]] = {}
    for row in sheet.rows:
        name = row.cells.get("table") or only or ""
        if name not in names and not name.startswith(CODES):
            raise DougongError(_unknown(sheet.name, row.number, name, names))
        if any(row.cells[column] for column in results):
            found.setdefault(name, []).append(row)
    return found


def unfilled(sheet: Table) -> list[str]:
    """Rows that nobody has filled in yet, as people find them: `row 2: expense_account fee_type=培训费`."""
    results = [column for column in sheet.header if column.startswith("→")]
    waiting = [row for row in sheet.rows if not any(row.cells[column] for column in results)]
    return [say(f"第 {row.number} 行", f"row {row.number}") + f": {_named(row, results)}".rstrip() for row in waiting]


def _named(row: Row, results: Sequence[str]) -> str:
    left_out = ("table", *results, *_DATES)
    keys = (f"{column}={cell}" for column, cell in row.cells.items() if cell and column not in left_out)
    return " ".join((row.cells.get("table", ""), *keys)).strip()


def update(folder: Path, table: DecisionTable, rows: Sequence[Row]) -> Update:
    """The table's file with these rows in it: rows with the same keys and first day are replaced, others are added.

    :raises TableError: one of them could not be used (a tie, a blank key, a wrong date).
    """
    raw = read_table(folder / table.path, table.path)
    header = list(raw.header) + [
        name for name in _DATES if any(row.cells.get(name) for row in rows) and name not in raw.header
    ]
    lines: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in raw.rows:
        lines.setdefault(_key(row.cells, table), []).append(_spelt(row.cells))
    changes = []
    for row in rows:
        cells = _own(row.cells, table)
        line = _spelt({column: cells.get(_titled(column, table), "") for column in header})
        before = lines.get(_key(line, table), [])
        if len(before) != 1 or any(before[0].get(column, "") != line[column] for column in header):
            changes.append(Change(line, before[0] if before else None))
            lines[_key(line, table)] = [line]
    made = Table.of(header, (line for same in lines.values() for line in same), table.path)
    _refuse_wrong(DecisionTable.from_table(made, table.name, table.path), made, changes)
    return Update(table.path, made, tuple(changes))


def _refuse_wrong(checked: DecisionTable, made: Table, changes: Sequence[Change]) -> None:
    """What is wrong with the rows that come in; what was wrong in the file before keeps nobody from mending the rest.

    :raises TableError: with all of it.
    """
    fresh = {str(row.number) for row in made.rows if any(row.cells == change.row for change in changes)}
    told = [one for one in checked.problems if fresh & {one.facts.get(key) for key in _ROWS}]
    if told:
        raise TableError(told)


def _own(cells: Mapping[str, str], table: DecisionTable) -> dict[str, str]:
    """The cells by the table's own columns; a column that is a key here may be a result of another table's."""
    titled = {column: _titled(column, table) for column in cells}
    return {name: cells[column] for column, name in titled.items() if name == column or name not in cells}


def _one_spelling(cell: str) -> str:
    """What stands for no value is written in one way in the files, whatever the language of who filled it in."""
    return EMPTY if is_empty(cell) else cell


def _spelt(cells: Mapping[str, str]) -> dict[str, str]:
    """A row with no value and days written in one way; a day that is none stays, and is told."""
    return {name: _one_day(cell) if name in _DAYS else _one_spelling(cell) for name, cell in cells.items()}


def _one_day(cell: str) -> str:
    try:
        return read_day(cell).isoformat()
    except ValueError:
        return cell


def _key(cells: Mapping[str, str], table: DecisionTable) -> tuple[str, ...]:
    return (*(_one_spelling(cells.get(key, "")) for key in table.keys), _one_day(cells.get("valid_from", "")))


def write(folder: Path, changed: Update) -> None:
    """Put the file in its place, completely or not at all."""
    write_table(changed.table, folder / changed.path)


def _ambiguous(name: str, one: str, two: str) -> Problem:
    return Problem.of(
        "TABLE_AMBIGUOUS",
        f"表 {name} 在不同规则文件中是不同文件: {one}, {two}",
        f"the name {name} means {one} in one rules file and {two} in another",
        hint_zh="请直接编辑文件, 或在规则中用不同名称",
        hint_en="edit the files themselves, or give them different names in the rules",
    )


def _unknown(file: str, row: int, name: str, known: Sequence[str]) -> Problem:
    return Problem.of(
        "TABLE_UNKNOWN",
        f"{file} 第 {row} 行: 没有决策表 {name!r}",
        f"{file} row {row}: there is no decision table {name!r}",
        path=f"{file}:{row}",
        hint_zh=f"table 列须为 {', '.join(known)} 或 {CODES}表名; 单表文件请用 --table",
        hint_en=f"the column table holds one of {', '.join(known)} or {CODES}NAME; or give --table for the whole file",
    )
