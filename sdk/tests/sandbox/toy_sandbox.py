"""A tiny ERP for the tests of the sandbox base: notes with a text and an amount, behind a token."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from dougong_sdk.sandbox import Jobs, Outgoing, Request, Response, Sandbox, SandboxError, Setting
from dougong_sdk.sandbox.exact_json import dumps, loads


class ToySandbox(Sandbox):
    name = "toy"
    title = "Toy ERP"
    base_path = "/toy/"
    ledger_kinds = ("note", "counter")
    settings_declared: ClassVar = (
        Setting("user", "ann", "用户", "user"),
        Setting("password", "s3cret-word", "密码", "password", "secret"),
    )

    def __init__(self, *args: Any) -> None:
        self.tokens: set[str] = set()
        super().__init__(*args)
        self.jobs = Jobs(self, self._note)

    def default_seed(self) -> Mapping[str, Any]:
        return {
            "credentials": [{"kind": "basic", "user": self.settings["user"], "password": self.settings["password"]}]
        }

    def operation(self, request: Request) -> str:
        return request.path.rpartition("/")[2]

    def operations(self) -> Sequence[str]:
        return ("login", "note", "half", "later")

    def handle(self, request: Request) -> Response:
        match self.operation(request):
            case "login":
                return self._login(loads(request.body))
            case "note" if request.headers.get("token") not in self.tokens:
                return Response(b'{"error":"no session"}', 401)
            case "note":
                return Response(dumps(self._note(loads(request.body))).encode())
            case "later":
                return Response(dumps({"job": self.jobs.take(loads(request.body))["id"]}).encode())
            case "half":
                self.store.put("note", "half", {"id": "half", "text": "half", "amount": Decimal(1)})
                raise RuntimeError("failed half-way")
        return Response(b"?", 404, "text/plain")

    def _login(self, body: Mapping[str, Any]) -> Response:
        known = {(row["user"], row["password"]) for row in self.seed["credentials"]}
        if (body.get("user"), body.get("password")) not in known:
            return Response(b'{"error":"login"}', 401)
        token = str(uuid.uuid4())
        self.tokens.add(token)
        return Response(dumps({"token": token}).encode())

    def shortened(self, response: Response) -> Response:
        told = loads(response.body or b"{}")
        return Response(dumps({key: value for key, value in told.items() if key != "amount"}).encode())

    def _note(self, body: Mapping[str, Any]) -> dict[str, Any]:
        identity = str(self.store.next_number("note"))
        note = {"id": identity, "text": body["text"], "amount": body.get("amount", Decimal(0))}
        self.store.put("note", identity, note)
        return note

    def postings(self, *, deleted: bool = False) -> list[dict[str, Any]]:
        return [{**note, "amount": str(note["amount"])} for note in self.store.all("note").values()]

    def hand(self, order: Mapping[str, Any]) -> dict[str, Any]:
        note = self.store.get("note", str(order.get("id")))
        if note is None:
            raise SandboxError("没有这条记录", "no such note", status=404)
        self.store.remove("note", note["id"])
        return {**note, "amount": str(note["amount"])}

    def business_error(self, request: Request, code: str) -> Response:
        return Response(dumps({"code": code}).encode())

    def expire_sessions(self) -> None:
        self.tokens.clear()

    def compose(self, kind: str, *, forge: bool) -> Sequence[Outgoing]:
        if kind != "event":
            return super().compose(kind, forge=forge)
        return [
            Outgoing(dumps(note).encode(), headers={"X-Signature": "forged" if forge else "good"})
            for note in self.store.all("note").values()
        ]
