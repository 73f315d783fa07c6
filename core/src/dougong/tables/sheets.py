"""XLSX, the spreadsheet side of `files`: text cells only, no formulas, no bombs."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
import zlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import attrs

from dougong.model.problems import Problem
from dougong.tables.cells import DAY_HINT, TableFileError, problem

__all__ = ["MAX_ROWS", "dump", "read"]

MAX_ROWS = 100_000
MAX_EXPANDED = 100 * 2**20
MAX_RATIO = 200
MAX_ENTRIES = 500

#: What openpyxl raises for a file that is no workbook, or half of one.
_UNREADABLE = (
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    OSError,
    SyntaxError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
)


def read(
    content: bytes, name: str, *, dates: frozenset[str], numbers: frozenset[str]
) -> tuple[list[tuple[int, list[tuple[str, str]]]], dict[str, Problem]]:
    """Rows of the first sheet with their number and their cells, each with its address; and what is wrong with cells.

    :returns: the second part by the address of the cell.

    :raises TableFileError: not a workbook, too big when expanded, or with a document type inside.
    """
    _check_archive(content, name)
    from openpyxl import load_workbook

    reader = _Reader(name, dates, numbers)
    try:
        workbook = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        sheet = workbook.worksheets[0]
        sheet.reset_dimensions()
        for number, cells in enumerate(sheet.iter_rows(), start=1):
            reader.take(number, cells)
            if len(reader.lines) > MAX_ROWS + 1:
                break
        workbook.close()
    except _UNREADABLE as error:
        zh, en = f"不是可读的 Excel 工作簿: {error}"[:200], f"this is not a readable Excel workbook: {error}"[:200]
        raise TableFileError(problem(name, "", zh, en)) from error
    return reader.lines, reader.problems


def _check_archive(content: bytes, name: str) -> None:
    """Refuse what would grow out of all proportion, before anything parses it."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            expanded = sum(entry.file_size for entry in entries)
            bomb = expanded > MAX_EXPANDED or expanded > max(len(content) * MAX_RATIO, 2**20)
            if bomb or len(entries) > MAX_ENTRIES:
                zh, en = "解压后过大, 拒绝读取", "it would be far too large when expanded and is not read"
                raise TableFileError(problem(name, "", zh, en))
            for entry in entries:
                if entry.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in archive.read(entry):
                    zh, en = "工作簿内含 DOCTYPE, 拒绝读取", "the workbook contains a DOCTYPE and is not read"
                    raise TableFileError(problem(name, "", zh, en))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error) as error:
        zh, en = (
            "不是可读的 Excel 工作簿 (已损坏或加密)",
            "this is not a readable Excel workbook (damaged or encrypted)",
        )
        raise TableFileError(problem(name, "", zh, en)) from error


@attrs.define
class _Reader:
    """Takes rows of openpyxl's cells and keeps texts, addresses and problems."""

    name: str
    dates: frozenset[str]
    numbers: frozenset[str]
    lines: list[tuple[int, list[tuple[str, str]]]] = attrs.field(factory=list)
    problems: dict[str, Problem] = attrs.field(factory=dict)

    def take(self, number: int, cells: Sequence[Any]) -> None:
        """Take one row; rows without any value are passed over."""
        if all(cell.value is None for cell in cells):
            return
        from openpyxl.utils import get_column_letter

        header = [text.strip() for _, text in self.lines[0][1]] if self.lines else []
        header += [""] * (len(cells) - len(header))
        found = []
        for index, (cell, column) in enumerate(zip(cells, header, strict=False), start=1):
            where = f"!{get_column_letter(index)}{number}"
            found.append((where, self.text(where, cell, column)))
        self.lines.append((number, found))

    def text(self, where: str, cell: Any, column: str) -> str:
        """The text of a cell; what is none is refused, except where the column is known to hold dates or numbers."""
        value, kind = cell.value, cell.data_type
        if value is None:
            return ""
        if kind in ("s", "str", "inlineStr"):
            return str(value)
        if kind == "d" and column in self.dates and _is_day(value):
            return value.date().isoformat() if isinstance(value, dt.datetime) else str(value)
        if kind == "n" and column in self.numbers:
            return format(Decimal(repr(value)), "f")
        self.problems[where] = _wrong_cell(self.name, where, kind, value, day=column in self.dates)
        return ""


def _is_day(value: Any) -> bool:
    return isinstance(value, dt.date) and (not isinstance(value, dt.datetime) or value.time() == dt.time())


def _wrong_cell(name: str, where: str, kind: str, value: Any, *, day: bool) -> Problem:
    hint = "请将该列设为“文本”格式后重新输入", "format the column as text and type the value again"
    if kind == "f":
        zh, en = "含公式", "it contains a formula"
        hint = "请粘贴为值", "paste it as a value"
    elif day and kind in "nd":
        zh, en = f"{value} 不是日期", f"{value} is no date"
        hint = DAY_HINT.zh, DAY_HINT.en
    elif kind == "n":
        zh, en = (
            f"是数字 {value}, 此处应为文本: 是否原为 0{value}?",
            f"it is the number {value} where text is expected: was it 0{value}?",
        )
    elif kind == "d":
        zh, en = f"是日期 {value}, 此处应为文本", f"it is the date {value} where text is expected: did Excel change it?"
    elif kind == "e":
        zh, en = f"是错误值 {value}", f"it is the error {value}"
    else:
        zh, en = f"是 {value}, 此处应为文本", f"it is {value} where text is expected"
    return problem(name, where, zh, en, hint_zh=hint[0], hint_en=hint[1])


def dump(lines: Sequence[Sequence[str]], title: str) -> bytes:
    """A workbook with one sheet of text cells."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("".join(c for c in title if c not in "[]:*?/\\'")[:31] or "table")
    sheet.freeze_panes = "A2"
    for line in lines:
        cells = []
        for text in line:
            cell = WriteOnlyCell(sheet)
            cell.value = text or None
            if text:
                cell.data_type = "s"  # never a formula, whatever it starts with
            cell.number_format = "@"
            cells.append(cell)
        sheet.append(cells)
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()
