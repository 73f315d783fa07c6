"""From the target's tree to one function of plain Python statements, each with the line of the field that it fills."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import Any

import attrs

from dougong.expressions import ExpressionError, Scope, singular
from dougong.expressions.compiled import build
from dougong.expressions.errors import refused
from dougong.expressions.translate import Translated, translate
from dougong.expressions.translator import Environment
from dougong.mapping.definition import Field, Rows
from dougong.mapping.errors import at_field
from dougong.mapping.failures import RUNTIME
from dougong.mapping.functions import FUNCTIONS
from dougong.mapping.statements import BLOCK, LEAF, PLAIN_BLOCK, at_line, put, statements
from dougong.mapping.tree import TEXT_KEY, Block, Leaf, Node, Object
from dougong.model.problems import Problem

__all__ = ["Generator"]

#: What a field of a payload may hold.
_SENDABLE = ("text", "number", "boolean", "date", "instant", "any", "none")


@attrs.define
class Generator:
    """Builds the function of one mapping and collects what is wrong with it.

    :param path: name of the mapping file. :param source: the booking's name, `voucher`; `cls` its class.
    """

    path: str
    source: str
    cls: type
    environment: Environment = attrs.field(factory=Environment)
    problems: list[Problem] = attrs.field(factory=list)
    sources: dict[str, str] = attrs.field(factory=dict)
    literals: set[tuple[str, str, Any]] = attrs.field(factory=set)
    counter: int = 0

    def function(self, root: Object) -> Callable[..., dict[str, Any]]:
        """The function `(booking, codes, failures) -> body`. Only to be used when `problems` stayed empty."""
        self.environment.names.update(RUNTIME)
        scope = Scope.of(FUNCTIONS, **{self.source: self.cls})
        fields = self.object(root, "_body", _Place(scope))
        start = statements(f"_on = {self.source}.posting_date\n_body = {{}}", 1)
        body = [*start, *fields, *statements("return _body", 1)]
        if self.problems:
            body = statements("return {}", 1)
        return build("mapping", [self.source, "_codes", "_failures"], body, self.environment, self.path)

    # -- nodes -------------------------------------------------------------------------------------------------------

    def object(self, node: Object, container: str, place: _Place) -> list[ast.stmt]:
        """Statements that fill `container` with an object's children."""
        made: list[ast.stmt] = []
        for name, child in node.children.items():
            made += self.child(child, container, name, place.below(name))
        return made

    def child(self, child: Node, container: str, name: str, place: _Place) -> list[ast.stmt]:
        """Statements that put one child under `name`."""
        keys = [name]
        while isinstance(child, Object) and len(child.children) == 1 and not child.has_text:
            only, child = next(iter(child.children.items()))
            keys.append(only)
            place = place.below(only)
        if isinstance(child, Leaf):
            return self.leaf(child, container, keys, place)
        inner = self.fresh()
        line = _first_line(child)
        if isinstance(child, Object):
            filled = self.object(child, inner, place)
            keep = f"{TEXT_KEY!r} in {inner}" if child.has_text else inner
            created = f"{inner} = {{}}"
        else:
            filled = [s for block in child.blocks for s in self.block(block, inner, place)]
            keep, created = inner, f"{inner} = []"
        stored = statements(
            f"if {keep}: _container[_key] = _value", line, **put(container, keys, ast.Name(inner, ast.Load()))
        )
        return [*statements(created, line), *filled, *stored]

    def leaf(self, leaf: Leaf, container: str, keys: list[str], place: _Place) -> list[ast.stmt]:
        """`container[key] = expression`, left out when there is no value."""
        field = leaf.field
        translated = self.translate(field.text or "", place.scope, field, allow_null=True)
        if translated is None:
            return []
        if translated.kind.base not in _SENDABLE:
            self.refuse_kind(translated, field)
            return []
        self.source_of(place.target, translated.text)
        code, kind = translated.code, translated.kind
        if kind.base == "any":
            code = ast.Call(ast.Name("_scalar", ast.Load()), [code, ast.Constant(translated.text[:120])], [])
        leaf.certain = not kind.optional
        if leaf.certain:
            stored = statements(
                "_container[_key] = _value", field.line, **put(container, keys, at_line(code, field.line))
            )
        else:
            value = "(None if _v is _null else _v)" if translated.uses_null else "_v"
            sent = ast.parse(value, mode="eval").body
            stored = statements(
                "_v = _code\nif _v is not None: _container[_key] = _value",
                field.line,
                _code=at_line(code, field.line),
                **put(container, keys, at_line(sent, field.line)),
            )
        return self.guarded(LEAF, field.line, place, translated.text, _put=stored)

    def block(self, block: Block, array: str, place: _Place) -> list[ast.stmt]:
        """The loop of one `[[rows]]` that appends to `array`."""
        rows = block.rows
        each = self.translate(rows.each, place.scope, Field(rows.target, rows.each, rows.line))
        if each is None:
            return []
        item = self.item(rows, each, place.scope)
        if item is None:
            return []
        name, scope = item
        inside = place.row(array, scope)
        row = self.fresh()
        when = None
        if rows.when:
            when = self.translate(rows.when, scope, Field(rows.target, rows.when, rows.line))
        fields = self.object(block.row, row, inside)
        keep = f"{array}.append({row})"
        if not _always_filled(block.row):
            keep = f"if {row} or _failures: {keep}"
        values = each.code
        if each.kind.optional:
            values = ast.BoolOp(ast.Or(), [values, self.environment.constant(())])
        holes = {
            "_item": name,
            "_row": row,
            "_each": at_line(values, rows.line),
            "_fields": fields,
            "_keep": statements(keep, rows.line),
        }
        if when is None:
            return statements(PLAIN_BLOCK, rows.line, **holes)
        return self.guarded(BLOCK, rows.line, inside, when.text, _when=at_line(when.code, rows.line), **holes)

    def item(self, rows: Rows, each: Translated, scope: Scope) -> tuple[str, Scope] | None:
        """Name of one item and the scope inside the loop."""
        attribute = re.search(r"\.(\w+)$", each.text)
        name = rows.item or (singular(attribute[1]) if attribute else None)
        if each.kind.base != "list" or each.kind.item is None:
            zh, en = each.kind.title
            self.note(
                rows, refused(f"each 须为列表, 而 {each.text} 是{zh}", f"each must be a list, but {each.text} is {en}")
            )
        elif name is None:
            hint = '请加上 as = "…"', 'add as = "…"'
            error = refused("无法得出行的名称", "the rows need a name", hint_zh=hint[0], hint_en=hint[1])
            self.note(rows, error)
        else:
            try:
                return name, scope.with_name(name, each.kind.item)
            except ExpressionError as error:
                self.note(rows, error)
        return None

    # -- pieces ------------------------------------------------------------------------------------------------------

    def guarded(self, template: str, line: int, place: _Place, text: str, **holes: Any) -> list[ast.stmt]:
        """A template whose failure is noted with the target's path and the row's indexes."""
        lengths = [ast.parse(f"_len({array})", mode="eval").body for array in place.arrays]
        return statements(
            template,
            line,
            _target=at_line(ast.Constant(place.pattern), line),
            _indexes=at_line(ast.Tuple(lengths, ast.Load()), line),
            _where=at_line(ast.Constant(f"{self.path}:{line}\n{text}"), line),
            **holes,
        )

    def translate(self, text: str, scope: Scope, field: Field, *, allow_null: bool = False) -> Translated | None:
        """A translated expression, or `None` with the problem noted."""
        try:
            translated = translate(text, scope, self.environment, allow_null=allow_null)
        except ExpressionError as error:
            self.note(field, error)
            return None
        self.literals.update(translated.literals)
        return translated

    def note(self, where: Field | Rows, error: ExpressionError) -> None:
        """Keep a compile problem with file, line and field."""
        name = where.name if isinstance(where, Field) else ".".join(where.target)
        self.problems += [at_field(problem, f"{self.path}:{where.line}", name) for problem in error.problems]

    def refuse_kind(self, translated: Translated, field: Field) -> None:
        """A field holds one value: not a list, not an object."""
        zh, en = translated.kind.title
        hint = ("", "")
        if translated.kind.base == "list":
            hint = f"请写成 {translated.text} | join(',')", f"write {translated.text} | join(',')"
        error = refused(
            f"字段不能是{zh}", f"a field cannot be {en}", code="EXPRESSION_TYPE", hint_zh=hint[0], hint_en=hint[1]
        )
        self.note(field, error)

    def source_of(self, target: str, text: str) -> None:
        """Remember the expression of a target path; several rows blocks may fill one path in different ways."""
        before = self.sources.get(target)
        if before is None:
            self.sources[target] = text
        elif text not in before.split("\n"):
            self.sources[target] = f"{before}\n{text}"

    def fresh(self) -> str:
        """A name of its own for a part of the body."""
        self.counter += 1
        return f"_p{self.counter}"


@attrs.frozen
class _Place:
    """Where in the target and in which scope code is being made.

    :param target: `FEntity[].FDEBIT`; `pattern` the same with `{}` for the row's index.
    :param arrays: names of the lists in which rows are counted.
    """

    scope: Scope
    target: str = ""
    pattern: str = ""
    arrays: tuple[str, ...] = ()

    def below(self, name: str) -> _Place:
        """The place of a child."""
        dot = "." if self.target else ""
        shown = name.replace("{", "{{").replace("}", "}}")
        return attrs.evolve(self, target=f"{self.target}{dot}{name}", pattern=f"{self.pattern}{dot}{shown}")

    def row(self, array: str, scope: Scope) -> _Place:
        """The place of a row in the array here."""
        return _Place(scope, f"{self.target}[]", f"{self.pattern}[{{}}]", (*self.arrays, array))


def _leaves(node: Node) -> Iterator[Field]:
    if isinstance(node, Leaf):
        yield node.field
    elif isinstance(node, Object):
        for child in node.children.values():
            yield from _leaves(child)
    else:
        for block in node.blocks:
            yield from _leaves(block.row)


def _first_line(node: Node) -> int:
    return next((field.line for field in _leaves(node)), 1)


def _always_filled(node: Node) -> bool:
    """Whether an object has at least one field that every row has, whatever its values."""
    return (
        isinstance(node, Object)
        and not node.has_text
        and any(child.certain if isinstance(child, Leaf) else _always_filled(child) for child in node.children.values())
    )
