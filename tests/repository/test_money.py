"""Money never passes through a binary fraction: not where amounts are handled, and not on the way in from an ERP."""

from __future__ import annotations

import ast

FOLDERS_WITH_AMOUNTS = ("model", "expressions", "tables", "formats", "accounting", "mapping", "reconcile")


def nodes(folder):
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            yield path, node


def is_float(node) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, float)


def uses_float(node) -> bool:
    """`float(…)`, `Decimal(0.1)`, or arithmetic with 0.1; seconds and likenesses may stay what they are."""
    if isinstance(node, ast.BinOp):
        return is_float(node.left) or is_float(node.right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id == "float" or (node.func.id == "Decimal" and any(map(is_float, node.args)))
    return False


def reads_inexactly(node) -> bool:
    if not (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
    ):
        return False
    reads = node.func.value.id in {"json", "simplejson"} and node.func.attr in {"load", "loads"}
    return reads and not {"parse_float", "use_decimal"} & {keyword.arg for keyword in node.keywords}


def test_no_float_where_amounts_are_handled(root):
    core = root / "core" / "src" / "dougong"
    found = [
        f"{path}:{node.lineno}"
        for name in FOLDERS_WITH_AMOUNTS
        for path, node in nodes(core / name)
        if uses_float(node)
    ]
    assert not found, "\n".join(found)


def test_what_an_erp_sends_is_read_exactly(dists):
    found = [
        f"{path}:{node.lineno}"
        for dist in dists
        if dist.name != "dougong"
        for path, node in nodes(dist.folder / "src")
        if reads_inexactly(node)
    ]
    assert not found, "\n".join(found)
