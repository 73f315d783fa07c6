"""One connection through the proxy: bytes both ways, and what goes wrong with them.

A *request* is what the client says in its turn: it begins with the client's first byte after the server has spoken, or
on a new connection. That needs no knowledge of the protocol, and is exact for all that do not send ahead (HTTP/1.1 as
clients use it, PostgreSQL, Redis). A piece of a request is forwarded only after it has been judged: what a pattern was
seen in never reaches the server whole.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from typing import TYPE_CHECKING

from .faults import Fault

if TYPE_CHECKING:
    from .server import Proxy

__all__ = ["Tunnel"]

_CHUNK = 65536
#: With this set, closing a socket sends RST and throws away what was not sent.
_AT_ONCE = struct.pack("ii", 1, 0)


class _Broken(Exception):
    """The connection to the client is over by script."""


class Tunnel:
    """A client's connection and the one to the server that belongs to it."""

    def __init__(self, proxy: Proxy, reader: StreamReader, writer: StreamWriter) -> None:
        self._proxy = proxy
        self._client, self._to_client = reader, writer
        self._answered = True
        self._request = b""
        self._fault: Fault | None = None
        self._candidates: list[Fault] = []

    async def run(self) -> None:
        """Until both sides have closed, or one is lost."""
        try:
            server, to_server = await asyncio.open_connection(*self._proxy.target)
        except OSError:  # the server is away: so is the proxy
            self.reset()
            return
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._requests(to_server))
                group.create_task(self._answers(server))
        except* (OSError, _Broken):
            await self._let_finish(server, to_server)
        finally:
            self._to_client.close()
            to_server.close()

    def reset(self) -> None:
        """End the client's connection with RST."""
        _reset(self._to_client)

    async def _requests(self, to_server: StreamWriter) -> None:
        while chunk := await self._client.read(_CHUNK):
            self._judge(chunk)
            if self._fault and self._fault.kind == "reset_before_work":
                _reset(to_server)  # a clean end could pass for the end of the request
                self.reset()
                raise _Broken
            to_server.write(chunk)
            await to_server.drain()
        to_server.write_eof()

    def _judge(self, chunk: bytes) -> None:
        """See whether the request goes wrong to which this piece belongs."""
        if self._answered:
            self._answered, self._request, self._fault = False, b"", None
            self._proxy.requests += 1
            self._candidates = list(self._proxy.faults)
        self._request += chunk
        for fault in [fault for fault in self._candidates if fault.concerns(self._request)]:
            self._candidates.remove(fault)
            if fault.strikes() and self._fault is None:
                self._fault = fault
                self._proxy.struck.append(fault.kind)

    async def _answers(self, server: StreamReader) -> None:
        passed = 0
        while chunk := await server.read(_CHUNK):
            passed = passed if self._answered else 0
            first, self._answered = not self._answered, True
            await self._pass(chunk, passed, self._fault, first=first)
            passed += len(chunk)
        self._to_client.write_eof()

    async def _pass(self, chunk: bytes, passed: int, fault: Fault | None, *, first: bool) -> None:
        """Hand a piece of an answer to the client, as the fault wants it."""
        kind = fault.kind if fault else ""
        if kind == "reset_after_work":
            self.reset()
            raise _Broken
        if kind == "drop_answer":
            raise _Broken
        size, seconds = (fault.size or 0, fault.seconds or 0.0) if fault else (0, 0.0)
        if kind == "delay" and first:
            await asyncio.sleep(seconds)
        if kind == "drip":
            for start in range(0, len(chunk), size):
                await self._write(chunk[start : start + size])
                await asyncio.sleep(seconds)
            return
        await self._write(chunk[: size - passed] if kind == "truncate" else chunk)
        if kind == "truncate" and passed + len(chunk) >= size:
            raise _Broken

    async def _write(self, data: bytes) -> None:
        self._to_client.write(data)
        await self._to_client.drain()

    async def _let_finish(self, server: StreamReader, to_server: StreamWriter) -> None:
        """The client is gone by now; the server may say the rest, so that its work is not disturbed."""
        self._to_client.close()
        with suppress(OSError):
            to_server.write_eof()
            while await server.read(_CHUNK):
                pass


def _reset(writer: StreamWriter) -> None:
    with suppress(OSError):  # it is closed already
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    writer.transport.abort()
