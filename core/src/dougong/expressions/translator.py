"""The walk over one expression: leaves, names, attributes, conditions; operators and calls are modules of their own."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from dougong.expressions.errors import ExpressionError, refused
from dougong.expressions.kinds import ANY, BOOLEAN, NONE, NUMBER, TEXT, Kind, members, union
from dougong.expressions.names import did_you_mean
from dougong.expressions.parse import Parsed
from dougong.expressions.runtime import HELPERS
from dougong.expressions.scope import Scope

__all__ = ["NULL", "Environment", "Handlers", "Translator", "Typed", "call_helper"]

#: What the word `null` stands for while a mapping runs: the field is sent, and sent as null.
NULL = type("Null", (), {"__repr__": lambda _: "null"})()

#: What a person calls the parts of Python that are not part of the language.
_REFUSED: dict[str, tuple[str, str]] = {
    "Pow": ("乘方 **", "powers (**)"),
    "Mod": ("取余 %", "remainders (%)"),
    "FloorDiv": ("整除 //", "whole division (//)"),
    "JoinedStr": ("f 字符串", "f-strings"),
    "Lambda": ("lambda", "lambdas"),
    "NamedExpr": ("赋值 :=", "assignments (:=)"),
    "Await": ("await", "await"),
    "Yield": ("yield", "yield"),
    "Starred": ("星号参数", "starred arguments"),
    "ListComp": ("列表推导", "list comprehensions"),
    "SetComp": ("集合推导", "set comprehensions"),
    "DictComp": ("字典推导", "dict comprehensions"),
    "Slice": ("切片", "slices"),
    "List": ("列表", "lists"),
    "Dict": ("字典", "dicts"),
    "Set": ("集合", "sets"),
    "Tuple": ("元组 (只能在 in 右边)", "tuples, except behind `in`"),
}


@attrs.define
class Environment:
    """Globals of generated code: helpers, functions and constants, and nothing of Python's own."""

    names: dict[str, Any] = attrs.field(factory=lambda: {"__builtins__": {}, "_null": NULL, **HELPERS})

    def constant(self, value: Any) -> ast.expr:
        """Code for a constant; Python's own constants stand for themselves, others get a name."""
        if value is None or isinstance(value, (str, int, bool)):
            return ast.Constant(value)
        name = f"_c{len(self.names)}"
        self.names[name] = value
        return ast.Name(name, ast.Load())

    def name(self, name: str, value: Any) -> ast.expr:
        """Code for a value under a name of its own."""
        self.names[name] = value
        return ast.Name(name, ast.Load())


@attrs.frozen
class Typed:
    """Code that gives a value, and what is known of the value."""

    code: ast.expr
    kind: Kind


def call_helper(name: str, *arguments: ast.expr) -> ast.Call:
    """Code that calls a helper."""
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


#: The whitelist: what the node classes of the language become.
Handlers = Mapping[type[ast.AST], Callable[["Translator", Any], Typed]]


@attrs.define
class Translator:
    """Walks one expression. `scope` changes inside a generator, which adds its own name."""

    parsed: Parsed
    scope: Scope
    environment: Environment
    handlers: Handlers
    uses_null: bool = False
    in_generator: bool = False
    literals: list[tuple[str, str, Any]] = attrs.field(factory=list)

    def value(self, node: ast.expr) -> Typed:
        """Translate a node that must give a value."""
        handler = self.handlers.get(type(node))
        if handler is None:
            raise self.refuse(type(node).__name__)
        return handler(self, node)

    def result(self, node: ast.expr) -> Typed:
        """As `value`, where the result may also be `null`: the whole, or a branch of a conditional."""
        if isinstance(node, ast.Name) and node.id == "null":
            self.uses_null = True
            return Typed(ast.Name("_null", ast.Load()), NONE)
        if isinstance(node, ast.IfExp):
            return self.conditional(node, self.result)
        return self.value(node)

    def words(self, node: ast.expr) -> str:
        """The text of a node, for messages."""
        return self.parsed.segment(node)[:120]

    def refuse(self, node_name: str) -> ExpressionError:
        """The error for something that is Python but not of this language."""
        zh, en = _REFUSED.get(node_name, (node_name, f"Python's {node_name}"))
        return refused(f"表达式中不能使用{zh}", f"{en} cannot be used in an expression")

    def present(self, typed: Typed, node: ast.expr) -> ast.expr:
        """Code whose value is not `None`, or an error that names it."""
        if not typed.kind.optional:
            return typed.code
        return call_helper("_need", typed.code, ast.Constant(self.words(node)))

    # -- leaves ------------------------------------------------------------------------------------------------------

    def constant(self, node: ast.Constant) -> Typed:
        """A literal: text, number, True, False, None."""
        value = node.value
        if value is None:
            return Typed(ast.Constant(None), NONE)
        if isinstance(value, bool):
            return Typed(ast.Constant(value), BOOLEAN)
        if isinstance(value, str):
            return Typed(ast.Constant(value), TEXT)
        if isinstance(value, (int, float)):
            return Typed(self.environment.constant(self.parsed.number(node)), NUMBER)
        raise self.refuse(type(value).__name__)

    def name(self, node: ast.Name) -> Typed:
        """A name of the scope."""
        kind = self.scope.names.get(node.id)
        if kind is not None:
            return Typed(ast.Name(node.id, ast.Load()), kind)
        if node.id == "null":
            raise refused("null 只能作为整个结果或条件的一支", "null can only be the result, or one branch of it")
        if node.id in self.scope.functions:
            raise refused(f"{node.id} 是函数, 须带括号调用", f"{node.id} is a function: call it with brackets")
        zh, en = did_you_mean(node.id, self.scope.names)
        raise refused(
            f"未知名称 {node.id}",
            f"unknown name {node.id}",
            code="EXPRESSION_NAME",
            hint_zh=f"{zh} 若为文本, 请写 '{node.id}'",
            hint_en=f"{en} For a text write '{node.id}'",
        )

    def attribute(self, node: ast.Attribute) -> Typed:
        """A field or property of an attrs class; of `None` it gives `None`."""
        base = self.value(node.value)
        kind, everywhere = _attribute_kind(base.kind, node, self.words(node.value))
        if not base.kind.optional and everywhere:
            return Typed(ast.Attribute(base.code, node.attr, ast.Load()), kind)
        if everywhere and _is_plain(base.code):
            found = ast.Attribute(base.code, node.attr, ast.Load())
            missing = ast.Compare(base.code, [ast.Is()], [ast.Constant(None)])
            return Typed(ast.IfExp(missing, ast.Constant(None), found), kind.or_none())
        return Typed(call_helper("_attribute", base.code, ast.Constant(node.attr)), kind.or_none())

    def subscript(self, node: ast.Subscript) -> Typed:
        """A literal key of `extensions`."""
        literal = isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)
        if not (literal and isinstance(node.value, ast.Attribute) and node.value.attr == "extensions"):
            raise refused(
                f"{self.words(node)}: 方括号只用于 extensions['名称']",
                f"{self.words(node)}: square brackets are only for extensions['name']",
            )
        base = self.value(node.value)
        return Typed(call_helper("_key", base.code, node.slice), (base.kind.item or ANY).or_none())

    # -- conditions --------------------------------------------------------------------------------------------------

    def conditional(self, node: ast.IfExp, branch: Callable[[ast.expr], Typed] | None = None) -> Typed:
        """`a if condition else b`."""
        branch = branch or self.value
        test, body, other = self.value(node.test), branch(node.body), branch(node.orelse)
        return Typed(ast.IfExp(test.code, body.code, other.code), union((body.kind, other.kind)))

    def boolean(self, node: ast.BoolOp) -> Typed:
        """`and`, `or`: as in Python, the value of the side that decides."""
        sides = [self.value(side) for side in node.values]
        kind = union(side.kind for side in sides)
        if isinstance(node.op, ast.Or):
            kind = attrs.evolve(kind, optional=sides[-1].kind.optional)
        return Typed(ast.BoolOp(node.op, [side.code for side in sides]), kind)


def _is_plain(code: ast.expr) -> bool:
    """Whether code may stand twice: a name, or attributes of one."""
    while isinstance(code, ast.Attribute):
        code = code.value
    return isinstance(code, ast.Name)


def _attribute_kind(base: Kind, node: ast.Attribute, words: str) -> tuple[Kind, bool]:
    """The kind of an attribute, and whether every class that the object may have has it."""
    name = node.attr
    if name.startswith("_"):
        raise refused(f"不能访问以下划线开头的 {name}", f"{name} starts with an underscore and cannot be used")
    if base.base == "list":
        raise refused(
            f"{words} 是列表, 没有 {name}",
            f"{words} is a list and has no {name}",
            code="EXPRESSION_NAME",
            hint_zh=f"请写成如 sum(x.{name} for x in {words})",
            hint_en=f"write for example sum(x.{name} for x in {words})",
        )
    if base.base != "object":
        zh, en = base.title
        raise refused(f"{words} 是{zh}, 没有 {name}", f"{words} is {en} and has no {name}", code="EXPRESSION_NAME")
    found: list[Kind] = []
    known: dict[str, Kind] = {}
    for cls in base.classes:
        fields = members(cls)
        known.update(fields)
        if name in fields:
            found.append(fields[name])
        elif hasattr(cls, name):
            raise refused(f"{words}.{name} 是方法, 不能使用", f"{words}.{name} is a method and cannot be used")
    if not found:
        hint_zh, hint_en = did_you_mean(name, known)
        zh, en = base.title
        raise refused(
            f"{words} ({zh}) 没有 {name}",
            f"{words} ({en}) has no {name}",
            code="EXPRESSION_NAME",
            hint_zh=hint_zh,
            hint_en=hint_en,
        )
    kind = union(found)
    if kind.base == "opaque":
        raise refused(f"{words}.{name} 不能用于表达式", f"{words}.{name} cannot be used in an expression")
    return kind, len(found) == len(base.classes)
