"""Calls: functions by name, pipes into them, and one generator as the only argument of those that take many values."""

from __future__ import annotations

import ast
from typing import Any

from dougong.expressions.errors import refused
from dougong.expressions.kinds import ANY, Kind
from dougong.expressions.names import did_you_mean
from dougong.expressions.scope import Function, Parameter
from dougong.expressions.translator import Translator, Typed, call_helper

__all__ = ["call", "pipe"]


def pipe(translator: Translator, node: ast.BinOp) -> Typed:
    """`value | f(more)` is `f(value, more)`."""
    if not isinstance(node.right, ast.Call):
        raise _no_call(translator, node)
    return _apply(translator, _function(translator, node.right), [node.left, *node.right.args], node.right.keywords)


def _no_call(translator: Translator, node: ast.BinOp) -> Exception:
    """`value | f` lacks brackets; `value | f() + 1` is `value | (f() + 1)` for Python, which nobody means."""
    words = translator.words(node.right)
    form = f"… | {words}()" if isinstance(node.right, ast.Name) else ""
    first = node.right
    while isinstance(first, ast.BinOp):
        first = first.left
    if isinstance(first, ast.Call):
        form = f"({translator.words(node.left)} | {translator.words(first)}) …"
    return refused(
        f"管道右边须为函数调用, 而不是 {words}",
        f"behind a pipe stands a function call, not {words}",
        hint_zh=form and f"请写成 {form}",
        hint_en=form and f"write {form}",
    )


def call(translator: Translator, node: ast.Call) -> Typed:
    """`f(value, more)`."""
    function = _function(translator, node)
    if len(node.args) == 1 and not node.keywords and isinstance(node.args[0], ast.GeneratorExp) and function.aggregate:
        return _aggregate(translator, function, node.args[0])
    return _apply(translator, function, node.args, node.keywords)


def _function(translator: Translator, node: ast.Call) -> Function:
    if not isinstance(node.func, ast.Name):
        raise refused(
            f"{translator.words(node.func)}: 不能调用方法",
            f"{translator.words(node.func)}: methods cannot be called",
            hint_zh="请用函数, 如 upper(…)",
            hint_en="use a function, such as upper(…)",
        )
    functions = translator.scope.functions
    if node.func.id not in functions:
        zh, en = did_you_mean(node.func.id, functions)
        raise refused(
            f"未知函数 {node.func.id}",
            f"unknown function {node.func.id}",
            code="EXPRESSION_NAME",
            hint_zh=zh,
            hint_en=en,
        )
    return functions[node.func.id]


def _apply(translator: Translator, function: Function, values: list[ast.expr], keywords: list[ast.keyword]) -> Typed:
    given = _bind(function, values, keywords)
    codes, kinds = [], []
    for index, parameter in enumerate(function.parameters):
        node = given.get(parameter.name)
        if node is None:
            typed = Typed(translator.environment.constant(parameter.default), ANY)
        elif parameter.literal:
            typed = _literal(translator, function, parameter, node)
        else:
            typed = _argument(translator, function, parameter, node, first=index == 0)
        codes.append(typed.code)
        kinds.append(typed.kind)
    return _finish(translator, function, codes, kinds)


def _bind(function: Function, values: list[ast.expr], keywords: list[ast.keyword]) -> dict[str, ast.expr]:
    """Arguments by parameter name."""
    names = [parameter.name for parameter in function.parameters]
    given = dict(zip(names, values, strict=False))
    for word in keywords:
        if word.arg not in names or word.arg in given:
            raise _wrong_arguments(function)
        given[word.arg] = word.value
    missing = [p.name for p in function.parameters if p.required and p.name not in given]
    if len(values) > len(names) or missing:
        raise _wrong_arguments(function)
    return given


def _wrong_arguments(function: Function) -> Exception:
    return refused(
        f"{function.name} 的参数不符",
        f"the arguments do not fit {function.name}",
        code="EXPRESSION_TYPE",
        hint_zh=f"写法: {function.signature}",
        hint_en=f"it is written {function.signature}",
    )


def _argument(
    translator: Translator, function: Function, parameter: Parameter, node: ast.expr, *, first: bool
) -> Typed:
    typed = translator.value(node)
    words = translator.words(node)
    if not any(typed.kind.fits(kind) for kind in parameter.kinds):
        zh, en = typed.kind.title
        wanted = [kind.title for kind in parameter.kinds]
        raise refused(
            f"{function.name} 的 {parameter.name} 须为{'或'.join(z for z, _ in wanted)}, 但 {words} 是{zh}",
            f"{parameter.name} of {function.name} must be {' or '.join(e for _, e in wanted)}, but {words} is {en}",
            code="EXPRESSION_TYPE",
        )
    code = typed.code
    if function.aggregate and first:
        code = _or_nothing(translator, typed)
    elif ANY not in parameter.kinds and parameter.default is not None and not (first and function.passes_none):
        code = translator.present(typed, node)
    if typed.kind.base == "any" and len(parameter.kinds) == 1 and ANY not in parameter.kinds:
        code = call_helper("_expect", code, ast.Constant(parameter.kinds[0].base), ast.Constant(words))
    return Typed(code, typed.kind)


def _or_nothing(translator: Translator, values: Typed) -> ast.expr:
    """Code for a list: an empty one where there may be none."""
    if not values.kind.optional:
        return values.code
    return ast.BoolOp(ast.Or(), [values.code, translator.environment.constant(())])


def _literal(translator: Translator, function: Function, parameter: Parameter, node: ast.expr) -> Typed:
    typed = translator.value(node)
    if not isinstance(node, ast.Constant) or not any(typed.kind.fits(kind) for kind in parameter.kinds):
        zh, en = parameter.kinds[0].title
        raise refused(
            f"{function.name} 的 {parameter.name} 须为写明的{zh}",
            f"{parameter.name} of {function.name} must be written out as {en}",
            code="EXPRESSION_TYPE",
        )
    value: Any = node.value
    wrong = parameter.verify(value) if parameter.verify else None
    if wrong:
        raise refused(f"{function.name}: {wrong.zh}", f"{function.name}: {wrong.en}", code="EXPRESSION_TYPE")
    translator.literals.append((function.name, parameter.name, value))
    return typed


def _finish(translator: Translator, function: Function, codes: list[ast.expr], kinds: list[Kind]) -> Typed:
    """The call itself; what is unrounded stays so, except through `round`, and never becomes text."""
    result = function.result(kinds)
    unrounded = any(kind.unrounded or (kind.item is not None and kind.item.unrounded) for kind in kinds)
    if unrounded and function.name != "round":
        if result.base != "number":
            raise refused(
                f"{function.name}: 除法的结果须先用 round(…)",
                f"{function.name}: round the quotient first",
                code="EXPRESSION_TYPE",
            )
        result = Kind("number", result.optional, unrounded=True)
    target = translator.environment.name(f"_f_{function.name}", function.implementation)
    context: list[ast.expr] = [ast.Name(name, ast.Load()) for name in function.context]
    return Typed(ast.Call(target, [*codes, *context], []), result)


def _aggregate(translator: Translator, function: Function, node: ast.GeneratorExp) -> Typed:
    """`sum(l.amount for l in voucher.lines if l.side == 'D')`."""
    if len(node.generators) != 1 or translator.in_generator:
        raise refused("生成式只能有一个 for, 不能嵌套", "a generator has one `for` and does not stand inside another")
    loop = node.generators[0]
    if not isinstance(loop.target, ast.Name) or loop.is_async:
        raise refused("for 后面须为一个名称", "behind `for` stands one name")
    source = translator.value(loop.iter)
    if source.kind.base != "list" or source.kind.item is None:
        zh, en = source.kind.title
        words = translator.words(loop.iter)
        raise refused(f"{words} 是{zh}, 不是列表", f"{words} is {en}, not a list", code="EXPRESSION_TYPE")
    outside = translator.scope
    translator.scope, translator.in_generator = outside.with_name(loop.target.id, source.kind.item), True
    conditions = [translator.value(condition).code for condition in loop.ifs]
    element = translator.value(node.elt)
    translator.scope, translator.in_generator = outside, False
    wanted = function.parameters[0].kinds[0].item or ANY
    if not element.kind.fits(wanted):
        (zh, en), words = element.kind.title, translator.words(node.elt)
        raise refused(
            f"{function.name} 需要{wanted.title[0]}, 但 {words} 是{zh}",
            f"{function.name} takes {wanted.title[1]}, but {words} is {en}",
            code="EXPRESSION_TYPE",
        )
    values = _or_nothing(translator, source)
    target = ast.Name(loop.target.id, ast.Store())
    generator = ast.GeneratorExp(element.code, [ast.comprehension(target, values, conditions, 0)])
    defaults = [translator.environment.constant(p.default) for p in function.parameters[1:]]
    return _finish(translator, function, [generator, *defaults], [Kind("list", item=element.kind)])
