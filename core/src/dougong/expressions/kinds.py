"""Kinds of values, as far as an expression needs to know them; read from the annotations of attrs classes."""

from __future__ import annotations

import datetime as dt
import enum
import functools
import types
import typing
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal

import attrs

__all__ = ["ANY", "BOOLEAN", "DATE", "NONE", "NUMBER", "TEXT", "Kind", "kind_of", "members"]

Base = Literal["text", "number", "boolean", "date", "instant", "object", "list", "map", "any", "none", "opaque"]

_TITLES: dict[str, tuple[str, str]] = {
    "text": ("文本", "text"),
    "number": ("数字", "a number"),
    "boolean": ("真假值", "true or false"),
    "date": ("日期", "a date"),
    "instant": ("时刻", "an instant"),
    "object": ("对象", "an object"),
    "list": ("列表", "a list"),
    "map": ("键值表", "a table of keys"),
    "any": ("任意值", "any value"),
    "none": ("空", "nothing"),
    "opaque": ("不可用的值", "something that expressions cannot use"),
}


@attrs.frozen
class Kind:
    """What is known of a value when the expression is compiled.

    :param optional: it may be `None`.
    :param classes: of an object: the attrs classes that it may have.
    :param item: of a list or map: the kind of its values.
    :param choices: of a text: the only values that it can have; empty = any.
    :param unrounded: of a number: a quotient that nobody has rounded yet.

    .. versionadded:: 0.1
    """

    base: Base
    optional: bool = False
    classes: tuple[type, ...] = ()
    item: Kind | None = None
    choices: tuple[str, ...] = ()
    unrounded: bool = False

    @property
    def title(self) -> tuple[str, str]:
        """What people call it, Chinese and English."""
        if self.base == "object":
            name = " | ".join(cls.__name__ for cls in self.classes)
            return f"{name} 对象", f"a {name}"
        return _TITLES[self.base]

    def or_none(self, optional: bool = True) -> Kind:
        """The same kind, possibly `None`."""
        return attrs.evolve(self, optional=self.optional or optional)

    def without_none(self) -> Kind:
        """The same kind, never `None`."""
        return attrs.evolve(self, optional=False)

    def fits(self, wanted: Kind) -> bool:
        """Whether such a value may stand where `wanted` is asked for, `None` left aside."""
        if "any" in (self.base, wanted.base) or self.base == "none":
            return self.base != "opaque"
        if self.base != wanted.base:
            return False
        if self.base == "list" and self.item and wanted.item:
            return self.item.fits(wanted.item)
        return True


TEXT, NUMBER, BOOLEAN, DATE, ANY = Kind("text"), Kind("number"), Kind("boolean"), Kind("date"), Kind("any")
NONE = Kind("none", optional=True)
OPAQUE = Kind("opaque")

_SCALARS: dict[Any, Kind] = {
    str: TEXT,
    int: NUMBER,
    Decimal: NUMBER,
    bool: BOOLEAN,
    dt.date: DATE,
    dt.datetime: Kind("instant"),
    Any: ANY.or_none(),
    None: NONE,
    type(None): NONE,
}


def union(kinds: Iterable[Kind]) -> Kind:
    """The kind of a value that has one of several kinds."""
    some = list(kinds)
    optional = any(kind.optional for kind in some)
    real = [kind for kind in some if kind.base != "none"]
    if not real:
        return NONE
    first = real[0]
    if any(kind.base != first.base for kind in real):
        opaque = any(kind.base in ("opaque", "object", "list", "map") for kind in real)
        return (OPAQUE if opaque else ANY).or_none(optional)
    return Kind(
        first.base,
        optional,
        classes=tuple(dict.fromkeys(cls for kind in real for cls in kind.classes)),
        item=union(kind.item for kind in real if kind.item) if first.item else None,
        choices=tuple(dict.fromkeys(c for k in real for c in k.choices)) if all(k.choices for k in real) else (),
        unrounded=any(kind.unrounded for kind in real),
    )


def kind_of(annotation: Any) -> Kind:
    """The kind that an annotation promises; `opaque` for what the language has no use for.

    .. versionadded:: 0.1
    """
    if isinstance(annotation, typing.Hashable) and annotation in _SCALARS:
        return _SCALARS[annotation]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return union(map(kind_of, arguments))
    if origin is Literal:
        return Kind("text", choices=tuple(arguments)) if all(isinstance(a, str) for a in arguments) else OPAQUE
    if origin is not None and isinstance(origin, type):
        return _generic(origin, arguments)
    if isinstance(annotation, type):
        if issubclass(annotation, enum.Enum):
            return Kind("text", choices=tuple(str(m) for m in annotation)) if issubclass(annotation, str) else OPAQUE
        if attrs.has(annotation):
            return Kind("object", classes=(annotation,))
    return OPAQUE


def _generic(origin: type, arguments: tuple[Any, ...]) -> Kind:
    if issubclass(origin, Mapping):
        return Kind("map", item=kind_of(arguments[1]))
    if issubclass(origin, tuple):
        return Kind("list", item=kind_of(arguments[0])) if arguments[1:] == (Ellipsis,) else OPAQUE
    if issubclass(origin, Iterable) and len(arguments) == 1:
        return Kind("list", item=kind_of(arguments[0]))
    return OPAQUE


@functools.cache
def members(cls: type) -> Mapping[str, Kind]:
    """What an expression may read of an attrs class: its public fields and properties, by name.

    .. versionadded:: 0.1
    """
    hints = typing.get_type_hints(cls)
    found = {field.name: kind_of(hints.get(field.name, object)) for field in attrs.fields(cls)}
    for base in reversed(cls.__mro__):
        for name, value in vars(base).items():
            if isinstance(value, property) and value.fget:
                found[name] = kind_of(typing.get_type_hints(value.fget).get("return", object))
    return types.MappingProxyType({name: kind for name, kind in found.items() if not name.startswith("_")})
