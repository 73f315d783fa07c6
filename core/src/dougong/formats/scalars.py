"""One value of a document or a booking, read from plain JSON and written back: amounts, dates, instants, flags, counts.

Each reader takes exactly one way of writing and raises `InputError` without a path; whoever reads the member adds it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from dougong.formats.text import did_you_mean, type_name, wrong_type
from dougong.model.money import parse_decimal, scale_of
from dougong.model.problems import InputError, Problem

__all__ = [
    "amount",
    "currency",
    "date",
    "day_or_instant",
    "exact_decimal",
    "flag",
    "instant",
    "mapping",
    "one_of",
    "string",
    "whole",
    "write_instant",
]

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)
#: Our own figures may have more digits than an amount that somebody sends: a rate that was divided, say.
_EXACT = re.compile(r"-?[0-9]{1,60}(\.[0-9]{1,60})?", re.ASCII)


def amount(value: object) -> Decimal:
    """An amount, rate or share of a document: a plain decimal string, never a JSON number.

    :raises InputError: `AMOUNT_INVALID`.
    """
    if isinstance(value, str):
        return parse_decimal(value)
    zh, en = type_name(value)
    number = type(value) in (int, Decimal)
    raise InputError(
        Problem.of(
            "AMOUNT_INVALID",
            f"应为十进制数字符串, 实际是{zh}",
            f"must be a decimal string, not {en}",
            hint_zh=f'请写成字符串: "{value}"' if number else '请写成字符串, 如 "1234.50"',
            hint_en=f'write it as a string: "{value}"' if number else 'write it as a string such as "1234.50"',
        )
    )


def exact_decimal(value: object) -> Decimal:
    """A decimal that we wrote ourselves, as text.

    :raises InputError: `AMOUNT_INVALID`.
    """
    if isinstance(value, str) and _EXACT.fullmatch(value):
        return Decimal(value)
    return amount(value)


def currency(value: object) -> str:
    """An ISO 4217 code.

    :raises InputError: `TYPE_INVALID`, `CURRENCY_UNKNOWN`.
    """
    code = string(value)[:20]  # enough to show; no code is as long
    scale_of(code)
    return code


def date(value: object) -> dt.date:
    """A business date `YYYY-MM-DD`, without time or zone.

    :raises InputError: `TYPE_INVALID`, `DATE_INVALID`.
    """
    text = string(value)
    if _DATE.fullmatch(text):
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            pass
    raise _bad_date(text, "不是日期", "is not a date", "YYYY-MM-DD")


def instant(value: object) -> dt.datetime:
    """An instant with its zone, RFC 3339.

    :raises InputError: `TYPE_INVALID`, `DATE_INVALID`.
    """
    text = string(value)
    if found := _INSTANT.fullmatch(text):
        seconds, fraction, zone = found.groups()
        try:
            return dt.datetime.fromisoformat(seconds.upper() + (fraction or "")[:7] + zone.upper())
        except ValueError:
            pass
    raise _bad_date(text, "不是带时区的时刻", "is not an instant with a zone", "2026-06-10T09:30:00+08:00")


def day_or_instant(value: object) -> dt.date | dt.datetime:
    """A date where the source tells only the day, else an instant.

    :raises InputError: `TYPE_INVALID`, `DATE_INVALID`.
    """
    return instant(value) if isinstance(value, str) and len(value) > 10 else date(value)


def write_instant(value: dt.datetime) -> str:
    """RFC 3339 text of an instant.

    :raises ValueError: for one without a zone.
    """
    if value.tzinfo is None:
        raise ValueError(f"{value} has no zone")
    return value.isoformat().replace("+00:00", "Z")


def flag(value: object) -> bool:
    """A truth value, nothing that looks like one. :raises InputError: `TYPE_INVALID`."""
    if isinstance(value, bool):
        return value
    raise wrong_type(value, "布尔值 true 或 false", "true or false")


def whole(value: object) -> int:
    """A count. :raises InputError: `TYPE_INVALID`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise wrong_type(value, "整数", "a whole number")


def string(value: object) -> str:
    """Text as it is. :raises InputError: `TYPE_INVALID`."""
    if isinstance(value, str):
        return value
    raise wrong_type(value, "字符串", "a string")


def one_of(names: tuple[str, ...]) -> Callable[[object], Any]:
    """A reader for a member that takes only these words.

    :returns: the reader; it raises `InputError` with `VALUE_UNKNOWN`.
    """

    def read(value: object) -> str:
        text = string(value)
        if text in names:
            return text
        hint_zh, hint_en = did_you_mean(text, names)
        shown = repr(text[:60])
        raise InputError(
            Problem.of("VALUE_UNKNOWN", f"未知的值 {shown}", f"unknown value {shown}", hint_zh=hint_zh, hint_en=hint_en)
        )

    return read


def _bad_date(text: str, zh: str, en: str, example: str) -> InputError:
    shown = repr(text[:60])
    hint_zh, hint_en = f"请写成 {example}", f"write it as {example}"
    return InputError(Problem.of("DATE_INVALID", f"{shown} {zh}", f"{shown} {en}", hint_zh=hint_zh, hint_en=hint_en))


def mapping(value: object) -> dict[str, Any]:
    """An object. :raises InputError: `TYPE_INVALID`."""
    if isinstance(value, dict):
        return value
    raise wrong_type(value, "对象", "an object")
