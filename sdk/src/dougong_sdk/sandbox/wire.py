"""Answers as bytes on a connection, broken ones included.

The server hides its connections from an application, and an application that answers nothing gets a 500 sent in its
place. A sandbox has to break connections for real, so :func:`cut` finds the socket of a request among the process's
own descriptors by its peer address. Works wherever ``/dev/fd`` or ``/proc/self/fd`` exists (Linux, macOS).
"""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

from .errors import SandboxError
from .messages import Response

__all__ = ["cut", "send", "send_dripping", "send_truncated", "send_twice"]

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_PIECES_PER_SECOND = 10


def _headers(response: Response) -> list[tuple[bytes, bytes]]:
    pairs = [
        ("content-type", response.content_type),
        ("content-length", str(len(response.body))),
        *response.headers,
    ]
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs]


async def _start(response: Response, send: Send) -> None:
    await send({"type": "http.response.start", "status": response.status, "headers": _headers(response)})


async def send(response: Response, send: Send) -> None:
    """Send an answer as it should be.

    .. versionadded:: 0.1
    """
    await _start(response, send)
    await send({"type": "http.response.body", "body": response.body})


async def send_dripping(response: Response, seconds: float, send: Send) -> None:
    """Send the body in pieces, spread over ``seconds``; an answer without one comes that much later.

    .. versionadded:: 0.1
    """
    if not response.body:
        await asyncio.sleep(seconds)
    await _start(response, send)
    body = response.body
    pieces = max(1, min(len(body), int(seconds * _PIECES_PER_SECOND)))
    size = -(-len(body) // pieces) or 1
    for offset in range(0, len(body), size):
        await send({"type": "http.response.body", "body": body[offset : offset + size], "more_body": True})
        await asyncio.sleep(seconds / pieces)
    await send({"type": "http.response.body", "body": b""})


async def send_truncated(response: Response, send: Send) -> None:
    """Announce the whole body and send half of it; whoever calls this must then fail, which cuts the connection.

    .. versionadded:: 0.1
    """
    await _start(response, send)
    await send({"type": "http.response.body", "body": response.body[: len(response.body) // 2], "more_body": True})


async def send_twice(response: Response, scope: Scope) -> None:
    """Send the whole answer twice on one connection and close it (plain HTTP only).

    .. versionadded:: 0.1
    """
    with _connection(scope) as connection:
        connection.setblocking(True)
        connection.sendall(_raw(response) * 2)
        connection.shutdown(socket.SHUT_RDWR)


def cut(scope: Scope) -> None:
    """Close the TCP connection of a request without an answer.

    .. versionadded:: 0.1
    """
    with _connection(scope) as connection:
        connection.shutdown(socket.SHUT_RDWR)


def _raw(response: Response) -> bytes:
    head = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}".encode()]
    head += [name + b": " + value for name, value in _headers(response)]
    return b"\r\n".join(head) + b"\r\n\r\n" + response.body


def _connection(scope: Scope) -> socket.socket:
    """A second handle on the socket of this request."""
    host, port = scope["client"]
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - names of descriptors, not paths
        try:
            if not stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                continue
            candidate = socket.socket(fileno=os.dup(int(name)))
        except OSError:
            continue  # closed between the listing and now
        try:
            if candidate.getpeername()[:2] == (host, int(port)):
                return candidate
        except OSError:
            pass  # a listening socket has no peer
        candidate.close()
    raise SandboxError("找不到该请求的连接", "the connection of this request is gone", status=500)
