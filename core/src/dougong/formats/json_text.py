"""JSON for exact money and hostile input: one strict loader, one exact writer (reliability.md §9).

The standard parser accepts NaN, keeps the last of two equal keys, makes floats and dies of deep nesting; none of that
may reach a document. Numbers with a point become `Decimal`; whether a member may be a number at all is the converter's
question.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NoReturn

from dougong.model.money import plain
from dougong.model.problems import InputError, Problem

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_DIGITS", "MAX_LINE_BYTES", "decode", "dumps", "loads"]

#: Bytes of one file, and of one line of JSON Lines.
MAX_BYTES = 32 * 1024 * 1024
MAX_LINE_BYTES = 4 * 1024 * 1024
#: Objects and arrays inside each other.
MAX_DEPTH = 100
#: Digits of one number, the zeros that an exponent stands for included.
MAX_DIGITS = 60

_TOO_DEEP = (f"嵌套超过 {MAX_DEPTH} 层", f"nested more than {MAX_DEPTH} deep")

#: Strings (an unterminated one too, so that matching stays linear) and brackets.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
#: Strings, and what stands for itself: numbers, true, NaN.
_LITERAL = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[^\s\[\]{},:"]+', re.DOTALL)
_COLON = re.compile(r"[ \t\r\n]*:")
_SURROGATE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
#: Marks a number inside the written text: no valid text can contain half a surrogate pair.
_MARK = "\ud800"


class _DuplicateKeyError(ValueError):
    """Raised inside the parser, which knows the key but not the place."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class _BadNumberError(ValueError):
    """Raised inside the parser, which knows the text but not the place."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def loads(data: bytes | str, *, limit: int = MAX_BYTES, first_line: int = 1) -> Any:
    """Read one JSON value, strictly.

    :param data: UTF-8 bytes (a byte order mark is tolerated) or text.
    :param limit: most bytes that are taken.
    :param first_line: number of the first line, for messages, where `data` is part of a file.
    :returns: dict, list, str, int, `Decimal`, bool or None; never a float.
    :raises InputError: `INPUT_TOO_LARGE`, `ENCODING_INVALID`, `JSON_INVALID`, `JSON_TOO_DEEP`, `JSON_DUPLICATE_KEY`,
        `NUMBER_INVALID` or `TEXT_INVALID`, with line and column where they are known.

    .. versionadded:: 0.1
    """
    text = decode(data, limit=limit, first_line=first_line)
    try:
        value = _DECODER.decode(text)
    except (json.JSONDecodeError, RecursionError, _DuplicateKeyError, _BadNumberError) as error:
        raise InputError(_explain(error, text, first_line)) from None
    if text.count("[") + text.count("{") > MAX_DEPTH and _is_deep(value):
        raise InputError(_at(_too_deep(text), text, first_line, "JSON_TOO_DEEP", *_TOO_DEEP))
    if ("\\ud" in text or "\\uD" in text) and _has_half_pair(value):
        half = _SURROGATE.search(text)
        zh, en = "孤立的代理项, 不是有效文本", "half a surrogate pair is not text"
        raise InputError(_at(half.start() if half else 0, text, first_line, "TEXT_INVALID", zh, en))
    return value


def dumps(
    value: Any,
    *,
    indent: int | None = None,
    numbers: bool = False,
    other: Callable[[object], Any] | None = None,
) -> str:
    """Write plain data as JSON text, exactly; members keep their order.

    :param value: dict, list, tuple, str, int, `Decimal`, bool or None.
    :param indent: blanks per level; `None` writes one line without blanks.
    :param numbers: whether a `Decimal` becomes a JSON number (every digit kept) instead of a string.
    :param other: writes what JSON has no word for (a date, say) as plain data; `None` where it cannot either.
    :raises TypeError: for anything else: floats, dates and objects have no exact JSON.
    :raises ValueError: for text that UTF-8 cannot hold.

    .. versionadded:: 0.1
    """
    written = 0

    def default(item: object) -> Any:
        nonlocal written
        if isinstance(item, Decimal) and item.is_finite():
            written += 1
            return f"{_MARK}{plain(item)}{_MARK}" if numbers else plain(item)
        told = other(item) if other else None
        if told is None:
            raise TypeError(f"{item!r} cannot be written as exact JSON")
        _refuse_floats(told)
        return told

    _refuse_floats(value)
    separators = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators, default=default)
    if numbers and written:
        if text.count(_MARK) != 2 * written:
            raise ValueError("half a surrogate pair cannot be written as UTF-8")
        text = text.replace(f'"{_MARK}', "").replace(f'{_MARK}"', "")
    if not text.isascii():
        text.encode()  # UnicodeEncodeError is a ValueError
    return text


def decode(data: bytes | str, *, limit: int = MAX_BYTES, first_line: int = 1) -> str:
    """The text of UTF-8 bytes, within `limit` bytes; a byte order mark is dropped.

    :raises InputError: `INPUT_TOO_LARGE`; `ENCODING_INVALID` with the offset of the first wrong byte.
    """
    if isinstance(data, str):
        try:
            data = data.encode()
        except UnicodeEncodeError as error:
            raise InputError(_bad_text(error.start)) from None
    if len(data) > limit:
        raise InputError(
            Problem.of(
                "INPUT_TOO_LARGE",
                f"内容有 {len(data)} 字节, 上限为 {limit}",
                f"{len(data)} bytes, more than the {limit} that are taken",
                hint_zh="请拆成较小的文件",
                hint_en="split it into smaller files",
            )
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(_bad_encoding(data, error.start, first_line)) from None


def _bad_encoding(data: bytes, offset: int, first_line: int) -> Problem:
    looks_like = _guess_encoding(data)
    line = data.count(b"\n", 0, offset) + first_line
    return Problem.of(
        "ENCODING_INVALID",
        f"不是 UTF-8: 第 {offset} 字节 (第 {line} 行) 为 0x{data[offset]:02x}",
        f"not UTF-8: byte {offset} (line {line}) is 0x{data[offset]:02x}",
        hint_zh=f"{f'文件像是 {looks_like}, ' if looks_like else ''}请另存为 UTF-8",
        hint_en=f"{f'it looks like {looks_like}: ' if looks_like else ''}save the file as UTF-8",
        offset=str(offset),
        line=str(line),
    )


def _guess_encoding(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "UTF-16"
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        return ""
    return "GBK/GB18030"


def _bad_text(position: int) -> Problem:
    return Problem.of(
        "TEXT_INVALID",
        f"第 {position} 个字符是孤立的代理项, 不是有效文本",
        f"character {position} is half a surrogate pair, not text",
        hint_zh="请重新生成该文件, 勿截断字符",
        hint_en="write the file again, without cutting characters",
    )


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            child
            for item in level
            if isinstance(item, (dict, list))
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return False
    return True


def _explain(error: Exception, text: str, first_line: int) -> Problem:
    """What the parser's complaint means for the person who wrote the text."""
    deep = _too_deep(text)
    if deep >= 0:
        return _at(deep, text, first_line, "JSON_TOO_DEEP", *_TOO_DEEP)
    if isinstance(error, json.JSONDecodeError):
        zh, en = f"JSON 语法错误 ({error.msg})", f"not valid JSON ({error.msg})"
        return _at(error.pos, text, first_line, "JSON_INVALID", zh, en)
    if isinstance(error, _DuplicateKeyError):
        zh, en = f"键 {error.key!r} 重复", f"key {error.key!r} is given twice"
        return _at(_second(text, error.key), text, first_line, "JSON_DUPLICATE_KEY", zh, en)
    if isinstance(error, _BadNumberError):
        shown = error.text if len(error.text) <= 20 else f"{error.text[:20]}…"
        zh, en = f"{shown} 不是可接受的数字", f"{shown} is not a number that is taken"
        return _at(_first(text, error.text), text, first_line, "NUMBER_INVALID", zh, en)
    raise error


#: What to do about each complaint.
_HINTS = {
    "JSON_INVALID": ("请检查该处, 或重新导出文件", "correct it there, or export the file again"),
    "JSON_TOO_DEEP": ("请去掉多余的嵌套", "remove the nesting"),
    "JSON_DUPLICATE_KEY": ("请只保留一个", "keep only one of them"),
    "NUMBER_INVALID": ('金额请写成字符串, 如 "1234.50"', 'write amounts as strings such as "1234.50"'),
    "TEXT_INVALID": ("请删除该字符", "remove it"),
}


def _at(position: int, text: str, first_line: int, code: str, zh: str, en: str) -> Problem:
    line = text.count("\n", 0, position) + first_line
    column = position - text.rfind("\n", 0, position)
    zh, en = f"第 {line} 行第 {column} 列: {zh}", f"line {line} column {column}: {en}"
    hint_zh, hint_en = _HINTS[code]
    return Problem.of(code, zh, en, hint_zh=hint_zh, hint_en=hint_en, line=str(line), column=str(column))


def _too_deep(text: str) -> int:
    """Where nesting first goes beyond the limit; -1 when it never does."""
    depth = 0
    for match in _TOKEN.finditer(text):
        if match[0] in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                return match.start()
        elif match[0] in "]}":
            depth -= 1
    return -1


def _has_half_pair(value: Any) -> bool:
    """Whether an escape made half a surrogate pair, which UTF-8 cannot hold: it could never be stored or sent."""
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        return True
    return False


def _second(text: str, key: str) -> int:
    """Where `key` stands for the second time within one object."""
    seen: list[set[str]] = []
    for match in _TOKEN.finditer(text):
        found = match[0]
        if found in "[{":
            seen.append(set())
        elif found in "]}":
            seen.pop()
        elif seen and _COLON.match(text, match.end()) and json.loads(found) == key:
            if key in seen[-1]:
                return match.start()
            seen[-1].add(key)
    return 0


def _refuse_floats(value: Any) -> None:
    """The standard encoder would write a float as it sees fit."""
    containers: list[Any] = [[value]]
    for container in containers:  # grows as it is walked
        for item in container.values() if isinstance(container, dict) else container:
            if isinstance(item, str):
                continue
            if isinstance(item, (dict, list, tuple)):
                containers.append(item)
            elif isinstance(item, float):
                raise TypeError(f"{item!r} cannot be written as exact JSON: use Decimal")


def _first(text: str, literal: str) -> int:
    """Where `literal` stands for the first time outside a string."""
    return next((match.start() for match in _LITERAL.finditer(text) if match[0] == literal), 0)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _DuplicateKeyError(key)
            seen.add(key)
    return members


def _number(text: str) -> Decimal:
    if len(text) <= MAX_DIGITS:
        value = Decimal(text)
        if value.is_zero() or abs(value.adjusted()) + len(value.as_tuple().digits) <= MAX_DIGITS:
            return value
    raise _BadNumberError(text)


def _whole(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise _BadNumberError(text)
    return int(text)


def _constant(text: str) -> NoReturn:
    raise _BadNumberError(text)


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_float=_number, parse_int=_whole, parse_constant=_constant)
