"""JSON Schema of settings classes: of `dougong.toml` itself and of what a connector wants in `settings`.

Made from the classes: types from annotations, descriptions from the `:param …:` lines of docstrings, so that nothing is
said twice.
"""

from __future__ import annotations

import datetime as dt
import functools
import inspect
import re
import types
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from dougong.config.model import Config, Credential
from dougong.config.secrets import KINDS, SecretRef
from dougong.config.structure import file_fields

__all__ = ["class_schema", "descriptions", "schema"]

_SIMPLE: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    Path: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    Decimal: {"anyOf": [{"type": "string", "pattern": r"^-?[0-9]{1,20}(\.[0-9]{1,10})?$"}, {"type": "number"}]},
    dt.date: {"type": "string", "format": "date"},
    dt.datetime: {"type": "string", "format": "date-time"},
    dt.time: {"type": "string", "format": "time"},
    Any: {},
}
_PARAM = re.compile(r":param (\w+): (.*?)(?=:param |:returns?:|:raises |\.\. |\n\n|\Z)", re.DOTALL)


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of `dougong.toml`, for editors and for `dougong schema config`.

    .. versionadded:: 0.1
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "dougong.toml",
        **class_schema(Config),
    }


def class_schema(cls: type[Any]) -> dict[str, Any]:
    """JSON Schema of one settings class: its fields, no others.

    .. versionadded:: 0.1
    """
    words = descriptions(cls)
    hints = get_type_hints(cls)
    properties = {}
    for field in file_fields(cls):
        described = {"description": words[field.name]} if field.name in words else {}
        properties[field.name] = {**_type_schema(hints[field.name]), **described}
    required = [field.name for field in file_fields(cls) if field.default is attrs.NOTHING]
    out = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**out, "required": required} if required else out


def descriptions(cls: type[Any]) -> dict[str, str]:
    """What a class's docstring says of each parameter."""
    text = inspect.getdoc(cls) or ""
    return {name: " ".join(words.split()) for name, words in _PARAM.findall(text)}


def _type_schema(kind: Any) -> dict[str, Any]:
    if kind in _SIMPLE:
        return dict(_SIMPLE[kind])
    if kind is SecretRef:
        return _secret()
    if kind is Credential:
        return {"type": "object", "additionalProperties": {"anyOf": [{"not": {"type": "object"}}, _secret()]}}
    if get_origin(kind) is not None:
        return _generic_schema(get_origin(kind), get_args(kind))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [item.value for item in kind]}
    return class_schema(kind) if attrs.has(kind) else {}


def _generic_schema(origin: Any, args: tuple[Any, ...]) -> dict[str, Any]:
    if origin in (Union, types.UnionType):
        kinds = [_type_schema(item) for item in args if item is not type(None)]
        return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    if origin is Literal:
        return {"enum": [item.value if isinstance(item, Enum) else item for item in args]}
    if origin in (tuple, list, Sequence):
        return {"type": "array", "items": _type_schema(args[0])}
    return {"type": "object", "additionalProperties": _type_schema(args[1])} if origin in (dict, Mapping) else {}


@functools.cache
def _secret() -> dict[str, Any]:
    one = [
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {kind: {"type": "string", "minLength": 1}},
            "required": [kind],
        }
        for kind in KINDS
    ]
    return {"oneOf": one, "description": "where the secret lies; never the secret itself"}
