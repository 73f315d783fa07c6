"""From an expression's text to the code that will run: every node is looked up in the whitelist, every name resolved.

A node class that has no entry in `_NODES` is refused, so nothing of Python gets in by being forgotten.
"""

from __future__ import annotations

import ast
from typing import Any

import attrs

from dougong.expressions import calls, operators
from dougong.expressions.errors import ExpressionError, refused
from dougong.expressions.kinds import Kind
from dougong.expressions.parse import is_pipe, parse
from dougong.expressions.scope import Scope
from dougong.expressions.translator import Environment, Handlers, Translator, Typed

__all__ = ["Translated", "translate"]


@attrs.frozen
class Translated:
    """A translated expression, to be put into generated code.

    :param uses_null: its value may be `NULL`.
    :param literals: (function, argument, value) of every literal argument, e.g. `("code", "table", "account")`.
    """

    text: str
    code: ast.expr
    kind: Kind
    uses_null: bool
    literals: tuple[tuple[str, str, Any], ...]


def _binary(translator: Translator, node: ast.BinOp) -> Typed:
    return calls.pipe(translator, node) if is_pipe(node) else operators.arithmetic(translator, node)


def _generator(_translator: Translator, _node: ast.GeneratorExp) -> Typed:
    raise refused(
        "生成式只能作为 sum count min max any all join 的唯一参数",
        "a generator can only be the one argument of sum, count, min, max, any, all or join",
    )


_NODES: Handlers = {
    ast.Constant: Translator.constant,
    ast.Name: Translator.name,
    ast.Attribute: Translator.attribute,
    ast.Subscript: Translator.subscript,
    ast.IfExp: Translator.conditional,
    ast.BoolOp: Translator.boolean,
    ast.BinOp: _binary,
    ast.UnaryOp: operators.unary,
    ast.Compare: operators.compare,
    ast.Call: calls.call,
    ast.GeneratorExp: _generator,
}


def translate(text: str, scope: Scope, environment: Environment, *, allow_null: bool = False) -> Translated:
    """Translate one expression.

    :param environment: takes the constants and functions that the code needs.
    :param allow_null: whether `null` may be the result.
    :raises ExpressionError: with the expression in its facts.

    .. versionadded:: 0.1
    """
    try:
        translator = Translator(parse(text), scope, environment, _NODES)
        typed = translator.result(translator.parsed.root) if allow_null else translator.value(translator.parsed.root)
    except ExpressionError as error:
        shown = text.strip()[:200]
        raise ExpressionError(attrs.evolve(p, facts={**p.facts, "expression": shown}) for p in error.problems) from None
    if typed.kind.unrounded:
        raise refused(
            "除法的结果须指定小数位",
            "a quotient must be rounded",
            code="EXPRESSION_TYPE",
            hint_zh=f"请写成 round({text.strip()}, 2)",
            hint_en=f"write round({text.strip()}, 2)",
        )
    return Translated(text.strip(), typed.code, typed.kind, translator.uses_null, tuple(translator.literals))
