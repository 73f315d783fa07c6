"""Reading an answer off a connection: status line, headers, body by length or in chunks (RFC 9112).

The body is `http.client`'s business. The head is read here: its way through the mail parser costs more than all the
rest of an answer.
"""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any, cast

from dougong_sdk.sockets import Reader

__all__ = ["Headers", "WireAnswer"]

_LONGEST_LINE = 65536
_MOST_HEADERS = 100
_NO_BODY = frozenset({204, 304})


class Headers(Mapping[str, str]):
    """Headers of an answer: names in any case; what is given several times is joined by a comma, or had as a list.

    .. versionadded:: 0.1
    """

    def __init__(self, pairs: Sequence[tuple[str, str]] = ()) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name.lower(), []).append(value)

    def __getitem__(self, name: str) -> str:
        return ", ".join(self._values[name.lower()])

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def get(self, name: str, default: Any = None) -> Any:
        """As of any mapping; most headers that are asked for are not there, which an exception would make dear."""
        found = self._values.get(name.lower())
        return ", ".join(found) if found else default

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def get_list(self, name: str) -> list[str]:
        """Every value of a header, in order; for `Set-Cookie`, whose values may hold commas."""
        return list(self._values.get(name.lower(), ()))

    def pairs(self) -> list[tuple[str, str]]:
        """Every header with every value."""
        return [(name, value) for name, values in self._values.items() for value in values]


class WireAnswer(http.client.HTTPResponse):
    """An answer whose body `http.client` reads, over a reader that stays open for the next one.

    :param method: of the request: an answer to HEAD has no body.
    """

    def __init__(self, reader: Reader, method: str) -> None:
        super().__init__(cast("socket.socket", _File(reader)), method=method)
        self.head = Headers()

    def begin(self) -> None:
        """Read status line and headers.

        :raises http.client.HTTPException: it is no proper answer. :raises OSError: the connection is lost.
        """
        self.status = self._status()
        while 100 <= self.status < 200:  # 100 Continue and the like come before the answer
            self._pairs()
            self.status = self._status()
        self.head = Headers(self._pairs())
        self._how_it_ends()

    def _status(self) -> int:
        line = self.fp.readline(_LONGEST_LINE + 1)
        if not line:
            raise http.client.RemoteDisconnected("closed without an answer")
        words = line.split(None, 2)
        if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or len(words[1]) != 3 or not words[1].isdigit():
            raise http.client.BadStatusLine(line[:40].decode("latin-1"))
        self.version = 10 if words[0] == b"HTTP/1.0" else 11
        return int(words[1])

    def _pairs(self) -> list[tuple[str, str]]:
        pairs: list[tuple[str, str]] = []
        while (line := self.fp.readline(_LONGEST_LINE + 1)) not in (b"\r\n", b"\n"):
            if not line.endswith(b"\n"):  # the end of the stream is not the end of the headers
                raise (
                    http.client.IncompleteRead(line) if len(line) <= _LONGEST_LINE else http.client.LineTooLong("head")
                )
            name, colon, value = line.decode("latin-1").partition(":")
            if not colon or name != name.strip() or not name:
                raise http.client.HTTPException("a header without a name")
            pairs.append((name, value.strip()))
            if len(pairs) > _MOST_HEADERS:
                raise http.client.HTTPException(f"more than {_MOST_HEADERS} headers")
        return pairs

    def _how_it_ends(self) -> None:
        """By chunks, by length, or with the connection (RFC 9112 §6.3)."""
        coding = self.head.get("transfer-encoding", "").lower()
        told = self.head.get("content-length", "")
        lengths = {text.strip() for text in told.split(",")} if told else set()
        if coding not in ("", "chunked") or len(lengths) > 1 or not all(_is_count(text) for text in lengths):
            raise http.client.HTTPException("the length of the answer cannot be told")
        self.chunked = bool(coding)
        self.chunk_left = None
        self.length: int | None = int(lengths.pop()) if lengths and not coding else None
        if self.status in _NO_BODY or self._method == "HEAD":  # type: ignore[attr-defined]
            self.length, self.chunked = 0, False
        wish = self.head.get("connection", "").lower()
        without_end = not self.chunked and self.length is None
        self.will_close = "close" in wish or without_end or (self.version == 10 and "keep-alive" not in wish)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


class _File:
    """What `HTTPResponse` asks of a socket: always the one reader, so that no byte is lost between answers."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def makefile(self, mode: str) -> IO[Any]:
        return cast("IO[Any]", self._reader)
