"""JSON Schema (draft 2020-12) of what people read and write: the canonical document and a row of `plan --json`.

The document's schema is made from the classes and their docstrings, so that it cannot say anything else than they do.
"""

from __future__ import annotations

import datetime as dt
import inspect
import re
from decimal import Decimal
from types import UnionType
from typing import Any, Literal, get_args, get_origin

import attrs

from dougong.formats.converter import ANYTHING, choices
from dougong.formats.shapes import Member, members_of
from dougong.model import documents
from dougong.model.money import CURRENCIES

__all__ = ["document_schema", "plan_schema"]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_PARAM = re.compile(r":param (\w+): (.*?)(?=\n\s*:|\n\s*\.\. |\Z)", re.DOTALL)
_DAY = {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_INSTANT = {"type": "string", "format": "date-time", "pattern": "([Zz]|[+-][0-9]{2}:[0-9]{2})$"}
_AMOUNT = {"type": "string", "pattern": r"^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,12})?$"}
_SIMPLE: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    Decimal: _AMOUNT,
    dt.date: _DAY,
    dt.datetime: _INSTANT,
    ANYTHING: {"type": "object"},
}


def document_schema() -> dict[str, Any]:
    """JSON Schema of a canonical file: a document, more events of a known one, or an array of both (interfaces.md §3).

    It says what a schema can say; the loader also checks currencies' decimals and invisible characters.

    .. versionadded:: 0.1
    """
    definitions: dict[str, Any] = {}
    _define(documents.Document, definitions)
    names = ("source", "tenant", "type", "id", "events")
    definitions["EventsOnly"] = {
        "type": "object",
        "description": "More events of a document that is known already.",
        "properties": {name: definitions["Document"]["properties"][name] for name in names},
        "required": list(names),
    }
    definitions["Currency"] = {"description": "ISO 4217 code.", "enum": sorted(CURRENCIES)}
    entry = {"$ref": "#/$defs/Entry"}
    definitions["Entry"] = {
        "description": "A document, or more events of one.",
        "if": {"required": ["events"], "propertyNames": {"enum": list(names)}},
        "then": {"$ref": "#/$defs/EventsOnly"},
        "else": {"$ref": "#/$defs/Document"},
    }
    return {
        "$schema": _DRAFT,
        "title": "Canonical document, or an array of them",
        "anyOf": [entry, {"type": "array", "items": entry}],
        "$defs": definitions,
    }


def plan_schema() -> dict[str, Any]:
    """JSON Schema of one row of `plan --json` (interfaces.md §1): one booking, with what stands in its way.

    .. versionadded:: 0.1
    """
    text, maybe = {"type": "string"}, {"type": ["string", "null"]}
    amount, maybe_amount = _AMOUNT, {**_AMOUNT, "type": ["string", "null"]}
    optional_line = dict.fromkeys(("currency", "summary", "tax_code", "clears", "cash_flow", "coordination"), maybe)
    line = {
        "account": text,
        "side": {"enum": ["D", "C"]},
        "amount": amount,
        **optional_line,
        **dict.fromkeys(("base_amount", "rate", "tax_rate", "tax_base"), maybe_amount),
        "dimensions": {"type": "object", "additionalProperties": text},
    }
    row = {
        "documents": _list(text),
        "moment": maybe,
        "entity": maybe,
        "book": maybe,
        "connection": maybe,
        "date": {**_DAY, "type": ["string", "null"]},
        "period": maybe,
        "date_reasons": _list(text),
        "voucher_type": maybe,
        "attachments": {"type": ["integer", "null"]},
        "lines": _list({"type": "object", "properties": line, "required": ["account", "side", "amount"]}),
        "payload": {"type": ["object", "null"]},
        "problems": _list(_problem()),
        "already": {"description": "What the ERP or the ledger holds of it already."},
        "sent": {"type": "boolean", "description": "Whether this content was sent: there is nothing to be done."},
    }
    return {
        "$schema": _DRAFT,
        "title": "Row of a plan",
        "type": "object",
        "properties": row,
        "required": ["documents", "problems"],
    }


def _problem() -> dict[str, Any]:
    texts = {name: {"type": "string"} for name in ("code", "path", "message", "hint")}
    return {"type": "object", "properties": texts, "required": list(texts)}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _define(cls: type[attrs.AttrsInstance], definitions: dict[str, Any]) -> None:
    if cls.__name__ in definitions:
        return
    definitions[cls.__name__] = {}  # its place comes before the classes that it needs
    text = inspect.cleandoc(cls.__doc__ or "")
    described = {name: _line(words) for name, words in _PARAM.findall(text)}
    members = members_of(cls)
    properties = {name: _member(cls, member, definitions) for name, member in members.items()}
    for name, words in described.items():
        properties[name] = {"description": words, **properties[name]}
    definitions[cls.__name__] = {
        "type": "object",
        "description": _line(re.split(r"\n\n|\s*:param", text)[0]),
        "properties": properties,
        "required": [name for name, member in members.items() if member.required],
    }


def _member(cls: type, member: Member, definitions: dict[str, Any]) -> dict[str, Any]:
    words = choices(cls, member.name)
    if words:
        schema: dict[str, Any] = {"enum": list(words)}
    elif member.name == "currency":
        schema = {"$ref": "#/$defs/Currency"}
    else:
        schema = _value(member.kind, definitions)
    if member.many:
        schema = _list(schema)
    elif member.required and member.name in documents.IDENTITY:
        schema = {**schema, "minLength": 1}
    return schema if member.required else _or_null(schema)


def _value(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if attrs.has(kind):
        _define(kind, definitions)
        return {"$ref": f"#/$defs/{kind.__name__}"}
    if get_origin(kind) is Literal:
        return {"enum": list(get_args(kind))}
    if isinstance(kind, UnionType):
        return {"anyOf": [_value(item, definitions) for item in get_args(kind)]}
    return _SIMPLE[kind]


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """What is not there may be left out or written as null, a code as an empty text too."""
    if schema.get("$ref") == "#/$defs/Currency":
        return {"anyOf": [schema, {"enum": ["", None]}]}
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def _line(text: str) -> str:
    return " ".join(text.split())
