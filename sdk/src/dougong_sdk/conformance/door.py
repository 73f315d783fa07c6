"""The door for callbacks of a project under certification, over real HTTP (interfaces.md §5).

What a callback does is core's matter (`dougong.flow.take_callback`, as `dougong serve` calls it); this is the HTTP
around it, with nothing but the standard library: whoever certifies a connector need not install a server.
"""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from dougong.flow import Project, callback_door, take_callback
from dougong.model.outcomes import CallbackRequest, Reply
from dougong.model.problems import DougongError

__all__ = ["CallbackDoor"]

_PREFIX = "/v1/callbacks/"
_BODY_LIMIT = 1024 * 1024


class CallbackDoor:
    """Takes the callbacks of one project, in threads of this process; a context manager.

    :param folder: of the project, which it opens for itself.
    """

    def __init__(self, folder: Path) -> None:
        self._project = Project(folder)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self._project))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._project.ledger.close()

    def url(self, connection: str) -> str:
        """The address to register for a connection."""
        return f"http://127.0.0.1:{self._server.server_port}{_PREFIX}{connection}"


def _handler(project: Project) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            reply = self._reply()
            self.send_response(reply.status)
            headers = [("Content-Type", reply.media_type), ("Content-Length", str(len(reply.body))), *reply.headers]
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)

        do_GET = do_HEAD = do_OPTIONS = do_POST = _answer  # noqa: N815 - names of http.server

        def _reply(self) -> Reply:
            length = int(self.headers.get("Content-Length") or 0)
            if length > _BODY_LIMIT:
                self.close_connection = True
                return Reply(413)
            body, parts = self.rfile.read(length), urlsplit(self.path)
            connection, slash, below = parts.path.removeprefix(_PREFIX).partition("/")
            if not parts.path.startswith(_PREFIX):
                return Reply(404)
            request = CallbackRequest(self.command, slash + below, parts.query, tuple(self.headers.items()), body)
            try:
                door = callback_door(project, connection)
                return Reply(404) if door is None else take_callback(project, door, request).reply
            except DougongError:
                return Reply(500)  # the connector cannot read it; who sent it learns nothing of us

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    return Handler
