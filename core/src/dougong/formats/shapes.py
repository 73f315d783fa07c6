"""What the members of a class look like, for the forms that need to know it beforehand: XML and JSON Schema."""

from __future__ import annotations

from functools import cache
from types import NoneType
from typing import Any, get_args, get_origin

import attrs

from dougong.formats.converter import members

__all__ = ["Member", "members_of"]


@attrs.frozen
class Member:
    """One member of a class.

    :param kind: type of the value, or of one item where `many`.
    :param many: whether it is a list.
    """

    name: str
    kind: Any
    many: bool
    required: bool


@cache
def members_of(cls: type[attrs.AttrsInstance]) -> dict[str, Member]:
    """The members of a model class by name, in their order."""
    return {field.name: _member(field) for field in members(cls)}


def _member(field: attrs.Attribute[Any]) -> Member:
    kind: Any = field.type
    many = get_origin(kind) is tuple
    options = [item for item in get_args(kind) if item is not NoneType] if NoneType in get_args(kind) else []
    if many:
        kind = get_args(kind)[0]
    elif len(options) == 1:
        kind = options[0]
    return Member(field.name, kind, many, field.default is attrs.NOTHING)
