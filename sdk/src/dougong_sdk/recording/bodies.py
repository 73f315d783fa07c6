"""A body in the form in which it can be read: JSON as a tree, XML and other text as lines, a form as its fields."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, urlencode

import attrs

from dougong.formats import json_text
from dougong.model.problems import InputError
from dougong_sdk.recording.hiding import PSEUDONYM, Hider
from dougong_sdk.recording.markup import hide_markup, markup_difference
from dougong_sdk.recording.schema import Schema
from dougong_sdk.recording.trees import difference, hide_rows, hide_tree, matches

__all__ = ["Body", "fields_difference", "hide_fields", "read_fields"]

_FORM = "application/x-www-form-urlencoded"

Fields = list[tuple[str, str]]


@attrs.frozen
class Body:
    """What was sent, by its kind.

    :param kind: `json`, `xml`, `form`, `text`, `base64` (what is no text), or empty.
    :param value: tree, text or fields. :param charset: of the bytes.
    """

    kind: str = ""
    value: Any = ""
    charset: str = "utf-8"

    @classmethod
    def read(cls, content: bytes, media_type: str) -> Body:
        """Bytes, judged by what they are rather than by what they are said to be."""
        if not content:
            return cls()
        for charset in _charsets(media_type):
            try:
                text = content.decode(charset)
            except (UnicodeDecodeError, LookupError):
                continue
            return cls(*_told_apart(text, media_type), charset)
        return cls("base64", base64.b64encode(content).decode())

    def content(self) -> bytes:
        """The bytes again; those of JSON mean the same and are written compactly."""
        match self.kind:
            case "json":
                return json_text.dumps(self.value, numbers=True).encode(self.charset)
            case "form":
                return urlencode(self.value).encode(self.charset)
            case "base64" if not PSEUDONYM.fullmatch(self.value):
                return base64.b64decode(self.value)
        return str(self.value).encode(self.charset)

    def hidden(self, hider: Hider, columns: Sequence[str] = ()) -> Body:
        """The same with everything hidden. :param columns: names of what stands in rows without names."""
        value = hide_rows(self.value, hider, columns) if columns and self.kind == "json" else self.value
        return attrs.evolve(self, value=_HIDE[self.kind](value, hider))

    def difference(self, asked: Body, schema: Schema) -> str | None:
        """Where another one differs from what was recorded; `None` if it does not."""
        if self.kind != asked.kind:
            return ""
        return _COMPARE[self.kind](self.value, asked.value, schema)

    # -- in a file ----------------------------------------------------------------------------------------------------

    def data(self) -> dict[str, Any]:
        """Plain data for a person to read."""
        if not self.kind:
            return {}
        value = self.value.split("\n") if self.kind in ("xml", "text") else self.value
        return {self.kind: value, **({} if self.charset == "utf-8" else {"charset": self.charset})}

    @classmethod
    def of(cls, data: dict[str, Any]) -> Body:
        """What `data` has written."""
        kind = next((kind for kind in data if kind in _HIDE), "")
        value = data.get(kind, "")
        if kind in ("xml", "text"):
            value = "\n".join(value)
        elif kind == "form":
            value = [(name, item) for name, item in value]
        return cls(kind, value, data.get("charset", "utf-8"))


def _charsets(media_type: str) -> list[str]:
    """Those that a text may have, the likeliest first."""
    told = re.search(r"charset=\"?([\w-]+)", media_type)
    textual = re.search(r"text|json|xml|form", media_type)
    return list(dict.fromkeys(["utf-8", *([told[1].lower()] if told else []), *(["gb18030"] if textual else [])]))


def _told_apart(text: str, media_type: str) -> tuple[str, Any]:
    start = text.lstrip("\ufeff \t\r\n")[:1]
    if start in ("{", "[") or "json" in media_type:
        try:
            return "json", json_text.loads(text)
        except InputError:
            return "text", text
    if start == "<":
        return "xml", text
    if media_type.startswith(_FORM):
        with suppress(UnicodeDecodeError):  # percent signs in another charset: kept as they are
            return "form", read_fields(text)
    return "text", text


def read_fields(text: str) -> Fields:
    """Fields of a form or a query."""
    return parse_qsl(text, keep_blank_values=True, errors="strict")


def hide_fields(fields: Fields, hider: Hider) -> Fields:
    """Fields with everything hidden, by name and in their values, which may hold JSON."""
    return [(hider.text(name), hide_tree(value, hider, hider.schema.kind(name))) for name, value in fields]


def fields_difference(recorded: Fields, asked: Fields, schema: Schema) -> str | None:
    """The first field that differs; the order of fields of different names means nothing."""

    def of(fields: Fields) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, value in fields:
            found.setdefault(name, []).append(value)
        return found

    return difference(of(recorded), of(asked), schema)


def _hide_bytes(value: str, hider: Hider) -> str:
    """What is no text is kept only if nothing in it has to be hidden."""
    plain = "" if PSEUDONYM.fullmatch(value) else base64.b64decode(value).decode("latin-1")
    return value if hider.text(plain) == plain else hider.pseudonym(value)


def _equal(recorded: str, asked: str, _: Schema) -> str | None:
    return None if matches(recorded, asked) else ""


_HIDE: dict[str, Callable[[Any, Hider], Any]] = {
    "json": hide_tree,
    "xml": hide_markup,
    "form": hide_fields,
    "text": lambda text, hider: hider.text(text),
    "base64": _hide_bytes,
    "": lambda value, _: value,
}
_COMPARE: dict[str, Callable[[Any, Any, Schema], str | None]] = {
    "json": difference,
    "xml": markup_difference,
    "form": fields_difference,
    "text": _equal,
    "base64": _equal,
    "": _equal,
}
