"""Headers and addresses with everything hidden; what reads them finds their form as it was."""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress
from urllib.parse import urlencode

from dougong_sdk.recording.bodies import hide_fields, read_fields
from dougong_sdk.recording.hiding import Hider

__all__ = ["hide_headers", "hide_target"]

Pairs = list[tuple[str, str]]


def hide_headers(pairs: Pairs, hider: Hider) -> Pairs:
    """Every header, its value hidden by its name or by what is in it."""
    return [(name, _hide_value(name.lower(), value, hider)) for name, value in pairs]


def _hide_value(name: str, value: str, hider: Hider) -> str:
    if name == "cookie":
        return "; ".join(_hide_cookie(part, hider) for part in value.split("; "))
    if name == "set-cookie":
        first, *attributes = value.split(";")
        return ";".join([_hide_cookie(first, hider), *attributes])
    if name in ("authorization", "proxy-authorization"):
        return _hide_credentials(value, hider)
    return hider.leaf(hider.schema.kind(name), value)


def _hide_cookie(pair: str, hider: Hider) -> str:
    """A cookie keeps its name: whoever keeps a session looks for it."""
    name, equals, value = pair.partition("=")
    return f"{name}{equals}{hider.leaf('secret', value)}" if equals else hider.text(pair)


def _hide_credentials(value: str, hider: Hider) -> str:
    """They keep their scheme; the password of basic authentication is hidden elsewhere, too."""
    scheme, _, credentials = value.partition(" ")
    if not credentials:
        return hider.leaf("secret", value)
    if scheme.lower() == "basic":
        with suppress(binascii.Error, UnicodeDecodeError):
            hider.leaf("secret", base64.b64decode(credentials).decode().partition(":")[2])
    return f"{scheme} {hider.leaf('secret', credentials)}"


def hide_target(target: str, hider: Hider) -> str:
    """Path and query; a query in which nothing is hidden stays as it was written."""
    path, mark, query = target.partition("?")
    try:
        fields = read_fields(query)
    except UnicodeDecodeError:
        return hider.text(target)
    hidden = hide_fields(fields, hider)
    return hider.text(path) + mark + (query if hidden == fields else urlencode(hidden))
