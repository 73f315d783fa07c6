"""The target's structure, put together from paths: objects, arrays, leaves, in the order of the file."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from dougong.expressions import ExpressionError
from dougong.expressions.errors import refused
from dougong.mapping.definition import Definition, Field, Rows

__all__ = ["Array", "Block", "Leaf", "Node", "Object", "plant"]

#: Key of an element's own text beside its attributes (`Amount` and `Amount.@currencyCode`).
TEXT_KEY = "#text"


@attrs.define
class Leaf:
    """A field with its expression. :param certain: it always has a value; found out when it is translated."""

    field: Field
    certain: bool = False


@attrs.define
class Object:
    """An object. :param has_text: it is an XML element with text and attributes, nothing without its text."""

    children: dict[str, Node] = attrs.field(factory=dict)
    has_text: bool = False


@attrs.define
class Block:
    """One `[[rows]]` of an array, with the object that each row becomes."""

    rows: Rows
    row: Object = attrs.field(factory=Object)


@attrs.define
class Array:
    """An array, filled by one or more blocks in the order of the file."""

    blocks: list[Block] = attrs.field(factory=list)


Node = Leaf | Object | Array

#: A problem with the line and the field that it belongs to.
Misfit = tuple[int, str, ExpressionError]


def plant(definition: Definition) -> tuple[Object, list[Misfit]]:
    """The tree of a mapping, and the paths that contradict each other."""
    root, misfits = Object(), list[Misfit]()
    if not definition.rows_first:
        _add_fields(root, definition.fields, misfits)
    for rows in definition.rows:
        try:
            block = _add_rows(root, rows)
        except ExpressionError as error:
            misfits.append((rows.line, ".".join(rows.target), error))
            continue
        _add_fields(block.row, rows.fields, misfits)
    if definition.rows_first:
        _add_fields(root, definition.fields, misfits)
    misfits += [
        (line, name, refused("没有 [[rows]] 填充该数组", "no [[rows]] fills this array"))
        for line, name in _unfilled(definition)
    ]
    return root, misfits


def _unfilled(definition: Definition) -> Iterable[tuple[int, str]]:
    """Places reserved for arrays that no block fills."""
    targets = {rows.target for rows in definition.rows}
    tables = [((), definition.fields), *((rows.target, rows.fields) for rows in definition.rows)]
    for above, fields in tables:
        for field in fields:
            if field.text is None and (*above, *field.path) not in targets:
                yield field.line, field.name


def _add_fields(parent: Object, fields: Iterable[Field], misfits: list[Misfit]) -> None:
    for field in fields:
        try:
            _add_field(parent, field)
        except ExpressionError as error:
            misfits.append((field.line, field.name, error))


def _add_field(parent: Object, field: Field) -> None:
    *above, name = field.path
    for segment in above:
        child = parent.children.setdefault(segment, Object())
        if isinstance(child, Leaf) and name.startswith("@") and segment == above[-1]:
            child = parent.children[segment] = Object({TEXT_KEY: child}, has_text=True)
        if not isinstance(child, Object):
            raise _conflict(segment, child)
        parent = child
    there = parent.children.get(name)
    if field.text is None:
        there = parent.children.setdefault(name, Array())
        if not isinstance(there, Array):
            raise _conflict(name, there)
    elif isinstance(there, Object) and not there.has_text and all(key.startswith("@") for key in there.children):
        there.children[TEXT_KEY], there.has_text = Leaf(field), True
    elif there is not None:
        raise _conflict(name, there)
    else:
        parent.children[name] = Leaf(field)


def _add_rows(root: Object, rows: Rows) -> Block:
    """Put a block at its target; below an array it belongs to that array's last block so far."""
    parent = root
    *above, name = rows.target
    for segment in above:
        child = parent.children.setdefault(segment, Object())
        if isinstance(child, Array) and child.blocks:
            child = child.blocks[-1].row
        if not isinstance(child, Object):
            raise _conflict(segment, child)
        parent = child
    array = parent.children.setdefault(name, Array())
    if not isinstance(array, Array):
        raise _conflict(name, array)
    block = Block(rows)
    array.blocks.append(block)
    return block


def _conflict(name: str, there: Node) -> ExpressionError:
    what = {Leaf: ("一个值", "a value"), Object: ("一个对象", "an object"), Array: ("一个数组", "an array")}[
        type(there)
    ]
    return refused(f"{name} 已是{what[0]}", f"{name} is {what[1]} already", code="MAPPING_INVALID")
