"""What is wrong with an expression, when it is compiled or when it runs."""

from __future__ import annotations

from dougong.model.problems import DougongError, Problem

__all__ = ["ExpressionError", "failed", "refused"]


class ExpressionError(DougongError):
    """An expression that cannot be compiled, or that has no result for the values at hand.

    When compiled: `EXPRESSION_SYNTAX`, `EXPRESSION_REFUSED` (not in the language), `EXPRESSION_NAME` (unknown name,
    attribute or function), `EXPRESSION_TYPE` (kinds that do not fit).
    When run: `EXPRESSION_FAILED`, `VALUE_MISSING`.

    .. versionadded:: 0.1
    """


def refused(
    zh: str, en: str, *, code: str = "EXPRESSION_REFUSED", hint_zh: str = "", hint_en: str = ""
) -> ExpressionError:
    """An error of compiling, ready to be raised."""
    return ExpressionError(Problem.of(code, zh, en, hint_zh=hint_zh, hint_en=hint_en))


def failed(
    zh: str, en: str, *, code: str = "EXPRESSION_FAILED", hint_zh: str = "", hint_en: str = ""
) -> ExpressionError:
    """An error of running, ready to be raised."""
    return ExpressionError(Problem.of(code, zh, en, hint_zh=hint_zh, hint_en=hint_en))
