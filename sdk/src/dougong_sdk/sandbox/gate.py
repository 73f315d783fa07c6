"""The door in front of an emulated ERP: reads a request, lets the script break it, logs it, answers durably."""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from attrs import evolve

from . import wire
from .base import Sandbox
from .faults import Fault, FaultBook
from .messages import Request, Response
from .wire import Scope, Send

__all__ = ["Gate"]

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

_BODY_LIMIT = 64 * 1024 * 1024
_LOGGED_BODY = 20_000
_FAILURES_KEPT = 100


class _CutAfterHalf(Exception):
    """Leaves the application so that the server cuts the connection in the middle of a body."""


class Gate:
    """The ASGI application of the ERP side of a sandbox.

    :param sandbox: who does the work.
    :param faults: the script.

    .. versionadded:: 0.1
    """

    def __init__(self, sandbox: Sandbox, faults: FaultBook) -> None:
        self.sandbox = sandbox
        self.faults = faults
        self.failures: deque[str] = deque(maxlen=_FAILURES_KEPT)
        self._late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        started = perf_counter()
        request = await _read(scope, receive)
        self.sandbox.credentials.came(request)
        operation = self.sandbox.operation(request)
        fault = self.faults.next_for(request, operation, self.sandbox.readable)
        latency = float(self.sandbox.settings["latency"])
        if latency:
            await asyncio.sleep(latency)
        status: int | None = None
        try:
            status = await self._answer(request, operation, fault, scope, send)
        finally:
            self._log(request, operation, fault, status, perf_counter() - started)

    async def _answer(
        self, request: Request, operation: str, fault: Fault | None, scope: Scope, send: Send
    ) -> int | None:
        """Let the fault happen or the work be done; the status that the client saw, ``None`` for none."""
        match fault:
            case Fault(fault="refuse" | "reset_before_work"):
                wire.cut(scope)
                return None
            case Fault(fault="work_late"):
                self._work_later(request, float(fault.seconds))
                wire.cut(scope)
                return None
            case Fault(fault="status_before_work"):
                response = _status_response(fault)
            case Fault(fault="business_error"):
                response = self._refused(request, fault)
            case Fault(fault="expire_session"):
                self.sandbox.expire_sessions()
                response = await self.work(request)
            case Fault():
                return await self._spoil(await self.work(request), fault, scope, send)
            case None:
                response = await self.work(request)
        await wire.send(response, send)
        return response.status

    def _refused(self, request: Request, fault: Fault) -> Response:
        if fault.match is None:
            return self.sandbox.business_error(request, fault.code)
        return self.sandbox.business_error_of(request, fault.code, fault.match)

    async def _spoil(self, response: Response, fault: Fault, scope: Scope, send: Send) -> int | None:
        """The work is done; only the answer goes wrong."""
        match fault.fault:
            case "reset_after_work":
                wire.cut(scope)
                return None
            case "status_after_work":
                response = _status_response(fault)
                await wire.send(response, send)
            case "truncate":
                await wire.send_truncated(response, send)
                raise _CutAfterHalf
            case "wrong_content_type":
                await wire.send(evolve(response, content_type="text/html; charset=utf-8"), send)
            case "drip":
                await wire.send_dripping(response, float(fault.seconds), send)
            case "partial_answer":
                await wire.send(self.sandbox.shortened(response), send)
            case "duplicate_answer":
                await wire.send_twice(response, scope)
        return response.status

    async def work(self, request: Request) -> Response:
        """Do the work; the answer is returned when the work is on disk."""
        try:
            with self.sandbox.store.unit():
                if self.sandbox.jobs:
                    self.sandbox.jobs.work()
                response = self.sandbox.handle(request)
        except Exception as error:  # noqa: BLE001 - an emulated ERP that fails answers 500 as the real one would
            response = self._failed(request, error)
        self.sandbox.credentials.left(response)
        await self.sandbox.store.durable()
        return response

    def _failed(self, request: Request, error: Exception) -> Response:
        """Tell the author of the sandbox: on standard error with the traceback, on the plane with file and line."""
        text = self.sandbox.redact(traceback.format_exc())
        sys.stderr.write(text)
        sys.stderr.flush()
        place = traceback.extract_tb(error.__traceback__)[-1]
        what = self.sandbox.redact(f"{type(error).__name__}: {error}")
        self.failures.append(f"{self.sandbox.operation(request)}: {what} ({Path(place.filename).name}:{place.lineno})")
        return Response(text.encode(), 500, "text/plain; charset=utf-8")

    def _work_later(self, request: Request, seconds: float) -> None:
        async def late() -> None:
            await asyncio.sleep(seconds)
            await self.work(request)

        task = asyncio.get_running_loop().create_task(late())
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    def forget_late_work(self) -> None:
        """Work that has not begun will not be done."""
        for task in self._late:
            task.cancel()

    def _log(self, request: Request, operation: str, fault: Fault | None, status: int | None, took: float) -> None:
        self.sandbox.store.log(
            {
                "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "method": request.method,
                "path": request.path,
                "query": self.sandbox.redact(request.query),
                "operation": operation,
                "status": status,
                "fault": fault.fault if fault else None,
                "milliseconds": round(took * 1000),
                "body": self.sandbox.loggable(request, operation)[:_LOGGED_BODY],
            }
        )


def _status_response(fault: Fault) -> Response:
    headers = [] if fault.retry_after is None else [("retry-after", fault.retry_after)]
    return Response(b"scripted fault\n", fault.status, "text/plain; charset=utf-8", headers)


async def _read(scope: Scope, receive: Receive) -> Request:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size <= _BODY_LIMIT:
            parts.append(part)
        if not message.get("more_body"):
            break
    return Request(
        method=scope["method"],
        path=scope["path"],
        raw_path=scope.get("raw_path", scope["path"].encode()).decode("latin-1").partition("?")[0],
        query=scope["query_string"].decode("latin-1"),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body=b"".join(parts),
    )
