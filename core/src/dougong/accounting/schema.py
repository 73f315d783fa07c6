"""JSON Schema of a rules file (`dougong schema rules`), made from the classes that the reader fills."""

from __future__ import annotations

import datetime as dt
import types
import typing
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

import attrs

from dougong.accounting.reader import public_fields
from dougong.accounting.rulefile import Moment
from dougong.accounting.rules import MOMENT_NAMES, SECTIONS

__all__ = ["schema", "section_schema"]

_TEXT = {"type": "string"}
_SCALARS: Mapping[type[Any], dict[str, Any]] = {
    str: _TEXT,
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    Decimal: {"type": "string", "pattern": r"^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,12})?$"},
    dt.date: {"type": "string", "format": "date"},
}


def schema() -> dict[str, Any]:
    """The schema, draft 2020-12; what only a look at the model and the tables can tell is checked by `load_rules`.

    .. versionadded:: 0.1
    """
    moment = section_schema(Moment)
    moment["required"] = [name for name in moment["required"] if name != "on"]
    properties: dict[str, Any] = {name: section_schema(cls) for name, cls in SECTIONS.items()}
    properties |= {
        "accounts": _names("科目角色 → 科目编码 role → account code", _TEXT),
        "tables": _names("表 name → CSV or XLSX file", _TEXT),
        "dimensions": _names("辅助项 → 事实 dimension → facts that fill it", {"type": "array", "items": _TEXT}),
        "moments": {
            "type": "object",
            "description": "时点 moments",
            "properties": {name: {"$ref": "#/$defs/moment"} for name in MOMENT_NAMES},
            "additionalProperties": False,
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Posting rules 入账规则",
        "type": "object",
        "properties": properties,
        "required": ["rules"],
        "additionalProperties": False,
        "$defs": {"moment": moment},
    }


def _names(help: str, value: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "description": help, "additionalProperties": value}


def section_schema(cls: type[Any]) -> dict[str, Any]:
    """A section as an object: its keys with meaning, choices and defaults."""
    hints, fields = typing.get_type_hints(cls), public_fields(cls)
    return {
        "type": "object",
        "description": (cls.__doc__ or "").partition("\n")[0],
        "properties": {name: _property(field, hints[name]) for name, field in fields.items()},
        "required": [name for name, field in fields.items() if field.default is attrs.NOTHING],
        "additionalProperties": False,
    }


def _property(field: attrs.Attribute[Any], hint: Any) -> dict[str, Any]:
    out = {**_type(hint), "description": field.metadata.get("help", "")}
    if isinstance(field.default, (str, bool)):
        out["default"] = str(field.default) if isinstance(field.default, StrEnum) else field.default
    return out


def _type(hint: Any) -> dict[str, Any]:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        options = [_type(one) for one in arguments if one is not type(None)]
        return options[0] if len(options) == 1 else {"anyOf": options}
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": _type(arguments[0])}
    if origin is not None:
        return {"type": "object", "additionalProperties": _type(arguments[1])}
    if attrs.has(hint):
        return section_schema(hint)
    if issubclass(hint, StrEnum):
        return {"enum": [str(item) for item in hint if getattr(item, "rank", 0) >= 0]}
    return dict(_SCALARS[hint])
