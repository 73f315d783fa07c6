"""One expression by itself, compiled: the `when` of a rule, a condition of a route."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

import attrs

from dougong.expressions.errors import ExpressionError, failed
from dougong.expressions.kinds import Kind
from dougong.expressions.scope import Scope
from dougong.expressions.translate import translate
from dougong.expressions.translator import Environment

__all__ = ["Expression", "build", "compile_expression", "locate", "run_error"]


@attrs.frozen
class Expression:
    """A compiled expression; call it with a value for every name of its scope.

    :param kind: what it gives.
    :param place: `rules/a01.toml:42`, for messages.

    .. versionadded:: 0.1
    """

    text: str
    kind: Kind
    place: str
    function: Callable[..., Any] = attrs.field(repr=False, eq=False)

    def __call__(self, **values: Any) -> Any:
        """The value. :raises ExpressionError: it has none for these values; the message names file and line."""
        try:
            return self.function(**values)
        except Exception as error:
            raise run_error(error, self.text, self.place) from error


def compile_expression(text: str, scope: Scope, *, filename: str = "<expression>", line: int = 1) -> Expression:
    """Compile one expression.

    :param scope: names that it may use; attributes are resolved now, against their attrs classes.
    :param filename: file that the text stands in; with `line` it shows up in tracebacks and messages.
    :raises ExpressionError: with file and line as the problem's path.

    .. versionadded:: 0.1
    """
    place = f"{filename}:{line}"
    environment = Environment()
    try:
        translated = translate(text, scope, environment)
    except ExpressionError as error:
        raise ExpressionError(problem.at(place) for problem in error.problems) from None
    body = locate(ast.Return(translated.code), line)
    function = build("expression", list(scope.names), [body], environment, filename, keywords_only=True)
    return Expression(translated.text, translated.kind, place, function)


def locate(statement: ast.stmt, line: int) -> ast.stmt:
    """Give every node of a statement the line that people wrote, so that a traceback shows it."""
    for node in ast.walk(statement):
        if isinstance(node, (ast.stmt, ast.expr, ast.excepthandler, ast.arg, ast.keyword)):
            node.lineno = node.end_lineno = line
            node.col_offset = node.end_col_offset = 0
    return statement


def build(
    name: str,
    arguments: Iterable[str],
    body: list[ast.stmt],
    environment: Environment,
    filename: str,
    *,
    keywords_only: bool = False,
) -> Callable[..., Any]:
    """Compile located statements into one function whose globals are `environment`."""
    names = [ast.arg(argument) for argument in arguments]
    signature = ast.arguments([], [] if keywords_only else names, None, names if keywords_only else [], [], None, [])
    if keywords_only:
        signature.kw_defaults = [None] * len(names)
    function = ast.FunctionDef(name, signature, body, [], None)
    function.lineno = function.end_lineno = body[0].lineno
    function.col_offset = function.end_col_offset = 0
    module = ast.fix_missing_locations(ast.Module([function], []))
    space = dict(environment.names)
    exec(compile(module, filename, "exec"), space)  # noqa: S102 — the tree was built by `translate`, node by node
    built: Callable[..., Any] = space[name]
    return built


def run_error(error: Exception, text: str, place: str) -> ExpressionError:
    """What went wrong while an expression ran, with its place and text; errors of our own keep their problems."""
    if not isinstance(error, ExpressionError):
        words = f"{type(error).__name__}: {error}"[:200]
        error = failed(f"无法计算: {words}", f"cannot be computed: {words}")
    return ExpressionError(
        attrs.evolve(problem.at(place), facts={**problem.facts, "expression": text}) for problem in error.problems
    )
