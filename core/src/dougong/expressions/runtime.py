"""What compiled expressions call while they run: exact arithmetic, capped texts, errors that name the missing value."""

from __future__ import annotations

import datetime as dt
import decimal
import operator
from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from dougong.expressions.errors import failed
from dougong.model.money import CONTEXT, plain

__all__ = ["HELPERS", "MAX_TEXT", "as_text", "capped", "need_item", "total"]

#: Longest text that an expression may build, in characters; no field of an ERP voucher is longer.
MAX_TEXT = 4_000

_BIGGEST = 10**18
_EXACT = decimal.Context(
    prec=60,
    rounding=ROUND_HALF_UP,
    traps=[decimal.Inexact, decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
)
_CLASSES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "number": (int, Decimal),
    "boolean": (bool,),
    "date": (dt.date,),
    "list": (tuple, list, frozenset),
}


def need(value: Any, words: str) -> Any:
    """`value`, which must not be `None`; `words` is the expression that gave it."""
    if value is None:
        raise failed(
            f"{words} 没有值",
            f"{words} has no value",
            code="VALUE_MISSING",
            hint_zh=f"补上该事实, 或写 default({words}, …) 或 … if {words} is not None else …",
            hint_en=f"supply the fact, or write default({words}, …) or … if {words} is not None else …",
        )
    return value


def need_item(value: Any, function: str) -> Any:
    """`value`, one item of a list given to `function`, which must not be `None`."""
    if value is None:
        raise failed(
            f"{function}(…) 中有一项没有值",
            f"an item of {function}(…) has no value",
            code="VALUE_MISSING",
            hint_zh="补上该事实, 或用 if … is not None 排除",
            hint_en="supply the fact, or leave the item out with if … is not None",
        )
    return value


def expect(value: Any, base: str, words: str) -> Any:
    """`value`, whose kind was not known when the expression was compiled, checked now; `None` passes."""
    classes = _CLASSES.get(base)
    wrong_bool = isinstance(value, bool) and base == "number"
    if value is not None and classes and (wrong_bool or not isinstance(value, classes)):
        raise failed(
            f"{words} 不是所需的类型 ({base})", f"{words} is not of the kind needed ({base})", code="EXPRESSION_TYPE"
        )
    return value


def capped(text: str) -> str:
    """`text`, refused when it is longer than any field could be."""
    if len(text) > MAX_TEXT:
        raise failed(f"文本超过 {MAX_TEXT} 个字符", f"the text has more than {MAX_TEXT} characters")
    return text


def attribute(value: Any, name: str) -> Any:
    """An attribute of what may be `None` or of a class that lacks it; the compiler has checked `name`."""
    return None if value is None else getattr(value, name, None)


def key(extensions: Any, name: str) -> Any:
    """A literal key of `extensions`; `None` where it is missing."""
    return extensions.get(name) if extensions is not None else None


def _numbers(left: Any, right: Any, sign: str) -> None:
    for value in (left, right):
        if not isinstance(value, (int, Decimal)) or isinstance(value, bool):
            raise failed(f"{sign} 只用于数字", f"{sign} works on numbers only", code="EXPRESSION_TYPE")


def _arithmetic(
    sign: str, on_int: Callable[[int, int], int], on_decimal: Callable[[Any, Any], Decimal]
) -> Callable[[Any, Any], int | Decimal]:
    def calculate(left: Any, right: Any) -> int | Decimal:
        _numbers(left, right, sign)
        if isinstance(left, int) and isinstance(right, int):
            whole = on_int(left, right)
            if abs(whole) < _BIGGEST:
                return whole
        try:
            return on_decimal(left, right)
        except decimal.DecimalException:
            raise failed(f"{sign} 的结果位数过多", f"the result of {sign} has too many digits to be exact") from None

    return calculate


subtract = _arithmetic("-", operator.sub, _EXACT.subtract)
multiply = _arithmetic("*", operator.mul, _EXACT.multiply)
_plus = _arithmetic("+", operator.add, _EXACT.add)


def add(left: Any, right: Any) -> Any:
    """The sum of two numbers, or two texts one behind the other."""
    if isinstance(left, str) and isinstance(right, str):
        return capped(left + right)
    return _plus(left, right)


def divide(left: Any, right: Any) -> Decimal:
    """The quotient with 50 significant digits; the compiler sees to it that it is rounded before it is used."""
    _numbers(left, right, "/")
    if right == 0:
        raise failed("除数为零", "division by zero")
    return CONTEXT.divide(left, right)


def negate(value: Any) -> int | Decimal:
    """The number with its sign turned; zero has none."""
    return subtract(0, value)


def total(values: Iterable[Any]) -> int | Decimal:
    """The exact sum; nothing gives 0."""
    result: int | Decimal = 0
    for value in values:
        result = _plus(result, need_item(value, "sum"))
    return result


def as_text(value: Any) -> str:
    """A scalar as people write it: `1234.50`, `2026-11-18`."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise failed("不能写成文本", "this cannot be written as text", code="EXPRESSION_TYPE")
    return str(value)


#: Names that generated code calls; people cannot write them, since no name of theirs starts with an underscore.
HELPERS: dict[str, Any] = {
    "_need": need,
    "_expect": expect,
    "_attribute": attribute,
    "_key": key,
    "_add": add,
    "_subtract": subtract,
    "_multiply": multiply,
    "_divide": divide,
    "_negate": negate,
}
