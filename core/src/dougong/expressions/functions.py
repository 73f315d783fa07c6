"""The functions that every expression may call. Each declares what it takes, is total, or raises `ExpressionError`."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from dougong.expressions.kinds import ANY, BOOLEAN, DATE, NUMBER, TEXT, Kind, union
from dougong.expressions.runtime import as_text, capped, need_item, total
from dougong.expressions.scope import Function, Parameter
from dougong.model.money import round_to
from dougong.model.problems import Text

__all__ = ["STANDARD", "same", "table_of"]

_INSTANT = Kind("instant")
_LIST = Kind("list", item=ANY)
_DATE_TOKENS = re.compile(r"YYYY|MM|DD")
_DATE_FORMAT = re.compile(r"(?:YYYY|MM|DD|[-/. :年月日T0])+")


# -- lists -----------------------------------------------------------------------------------------------------------


def _count(values: Iterable[Any]) -> int:
    return sum(1 for _ in values)


def _present(values: Iterable[Any], name: str) -> list[Any]:
    return [need_item(value, name) for value in values]


def _min(values: Iterable[Any]) -> Any:
    return min(_present(values, "min"), default=None)


def _max(values: Iterable[Any]) -> Any:
    return max(_present(values, "max"), default=None)


def _join(values: Iterable[Any], separator: str = ",") -> str:
    return capped(separator.join(as_text(value) for value in values if value is not None))


# -- values ----------------------------------------------------------------------------------------------------------


def _round(value: int | Decimal, places: int) -> Decimal:
    return round_to(Decimal(value), places)


def _text(value: Any) -> str | None:
    return None if value is None else as_text(value)


def _upper(value: str | None) -> str | None:
    return None if value is None else value.upper()


def _lower(value: str | None) -> str | None:
    return None if value is None else value.lower()


def _default(value: Any, instead: Any) -> Any:
    return instead if value is None else value


def _date_text(value: dt.date | None, pattern: str) -> str | None:
    if value is None:
        return None
    parts = {"YYYY": f"{value.year:04d}", "MM": f"{value.month:02d}", "DD": f"{value.day:02d}"}
    return _DATE_TOKENS.sub(lambda match: parts[match[0]], pattern)


def _abs(value: int | Decimal) -> int | Decimal:
    return value.copy_abs() if isinstance(value, Decimal) else abs(value)


# -- declarations ----------------------------------------------------------------------------------------------------


def same(kinds: Sequence[Kind]) -> Kind:
    """Result of a function that gives a text for a text, and `None` for `None`."""
    return TEXT.or_none(kinds[0].optional)


def _places(value: Any) -> Text | None:
    if type(value) is int and 0 <= value <= 12:
        return None
    return Text("小数位须为 0 至 12 的整数", "the number of places is a whole number from 0 to 12")


def _pattern(value: Any) -> Text | None:
    if isinstance(value, str) and len(value) <= 40 and _DATE_FORMAT.fullmatch(value):
        return None
    return Text("日期格式只含 YYYY MM DD 和分隔符", "a date pattern has only YYYY, MM, DD and separators")


def _item(kinds: Sequence[Kind]) -> Kind:
    return (kinds[0].item or ANY).or_none()


def table_of(functions: Iterable[Function]) -> Mapping[str, Function]:
    """Functions by name."""
    return {function.name: function for function in functions}


def _list_function(name: str, implementation: Any, item: Kind, result: Any, says: Text) -> Function:
    parameter = Parameter("list", (Kind("list", item=item),))
    return Function(name, implementation, (parameter,), result, says, passes_none=False, aggregate=True)


_VALUE = Parameter("value", (ANY,))
_SCALAR = Parameter("value", (TEXT, NUMBER, DATE, _INSTANT))

STANDARD: Mapping[str, Function] = table_of(
    [
        _list_function("sum", total, NUMBER, lambda _: NUMBER, Text("合计, 空为 0", "the exact sum; 0 for nothing")),
        _list_function("count", _count, ANY, lambda _: NUMBER, Text("个数", "how many")),
        _list_function("min", _min, ANY, _item, Text("最小值, 空则无值", "the smallest; no value for nothing")),
        _list_function("max", _max, ANY, _item, Text("最大值, 空则无值", "the greatest; no value for nothing")),
        _list_function("any", any, BOOLEAN, lambda _: BOOLEAN, Text("任一为真", "whether one of them is true")),
        _list_function("all", all, BOOLEAN, lambda _: BOOLEAN, Text("全部为真", "whether all of them are true")),
        Function(
            "join",
            _join,
            (Parameter("list", (_LIST,)), Parameter("separator", (TEXT,), ",", literal=True)),
            lambda _: TEXT,
            Text("连接成一段文本, 跳过空值", "one text from many, skipping missing ones"),
            passes_none=False,
            aggregate=True,
        ),
        Function(
            "round",
            _round,
            (Parameter("value", (NUMBER,)), Parameter("places", (NUMBER,), literal=True, verify=_places)),
            lambda _: NUMBER,
            Text("四舍五入到指定小数位", "rounded half up to so many decimal places"),
            passes_none=False,
        ),
        Function(
            "abs",
            _abs,
            (Parameter("value", (NUMBER,)),),
            lambda kinds: Kind("number", unrounded=kinds[0].unrounded),
            Text("绝对值", "the number without its sign"),
            passes_none=False,
        ),
        Function(
            "text",
            _text,
            (_SCALAR,),
            same,
            Text("写成文本: 数字照写, 日期为 ISO", "as text: a number as it is, a date in ISO form"),
        ),
        Function("upper", _upper, (Parameter("text", (TEXT,)),), same, Text("大写", "in capital letters")),
        Function("lower", _lower, (Parameter("text", (TEXT,)),), same, Text("小写", "in small letters")),
        Function(
            "default",
            _default,
            (_VALUE, Parameter("instead", (ANY,))),
            lambda kinds: union((kinds[0].without_none(), kinds[1])),
            Text("无值时用另一值", "another value where there is none"),
        ),
        Function(
            "date_text",
            _date_text,
            (Parameter("date", (DATE, _INSTANT)), Parameter("pattern", (TEXT,), literal=True, verify=_pattern)),
            same,
            Text("按格式写日期, 如 'YYYYMMDD'", "a date in a pattern such as 'YYYYMMDD'"),
        ),
    ]
)
