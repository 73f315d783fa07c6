"""Code rows as files that people change in a spreadsheet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path

import attrs

from dougong.expressions.names import did_you_mean
from dougong.model.problems import Problem
from dougong.tables.cells import DAY_HINT, TableFileError, no_day, read_day
from dougong.tables.code_rows import COLUMNS, EVERYWHERE, CodeError, CodeRow
from dougong.tables.files import Table, read_table, write_table

__all__ = ["code_table_file", "read_code_row", "read_code_rows", "write_code_rows"]


def read_code_rows(source: Path | bytes, name: str = "") -> list[CodeRow]:
    """Read code rows from CSV or XLSX; the column `→theirs` may be written without the arrow, an empty scope means `*`.

    :raises TableFileError: the file cannot be read as a table. :raises CodeError: with every row that is wrong.

    .. versionadded:: 0.1
    """
    table = read_table(source, name)
    names = {column.removeprefix("→").strip(): column for column in table.header}
    _check_columns(table, names)
    problems: list[Problem] = []
    rows = []
    for row in table.rows:
        made, wrong = read_code_row({name: row.cells[column] for name, column in names.items()}, row.number)
        rows.append(made)
        problems += [attrs.evolve(p, path=f"{table.name}:{row.number}") for p in wrong]
    if problems:
        raise CodeError(problems)
    return rows


def _check_columns(table: Table, names: Mapping[str, str]) -> None:
    known = [column.removeprefix("→") for column in COLUMNS]
    problems = []
    for unknown in [name for name in names if name not in known]:
        zh, en = did_you_mean(unknown, known)
        problems.append(
            Problem.of(
                "TABLE_INVALID",
                f"未知的列 {unknown}",
                f"unknown column {unknown}",
                path=table.name,
                hint_zh=zh,
                hint_en=en,
            )
        )
    for missing in [name for name in ("table", "ours", "theirs") if name not in names]:
        hint = f"须有的列: {', '.join(COLUMNS)}", f"the columns are {', '.join(COLUMNS)}"
        problems.append(
            Problem.of(
                "TABLE_INVALID",
                f"缺少列 {missing}",
                f"the column {missing} is missing",
                path=table.name,
                hint_zh=hint[0],
                hint_en=hint[1],
            )
        )
    if problems:
        raise TableFileError(problems)


def read_code_row(cells: Mapping[str, str], number: int) -> tuple[CodeRow, list[Problem]]:
    """A row of a file, and everything that is wrong with it by itself.

    :param cells: by column without arrow; `table`, `ours` and `theirs` are among them. :param number: the row's.

    .. versionadded:: 0.1
    """
    dates: dict[str, dt.date | None] = {}
    problems = []
    for name in ("valid_from", "valid_to"):
        text = cells.get(name, "")
        try:
            dates[name] = read_day(text) if text else None
        except ValueError:
            dates[name] = None
            problems.append(Problem("CODE_ROW_INVALID", no_day(name, text), hint=DAY_HINT))
    made = CodeRow(
        cells["table"],
        cells.get("scope") or EVERYWHERE,
        cells["ours"],
        cells["theirs"],
        dates["valid_from"],
        dates["valid_to"],
        cells.get("note", ""),
        number,
    )
    return made, [*problems, *made.problems()]


def code_table_file(rows: Iterable[CodeRow], name: str = "codes") -> Table:
    """The rows as a table with the columns of a code file, to be written.

    .. versionadded:: 0.1
    """
    lines = (dict(zip(COLUMNS, row.to_ledger(), strict=True)) for row in rows)
    return Table.of(COLUMNS, lines, name)


def write_code_rows(rows: Iterable[CodeRow], path: Path) -> None:
    """Write code rows to a CSV or XLSX file; `read_code_rows` gives them back unchanged.

    .. versionadded:: 0.1
    """
    write_table(code_table_file(rows, path.stem), path)
