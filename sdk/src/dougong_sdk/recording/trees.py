"""Bodies in JSON: hidden by the names of members, compared member by member."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from dougong.formats import json_text
from dougong.model.problems import InputError
from dougong_sdk.recording.hiding import PSEUDONYM, Hider
from dougong_sdk.recording.schema import Kind, Schema

__all__ = ["difference", "hide_rows", "hide_tree", "matches", "nested", "same_text"]

#: Members that name what stands in the member beside them: `{"name": "password", "value": "x"}`.
_NAMES, _VALUES = ("name", "key", "field", "code"), ("value", "values", "text")


def nested(text: str) -> Any:
    """The object or array that a text is, in JSON; `None` for any other text."""
    if text.lstrip()[:1] in ("{", "["):
        try:
            return json_text.loads(text)
        except InputError:
            return None
    return None


def hide_tree(value: Any, hider: Hider, kind: Kind = "") -> Any:
    """Plain data with everything hidden; numbers stay numbers unless they are hidden."""
    match value:
        case dict():
            named = _named(value, hider.schema)
            return {
                hider.text(name): hide_tree(
                    item, hider, kind or hider.schema.kind(name) or (named if name.lower() in _VALUES else "")
                )
                for name, item in value.items()
            }
        case list():
            return [hide_tree(item, hider, kind) for item in value]
        case str():
            return _hide_text(value, hider, kind)
        case bool() | None:
            return value
    plain = str(value)
    hidden = hider.leaf(kind, plain)
    return value if hidden == plain else hidden


def hide_rows(value: Any, hider: Hider, columns: Sequence[str]) -> Any:
    """Rows of values with hidden what stands in columns of hidden names; anything else as it is."""
    kinds = [hider.schema.kind(name) for name in columns]
    if not isinstance(value, list) or not all(isinstance(row, list) and len(row) == len(kinds) for row in value):
        return value
    return [
        [hide_tree(cell, hider, kind) if kind else cell for cell, kind in zip(row, kinds, strict=True)] for row in value
    ]


def _named(value: Mapping[str, Any], schema: Schema) -> Kind:
    names = [item for name, item in value.items() if name.lower() in _NAMES and isinstance(item, str)]
    return next((kind for kind in map(schema.kind, names) if kind), "")


def _hide_text(text: str, hider: Hider, kind: Kind) -> str:
    within = None if kind else nested(text)
    if within is None:
        return hider.leaf(kind, text)
    hidden = hide_tree(within, hider)
    return text if hidden == within else json_text.dumps(hidden, numbers=True)


def difference(recorded: Any, asked: Any, schema: Schema, place: str = "") -> str | None:
    """Where what is asked is not what was recorded; `None` if it is. A pseudonym stands for anything.

    What differs each time by its name is not compared.
    """
    if isinstance(recorded, dict) and isinstance(asked, dict):
        names = [name for name in {**recorded, **asked} if not schema.ignores(name)]
        # a member's name may hold a pseudonym itself: rare, and then only their number counts
        if any(PSEUDONYM.search(name) for name in names):
            return None if len(recorded) == len(asked) else place
        return _first(
            difference(recorded[name], asked[name], schema, f"{place}.{name}".lstrip("."))
            if name in recorded and name in asked
            else f"{place}.{name}".lstrip(".")
            for name in names
        )
    if isinstance(recorded, list) and isinstance(asked, list):
        if len(recorded) != len(asked):
            return place
        pairs = enumerate(zip(recorded, asked, strict=True))
        return _first(difference(one, other, schema, f"{place}[{at}]") for at, (one, other) in pairs)
    if isinstance(recorded, str):
        return None if same_text(recorded, asked, schema) else place
    return None if recorded == asked and isinstance(recorded, bool) == isinstance(asked, bool) else place


def _first(found: Any) -> str | None:
    return next((place for place in found if place is not None), None)


def same_text(recorded: str, asked: Any, schema: Schema) -> bool:
    """Whether a text is the recorded one, whatever stands in the places of pseudonyms."""
    if not isinstance(asked, str):
        shown = isinstance(asked, int | Decimal) and not isinstance(asked, bool)
        return shown and bool(PSEUDONYM.fullmatch(recorded))
    within, other = nested(recorded), nested(asked)
    if within is not None and other is not None:
        return difference(within, other, schema) is None
    return matches(recorded, asked)


def matches(recorded: str, asked: str) -> bool:
    """As `same_text`, for texts that hold no others."""
    fixed = PSEUDONYM.split(recorded)
    if len(fixed) == 1:
        return recorded == asked
    first, *middle, last = fixed
    if len(asked) < len("".join(fixed)) or not asked.startswith(first) or not asked.endswith(last):
        return False
    at, end = len(first), len(asked) - len(last)
    for part in middle:  # in order, without going back: linear, where a pattern might not be
        found = asked.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return at <= end
