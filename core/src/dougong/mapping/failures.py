"""What generated code calls when a field has no value to give: the others go on, and all problems are told together."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import attrs

from dougong.expressions import ExpressionError
from dougong.expressions.errors import failed
from dougong.expressions.translator import NULL
from dougong.model.problems import Problem

__all__ = ["RUNTIME", "Failure"]


@attrs.frozen
class Failure:
    """A problem met while mapping, with the exception behind it."""

    problem: Problem
    cause: Exception


def _fail(failures: list[Failure], error: Exception, target: str, indexes: tuple[int, ...], where: str) -> None:
    """Note what went wrong with one field of one row and let the others go on; `where`: `file:line`, expression."""
    path = target.format(*indexes)
    place, text = where.split("\n", 1)
    if isinstance(error, ExpressionError):
        problems = error.problems
    else:
        words = f"{type(error).__name__}: {error}"[:200]
        problems = failed(f"无法计算: {words}", f"cannot be computed: {words}").problems
    for problem in problems:
        facts = {**problem.facts, "expression": text, "mapping": place}
        failures.append(Failure(attrs.evolve(problem, path=path, facts=facts), error))


def _scalar(value: Any, words: str) -> Any:
    """`value`, whose kind was not known before, refused when a field cannot hold it."""
    if value is None or value is NULL or isinstance(value, (str, int, Decimal, dt.date)):
        return value
    raise failed(f"{words} 不是单个值", f"{words} is not a single value", code="EXPRESSION_TYPE")


#: Names that generated code uses, beside those of expressions.
RUNTIME: dict[str, Any] = {"_fail": _fail, "_scalar": _scalar, "_Exception": Exception, "_len": len}
