"""What a sandbox pushes to others by order: confirmations, events, finished jobs, a request that tries an address."""

from __future__ import annotations

import asyncio
import base64
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

from .base import Sandbox
from .errors import SandboxError
from .messages import Outgoing, Response

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
        self._kept: list[Outgoing] = []

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

        ``greeting`` sends the request that tries the address, in place of messages. ``duplicate`` sends each message
        twice, ``forge`` spoils its signature, ``bare`` leaves out headers, query and credentials, ``delay`` waits that
        many seconds between composing and sending, ``drop`` sends nothing. ``keep`` keeps the messages of now, which an
        order with ``kept`` sends later: an old one after a newer one.

        :returns: ``composed``: how many messages; ``statuses``: of the answers, ``null`` for none; ``answers``: the
            same in full, each with ``acknowledged``: whether the ERP takes it for received.
        """
        target = self._target(order.get("target"))
        messages = self._messages(target["kind"], order)
        await self.sandbox.store.durable()
        if order.get("keep"):
            self._kept += messages
        if order.get("drop") or order.get("keep"):
            return {"composed": len(messages), "statuses": [], "answers": []}
        await asyncio.sleep(float(order.get("delay") or 0))
        times, bare = 2 if order.get("duplicate") else 1, bool(order.get("bare"))
        forge = bool(order.get("forge"))
        answers = [await self._sent(target, one, bare=bare, forge=forge) for one in messages for _ in range(times)]
        return {"composed": len(messages), "statuses": [one["status"] for one in answers], "answers": answers}

    def _messages(self, kind: str, order: Mapping[str, Any]) -> Sequence[Outgoing]:
        forge = bool(order.get("forge"))
        if order.get("kept"):
            kept, self._kept = self._kept, []
            return kept
        return self.sandbox.greeting(forge=forge) if order.get("greeting") else self.sandbox.compose(kind, forge=forge)

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

    async def _sent(self, target: Mapping[str, Any], message: Outgoing, *, bare: bool, forge: bool) -> dict[str, Any]:
        """Send one message, and tell what came back."""
        message = self.sandbox.stripped(message) if bare else message
        began = time.monotonic()
        answer = await asyncio.to_thread(_send, _request(target, message, bare=bare, forge=forge))
        took = round(1000 * (time.monotonic() - began))
        if answer is None:
            return {"status": None, "content_type": "", "body": "", "milliseconds": took, "acknowledged": False}
        return {
            "status": answer.status,
            "content_type": answer.content_type,
            "body": answer.body.decode("utf-8", "replace"),
            "milliseconds": took,
            "acknowledged": self.sandbox.acknowledges(message, answer),
        }


def _request(target: Mapping[str, Any], message: Outgoing, *, bare: bool, forge: bool) -> urllib.request.Request:
    url = target["url"].rstrip("/") + message.path if message.path else target["url"]
    headers = {"Content-Type": message.content_type}
    if not bare:
        url += f"?{message.query}" if message.query else ""
        known = _credentials(target)
        headers |= {**known, **message.headers} if forge else {**message.headers, **known}  # what is forged stays so
    body = None if message.method in ("GET", "HEAD") else message.body
    return urllib.request.Request(url, body, headers, method=message.method)  # noqa: S310 - see add_target


def _credentials(target: Mapping[str, Any]) -> dict[str, str]:
    if "bearer" in target:
        return {"Authorization": f"Bearer {target['bearer']}"}
    if "user" in target:
        pair = f"{target['user']}:{target.get('password', '')}".encode()
        return {"Authorization": "Basic " + base64.b64encode(pair).decode()}
    return {}


def _send(request: urllib.request.Request) -> Response | None:
    """The answer; ``None`` where there is none."""
    try:
        with _NO_PROXY.open(request, timeout=_TIMEOUT) as answer:
            return Response(answer.read(), int(answer.status), answer.headers.get("Content-Type", ""))
    except urllib.error.HTTPError as error:
        with error:
            return Response(error.read(), error.code, error.headers.get("Content-Type", ""))
    except OSError:
        return None
