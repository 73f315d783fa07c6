"""The fake ERPs of tests/contract as installed connectors of a whole project, and one that signs what it tells.

hooked  A  as `confirming`, by signed webhooks with a time; it can be asked, and be searched
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sys
from pathlib import Path
from typing import Any, ClassVar

import attrs

from dougong import hookimpl
from dougong.hookspecs import About
from dougong.model.masterdata import MasterRecord
from dougong.model.messages import ItemId
from dougong.model.outcomes import (
    Callback,
    CallbackRefused,
    Done,
    NotDone,
    Rejected,
    Reply,
    StatusUpdate,
    Waiting,
)
from dougong.model.problems import Problem, Text

sys.path.insert(0, str(Path(__file__).parents[1] / "contract"))

import shapes
from fake_erp import Lost, Refused, posting_of, shown

_NEEDS = {"6601.02": ["department"], "6602.02": ["department"], "2241.01": ["employee"]}
_MAPPING = """
connector = "CONNECTOR"
target = "V"
from = "voucher"
[fields]
"document" = "join(document for document in voucher.documents)"
"amount" = "sum(line.amount for line in voucher.lines if line.side == 'D')"
"""
#: Older or further in the future than this, a webhook is not believed (Standard Webhooks).
_TOLERANCE = 300


class Whole:
    """What a project needs of an ERP beside taking vouchers."""

    @hookimpl
    def default_mapping(self, operation):
        return _MAPPING.replace("CONNECTOR", self.about.product)

    @hookimpl
    def pull_master_data(self, kinds):
        return [
            MasterRecord("account", code, code, code, True, {"dimensions": needs}) for code, needs in _NEEDS.items()
        ]


@attrs.frozen(eq=False)
class Confirming(Whole, shapes.Confirming):
    pass


@attrs.frozen(eq=False)
class Calling(Whole, shapes.Calling):
    pass


@attrs.frozen
class HookedSettings:
    """:param poll_after: seconds until it is asked when it does not call."""

    file: str
    poll_after: float = 3600.0
    callback_secret: str = attrs.field(default="", repr=False)
    callback_secret_before: str = attrs.field(default="", repr=False)

    window = 60.0


def signature(secret: str, id_: str, at: int, body: bytes) -> str:
    signed = f"{id_}.{at}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


@attrs.frozen(eq=False)
class Hooked(Whole, shapes.Confirming):
    about: ClassVar[About] = About(
        product="hooked",
        title=Text("回调", "Hooked"),
        settings=HookedSettings,
        callback_secrets=("secret", "secret_before"),
    )

    @classmethod
    def _do(cls, tx, operation: str, arguments: Any) -> Any:
        if operation in ("find", "poll"):
            field = "reference" if operation == "find" else "request"
            rows = tx.execute(f"SELECT * FROM posting WHERE {field} = ?", (arguments,)).fetchall()
            return [shown(row) for row in rows]
        return super()._do(tx, operation, arguments)

    @hookimpl
    def push(self, message):
        try:
            self.erp.call("push", json.loads(message.body))
        except Refused as error:
            return NotDone(str(error))
        return Waiting(poll_after=self.settings.poll_after)

    @hookimpl
    def find(self, wanted):
        return shapes._find(self.erp, wanted)

    @hookimpl
    def poll(self, waiting):
        for want in waiting:
            try:
                found = self.erp.call("find", want.reference)
            except (Lost, Refused):
                continue
            for told in found:
                yield StatusUpdate(Done(posting_of(told)), want.item)

    @hookimpl
    def read_callback(self, request, call):
        self._verify(request, call.now.timestamp())
        told = json.loads(request.body)
        news = [StatusUpdate(_outcome(one), ItemId(one["item"])) for one in told["outcomes"]]
        return Callback(told["id"], tuple(news), reply=Reply(202, b"heard"))

    def _verify(self, request, now: float) -> None:
        id_, at = request.header("webhook-id") or "", request.header("webhook-timestamp") or ""
        if not at.isdigit() or abs(int(at) - now) > _TOLERANCE:
            raise CallbackRefused("too old, or of the future")
        shown_ = request.header("webhook-signature") or ""
        secrets = filter(None, (self.settings.callback_secret, self.settings.callback_secret_before))
        expected = [signature(secret, id_, int(at), request.body) for secret in secrets]
        if not any(hmac.compare_digest(shown_.encode("latin-1"), one.encode()) for one in expected):
            raise CallbackRefused("wrong signature")


def _outcome(told):
    if "posting" in told:
        return Done(posting_of(told["posting"]))
    return Rejected((Problem.of("ACCOUNT_CLOSED", "科目已关闭", "the account is closed"),))
