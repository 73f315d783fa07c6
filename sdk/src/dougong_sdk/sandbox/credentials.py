"""What opens a session at an emulated ERP: tokens, cookies, signatures. Kept to be looked for, and never shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from .messages import Request, Response

__all__ = ["Credentials"]

#: Names of headers and query parameters whose value opens a session, or proves who asks.
_NAMES = re.compile(r"(authorization|token|signature|sign|session-?id|sid)$", re.IGNORECASE)
_SIGNATURE = re.compile(r'sign(?:ature)?="?([^",\s]+)', re.IGNORECASE)
#: Shorter values (`Fetch`, `zh-CN`) are words that a text may hold by chance.
_SHORTEST = 12
_MOST = 20_000


class Credentials:
    """Every token, cookie and signature that passed, by value, so that a log can be searched for them.

    What a client sends or is sent in a header, a cookie or the query is noticed by itself; a token that leaves in a
    body is told with :meth:`issued`.

    .. versionadded:: 0.1
    """

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def issued(self, token: str) -> None:
        """A token that is handed out."""
        self._keep("token", token)

    def came(self, request: Request) -> None:
        """Notice what a request proves itself with."""
        for name, value in (*request.headers.items(), *request.parameters.items()):
            if _NAMES.search(name):
                for part in _parts(value):
                    self._keep(name, part)
        for name, value in request.cookies.items():
            self._keep(f"cookie {name}", value)

    def left(self, response: Response) -> None:
        """Notice what an answer hands out."""
        for name, value in response.headers:
            if name.lower() == "set-cookie":
                cookie, _, content = value.partition(";")[0].partition("=")
                self._keep(f"cookie {cookie}", content)
            elif _NAMES.search(name):
                self._keep(name, value)

    def held_in(self, text: str) -> list[str]:
        """What stands in a text, as it is or percent-encoded: the names, without the values."""
        return sorted({name for value, name in self._seen.items() if any(form in text for form in _forms(value))})

    def _keep(self, name: str, value: str) -> None:
        if len(value) < _SHORTEST or value in self._seen:
            return
        if len(self._seen) == _MOST:
            del self._seen[next(iter(self._seen))]
        self._seen[value] = name


def _parts(value: str) -> Iterator[str]:
    """The value less its scheme, and a signature among its parameters by itself."""
    yield value.partition(" ")[2] or value
    yield from _SIGNATURE.findall(value)


def _forms(value: str) -> Iterable[str]:
    return {value, quote(value, safe="")}
