"""JSON Schema of a mapping file, for editors and for `dougong schema mapping`."""

from __future__ import annotations

from typing import Any

from dougong.mapping.definition import SOURCES

__all__ = ["schema"]


def schema() -> dict[str, Any]:
    """The schema; what the expressions may say, only compiling can tell.

    .. versionadded:: 0.1
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Dougong mapping",
        "description": "A booking's way into one target type of an ERP: paths on the left, expressions on the right.",
        "type": "object",
        "required": ["connector", "target", "from"],
        "additionalProperties": False,
        "properties": {
            "connector": _text("The connector's name, e.g. kingdee."),
            "target": _text("The ERP's own name of the target type, e.g. GL_VOUCHER."),
            "from": {"enum": sorted(SOURCES), "description": "What kind of booking it is made from."},
            "fields": {"$ref": "#/$defs/fields"},
            "rows": {"type": "array", "items": {"$ref": "#/$defs/rows"}},
        },
        "$defs": {
            "fields": {
                "description": "Path in the target → expression. `[]` keeps the place of an array that [[rows]] fill.",
                "type": "object",
                "additionalProperties": {
                    "anyOf": [
                        {"type": "string", "minLength": 1},
                        {"type": "array", "maxItems": 0},
                        {"$ref": "#/$defs/fields"},
                    ]
                },
            },
            "rows": {
                "type": "object",
                "required": ["target", "each", "fields"],
                "additionalProperties": False,
                "properties": {
                    "target": _text("Path of the array, e.g. FEntity or FEntity.FRecInvInfo."),
                    "each": _text("The list to go through, e.g. voucher.lines."),
                    "as": _text("Name of one item; by default the singular of the list's name."),
                    "when": _text("Condition; rows for which it does not hold are left out."),
                    "fields": {"$ref": "#/$defs/fields", "minProperties": 1},
                },
            },
        },
    }


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "description": description}
