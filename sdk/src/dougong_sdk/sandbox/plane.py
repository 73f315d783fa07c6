"""``/_sandbox``: where tests and people look behind an emulated ERP and pull its strings (interfaces.md §4)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response as Reply
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from . import exact_json
from .base import Sandbox
from .emit import Emitter
from .errors import SandboxError
from .faults import Fault, FaultBook
from .gate import Gate
from .jobs import JOB_ACTIONS, hand_on_jobs
from .messages import Response

__all__ = ["build_application"]

_PREFIX = "/_sandbox"


def build_application(sandbox: Sandbox) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """The whole ASGI application: the plane, and the ERP at every other path.

    The ERP's side does not pass through a router: its products match paths in their own ways, and it is the hot one.

    .. versionadded:: 0.1
    """
    faults = FaultBook()
    gate = Gate(sandbox, faults)
    plane = _Plane(sandbox, faults, gate)
    routes = [
        Route("/postings", plane.reads(plane.postings), methods=["GET"]),
        Route("/requests", plane.reads(plane.requests), methods=["GET"]),
        Route("/failures", plane.reads(plane.failures), methods=["GET"]),
        Route("/config", plane.reads(plane.config), methods=["GET"]),
        Route("/faults", plane.reads(plane.list_faults), methods=["GET"]),
        Route("/faults", plane.writes(plane.add_fault), methods=["POST"]),
        Route("/faults", plane.reads(plane.clear_faults), methods=["DELETE"]),
        Route("/hand", plane.writes(plane.hand), methods=["POST"]),
        Route("/targets", plane.writes(plane.add_target), methods=["POST"]),
        Route("/emit", plane.writes(plane.emit), methods=["POST"]),
        Route("/seed", plane.writes(plane.seed), methods=["POST"]),
        Route("/leaks", plane.writes(plane.leaks), methods=["POST"]),
        Route("/reset", plane.writes(plane.reset), methods=["POST"]),
    ]
    behind = Starlette(routes=[Mount(_PREFIX, routes=routes)])

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        of_plane = scope["path"].startswith(f"{_PREFIX}/")
        await (behind(scope, receive, send) if of_plane else gate(scope, receive, send))

    return application


Answer = Awaitable[Any]


class _Plane:
    def __init__(self, sandbox: Sandbox, faults: FaultBook, gate: Gate) -> None:
        self.sandbox = sandbox
        self.faults = faults
        self.gate = gate
        self.emitter = Emitter(sandbox)

    def reads(self, answer: Callable[[Request], Answer]) -> Callable[[Request], Awaitable[Reply]]:
        async def endpoint(request: Request) -> Reply:
            return await self._reply(lambda: answer(request))

        return endpoint

    def writes(self, answer: Callable[[Mapping[str, Any]], Answer]) -> Callable[[Request], Awaitable[Reply]]:
        async def endpoint(request: Request) -> Reply:
            body = await request.body()

            async def write() -> Any:
                result = await answer(_object(body))
                await self.sandbox.store.durable()
                return result

            return await self._reply(write)

        return endpoint

    async def _reply(self, answer: Callable[[], Answer]) -> Reply:
        try:
            return _json(await answer())
        except SandboxError as error:
            return _json({"error": str(error), "zh": error.zh, "en": error.en}, error.status)

    async def postings(self, request: Request) -> Any:
        self._work()
        await self.sandbox.store.durable()
        return self.sandbox.postings(deleted=request.query_params.get("deleted") in ("1", "true"))

    async def requests(self, request: Request) -> Any:
        return self.sandbox.store.requests()

    async def failures(self, request: Request) -> Any:
        return list(self.gate.failures)

    async def config(self, request: Request) -> Any:
        return self.sandbox.config()

    async def list_faults(self, request: Request) -> Any:
        return [
            {name: getattr(fault, name) for name in ("fault", "operation", "every", "count", "match", "seen")}
            for fault in self.faults.faults
        ]

    async def add_fault(self, order: Mapping[str, Any]) -> Any:
        fault = Fault.read(order, self.sandbox.operations())
        if fault.fault == "partial_answer":
            self.sandbox.shortened(Response())  # raises where answers do not tell of several vouchers
        self.faults.add(fault)
        return {"faults": len(self.faults.faults)}

    async def clear_faults(self, request: Request) -> Any:
        self.faults.clear()
        return {"faults": 0}

    async def hand(self, order: Mapping[str, Any]) -> Any:
        self._work()
        try:
            with self.sandbox.store.unit():
                if order.get("action") in JOB_ACTIONS:
                    return hand_on_jobs(self.sandbox, str(order["action"]))
                return self.sandbox.hand(order)
        except (LookupError, TypeError, ValueError, ArithmeticError) as error:
            raise SandboxError(f"无法理解此操作: {error!r}", f"this order makes no sense: {error!r}") from error

    async def add_target(self, order: Mapping[str, Any]) -> Any:
        return self.emitter.add_target(order)

    async def emit(self, order: Mapping[str, Any]) -> Any:
        self._work()
        return await self.emitter.emit(order)

    def _work(self) -> None:
        """What is due is done before anybody looks."""
        if self.sandbox.jobs:
            with self.sandbox.store.unit():
                self.sandbox.jobs.work()

    async def seed(self, patch: Mapping[str, Any]) -> Any:
        with self.sandbox.store.unit():
            self.sandbox.merge_seed(patch)
        return {"merged": sorted(patch)}

    async def leaks(self, order: Mapping[str, Any]) -> Any:
        """Asked with a text, never listed: whoever asks learns nothing that the text does not hold."""
        return {"held": self.sandbox.credentials.held_in(str(order.get("text", "")))}

    async def reset(self, order: Mapping[str, Any]) -> Any:
        self.gate.forget_late_work()
        self.gate.failures.clear()
        self.faults.clear()
        self.sandbox.reset()
        self.sandbox.store.clear_log()
        return {"reset": True}


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        value = exact_json.loads(body or b"{}")
    except ValueError as error:
        raise SandboxError(f"请求体不是 JSON: {error}", f"the body is not JSON: {error}", status=400) from error
    if not isinstance(value, dict):
        raise SandboxError("请求体必须是 JSON 对象", "the body must be a JSON object", status=400)
    return value


def _json(value: Any, status: int = 200) -> Reply:
    return Reply(exact_json.dumps(value), status, media_type="application/json")
