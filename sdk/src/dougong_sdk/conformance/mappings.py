"""Mappings other than the shipped one: with less in them, or with something else in one field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tomlkit

from dougong.mapping import CompiledMapping, compile_mapping
from dougong.mapping.paths import parse_path

__all__ = ["Place", "compiled", "places", "with_field", "without"]

#: A field of a mapping: position among `[[rows]]`, `None` in `[fields]`; and its name.
Place = tuple[int | None, str]


def compiled(text: str) -> CompiledMapping:
    """A mapping to map with. :raises MappingError: it cannot be compiled."""
    return compile_mapping(text, path="conformance.toml")


def places(text: str) -> Iterator[Place]:
    """Every field of a mapping, in the order of the file."""
    read: Any = tomlkit.parse(text)
    yield from ((None, name) for name in read.get("fields", {}))
    for at, rows in enumerate(read.get("rows", ())):
        yield from ((at, name) for name in rows["fields"])


def without(text: str, place: Place) -> str:
    """The mapping without one field."""
    read: Any = tomlkit.parse(text)
    at, name = place
    del (read["fields"] if at is None else read["rows"][at]["fields"])[name]
    return tomlkit.dumps(read)


def with_field(text: str, path: str, expression: str) -> str:
    """The mapping with another expression at a path of the payload; in every row, where the path leads into rows.

    :raises LookupError: it has no such rows.
    """
    read: Any = tomlkit.parse(text)
    steps = parse_path(path)
    inner = [at for at, step in enumerate(steps) if isinstance(step, int)]
    name = ".".join(str(step) for step in steps[inner[-1] + 1 if inner else 0 :])
    if not inner:
        read["fields"][name] = expression
        return tomlkit.dumps(read)
    target = ".".join(str(step) for step in steps[: inner[-1]] if isinstance(step, str))
    rows = [one for one in read.get("rows", ()) if one["target"] == target]
    if not rows:
        raise LookupError(target)
    for one in rows:
        one["fields"][name] = expression
    return tomlkit.dumps(read)
