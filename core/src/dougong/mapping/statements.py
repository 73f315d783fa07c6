"""Python statements from templates whose holes are filled with code; every node has the line of the field it serves."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from dougong.expressions.compiled import locate

__all__ = ["BLOCK", "LEAF", "PLAIN_BLOCK", "at_line", "put", "statements"]

LEAF = "try:\n    _put\nexcept _Exception as _error:\n    _fail(_failures, _error, _target, _indexes, _where)"
BLOCK = """
for _item in _each:
    try:
        if not _when:
            continue
    except _Exception as _error:
        _fail(_failures, _error, _target, _indexes, _where)
        continue
    _row = {}
    _fields
    _keep
"""
PLAIN_BLOCK = "for _item in _each:\n    _row = {}\n    _fields\n    _keep"


class _Fill(ast.NodeTransformer):
    """Puts code and statements into the holes of a template."""

    def __init__(self, holes: Mapping[str, Any]) -> None:
        self.holes = holes

    def visit_Name(self, node: ast.Name) -> Any:
        hole = self.holes.get(node.id, node)
        return ast.Name(hole, node.ctx) if isinstance(hole, str) else hole

    def visit_Expr(self, node: ast.Expr) -> Any:
        if isinstance(node.value, ast.Name) and isinstance(self.holes.get(node.value.id), list):
            return self.holes[node.value.id] or ast.Pass(lineno=node.lineno, col_offset=0)
        return self.generic_visit(node)


def statements(template: str, line: int, **holes: Any) -> list[ast.stmt]:
    """Statements from a template; a hole is a name, an expression, or statements, which keep their own lines."""
    filled = []
    for statement in ast.parse(template.strip()).body:
        locate(statement, line)
        filled.append(_Fill(holes).visit(statement))
    return filled


def at_line(code: ast.expr, line: int) -> ast.expr:
    """Code with the line of its field on every node."""
    locate(ast.Expr(code), line)
    return code


def put(container: str, keys: list[str], value: ast.expr) -> dict[str, Any]:
    """Holes for `container[key] = value`, where further keys become objects around the value."""
    for key in reversed(keys[1:]):
        value = ast.Dict([ast.Constant(key)], [value])
    return {"_container": container, "_key": ast.Constant(keys[0]), "_value": value}
