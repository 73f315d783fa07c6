"""The fields of a journal entry, as the WSDL in use describes them: paths, types, lengths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from dougong.hookspecs import TargetField
from dougong_sdk import xml

__all__ = ["fields_of"]

_SCHEMA = "{http://www.w3.org/2001/XMLSchema}"
_REQUEST = "JournalEntryBulkCreateRequest"


@cache
def fields_of(wsdl: Path) -> tuple[TargetField, ...]:
    """Every field below a JournalEntry, required where what it stands in is there; read once per process.

    :param wsdl: the shipped file or a customer's own.
    """
    root = xml.parse(wsdl.read_bytes())
    types = {node.get("name"): node for node in root.iter(f"{_SCHEMA}complexType", f"{_SCHEMA}simpleType")}
    message = next(node for node in root.iter(f"{_SCHEMA}element") if node.get("name") == _REQUEST)
    entry = _child(_child(message, "JournalEntryCreateRequest", types), "JournalEntry", types)
    return tuple(_below(entry, "", types))


def _child(element: Any, name: str, types: Mapping[str, Any]) -> Any:
    return next(child for child in _children(element, types) if child.get("name") == name)


def _children(element: Any, types: Mapping[str, Any]) -> list[Any]:
    return list(_type(element, types).findall(f"{_SCHEMA}sequence/{_SCHEMA}element"))


def _type(element: Any, types: Mapping[str, Any]) -> Any:
    """Its own or a named type; an empty one for those of XML Schema itself."""
    name = (element.get("type") or "").rpartition(":")[2]
    return types.get(name, element)


def _below(element: Any, prefix: str, types: Mapping[str, Any]) -> Iterator[TargetField]:
    for child in _children(element, types):
        path = f"{prefix}{child.get('name')}"
        if _children(child, types):
            yield from _below(child, f"{path}.", types)
            continue
        kind = (child.get("type") or "").rpartition(":")[2]
        yield TargetField(path, kind, child.get("minOccurs", "1") != "0", _longest(_type(child, types)))
        for attribute in _type(child, types).iter(f"{_SCHEMA}attribute"):
            yield TargetField(f"{path}.@{attribute.get('name')}", "attribute", attribute.get("use") == "required")


def _longest(simple: Any) -> int | None:
    told = simple.find(f"{_SCHEMA}restriction/{_SCHEMA}maxLength")
    return None if told is None else int(told.get("value"))
