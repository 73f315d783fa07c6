"""What a caller sends: read within limits of size and time, so that nobody holds memory or waits for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

__all__ = ["BodyNotRead", "read_body"]

Receive = Callable[[], Awaitable[Any]]


class BodyNotRead(Exception):
    """A body that is not taken. :param status: 413 it is too large, 408 it did not come (in time)."""

    def __init__(self, status: int) -> None:
        super().__init__(f"body not read: {status}")
        self.status = status


async def read_body(receive: Receive, headers: Iterable[tuple[bytes, bytes]], *, most: int, seconds: float) -> bytes:
    """The whole body of a request.

    :param receive: ASGI's. :param headers: ASGI's, names in lower case.
    :param most: bytes; a longer body is refused as soon as that shows, at best before any of it is read.
    :param seconds: for all of it together.
    :raises BodyNotRead: it is too large, or does not come.
    """
    for name, value in headers:
        if name == b"content-length" and (not value.isdigit() or len(value) > 18 or int(value) > most):
            raise BodyNotRead(413)
    try:
        async with asyncio.timeout(seconds):
            return await _whole(receive, most)
    except TimeoutError:
        raise BodyNotRead(408) from None


async def _whole(receive: Receive, most: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BodyNotRead(408)  # it has hung up, and reads no answer either
        body += message.get("body", b"")
        if len(body) > most:
            raise BodyNotRead(413)
        if not message.get("more_body"):
            return bytes(body)
