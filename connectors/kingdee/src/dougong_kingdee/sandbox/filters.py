"""``FilterString`` and ``OrderString``, read and evaluated (kingdee.md §4.1).

A filter is SQL-like text or a JSON list of conditions. Both become one list of tokens, one small recursive-descent
parser, and one Python function over a row.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from attrs import frozen

from dougong_sdk.sandbox.exact_json import loads

from .envelope import KingdeeError
from .fields import Column, Form

__all__ = ["Filter", "Order", "read_filter", "read_order"]

Predicate = Callable[[Any, Any], bool]

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>N?'(?:[^']|'')*')
    | (?P<number>-?\d+(?:\.\d+)?)
    | (?P<word>[A-Za-z_][A-Za-z0-9_.]*)
    | (?P<mark><>|!=|<=|>=|[=<>(),])
    )""",
    re.VERBOSE | re.ASCII,
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_EQUALS = "67"  # the only Compare code that a public source explains
_LOGIC = {"0": "and", "1": "or", "": "and"}
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](.*))?")


@frozen
class _Token:
    kind: str
    value: str


@frozen
class Filter:
    """A compiled filter; ``entry`` says that it looks at entry lines."""

    accepts: Predicate
    entry: bool = False


@frozen
class Order:
    """One term of an OrderString."""

    column: Column
    descending: bool


def read_filter(given: Any, form: Form) -> Filter:
    """Compile a FilterString.

    :raises KingdeeError: MsgCode 9 for an unknown field, 4 for what is no filter.
    """
    if isinstance(given, str) and given.strip().startswith("["):
        try:
            given = loads(given)
        except ValueError as error:
            raise _bad_filter(given) from error
    if not given or (isinstance(given, str) and not given.strip()):
        return Filter(_always)
    tokens = list(_json_tokens(given)) if isinstance(given, list) else list(_text_tokens(str(given)))
    return _Parser(tokens, form).parse()


def read_order(given: Any, form: Form) -> list[Order]:
    """Compile an OrderString such as ``FModifyDate ASC, FID desc``."""
    orders = []
    for term in str(given or "").split(","):
        words = term.split()
        if not words:
            continue
        if len(words) > 2 or (len(words) == 2 and words[1].lower() not in ("asc", "desc")):
            raise KingdeeError(4, f"排序表达式有误：{given}")
        orders.append(Order(form.column(words[0]), len(words) == 2 and words[1].lower() == "desc"))
    return orders


def _bad_filter(given: Any) -> KingdeeError:
    return KingdeeError(4, f"过滤条件有语法错误：{given}")


def _text_tokens(text: str) -> Iterator[_Token]:
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise _bad_filter(text)
        position = match.end()
        kind = str(match.lastgroup)
        value = match.group(kind)
        if kind == "text":
            value = value[value.index("'") + 1 : -1].replace("''", "'")
        elif kind == "word" and value.lower() in ("and", "or", "not", "in", "like", "is", "null"):
            kind, value = "mark", value.lower()
        yield _Token(kind, value)


def _json_tokens(conditions: Sequence[Any]) -> Iterator[_Token]:
    for position, condition in enumerate(conditions):
        if not isinstance(condition, dict) or str(condition.get("Compare", _EQUALS)) != _EQUALS:
            raise _bad_filter(conditions)
        logic = _LOGIC.get(str(condition.get("Logic", "0")))
        if logic is None or not condition.get("FieldName"):
            raise _bad_filter(conditions)
        yield from (_Token("mark", mark) for mark in str(condition.get("Left") or "") if mark == "(")
        yield _Token("word", str(condition["FieldName"]))
        yield _Token("mark", "=")
        yield _Token("text", str(condition.get("Value", "")))
        yield from (_Token("mark", mark) for mark in str(condition.get("Right") or "") if mark == ")")
        if position < len(conditions) - 1:
            yield _Token("mark", logic)


class _Parser:
    """or < and < not < comparison."""

    def __init__(self, tokens: list[_Token], form: Form) -> None:
        self._tokens = tokens
        self._position = 0
        self._form = form
        self._entry = False

    def parse(self) -> Filter:
        accepts = self._or(0)
        if self._position != len(self._tokens):
            raise self._error()
        return Filter(accepts, self._entry)

    def _error(self) -> KingdeeError:
        return _bad_filter(" ".join(token.value for token in self._tokens))

    def _take(self, *marks: str) -> str | None:
        """The next token if it is one of these marks."""
        if self._position < len(self._tokens):
            token = self._tokens[self._position]
            if token.kind == "mark" and token.value in marks:
                self._position += 1
                return token.value
        return None

    def _need(self, *marks: str) -> str:
        taken = self._take(*marks)
        if taken is None:
            raise self._error()
        return taken

    def _or(self, depth: int) -> Predicate:
        left = self._and(depth)
        while self._take("or"):
            left = _either(left, self._and(depth))
        return left

    def _and(self, depth: int) -> Predicate:
        left = self._not(depth)
        while self._take("and"):
            left = _both(left, self._not(depth))
        return left

    def _not(self, depth: int) -> Predicate:
        if depth > 100:
            raise self._error()
        if self._take("not"):
            inner = self._not(depth + 1)
            return lambda head, line: not inner(head, line)
        if self._take("("):
            inner = self._or(depth + 1)
            self._need(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Predicate:
        token = self._next()
        if token.kind != "word":
            if token.kind == "number" and token.value == "1" and self._take("=") and self._next().value == "1":
                return _always  # the customary 1=1
            raise self._error()
        column = self._form.column(token.value)
        self._entry = self._entry or column.entry
        if self._take("is"):
            wanted = not self._take("not")
            self._need("null")
            get = column.get
            return lambda head, line: (get(head, line) is None) == wanted
        negated = bool(self._take("not"))
        mark = self._need("in", "like") if negated else self._need("in", "like", *_COMPARE)
        predicate = self._right_side(column, mark)
        return (lambda head, line: not predicate(head, line)) if negated else predicate

    def _right_side(self, column: Column, mark: str) -> Predicate:
        if mark == "like":
            return _like(column, self._literal().value)
        if mark == "in":
            self._need("(")
            literals = [self._literal()]
            while self._take(","):
                literals.append(self._literal())
            self._need(")")
            tests = [_compare(column, "=", literal) for literal in literals]
            return lambda head, line: any(test(head, line) for test in tests)
        return _compare(column, mark, self._literal())

    def _next(self) -> _Token:
        if self._position >= len(self._tokens):
            raise self._error()
        self._position += 1
        return self._tokens[self._position - 1]

    def _literal(self) -> _Token:
        token = self._next()
        if token.kind not in ("text", "number"):
            raise self._error()
        return token


def _always(_head: Any, _line: Any) -> bool:
    return True


def _both(left: Predicate, right: Predicate) -> Predicate:
    return lambda head, line: left(head, line) and right(head, line)


def _either(left: Predicate, right: Predicate) -> Predicate:
    return lambda head, line: left(head, line) or right(head, line)


def _compare(column: Column, mark: str, literal: _Token) -> Predicate:
    """``column mark literal``; as in SQL nothing compares with NULL."""
    test, get = _COMPARE[mark], column.get
    text = literal.value
    if column.kind in ("int", "money", "decimal"):
        if not re.fullmatch(r"-?\d+(\.\d+)?", text, re.ASCII):
            raise KingdeeError(6, f"从字符串 '{text}' 转换为数字时出错：{column.key}")
        number = Decimal(text)
        return lambda head, line: (value := get(head, line)) is not None and test(value, number)
    if column.kind in ("date", "time"):
        text = _date_text(text, column)
    return lambda head, line: (value := get(head, line)) is not None and test(str(value), text)


def _date_text(text: str, column: Column) -> str:
    match = _DATE.fullmatch(text.strip())
    if match is None:
        raise KingdeeError(6, f"从字符串 '{text}' 转换为日期时出错：{column.key}")
    return f"{match.group(1)}T{match.group(2) or '00:00:00'}"


def _like(column: Column, pattern: str) -> Predicate:
    """T-SQL patterns: ``%`` any text, ``_`` one character, ``[…]`` one of these characters."""
    get = column.get
    plain = pattern.strip("%")
    if not re.search(r"[%_\[]", plain) and pattern == f"%{plain}%":
        return lambda head, line: plain in str(get(head, line) or "")
    parts = re.split(r"(%|_|\[[^\]]+\])", pattern)
    translated = {"%": ".*", "_": "."}
    expression = re.compile(
        "".join(translated.get(p) or (_character_set(p) if p[:1] == "[" else re.escape(p)) for p in parts), re.DOTALL
    )
    return lambda head, line: expression.fullmatch(str(get(head, line) or "")) is not None


def _character_set(part: str) -> str:
    inner = part[1:-1]
    sign = "^" if inner.startswith("^") and len(inner) > 1 else ""
    return f"[{sign}{re.escape(inner[len(sign) :]).replace(chr(92) + '-', '-')}]"
