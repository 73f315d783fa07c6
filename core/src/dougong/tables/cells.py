"""Cells: what is taken off and what is refused when they are read, what protects them when they are written."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

from dougong.model.problems import InputError, Problem, Text

__all__ = [
    "BLANKS",
    "DAY_HINT",
    "MAX_CELL",
    "TableFileError",
    "clean",
    "no_day",
    "problem",
    "protect",
    "read_day",
    "unprotect",
    "writable",
]

MAX_CELL = 10_000
#: How a day may be written in a file that people keep.
DAY_HINT = Text(
    "写成 2026-01-31 或 2026/1/31 (年在前), 或用 Excel 的日期单元格",
    "write 2026-01-31 or 2026/1/31, year first, or use a date cell of Excel",
)

#: Taken off at both ends of a cell: nobody sees them, and `差旅费 ` is not meant to differ from `差旅费`.
BLANKS = " \t\r\n\u3000\u00a0"

#: What a spreadsheet takes for the start of a formula.
_DANGEROUS = "=+-@\t\r"
#: Characters that nobody sees and that make two equal-looking codes different.
_INVISIBLE = {0x200B, 0x2060, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}


class TableFileError(InputError):
    """A table that cannot be read; it carries every problem of the file. Nothing of it was taken."""


def problem(name: str, where: str, zh: str, en: str, *, hint_zh: str = "", hint_en: str = "") -> Problem:
    """A problem of a table at `where` (`!B3`, `:12`)."""
    return Problem.of("TABLE_INVALID", zh, en, path=f"{name}{where}", hint_zh=hint_zh, hint_en=hint_en)


def _needs_protection(cell: str) -> bool:
    bare = cell.lstrip("'")
    if not bare or (cell == bare and _is_plain_number(cell)):
        return False
    return unicodedata.normalize("NFKC", bare[0])[:1] in tuple(_DANGEROUS)


def _is_plain_number(cell: str) -> bool:
    """A negative amount is not a formula, and people want to add it up."""
    return re.fullmatch(r"-[0-9]+(\.[0-9]+)?", cell, re.ASCII) is not None


def protect(cell: str) -> str:
    """`cell` with an apostrophe in front where a spreadsheet would take it for a formula, also once normalised.

    A plain negative decimal such as `-12.50` is left alone.

    .. versionadded:: 0.1
    """
    return f"'{cell}" if _needs_protection(cell) else cell


def unprotect(cell: str) -> str:
    """The cell that `protect` was given.

    .. versionadded:: 0.1
    """
    return cell[1:] if cell.startswith("'") and _needs_protection(cell[1:]) else cell


def clean(name: str, where: str, text: str, problems: list[Problem]) -> str:
    """The text of a cell: NFC, no blanks at the ends, no export's apostrophe; invisible characters are refused."""
    cell = unprotect(unicodedata.normalize("NFC", text).strip(BLANKS))
    if len(cell) > MAX_CELL:
        problems.append(problem(name, where, f"超过 {MAX_CELL} 个字符", f"more than {MAX_CELL} characters"))
    bad = {character for character in cell if _is_invisible(character)}
    for character in sorted(bad):
        shown = f"U+{ord(character):04X}"
        hint = "请删去后重新输入", "delete it and type the text again"
        zh, en = f"含不可见字符 {shown}", f"it contains the invisible character {shown}"
        problems.append(problem(name, where, zh, en, hint_zh=hint[0], hint_en=hint[1]))
    return cell


def _is_invisible(character: str) -> bool:
    return ord(character) in _INVISIBLE or (unicodedata.category(character) == "Cc" and character not in "\t\n\r")


def writable(cell: str) -> str:
    """The text as it can stand in a file: NFC, no blanks at the ends, U+FFFD for what cannot be written."""
    visible = "".join("\ufffd" if _is_invisible(c) or 0xD800 <= ord(c) <= 0xDFFF else c for c in cell)
    return unicodedata.normalize("NFC", visible).strip(BLANKS)


def read_day(text: str) -> dt.date:
    """A date as people and spreadsheets write it: `2026-01-31`, `2026/1/31`.

    :raises ValueError: anything else; day and month are never guessed.
    """
    match = re.fullmatch(r"(\d{4})([-/])(\d{1,2})\2(\d{1,2})", text, re.ASCII)
    if not match:
        raise ValueError(f"{text!r} is no date")
    return dt.date(int(match[1]), int(match[3]), int(match[4]))


def no_day(column: str, text: str) -> Text:
    """That a cell holds no date, or one that could be read in two ways; `DAY_HINT` says how to write it."""
    return Text(f"{column} 的 {text!r} 不是可确定的日期", f"{text!r} in {column} is no date that is certain")
