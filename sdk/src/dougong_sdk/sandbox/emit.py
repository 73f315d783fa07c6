"""What a sandbox pushes to others by order: confirmations, events, finished jobs."""

from __future__ import annotations

import asyncio
import base64
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from .base import Outgoing, Sandbox
from .errors import SandboxError

__all__ = ["Emitter"]

_KINDS = ("confirmation", "event", "job")
_MEMBERS = {"kind", "url", "user", "password", "bearer"}
_TIMEOUT = 10  # seconds
_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # targets are on this machine


class Emitter:
    """Targets by kind, kept in the ledger, and the sending itself.

    .. versionadded:: 0.1
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def add_target(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Set where messages of a kind go to.

        :raises SandboxError: for an unknown kind or member, or a missing address.
        """
        kind, url = order.get("kind"), order.get("url")
        if kind not in _KINDS or not str(url).startswith(("http://", "https://")) or set(order) - _MEMBERS:
            members = ", ".join(sorted(_MEMBERS))
            raise SandboxError(
                f"推送目标需要 kind ({', '.join(_KINDS)}) 与 url; 可用参数: {members}",
                f"a target needs kind ({', '.join(_KINDS)}) and url; members: {members}",
            )
        self.sandbox.store.put("target", str(kind), dict(order))
        return {"kind": str(kind), "url": str(url)}

    async def emit(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Push what is to be pushed to the target of a kind.

        ``duplicate`` sends each message twice, ``forge`` spoils its signature, ``delay`` waits that many seconds
        before, ``drop`` sends nothing. Returns the statuses of the answers, ``null`` for none.
        """
        target = self._target(order.get("target"))
        messages = self.sandbox.compose(target["kind"], forge=bool(order.get("forge")))
        await self.sandbox.store.durable()
        if order.get("drop"):
            return {"composed": len(messages), "statuses": []}
        await asyncio.sleep(float(order.get("delay") or 0))
        times = 2 if order.get("duplicate") else 1
        statuses = [await asyncio.to_thread(_post, target, message) for message in messages for _ in range(times)]
        return {"composed": len(messages), "statuses": statuses}

    def _target(self, kind: Any) -> Mapping[str, Any]:
        known = self.sandbox.store.get("target", str(kind))
        if known is not None:
            return known
        url = self.sandbox.settings["callback_url"]
        if url and kind in _KINDS:
            return {"kind": kind, "url": url}
        raise SandboxError(
            f"没有 {kind} 的推送目标, 先 POST /_sandbox/targets", f"no target {kind}: POST /_sandbox/targets first"
        )


def _post(target: Mapping[str, Any], message: Outgoing) -> int | None:
    headers = {"Content-Type": message.content_type, **message.headers}
    if "bearer" in target:
        headers["Authorization"] = f"Bearer {target['bearer']}"
    elif "user" in target:
        pair = f"{target['user']}:{target.get('password', '')}".encode()
        headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
    request = urllib.request.Request(target["url"], message.body, headers, method="POST")  # noqa: S310 - see add_target
    try:
        with _NO_PROXY.open(request, timeout=_TIMEOUT) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return None
