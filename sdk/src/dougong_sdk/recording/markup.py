"""Bodies in XML: hidden by the names of elements and attributes, compared piece by piece; else as they came.

The text is cut at its tags and not parsed: what a server says is kept as it is, and nothing of it is resolved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from xml.sax.saxutils import escape

from dougong_sdk.recording.hiding import Hider
from dougong_sdk.recording.schema import Kind, Schema
from dougong_sdk.recording.trees import matches, same_text

__all__ = ["hide_markup", "markup_difference"]

_PIECE = re.compile(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>|[^<]+|<", re.DOTALL)
_NAME = re.compile(r"<\s*([^\s/>]+)")
_ATTRIBUTE = re.compile(
    r"(?<![\w:.-])(?P<name>[\w:.-]+)(?P<is>\s*=\s*)(?P<quote>[\"'])(?P<value>.*?)(?P=quote)", re.DOTALL
)
#: Attributes that name what an element or its `value` holds: `<param name="password">`.
_NAMES, _VALUES = ("name", "key", "field"), ("value",)


def hide_markup(text: str, hider: Hider) -> str:
    """The text with everything hidden."""
    kinds: list[Kind] = [""]
    made = []
    for piece in _PIECE.findall(text):
        if piece.startswith("<![CDATA["):
            made.append(f"<![CDATA[{hider.leaf(kinds[-1], piece[9:-3])}]]>")
        elif piece.startswith(("<!", "<?")):
            made.append(hider.text(piece))
        elif piece.startswith("</"):
            made.append(piece)
            kinds = kinds[:-1] or [""]
        elif piece.startswith("<"):
            kind = kinds[-1] or _kind(piece, hider.schema)
            made.append(_hide_attributes(piece, hider, kind))
            kinds += [] if piece.endswith("/>") else [kind]
        else:
            made.append(_hide_escaped(piece, hider, kinds[-1]))
    return "".join(made)


def _kind(tag: str, schema: Schema) -> Kind:
    """Why the content of an element is hidden: by its own name, or by the one that it is given."""
    name = _NAME.match(tag)
    given = [match["value"] for match in _ATTRIBUTE.finditer(tag) if match["name"].lower() in _NAMES]
    return next((kind for kind in map(schema.kind, [name[1] if name else "", *given]) if kind), "")


def _hide_attributes(tag: str, hider: Hider, kind: Kind) -> str:
    def one(match: re.Match[str]) -> str:
        of = hider.schema.kind(match["name"]) or (kind if match["name"].lower() in _VALUES else "")
        return f"{match['name']}{match['is']}{match['quote']}{_hide_escaped(match['value'], hider, of)}{match['quote']}"

    return _ATTRIBUTE.sub(one, tag)


def _hide_escaped(text: str, hider: Hider, kind: Kind) -> str:
    plain = unescape(text)
    hidden = hider.leaf(kind, plain)
    return text if hidden == plain else escape(hidden, {'"': "&quot;", "'": "&apos;"})


def markup_difference(recorded: str, asked: str, schema: Schema) -> str | None:
    """The element in which what is asked is not what was recorded; `None` if it is."""
    ours, theirs = list(_pieces(recorded)), list(_pieces(asked))
    for (path, piece), (_, other) in zip(ours, theirs, strict=False):
        text = not piece.startswith("<")
        if text and not other.startswith("<") and schema.ignores(path.rpartition("/")[2]):
            continue
        if not (same_text(unescape(piece), unescape(other), schema) if text else matches(piece, other)):
            return path or "/"
    return None if len(ours) == len(theirs) else "/"


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Tags and texts that are more than blanks, with the path of their element."""
    path: list[str] = []
    for piece in _PIECE.findall(text):
        if piece.startswith(("<!--", "<?")) or not piece.strip():
            continue
        name = _NAME.match(piece)
        if name and not piece.startswith(("</", "<!")):
            path.append(name[1])
        yield "/".join(path), " ".join(piece.split()) if piece.startswith("<") else piece.strip()
        if piece.startswith("</") or (name and piece.endswith("/>")):
            path = path[:-1]
