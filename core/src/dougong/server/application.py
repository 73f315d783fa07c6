"""The ASGI application: addresses, limits, who may come in. What happens inside is `documents` and `callbacks`."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

import attrs
from litestar import Litestar, Request, Response, asgi, get, post
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.types import Receive, Scope, Send

from dougong import __version__
from dougong.flow import Project
from dougong.model.outcomes import CallbackRequest, Reply
from dougong.model.problems import Problem
from dougong.server.body import BodyNotRead, read_body
from dougong.server.callbacks import Callbacks
from dougong.server.documents import take_document
from dougong.server.replies import language_of, plain, told

__all__ = ["Door", "build_application"]

_LOG = logging.getLogger("dougong.server")
_CALLBACKS = "/v1/callbacks"
_METHODS = ("GET", "HEAD", "OPTIONS", "POST")
#: Threads for each of the two ways in.
_THREADS = 16
#: What is still to come of a body that is not wanted is not waited for.
_CLOSE = {"Connection": "close"}
#: Headers of what a browser or a proxy has sent on: not a program on this machine.
_NOT_LOCAL = ("origin", "forwarded", "x-forwarded-for", "x-real-ip")
_Request = Request[Any, Any, Any]


@attrs.frozen
class Door:
    """What the application stands in front of.

    :param token: bearer token for documents; `None` = callers on this machine only, and the socket is bound so.
    :param wake: called when something has come. :param well: whether the steps run.
    """

    project: Project
    token: str | None = attrs.field(default=None, repr=False)
    wake: Callable[[], None] = lambda: None
    well: Callable[[], bool] = lambda: True


def build_application(door: Door) -> Litestar:
    """The application in front of a project.

    .. versionadded:: 0.1
    """
    ways = _Ways(door)

    @post("/v1/documents", status_code=201, operation_id="sendDocument")
    async def documents(request: _Request) -> Response[bytes]:
        """Send one document in canonical form; it is accepted when the answer comes."""
        return _response(await ways.document(request))

    @asgi(_CALLBACKS, is_mount=True, copy_scope=True)
    async def callback(scope: Scope, receive: Receive, send: Send) -> None:
        await ways.callback(scope, receive, send)

    @get("/healthz", include_in_schema=False, sync_to_thread=False)
    def healthz() -> Response[bytes]:
        return _response(Reply(200, b"ok", "text/plain") if door.well() else plain(503))

    return Litestar(
        [documents, callback, healthz],
        exception_handlers={Exception: _failed},
        openapi_config=OpenAPIConfig("Dougong", __version__, path="/v1", render_plugins=[JsonRenderPlugin()]),
        logging_config=None,
        request_max_body_size=None,
    )


class _Ways:
    """The two ways in; each has its own threads, so that neither can keep the other waiting."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._limits = door.project.config.server
        self._callbacks = Callbacks(door.project)
        self._document_threads = ThreadPoolExecutor(_THREADS, "documents")
        self._callback_threads = ThreadPoolExecutor(_THREADS, "callbacks")

    async def document(self, request: _Request) -> Reply:
        """`POST /v1/documents`."""
        project, seconds = self._door.project, self._limits.body_seconds
        language = language_of(request.headers.get("accept-language"), project.config.project.locale)
        if not _may_send(request, self._door.token):
            return told(401, [_unauthorized()], language, headers={"WWW-Authenticate": "Bearer"})
        try:
            head = request.scope["headers"]
            body = await read_body(request.receive, head, most=self._limits.document_limit, seconds=seconds)
        except BodyNotRead as error:
            return plain(error.status, _CLOSE)
        return await self._in_thread(self._document_threads, lambda: take_document(project, body, language))

    async def callback(self, scope: Any, receive: Receive, send: Send) -> None:
        """`/v1/callbacks/{connection}` and below, as ASGI: what comes and goes is the connector's, byte for byte."""
        if scope["type"] != "http":
            return
        reply = await self._called(scope, receive)
        for message in _messages(reply, with_body=scope["method"] != "HEAD"):
            await send(message)

    async def _called(self, scope: Any, receive: Receive) -> Reply:
        if scope["method"] not in _METHODS:
            return plain(405, {"Allow": ", ".join(_METHODS)})
        most, seconds = self._limits.callback_limit, self._limits.body_seconds
        try:
            body = await read_body(receive, scope["headers"], most=most, seconds=seconds)
        except BodyNotRead as error:
            return plain(error.status, _CLOSE)
        name, request = _addressed(scope, body)
        return await self._in_thread(self._callback_threads, lambda: self._callbacks.take(name, request))

    async def _in_thread(self, threads: Executor, work: Callable[[], Reply]) -> Reply:
        """What waits for the disk or for a connector; when it is done, there is something new for the steps."""
        reply = await asyncio.get_running_loop().run_in_executor(threads, work)
        self._door.wake()
        return reply


def _may_send(request: _Request, token: str | None) -> bool:
    """Whether a caller shows the token; without one, whether it is a program on this machine."""
    if token is None:
        return not any(name in request.headers for name in _NOT_LOCAL)
    kind, _, shown = request.headers.get("authorization", "").partition(" ")
    # hashed first: the time of a comparison must not tell the token's length either
    digests = [hashlib.sha256(text.encode()).digest() for text in (shown.strip(), token)]
    return hmac.compare_digest(*digests) and kind.lower() == "bearer"


def _unauthorized() -> Problem:
    return Problem.of(
        "TOKEN_WRONG",
        "未带正确的令牌",
        "the right token was not shown",
        hint_zh="请求头: Authorization: Bearer 令牌, 令牌由 dougong.toml 的 [server] token 指定",
        hint_en="send the header Authorization: Bearer TOKEN, with the token that [server] token in dougong.toml names",
    )


def _addressed(scope: Any, body: bytes) -> tuple[str, CallbackRequest]:
    """The connection that is called, and the request as it came, but for the way to it."""
    raw = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0].decode("latin-1")
    name, slash, rest = raw.partition(_CALLBACKS + "/")[2].partition("/")
    headers = tuple((key.decode("latin-1"), value.decode("latin-1")) for key, value in scope["headers"])
    query = scope["query_string"].decode("latin-1")
    return name, CallbackRequest(scope["method"], slash + rest, query, headers, body)


def _response(reply: Reply) -> Response[bytes]:
    return Response(reply.body, status_code=reply.status, media_type=reply.media_type, headers=dict(reply.headers))


def _messages(reply: Reply, *, with_body: bool) -> Iterator[Any]:
    """ASGI's messages of a reply, several headers of one name included."""
    pairs = [("content-type", reply.media_type), ("content-length", str(len(reply.body))), *reply.headers]
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
    yield {"type": "http.response.start", "status": reply.status, "headers": headers}
    yield {"type": "http.response.body", "body": reply.body if with_body else b"", "more_body": False}


def _failed(request: _Request, error: Exception) -> Response[bytes]:
    """Addresses and methods that are not ours; anything else is our fault, and goes into the log."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status not in (404, 405):
        _LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
        status = 500
    return _response(plain(status))
