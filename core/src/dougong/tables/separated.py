"""CSV, the text side of `files`: encodings, quotes, line numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from dougong.tables.cells import TableFileError, problem

__all__ = ["dump", "read"]


def read(content: bytes, name: str) -> list[tuple[int, list[tuple[str, str]]]]:
    """Lines with their number and their cells, each with its address (`:12` and column letter is for sheets).

    :raises TableFileError: neither UTF-8 nor GB18030, or not CSV.
    """
    text = _decode(content, name)
    lines: list[tuple[int, list[tuple[str, str]]]] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 1
    try:
        for cells in reader:
            lines.append((number, [(f":{number}", cell) for cell in cells]))
            number = reader.line_num + 1
    except csv.Error as error:
        raise TableFileError(
            problem(name, f":{number}", f"不是规范的 CSV: {error}", f"this is not CSV: {error}")
        ) from None
    return lines


def _decode(content: bytes, name: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
        break
    raise TableFileError(
        problem(
            name,
            "",
            "文件编码既不是 UTF-8 也不是 GB18030",
            "the file is neither UTF-8 nor GB18030 text",
            hint_zh="请在 Excel 中另存为“CSV UTF-8 (逗号分隔)”",
            hint_en='save it in Excel as "CSV UTF-8 (comma delimited)"',
        )
    )


def dump(lines: Sequence[Sequence[str]]) -> bytes:
    """CSV with BOM, every cell in quotes, lines ending as RFC 4180 says."""
    file = io.StringIO(newline="")
    csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(lines)
    return file.getvalue().encode("utf-8-sig")
