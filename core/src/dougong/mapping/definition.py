"""A mapping file as written: TOML read strictly, every field with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from dougong.config.positions import key_lines
from dougong.expressions.names import did_you_mean
from dougong.mapping.errors import MappingError
from dougong.model.bookings import Voucher
from dougong.model.problems import Problem

__all__ = ["MAX_BYTES", "SOURCES", "Definition", "Field", "Rows", "read_definition"]

MAX_BYTES = 500_000
MAX_DEPTH = 10

#: What a mapping can be made from: the word behind `from`, and its class.
SOURCES: Mapping[str, type] = {"voucher": Voucher}

_SEGMENT = re.compile(r"[^\s.\[\]@#\"'=]+")


@attrs.frozen
class Field:
    """One line of two columns: a path in the target, an expression.

    :param path: segments below the table that it stands in; the last may be an attribute (`@currencyCode`).
    :param text: the expression; `None` reserves the place of an array (`"FEntity" = []`).
    """

    path: tuple[str, ...]
    text: str | None
    line: int

    @property
    def name(self) -> str:
        """The path as written."""
        return ".".join(self.path)


@attrs.frozen
class Rows:
    """One `[[rows]]`: an array of the target, filled from a list."""

    target: tuple[str, ...]
    each: str
    item: str | None
    when: str | None
    fields: tuple[Field, ...]
    line: int


@attrs.frozen
class Definition:
    """A mapping file. :param rows_first: whether `[[rows]]` stand before `[fields]`, and so in the output."""

    connector: str
    target: str
    source: str
    fields: tuple[Field, ...]
    rows: tuple[Rows, ...]
    rows_first: bool


def read_definition(text: str, path: str) -> Definition:
    """Read a mapping file.

    :param path: its name, for messages.
    :raises MappingError: `MAPPING_INVALID`, every problem at once.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise MappingError(Problem.of("MAPPING_INVALID", "映射文件过大", "the mapping file is too large", path=path))
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        zh, en = f"不是规范的 TOML: {error}", f"this is not TOML: {error}"
        raise MappingError(Problem.of("MAPPING_INVALID", zh, en, path=path)) from None
    reader = _Reader(path, key_lines(text))
    definition = reader.definition(data)
    if reader.problems:
        raise MappingError(reader.problems)
    return definition


@attrs.define
class _Reader:
    path: str
    lines: Mapping[tuple[str | int, ...], int]
    problems: list[Problem] = attrs.field(factory=list)

    def line(self, key: tuple[str | int, ...]) -> int:
        """The line of a key, or of the nearest table around it."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)

    def wrong(self, key: tuple[str | int, ...], zh: str, en: str, hint: tuple[str, str] = ("", "")) -> None:
        """Note a problem at a key."""
        place = f"{self.path}:{self.line(key)}"
        self.problems.append(Problem.of("MAPPING_INVALID", zh, en, path=place, hint_zh=hint[0], hint_en=hint[1]))

    def definition(self, data: dict[str, Any]) -> Definition:
        self.known((), data, ("connector", "target", "from", "fields", "rows"))
        connector, target, source = (self.text((), data, key, required=True) for key in ("connector", "target", "from"))
        if source and source not in SOURCES:
            self.wrong(("from",), f"from 不能是 {source}", f"from cannot be {source}", did_you_mean(source, SOURCES))
        rows = data.get("rows", [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self.wrong(("rows",), "rows 须写成 [[rows]]", "rows are written as [[rows]]")
            rows = []
        order = list(data)
        return Definition(
            connector or "",
            target or "",
            source or "",
            self.fields(("fields",), data.get("fields", {})),
            tuple(self.rows(index, row) for index, row in enumerate(rows)),
            "rows" in data and "fields" in data and order.index("rows") < order.index("fields"),
        )

    def rows(self, index: int, row: dict[str, Any]) -> Rows:
        key = ("rows", index)
        self.known(key, row, ("target", "each", "as", "when", "fields"))
        target = self.text(key, row, "target", required=True) or "rows"
        if not row.get("fields"):
            self.wrong(key, "缺少 [rows.fields]", "[rows.fields] is missing")
        return Rows(
            self.segments((*key, "target"), target, attribute=False),
            self.text(key, row, "each", required=True) or "",
            self.text(key, row, "as"),
            self.text(key, row, "when"),
            self.fields((*key, "fields"), row.get("fields", {})),
            self.line(key),
        )

    def fields(self, key: tuple[str | int, ...], table: Any) -> tuple[Field, ...]:
        if not isinstance(table, dict):
            self.wrong(key, "fields 须为表", "fields must be a table")
            return ()
        return tuple(self._fields(key, (), table))

    def _fields(self, key: tuple[str | int, ...], above: tuple[str, ...], table: dict[str, Any]) -> Iterator[Field]:
        """Fields of a table and of tables below it: `"A.B"` and `A.B` mean the same."""
        for name, value in table.items():
            place = (*key, name)
            path = (*above, *self.segments(place, name, attribute=True))
            if isinstance(value, dict) and value:
                yield from self._fields(place, path, value)
            elif isinstance(value, str) or value == []:
                yield Field(path, value or None if isinstance(value, str) else None, self.line(place))
                if value == "":
                    self.wrong(place, f"{name} 的表达式为空", f"the expression of {name} is empty")
            else:
                shown = str(value).lower() if isinstance(value, bool) else str(value)
                hint = f'请写成 "{shown}"', f'write "{shown}"'
                zh, en = f"{name} 的右边须为引号中的表达式", f"the right side of {name} must be an expression in quotes"
                self.wrong(place, zh, en, hint if isinstance(value, (int, float)) else ("", ""))

    def segments(self, key: tuple[str | int, ...], path: str, *, attribute: bool) -> tuple[str, ...]:
        segments = tuple(path.split("."))
        if len(segments) > MAX_DEPTH:
            self.wrong(key, f"路径超过 {MAX_DEPTH} 层", f"the path is more than {MAX_DEPTH} deep")
        for index, segment in enumerate(segments):
            last = index == len(segments) - 1
            bare = segment.removeprefix("@") if attribute and last else segment
            if not _SEGMENT.fullmatch(bare):
                zh, en = f"{path!r} 不是字段路径", f"{path!r} is no path of a field"
                hint = "写法: FEntity, FACCOUNTID.FNumber, Amount.@currencyCode"
                self.wrong(key, zh, en, (hint, hint.replace("写法", "such as")))
                break
        return segments

    def known(self, key: tuple[str | int, ...], table: dict[str, Any], names: tuple[str, ...]) -> None:
        for name in table:
            if name not in names:
                hint = did_you_mean(name, names)
                self.wrong((*key, name), f"未知的键 {name}", f"unknown key {name}", hint)

    def text(
        self, key: tuple[str | int, ...], table: dict[str, Any], name: str, *, required: bool = False
    ) -> str | None:
        value = table.get(name)
        if isinstance(value, str) and value.strip():
            return value
        if value is not None or required:
            self.wrong((*key, name), f"{name} 须为非空文本", f"{name} must be a text")
        return None
