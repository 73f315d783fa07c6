"""`$filter` of OData V2, evaluated: comparisons, and, or, not, brackets, a few functions (sap.md §2.2, §2.6)."""

from __future__ import annotations

import datetime as dt
import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

__all__ = ["BadQuery", "compiled"]

Row = Mapping[str, Any]
Test = Callable[[Row], Any]

_TOKEN = re.compile(
    r"\s*(?:(?P<open>\()|(?P<close>\))|(?P<comma>,)"
    r"|(?P<moment>datetime'[^']*')|(?P<text>'(?:[^']|'')*')"
    r"|(?P<number>-?\d+(?:\.\d+)?)[MmLlDdFf]?(?![\w.])|(?P<word>[A-Za-z_]\w*))"
)
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "substringof": lambda part, whole: part in whole,
    "startswith": lambda whole, part: whole.startswith(part),
    "endswith": lambda whole, part: whole.endswith(part),
    "toupper": lambda text: text.upper(),
    "tolower": lambda text: text.lower(),
}
_CONSTANTS: Mapping[str, Any] = {"true": True, "false": False, "null": None}


class BadQuery(Exception):
    """The query cannot be understood: HTTP 400."""


def compiled(text: str, fields: Mapping[str, str]) -> Test:
    """What tells of a row whether it is wanted.

    :param fields: name → type; an unknown name is an error, as in SAP.
    :raises BadQuery: it is no filter.
    """
    reader = _Reader(text, fields)
    test = reader.either()
    reader.ends()
    return test


class _Reader:
    def __init__(self, text: str, fields: Mapping[str, str]) -> None:
        self._fields = fields
        self._tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text.rstrip()):
            match = _TOKEN.match(text, at)
            if match is None:
                raise BadQuery(f"Invalid token detected at position {at}")
            self._tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
            at = match.end()

    def either(self) -> Test:
        found = [self._both()]
        while self._takes("word", "or"):
            found.append(self._both())
        return found[0] if len(found) == 1 else lambda row: any(test(row) for test in found)

    def ends(self) -> None:
        if self._tokens:
            raise BadQuery(f"Invalid token '{self._tokens[0][1]}'")

    def _both(self) -> Test:
        found = [self._one()]
        while self._takes("word", "and"):
            found.append(self._one())
        return found[0] if len(found) == 1 else lambda row: all(test(row) for test in found)

    def _one(self) -> Test:
        if self._takes("word", "not"):
            inner = self._one()
            return lambda row: not inner(row)
        left = self._value()
        if self._tokens and self._tokens[0][0] == "word" and self._tokens[0][1] in _COMPARE:
            compare, right = _COMPARE[self._tokens.pop(0)[1]], self._value()
            return lambda row: _compared(compare, left(row), right(row))
        return left

    def _value(self) -> Test:
        kind, text = self._tokens.pop(0) if self._tokens else ("", "end of the filter")
        match kind:
            case "open":
                inner = self.either()
                self._must("close")
                return inner
            case "text":
                value: Any = text[1:-1].replace("''", "'")
                return lambda _: value
            case "number":
                number = Decimal(text)
                return lambda _: number
            case "moment":
                moment = _moment(text)
                return lambda _: moment
            case "word" if text in _CONSTANTS:
                return lambda _: _CONSTANTS[text]
            case "word" if text in _FUNCTIONS:
                return self._called(text)
            case "word" if text in self._fields:
                return lambda row: row.get(text)
        raise BadQuery(f"Property {text} not found" if kind == "word" else f"Invalid token '{text}'")

    def _called(self, name: str) -> Test:
        self._must("open")
        arguments = [self.either()]
        while self._takes("comma"):
            arguments.append(self.either())
        self._must("close")
        return lambda row: _FUNCTIONS[name](*(argument(row) or "" for argument in arguments))

    def _takes(self, kind: str, text: str = "") -> bool:
        if self._tokens and self._tokens[0][0] == kind and text in ("", self._tokens[0][1]):
            self._tokens.pop(0)
            return True
        return False

    def _must(self, kind: str) -> None:
        if not self._takes(kind):
            raise BadQuery("A bracket is missing")


def _compared(compare: Callable[[Any, Any], bool], left: Any, right: Any) -> bool:
    if left is None or right is None:
        return compare in (operator.eq, operator.ne) and compare(left, right)
    if isinstance(left, bool) != isinstance(right, bool) or isinstance(left, str) != isinstance(right, str):
        raise BadQuery("Operator is not defined for the types of its operands")
    return compare(left, right)


def _moment(text: str) -> dt.date:
    try:
        return dt.datetime.fromisoformat(text[len("datetime'") : -1]).date()
    except ValueError:
        raise BadQuery(f"Invalid literal {text}") from None
