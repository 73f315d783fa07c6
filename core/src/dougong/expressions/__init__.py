"""The expression language of mappings and rules: a whitelisted subset of Python's, compiled (contract.md §7).

    compile_expression("item.role == 'bearer'", Scope.of(item=Counterpart))(item=counterpart)

Text goes through `parse` (syntax, limits, pipes) and `translate` (whitelist, names, kinds) into Python code that can do
nothing else than the text says. Attributes are resolved when compiled, so `dougong check` finds a typo.
"""

from __future__ import annotations

from dougong.expressions.compiled import Expression, compile_expression
from dougong.expressions.errors import ExpressionError
from dougong.expressions.functions import STANDARD
from dougong.expressions.kinds import Kind
from dougong.expressions.names import singular
from dougong.expressions.scope import Function, Parameter, Scope
from dougong.expressions.texts import fit

__all__ = [
    "STANDARD",
    "Expression",
    "ExpressionError",
    "Function",
    "Kind",
    "Parameter",
    "Scope",
    "compile_expression",
    "fit",
    "singular",
]
