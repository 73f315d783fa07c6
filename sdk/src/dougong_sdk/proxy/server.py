"""The proxy itself: a listening socket, and an event loop in a thread of this process."""

from __future__ import annotations

import asyncio
import socket
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from .faults import Fault
from .tunnel import Tunnel

__all__ = ["Proxy"]

T = TypeVar("T")

_LOOPBACK = "127.0.0.1"
_WAIT = 10.0  # seconds


class Proxy:
    """A port on loopback that leads to a server, and the strings to pull. Use it as a context manager.

    :param host: of the server. :param port: of the server.
    :ivar port: where the proxy listens. :ivar faults: the script.
    :ivar connections: how many came; `requests` likewise. :ivar struck: kinds of faults that happened, in order.

    .. versionadded:: 0.1
    """

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.faults: list[Fault] = []
        self.connections = 0
        self.requests = 0
        self.struck: list[str] = []
        self._listener = _bound(0)
        self.port: int = self._listener.getsockname()[1]
        self._server: asyncio.Server | None = None
        self._tunnels: dict[asyncio.Task[None], Tunnel] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy to {host}:{port}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.accept()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://{_LOOPBACK}:{self.port}"

    # -- the script ---------------------------------------------------------------------------------------------------

    def fault(self, kind: str, **members: Any) -> None:
        """Add a line to the script, e.g. `fault("drop_answer", nth=1, match=b"Save")`; members as of `Fault`.

        The first line that is about a request is the one that happens.

        :raises DougongError: `PROXY_FAULT_INVALID`.
        """
        self.faults.append(Fault(kind, **members))

    def clear(self) -> None:
        """Let everything pass again."""
        self.faults.clear()

    def refuse(self) -> None:
        """As if the server were down: connections are reset, new ones refused, and nobody else gets the port."""
        self._do(self._refuse())

    def accept(self) -> None:
        """As if the server were up again."""
        self._do(self._accept())

    # -- in the loop --------------------------------------------------------------------------------------------------

    def _do(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(_WAIT)

    async def _accept(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._connected, sock=self._listener)

    async def _refuse(self) -> None:
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for tunnel in self._tunnels.values():
            tunnel.reset()
        self._listener = _bound(self.port)

    async def _connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.connections += 1
        tunnel, task = Tunnel(self, reader, writer), asyncio.current_task()
        assert task is not None  # noqa: S101 - this is one
        self._tunnels[task] = tunnel
        try:
            await tunnel.run()
        except asyncio.CancelledError:  # the proxy ends
            pass
        finally:
            del self._tunnels[task]

    async def _end(self) -> None:
        await self._refuse()
        self._listener.close()
        tasks = list(self._tunnels)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._loop.shutdown_asyncgens()


def _bound(port: int) -> socket.socket:
    """A socket that has the port but does not listen yet: whoever connects is refused."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((_LOOPBACK, port))
    return made
