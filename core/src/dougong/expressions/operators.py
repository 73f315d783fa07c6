"""Operators: arithmetic on numbers, `+` on texts, comparisons of like with like."""

from __future__ import annotations

import ast
from decimal import Decimal

from dougong.expressions.errors import refused
from dougong.expressions.kinds import BOOLEAN, NUMBER, TEXT, Kind
from dougong.expressions.names import did_you_mean
from dougong.expressions.translator import Translator, Typed, call_helper

__all__ = ["arithmetic", "compare", "unary"]

_ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("_add", "+"),
    ast.Sub: ("_subtract", "-"),
    ast.Mult: ("_multiply", "*"),
    ast.Div: ("_divide", "/"),
}
_EQUALITY = (ast.Eq, ast.NotEq)
_ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_ORDERED = ("number", "text", "date", "instant", "any")


def arithmetic(translator: Translator, node: ast.BinOp) -> Typed:
    """`+ - * /` on numbers, `+` on texts."""
    operator = _ARITHMETIC.get(type(node.op))
    if operator is None:
        raise translator.refuse(type(node.op).__name__)
    helper, sign = operator
    left, right = translator.value(node.left), translator.value(node.right)
    kind = _sum_kind(translator, node, left, right, sign)
    code = call_helper(helper, translator.present(left, node.left), translator.present(right, node.right))
    if kind.base == "number":
        unrounded = sign == "/" or left.kind.unrounded or right.kind.unrounded
        kind = Kind("number", unrounded=unrounded)
    return Typed(code, kind)


def _sum_kind(translator: Translator, node: ast.BinOp, left: Typed, right: Typed, sign: str) -> Kind:
    bases = {left.kind.base, right.kind.base}
    if bases <= {"number", "any"} and (sign != "+" or bases != {"any"}):
        return NUMBER
    if sign == "+" and bases <= {"text", "any"}:
        return TEXT if "text" in bases else Kind("any")
    wrong_node, wrong = (node.left, left) if left.kind.base not in ("number", "any") else (node.right, right)
    words, (zh, en) = translator.words(wrong_node), wrong.kind.title
    mixed = sign == "+" and "text" in bases
    raise refused(
        f"{sign} 只用于数字{' 或两段文本' if sign == '+' else ''}, 但 {words} 是{zh}",
        f"{sign} works on numbers{' or on two texts' if sign == '+' else ' only'}, but {words} is {en}",
        code="EXPRESSION_TYPE",
        hint_zh="用 text(…) 把数字或日期写成文本" if mixed else "",
        hint_en="text(…) writes a number or date as text" if mixed else "",
    )


def unary(translator: Translator, node: ast.UnaryOp) -> Typed:
    """`not x`, `-x`."""
    if isinstance(node.op, ast.Not):
        return Typed(ast.UnaryOp(ast.Not(), translator.value(node.operand).code), BOOLEAN)
    if not isinstance(node.op, ast.USub):
        raise translator.refuse(type(node.op).__name__)
    operand = translator.value(node.operand)
    if operand.kind.base not in ("number", "any"):
        zh, en = operand.kind.title
        words = translator.words(node.operand)
        raise refused(
            f"- 只用于数字, 但 {words} 是{zh}", f"- works on numbers, but {words} is {en}", code="EXPRESSION_TYPE"
        )
    kind = Kind("number", unrounded=operand.kind.unrounded)
    return Typed(call_helper("_negate", translator.present(operand, node.operand)), kind)


def compare(translator: Translator, node: ast.Compare) -> Typed:
    """`== != < <= > >=`, `is None`, `in ('a', 'b')`; chains as in Python."""
    nodes = [node.left, *node.comparators]
    if isinstance(node.ops[0], (ast.In, ast.NotIn)) and len(node.ops) == 1:
        return _membership(translator, node)
    sides = [translator.value(side) for side in nodes]
    codes = [side.code for side in sides]
    for index, operator in enumerate(node.ops):
        pair = slice(index, index + 2)
        _check_pair(translator, operator, nodes[pair], sides[pair])
        if isinstance(operator, _ORDER):
            codes[pair] = [translator.present(s, n) for s, n in zip(sides[pair], nodes[pair], strict=True)]
    return Typed(ast.Compare(codes[0], list(node.ops), codes[1:]), BOOLEAN)


def _check_pair(translator: Translator, operator: ast.cmpop, nodes: list[ast.expr], sides: list[Typed]) -> None:
    if isinstance(operator, (ast.Is, ast.IsNot)):
        if sides[1].kind.base != "none" or not isinstance(nodes[1], ast.Constant) or isinstance(nodes[0], ast.Constant):
            raise refused("is 只用于 is None", "is can only be followed by None", hint_zh="请用 ==", hint_en="use ==")
        return
    if not isinstance(operator, (*_EQUALITY, *_ORDER)):
        raise translator.refuse(type(operator).__name__)
    bases = [side.kind.base for side in sides]
    loose = "any" in bases or (isinstance(operator, _EQUALITY) and "none" in bases)
    ordered = isinstance(operator, _EQUALITY) or all(base in _ORDERED for base in bases)
    if not ordered or not (loose or bases[0] == bases[1]) or any(base in ("list", "map", "opaque") for base in bases):
        words = [translator.words(side) for side in nodes]
        (zh0, en0), (zh1, en1) = sides[0].kind.title, sides[1].kind.title
        raise refused(
            f"{words[0]} 是{zh0}, {words[1]} 是{zh1}, 不能比较",
            f"{words[0]} is {en0} and {words[1]} is {en1}: they cannot be compared",
            code="EXPRESSION_TYPE",
        )
    if isinstance(operator, _EQUALITY):
        _check_choice(translator, sides[0].kind, nodes[0], nodes[1])
        _check_choice(translator, sides[1].kind, nodes[1], nodes[0])


def _check_choice(translator: Translator, kind: Kind, node: ast.expr, literal: ast.expr) -> None:
    """A text that can have a few values only is never equal to another: that is a slip of the pen."""
    if not kind.choices or not isinstance(literal, ast.Constant) or not isinstance(literal.value, str):
        return
    if literal.value not in kind.choices:
        words, (zh, en) = translator.words(node), did_you_mean(literal.value, kind.choices)
        raise refused(
            f"{words} 不可能是 '{literal.value}'",
            f"{words} can never be '{literal.value}'",
            code="EXPRESSION_NAME",
            hint_zh=zh,
            hint_en=en,
        )


def _membership(translator: Translator, node: ast.Compare) -> Typed:
    """`x in ('a', 'b')`: a tuple of literals, kept as one constant."""
    choices = node.comparators[0]
    if not isinstance(choices, ast.Tuple) or not all(isinstance(element, ast.Constant) for element in choices.elts):
        raise refused(
            "in 右边须为括号中的常量, 如 in ('a', 'b')",
            "behind `in` stands a tuple of literals, such as ('a', 'b')",
            hint_zh="一个值也要逗号: ('a',)" if isinstance(choices, ast.Constant) else "",
            hint_en="one value needs a comma too: ('a',)" if isinstance(choices, ast.Constant) else "",
        )
    left = translator.value(node.left)
    for element in choices.elts:
        _check_pair(translator, ast.Eq(), [node.left, element], [left, translator.value(element)])
    values = tuple(_literal(translator, element) for element in choices.elts)
    return Typed(ast.Compare(left.code, list(node.ops), [translator.environment.constant(values)]), BOOLEAN)


def _literal(translator: Translator, node: ast.expr) -> str | int | Decimal | bool | None:
    assert isinstance(node, ast.Constant)  # noqa: S101 — checked by the caller, told to the type checker
    value = node.value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return translator.parsed.number(node)
    return value if value is None or isinstance(value, bool) else str(value)
