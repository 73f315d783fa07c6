"""The emulated ERP of `relaying`: `POST /api/batches`, `GET /api/batches/{id}`, and callbacks about them."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

import attrs
from dougong_relay.sandbox import _CODES, RelaySandbox, _answer, _shown

from dougong_sdk.sandbox import Jobs, Outgoing, ProjectDefaults, Refusal, Request, Response, Setting, Settings
from dougong_sdk.sandbox.exact_json import dumps, loads

__all__ = ["RelayingSandbox"]

_BATCH = 5


class RelayingSandbox(RelaySandbox):
    """Takes vouchers in batches, and works on them later, each by itself."""

    pushes: ClassVar = ("confirmation",)
    greets: ClassVar = True
    settings_declared: ClassVar = (
        *RelaySandbox.settings_declared,
        Setting("callback_secret", "Relay#2026", "回调签名密钥", "secret that signs callbacks", "secret"),
        Setting("ask_after", "0.05", "首次查询前的秒数", "seconds before it makes sense to ask", "number"),
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.jobs = Jobs(self, self._book)

    @classmethod
    def project_defaults(cls) -> ProjectDefaults:
        """The secret of the callbacks, too."""
        made, known = super().project_defaults(), Settings(cls.settings_declared)
        return attrs.evolve(made, secrets={**made.secrets, "callback_secret": known["callback_secret"]})

    def operations(self) -> Collection[str]:
        """Those of batches beside the others."""
        return ("send", "ask", *super().operations())

    def operation(self, request: Request) -> str:
        """Which of them a request is."""
        match request.method, *request.path.strip("/").split("/"):
            case "POST", "api", "batches":
                return "send"
            case "GET", "api", "batches", _:
                return "ask"
        return super().operation(request)

    def _work(self, request: Request) -> Any:
        match self.operation(request):
            case "send":
                return self._take(loads(request.body), self._user(request))
            case "ask":
                self._user(request)
                return self._tell(request.path.rpartition("/")[2])
        return super()._work(request)

    def _take(self, body: Mapping[str, Any], user: str) -> dict[str, Any]:
        if not 0 < len(body["vouchers"]) <= _BATCH:
            raise Refusal("required", f"一批应有 1 至 {_BATCH} 张凭证", "vouchers")
        job = self.jobs.take({**body, "user": user})
        return {"batch": job["id"], "askAfter": self.settings["ask_after"]}

    def _tell(self, id: str) -> dict[str, Any]:
        job = self.jobs.get(id)
        if job is None:
            raise Refusal("not_found", f"批次 {id} 不存在")
        return {"batch": id, "state": _state(job), "results": job["result"] or []}

    def _book(self, content: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Each voucher by itself: one that is refused keeps no other out."""
        return [self._result(voucher, content["user"]) for voucher in content["vouchers"]]

    def _result(self, voucher: Mapping[str, Any], user: str) -> dict[str, Any]:
        told = {"externalId": voucher["externalId"], "code": 0, "message": "", "field": "", "voucher": None}
        try:
            return {**told, "voucher": _shown(self.create(self._read(voucher), user))}
        except Refusal as error:
            return {**told, "code": _CODES[error.rule], "message": error.text, "field": error.path}

    def shortened(self, response: Response) -> Response:
        """The results without the last one."""
        told = loads(response.body or b"{}")
        data = told.get("data")
        if isinstance(data, dict) and data.get("results"):
            return _answer({**told, "data": {**data, "results": data["results"][:-1]}})
        return response

    def compose(self, kind: str, *, forge: bool) -> Sequence[Outgoing]:
        """A message per batch: that it is at work, or has ended."""
        if kind != "confirmation":
            return super().compose(kind, forge=forge)
        bodies = [
            {"id": f"{job['id']}-{_state(job)}", "request": job["content"]["request"], "state": _state(job)}
            for job in self.jobs.all()
        ]
        return [self._signed(dumps(body).encode(), forge=forge) for body in bodies]

    def greeting(self, *, forge: bool) -> Sequence[Outgoing]:
        """A challenge that has to come back."""
        return [self._signed(b"", forge=forge, method="GET", query="challenge=C-2026")]

    def acknowledges(self, message: Outgoing, answer: Response) -> bool:
        """The challenge, or `{"received": true}` as JSON; no other word counts."""
        if message.method == "GET":
            return (answer.status, answer.body) == (200, b"C-2026")
        json = answer.content_type.partition(";")[0] == "application/json"
        return answer.status == 200 and json and answer.body.replace(b" ", b"") == b'{"received":true}'

    def _signed(self, body: bytes, *, forge: bool, method: str = "POST", query: str = "") -> Outgoing:
        at = str(int(time.time()))
        signed = f"{at}\n{query}\n".encode() + body
        secret = b"somebody else's" if forge else self.settings["callback_secret"].encode()
        headers = {"X-Relay-Time": at, "X-Relay-Signature": hmac.new(secret, signed, hashlib.sha256).hexdigest()}
        return Outgoing(body, headers=headers, method=method, query=query)


def _state(job: Mapping[str, Any]) -> str:
    return "working" if job["result"] is None else "done"
