"""The strict reading of a rules file: TOML into the classes of `rulefile`, every mistake with file, line and key."""

from __future__ import annotations

import datetime as dt
import functools
import tomllib
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import attrs

from dougong.config.errors import Places, did_you_mean
from dougong.config.positions import key_lines
from dougong.model.money import parse_decimal
from dougong.model.problems import DougongError, InputError, Problem, Text

__all__ = ["FieldPath", "Reading", "RulesError", "parse", "public_fields", "read_text", "refused"]

FieldPath = tuple[str | int, ...]
_T = TypeVar("_T")


class RulesError(DougongError):
    """A rules file cannot be used as it is; every problem names file, line and key.

    .. versionadded:: 0.1
    """


class _Float(str):
    """A TOML float as it was written; never turned into a number."""

    __slots__ = ()


def refused(code: str, zh: str, en: str, hint: Text | None = None) -> Problem:
    """A problem of a rules file, before its place is known."""
    return Problem(code, Text(zh, en), hint=hint or Text("", ""))


def read_text(path: Path) -> str:
    """The text of a file, with or without a BOM.

    :raises RulesError: `RULES_FILE`.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        problem = refused("RULES_FILE", f"无法读取 {path.name}: {error}", f"{path.name} cannot be read: {error}")
        raise RulesError(attrs.evolve(problem, path=path.name)) from None


def parse(text: str, file: Path) -> tuple[dict[str, Any], Places]:
    """The TOML of a rules file and where each key stands.

    :raises RulesError: `RULES_SYNTAX` for what is no TOML.
    """
    try:
        data = tomllib.loads(text, parse_float=_Float)
    except tomllib.TOMLDecodeError as error:
        problem = refused(
            "RULES_SYNTAX", f"{file.name}: 不是合法的 TOML: {error}", f"{file.name}: not valid TOML: {error}"
        )
        raise RulesError(attrs.evolve(problem, path=str(file.name))) from None
    return data, Places(file, key_lines(text))


_hints = functools.cache(typing.get_type_hints)


def public_fields(cls: type[Any]) -> dict[str, attrs.Attribute[Any]]:
    """The keys that a section may have: the class's fields without those that only the program fills."""
    return {field.name: field for field in attrs.fields(cls) if not field.metadata.get("internal")}


@attrs.define
class Reading:
    """One pass over a file, collecting problems instead of stopping at the first."""

    places: Places
    problems: list[Problem] = attrs.field(factory=list)

    def refuse(self, path: FieldPath, problem: Problem) -> None:
        """Note a problem at `path`."""
        self.problems.append(self.places.at(path, problem))

    def finish(self) -> None:
        """:raises RulesError: when anything was refused."""
        if self.problems:
            raise RulesError(self.problems)

    def table(self, data: Any, path: FieldPath) -> Mapping[str, Any]:
        """`data` if it is a table."""
        if isinstance(data, dict):
            return data
        self.refuse(path, refused("RULES_TYPE", "这里应是一个表 [...]", "a table [...] is expected here"))
        return {}

    def section(self, cls: type[_T], data: Any, path: FieldPath, **internal: Any) -> _T | None:
        """A section as its class; `None` when something in it was refused."""
        before, table, fields = len(self.problems), self.table(data, path), public_fields(cls)
        hints = _hints(typing.cast("Any", cls))
        self.unknown(table, fields, path)
        values = dict(internal)
        for name, field in fields.items():
            if name in table:
                values[name] = self.value(table[name], hints[name], (*path, name))
            elif field.default is attrs.NOTHING:
                about = field.metadata.get("help", "")
                self.refuse(path, refused("RULES_MISSING_KEY", f"缺少 {name}: {about}", f"{name} is missing: {about}"))
        return cls(**values) if len(self.problems) == before else None

    def unknown(self, table: Mapping[str, Any], known: Iterable[str], path: FieldPath) -> None:
        """Refuse keys that nobody reads."""
        names = list(known)
        for name in table:
            if name not in names:
                problem = refused(
                    "RULES_UNKNOWN_KEY", f"未知的键 {name!r}", f"unknown key {name!r}", did_you_mean(name, names)
                )
                self.refuse((*path, name), problem)

    def value(self, data: Any, hint: Any, path: FieldPath) -> Any:
        """`data` as `hint` says, or a refusal."""
        if isinstance(data, _Float):
            self.refuse(path, refused("RULES_FLOAT", "金额和比率写成文本", "amounts and rates are text", _quoted(data)))
            return None
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in (types.UnionType, typing.Union):
            return self.value(data, _chosen(data, arguments), path)
        if origin is typing.Literal:
            return self.choice(data, arguments, path)
        if origin is tuple:
            return self.items(data, arguments[0], path)
        if origin is not None and issubclass(origin, Mapping):
            return {
                name: self.value(item, arguments[1], (*path, name)) for name, item in self.table(data, path).items()
            }
        if attrs.has(hint):
            return self.section(hint, data, path)
        if issubclass(hint, StrEnum):
            return hint(self.choice(data, [item.value for item in hint if item.rank >= 0], path) or "submitted")
        return self.scalar(data, hint, path)

    def choice(self, data: Any, options: Sequence[str], path: FieldPath) -> str | None:
        """One of the words that the key takes."""
        if data in options:
            return str(data)
        hint = did_you_mean(str(data), options)
        self.refuse(path, refused("RULES_CHOICE", f"{data!r} 不是可选值", f"{data!r} is not one of the choices", hint))
        return None

    def items(self, data: Any, kind: Any, path: FieldPath) -> tuple[Any, ...]:
        """An array, each element read."""
        if not isinstance(data, list):
            self.refuse(path, refused("RULES_TYPE", "这里应是数组 [...]", "an array [...] is expected here"))
            return ()
        return tuple(self.value(item, kind, (*path, at)) for at, item in enumerate(data))

    def scalar(self, data: Any, kind: type[Any], path: FieldPath) -> Any:
        """Text, date, decimal text or truth value."""
        if kind is Decimal:
            return self.decimal(data, path)
        if type(data) is kind:
            return data
        zh, en = _SCALARS[kind]
        fix = _quoted(str(data)) if kind is str and isinstance(data, (int, dt.date)) else Text("", "")
        self.refuse(path, refused("RULES_TYPE", f"这里应是{zh}, 不是 {data!r}", f"{en} is expected, not {data!r}", fix))
        return None

    def decimal(self, data: Any, path: FieldPath) -> Decimal | None:
        """An exact amount from text."""
        try:
            return parse_decimal(data)
        except InputError as error:
            (problem,) = error.problems
            fix = _quoted(str(data)) if isinstance(data, int) else problem.hint
            self.refuse(path, attrs.evolve(problem, code="RULES_AMOUNT", hint=fix))
            return None


_SCALARS: Mapping[type[Any], tuple[str, str]] = {
    str: ("文本", "text"),
    bool: (" true 或 false", "true or false"),
    int: ("整数", "a whole number"),
    dt.date: ("日期 (2026-01-01, 不加引号)", "a date (2026-01-01 without quotes)"),
}


def _chosen(data: Any, arguments: Sequence[Any]) -> Any:
    """The member of a union that `data` may be: a table for a table, else the first."""
    wanted = [item for item in arguments if item is not type(None)]
    tables = [item for item in wanted if typing.get_origin(item) is not None and item is not str]
    return tables[0] if tables and (isinstance(data, dict) or len(wanted) == len(tables)) else wanted[0]


def _quoted(text: str) -> Text:
    return Text(f'写成 "{text}"', f'write "{text}"')
