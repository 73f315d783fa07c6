"""Running it: our own listening socket, granian on it, the steps beside, and an end that loses nothing."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dougong.flow import Project, Service
from dougong.model.problems import DougongError, Problem
from dougong.server.application import Door, build_application

if TYPE_CHECKING:
    from granian.server.embed import Server

__all__ = ["serve"]

_BACKLOG = 1024
#: A caller's headers have to come within, milliseconds.
_HEADERS_MS = 10_000


def serve(
    project: Project,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    tell: Callable[[Sequence[Problem]], None],
    on_ready: Callable[[str], None],
) -> bool:
    """Serve a project and run its steps until SIGINT or SIGTERM; blocks.

    :param host: address to bind. :param port: TCP port; 0 takes a free one.
    :param tell: called with what keeps a connection from being worked on; from any thread.
    :param on_ready: called with the address once connections are accepted.
    :returns: whether everything in flight has ended; what has not is adopted by the next process.
    :raises DougongError: `SERVER_WITHOUT_TOKEN`, `SERVER_ADDRESS`; rules, tables or mappings that are wrong.

    .. versionadded:: 0.1
    """
    reference = project.config.server.token
    token = None if reference is None else reference.resolve(project.folder)
    if token is None and not _is_loopback(host):
        raise DougongError(_without_token(host))
    with _listener(host, port) as listener:
        service = Service(project, tell)
        service.start()
        try:
            application = build_application(Door(project, token, service.wake, lambda: service.well))
            asyncio.run(_run(_server(application, listener), service, lambda: on_ready(_address(listener))))
        finally:
            ended = service.stop()
    return ended


async def _run(server: Server, service: Service, on_ready: Callable[[], None]) -> None:
    def stop() -> None:
        service.end()  # begins nothing more while the last callers get their answers
        server.stop()  # type: ignore[no-untyped-call]

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: KeyboardInterrupt ends the loop
            loop.add_signal_handler(number, stop)
    on_ready()
    await server.serve()


def _is_loopback(host: str) -> bool:
    try:
        addresses = {found[4][0] for found in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return bool(addresses) and all(ipaddress.ip_address(str(one).partition("%")[0]).is_loopback for one in addresses)


def _without_token(host: str) -> Problem:
    return Problem.of(
        "SERVER_WITHOUT_TOKEN",
        f"未配置令牌, 不能监听 {host}: 任何人都可以发送单据",
        f"without a token {host} is not listened on: anybody could send documents",
        path="server.token",
        hint_zh='请在 dougong.toml 的 [server] 中写 token = { env = "…" }, 或只监听 127.0.0.1',
        hint_en='write token = { env = "…" } below [server] in dougong.toml, or listen on 127.0.0.1 only',
    )


@contextlib.contextmanager
def _listener(host: str, port: int) -> Iterator[socket.socket]:
    """Our own listening socket: port 0 works, no other process can share the port, and it is ready at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise DougongError(
            Problem.of(
                "SERVER_ADDRESS",
                f"无法监听 {host}:{port}: {error.strerror or error}",
                f"cannot listen on {host}:{port}: {error.strerror or error}",
                hint_zh="请换一个端口, 或停止占用它的进程",
                hint_en="take another port, or stop the process that has it",
            )
        ) from error
    with listener:
        yield listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _server(application: Any, listener: socket.socket) -> Server:
    from granian._granian import SocketHolder
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.server.embed import Server

    holder: Any = SocketHolder  # granian's stub does not name its parameters: descriptor, Unix domain, backlog

    class OnOwnSocket(Server):
        """Granian on a socket that is already listening."""

        def _init_shared_socket(self) -> None:
            self._ssp = None
            self._shd: Any = holder(os.dup(listener.fileno()), False, _BACKLOG)

    listener.setblocking(False)
    return OnOwnSocket(
        application,
        port=listener.getsockname()[1],
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADERS_MS),
        websockets=False,
        log_enabled=False,
        backlog=_BACKLOG,
    )
