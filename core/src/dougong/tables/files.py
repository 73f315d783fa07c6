"""CSV and XLSX as people keep them: read strictly and completely, written so that a spreadsheet shows what we meant.

Reading repairs nothing by guessing; every problem of a file is told at once, with row and column (posting-rules.md §4).
Writing is safe to open: no cell can become a formula (reliability.md §9), and reading takes the protection off again.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

import attrs

from dougong.model.problems import Problem
from dougong.tables import separated, sheets
from dougong.tables.cells import BLANKS, TableFileError, clean, problem, protect, unprotect, writable
from dougong.tables.sheets import MAX_ROWS

__all__ = [
    "DATE_COLUMNS",
    "MAX_BYTES",
    "MAX_COLUMNS",
    "MAX_ROWS",
    "Row",
    "Table",
    "TableFileError",
    "dump_table",
    "protect",
    "read_own_table",
    "read_table",
    "unprotect",
    "write_table",
]

MAX_BYTES = 20 * 2**20
MAX_COLUMNS = 200

#: Columns in which a spreadsheet's date cell is a date; anywhere else it is a code that the spreadsheet has changed.
DATE_COLUMNS = frozenset({"valid_from", "valid_to", "date"})


@attrs.frozen
class Row:
    """One row.

    :param number: as a person sees it: the row of the sheet, the line of the text file; the header is usually 1.
    :param cells: column name → text, without blanks at the ends; empty cells are empty texts.
    :param problems: why it cannot be read as it stands; `doubtful` the columns whose cells may mean something else.
    """

    number: int
    cells: Mapping[str, str] = attrs.field(hash=False)
    problems: tuple[Problem, ...] = ()
    doubtful: frozenset[str] = frozenset()


@attrs.frozen
class Table:
    """A table: a header and rows of texts.

    :param name: file name, for messages.

    .. versionadded:: 0.1
    """

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    name: str = ""

    @classmethod
    def of(cls, header: Iterable[str], rows: Iterable[Mapping[str, str]], name: str = "") -> Table:
        """A table from plain dicts, numbered as it will stand in a file (header in row 1); missing cells are empty."""
        columns = tuple(header)
        numbered = (
            Row(number, MappingProxyType({column: cells.get(column, "") for column in columns}))
            for number, cells in enumerate(rows, start=2)
        )
        return cls(columns, tuple(numbered), name)


def read_table(
    source: Path | bytes,
    name: str = "",
    *,
    dates: Collection[str] = DATE_COLUMNS,
    numbers: Collection[str] = (),
    strict: bool = True,
) -> Table:
    """Read a CSV or XLSX file; which one it is, its content says.

    CSV is UTF-8 (with or without BOM) or GB18030. In XLSX the first sheet counts, every cell is a text cell, and what
    Excel may have changed (`0601` into a number, `3-1` into a date) is refused with its address.

    :param source: a path, or the bytes of the file.
    :param name: what to call it in messages; the file's name unless given.
    :param dates: columns in which an XLSX date cell is welcome (as ISO text); CSV cells are texts always.
    :param numbers: columns in which an XLSX number cell is welcome.
    :param strict: refuse the file for any row; otherwise a row that cannot be read stays, with what is wrong with it.
    :raises TableFileError: with every problem found, up to fifty.

    .. versionadded:: 0.1
    """
    if isinstance(source, Path):
        name = name or source.name
        if source.stat().st_size > MAX_BYTES:
            raise TableFileError(_too_big(name))
        content = source.read_bytes()
    else:
        content = source
    name = name or "table"
    if len(content) > MAX_BYTES:
        raise TableFileError(_too_big(name))
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        zh, en = "这是旧版 Excel 97-2003 (.xls) 文件", "this is an old Excel 97-2003 (.xls) file"
        raise TableFileError(problem(name, "", zh, en, hint_zh="请另存为 .xlsx", hint_en="save it as .xlsx"))
    if content.startswith(b"PK\x03\x04"):
        raw, wrong = sheets.read(content, name, dates=frozenset(dates), numbers=frozenset(numbers))
    else:
        raw, wrong = separated.read(content, name), {}
    table = _checked(name, raw, wrong)
    if strict and (problems := [problem for row in table.rows for problem in row.problems]):
        raise TableFileError(problems[:50])
    return table


def read_own_table(path: Path, name: str) -> Table:
    """A table that rules name: a row that cannot be read keeps nobody from using the others.

    :raises TableFileError: the file is no table.

    .. versionadded:: 0.1
    """
    return read_table(path, name, strict=False)


def _too_big(name: str) -> Problem:
    limit = MAX_BYTES // 2**20
    return problem(name, "", f"文件超过 {limit} MiB", f"the file is larger than {limit} MiB")


def _checked(name: str, raw: list[tuple[int, list[tuple[str, str]]]], wrong: Mapping[str, Problem]) -> Table:
    """Header and rows from raw cells, each with its address; blank rows are passed over.

    :param wrong: address → why that cell has no text.
    """
    lines = [
        (number, cells) for number, cells in raw if any(text.strip(BLANKS) or where in wrong for where, text in cells)
    ]
    if not lines:
        raise TableFileError(problem(name, "", "表格为空", "the table is empty"))
    if len(lines) - 1 > MAX_ROWS:
        raise TableFileError(problem(name, "", f"超过 {MAX_ROWS} 行", f"more than {MAX_ROWS} rows"))
    header = _header(name, lines[0][1], wrong)
    return Table(header, tuple(_row(name, header, number, cells, wrong) for number, cells in lines[1:]), name)


def _header(name: str, cells: list[tuple[str, str]], wrong: Mapping[str, Problem]) -> tuple[str, ...]:
    problems = [wrong[where] for where, _ in cells if where in wrong]
    header = [clean(name, where, text, problems) for where, text in cells]
    while header and not header[-1]:
        header.pop()
    if len(header) > MAX_COLUMNS:
        raise TableFileError(problem(name, "", f"超过 {MAX_COLUMNS} 列", f"more than {MAX_COLUMNS} columns"))
    for (where, _), column in zip(cells, header, strict=False):
        if not column:
            problems.append(problem(name, where, "列名为空", "this column has no name"))
        elif header.count(column) > 1:
            problems.append(problem(name, where, f"列名 {column} 重复", f"the column name {column} stands twice"))
    if len(header) == 1 and any(separator in header[0] for separator in ";\t"):
        hint = "请另存为以逗号分隔的 CSV UTF-8", "save it as CSV UTF-8 (comma delimited)"
        zh, en = "列之间不是逗号", "the columns are not separated by commas"
        problems.append(problem(name, cells[0][0], zh, en, hint_zh=hint[0], hint_en=hint[1]))
    if problems:
        raise TableFileError(problems[:50])
    return tuple(header)


def _row(
    name: str, header: tuple[str, ...], number: int, cells: list[tuple[str, str]], wrong: Mapping[str, Problem]
) -> Row:
    found = dict.fromkeys(header, "")
    problems: list[Problem] = []
    doubtful: set[str] = set()
    for column, (where, text) in zip(header, cells, strict=False):
        before = len(problems)
        problems += [wrong[where]] if where in wrong else []
        found[column] = clean(name, where, text, problems)
        doubtful |= {column} if len(problems) > before else set()
    for where, text in cells[len(header) :]:
        if text.strip(BLANKS) or where in wrong:
            zh, en = "此格不属于任何列", "this cell belongs to no column"
            hint = "是否多了一个逗号, 或少了列名?", "is there a comma too many, or a column name missing?"
            problems.append(problem(name, where, zh, en, hint_zh=hint[0], hint_en=hint[1]))
            doubtful = {*header}  # any cell before it may stand one column too far
    return Row(number, MappingProxyType(found), tuple(problems), frozenset(doubtful))


def dump_table(table: Table, format: str) -> bytes:
    """A table as the bytes of a file.

    CSV has a BOM, so that Excel in China shows it correctly, and quotes every cell; in XLSX every cell is a text cell.
    Characters that cannot stand in such files are replaced by U+FFFD.

    :param format: `csv` or `xlsx`.
    :raises ValueError: for another format.

    .. versionadded:: 0.1
    """
    lines = [table.header, *([row.cells.get(column, "") for column in table.header] for row in table.rows)]
    texts = [[protect(writable(cell)) for cell in line] for line in lines]
    if format == "csv":
        return separated.dump(texts)
    if format == "xlsx":
        return sheets.dump(texts, table.name)
    raise ValueError(f"a table is written as csv or xlsx, not as {format!r}")


def write_table(table: Table, path: Path) -> None:
    """Write a table to a `.csv` or `.xlsx` file, completely or not at all.

    :raises ValueError: for another suffix.

    .. versionadded:: 0.1
    """
    content = dump_table(table, path.suffix.removeprefix(".").lower())
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        # a temporary file is its maker's alone; a table is as open as the file before it, or as any new file
        Path(temporary).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    """What the process leaves out of a new file's mode; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
