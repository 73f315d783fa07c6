"""A sandbox in the foreground: one process, one thread, granian in front."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .base import Sandbox
from .emit import Emitter
from .errors import SandboxError
from .seed import read_seed
from .settings import Settings
from .store import Store

if TYPE_CHECKING:
    from granian.server.embed import Server

__all__ = ["serve"]

_BACKLOG = 1024


def serve(
    sandbox_class: type[Sandbox],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    ledger: Path | None = None,
    seed: Path | None = None,
    settings: Mapping[str, str] | None = None,
    on_ready: Callable[[dict[str, str]], None] = lambda _ready: None,
) -> None:
    """Serve a sandbox until SIGINT or SIGTERM; blocks.

    :param host: address to bind.
    :param port: TCP port; 0 takes a free one.
    :param ledger: SQLite file of the ledger; the same one goes on where it was. ``None``: a throw-away file.
    :param seed: JSON or TOML file, laid over the default master data.
    :param settings: ``--set`` keys and values.
    :param on_ready: called once connections are accepted, with ``url`` (base address for a client), ``admin``
        (address of the plane) and with TLS ``ca`` (file with the authority's certificate).
    :raises SandboxError: for a wrong setting, seed or ledger, or a port that is taken.

    .. versionadded:: 0.1
    """
    effective = Settings(sandbox_class.settings_declared, settings)
    patch = read_seed(seed) if seed else None
    with _listener(host, port) as listener, _ledger_file(ledger) as file:
        store = Store(file)
        try:
            sandbox = sandbox_class(store, effective, patch)
            asyncio.run(_run(sandbox, listener, file, on_ready))
        finally:
            store.close()


def _listener(host: str, port: int) -> socket.socket:
    """Our own listening socket: port 0 works, no other process can share the port, and it is ready at once."""
    try:
        return socket.create_server((host, port), backlog=_BACKLOG)
    except OSError as error:
        raise SandboxError(
            f"端口 {host}:{port} 不可用: {error.strerror}", f"cannot listen on {host}:{port}: {error.strerror}"
        ) from error


@contextlib.contextmanager
def _ledger_file(ledger: Path | None) -> Iterator[Path]:
    if ledger is not None:
        yield ledger
        return
    with tempfile.TemporaryDirectory(prefix="dougong-sandbox-", ignore_cleanup_errors=True) as folder:
        yield Path(folder) / "ledger.db"


async def _run(
    sandbox: Sandbox, listener: socket.socket, ledger: Path, on_ready: Callable[[dict[str, str]], None]
) -> None:
    host, port = listener.getsockname()[:2]
    tls: dict[str, Any] = {}
    ready: dict[str, str] = {}
    if sandbox.settings["tls"]:
        from .tls import make_tls  # cryptography is imported where it is used

        identity = make_tls(ledger.with_name(ledger.name + ".tls"), host)
        ready["ca"] = str(identity.ca)
        tls = {"ssl_cert": identity.certificate, "ssl_key": identity.key}
        if sandbox.settings["client_ca"]:
            tls |= {"ssl_ca": Path(sandbox.settings["client_ca"]), "ssl_client_verify": True}
    server = _build_server(sandbox, listener, tls)
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: KeyboardInterrupt ends the loop
            loop.add_signal_handler(signum, server.stop)
    root = f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
    on_ready({"url": root + sandbox.base_path, "admin": root + "/_sandbox", **ready})
    pushing = asyncio.create_task(Emitter(sandbox).by_itself()) if sandbox.settings["callback_url"] else None
    try:
        await server.serve()
    finally:
        if pushing is not None:
            pushing.cancel()


def _build_server(sandbox: Sandbox, listener: socket.socket, tls: Mapping[str, Any]) -> Server:
    from granian._granian import SocketHolder
    from granian.constants import HTTPModes, Interfaces
    from granian.server.embed import Server

    from .plane import build_application

    holder: Any = SocketHolder  # granian's stub does not name its parameters: descriptor, Unix domain, backlog

    class OnOwnSocket(Server):
        """Granian on a socket that is already listening."""

        def _init_shared_socket(self) -> None:
            self._ssp = None
            self._shd: Any = holder(os.dup(listener.fileno()), False, _BACKLOG)

    listener.setblocking(False)
    return OnOwnSocket(
        build_application(sandbox),
        port=listener.getsockname()[1],
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
        backlog=_BACKLOG,
        **tls,
    )
