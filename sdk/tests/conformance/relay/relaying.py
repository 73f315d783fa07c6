"""Many vouchers in one batch: taken at once, worked on later, asked for, and told by callback.

Laid over the connector that is rendered for a REST target: everything else is as there.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import parse_qs

import attrs
from dougong_relay.connector import RelayConnector
from dougong_relay.reading import posting_of
from dougong_relay.session import DUPLICATE, Session
from dougong_relay.settings import TITLE, Settings

from dougong.formats import json_text
from dougong.hookspecs import About, Call, Deadline
from dougong.markers import hookimpl
from dougong.model.messages import Correlation, Item, ItemId, Message, Wanted
from dougong.model.operations import Operation
from dougong.model.outcomes import (
    AlreadyThere,
    Callback,
    CallbackRefused,
    CallbackRequest,
    Done,
    Outcome,
    Reply,
    StatusUpdate,
    Unknown,
    Waiting,
)
from dougong.plugins import exact_json
from dougong_sdk.refusals import Refused
from dougong_sdk.rest import RestError, outcome_of

__all__ = ["RelayingConnector"]

_BATCH = 5
_NOT_FOUND = "3001"
#: A callback is believed for so many seconds after it was signed.
_FRESH = 300


@attrs.frozen(kw_only=True)
class RelaySettings(Settings):
    """:param callback_secret: shared with the ERP, which signs its callbacks with it."""

    callback_secret: str = attrs.field(repr=False)


class RelaySession(Session):
    """The batches of one user."""

    def send(self, body: bytes, deadline: Deadline) -> Any:
        """Hand in a frozen batch: its number, and when to ask for it."""
        return self._call("POST", "api/batches", deadline, body)

    def batch(self, id: str, deadline: Deadline) -> Any:
        """What became of a batch; `None` where the ERP remembers none of that number."""
        try:
            return self._call("GET", f"api/batches/{id}", deadline)
        except Refused as error:
            if error.code == _NOT_FOUND:
                return None
            raise

    def outcome(self, told: Mapping[str, Any], deadline: Deadline) -> Outcome:
        """What the ERP says of one voucher of a batch."""
        code = str(told["code"])
        if code == "0":
            return Done(posting_of(told["voucher"]))
        if code == DUPLICATE:
            there = self.find(told["externalId"], deadline)
            return AlreadyThere(there[0]) if len(there) == 1 else Unknown("known to the ERP, and not found there")
        return outcome_of(self._errors.refusal(code, self._rest.redact(told["message"]), told["field"]))


@attrs.frozen(eq=False)
class RelayingConnector(RelayConnector):
    """One installation of the ERP."""

    settings: RelaySettings
    about: ClassVar[About] = About(
        product="relay",
        title=TITLE,
        settings=RelaySettings,
        secrets=("password", "callback_secret"),
        auditor_secrets=("password",),
    )

    @hookimpl
    def operations(self) -> Sequence[Operation]:
        """As before, five at a time."""
        (made,) = super().operations()
        return (attrs.evolve(made, limits=attrs.evolve(made.limits, batch=_BATCH)),)

    @hookimpl
    def open_session(self, call: Call) -> RelaySession:
        """A session that knows of batches."""
        return RelaySession(self.settings.of(call.credential))

    @hookimpl
    def prepare(self, items: Sequence[Item]) -> Sequence[Message]:
        """All in one batch, named by the first request id: known before the first byte leaves."""
        request = items[0].request_id.uuid().hex
        body = exact_json({"request": request, "vouchers": [item.payload.body for item in items]})
        return [Message(tuple(item.id for item in items), body, correlations=(Correlation("request", request),))]

    @hookimpl
    def push(self, message: Message, session: RelaySession, call: Call) -> Outcome:
        """Taken, and nothing more: the work comes later."""
        try:
            told = session.send(message.body, call.deadline)
        except (Refused, RestError) as error:
            return outcome_of(error)
        return Waiting((Correlation("batch", told["batch"]),), poll_after=float(told["askAfter"]))

    @hookimpl
    def poll(self, waiting: Sequence[Wanted], session: RelaySession, call: Call) -> Iterator[StatusUpdate]:
        """One question per batch, whatever it holds."""
        asked: dict[Correlation, dict[str, ItemId]] = {}
        for want in waiting:
            for batch in want.correlations:
                if batch.kind == "batch":
                    asked.setdefault(batch, {})[want.reference] = want.item
        for batch, items in asked.items():
            try:
                told = session.batch(batch.value, call.deadline)
            except RestError:
                continue  # nobody knows; it is asked again
            if told is None:
                yield StatusUpdate(Unknown(f"the ERP remembers no batch {batch.value}"), correlation=batch)
            elif told["state"] == "done":
                results = {one["externalId"]: one for one in told["results"]}
                for reference, item in items.items():
                    silent = Unknown(f"batch {batch.value} has ended without a word about it")
                    one = results.get(reference)
                    yield StatusUpdate(silent if one is None else session.outcome(one, call.deadline), item)

    @hookimpl
    def read_callback(self, request: CallbackRequest, call: Call) -> Callback:
        """Signed over time, query and body. It tells that a batch moved; what became of it is asked for."""
        self._verify(request, call)
        if request.method == "GET":
            challenge = parse_qs(request.query)["challenge"][0]
            return Callback(f"challenge {challenge}", reply=Reply(200, challenge.encode(), "text/plain"))
        told = json_text.loads(request.body)
        batch = Correlation("request", told["request"])
        return Callback(told["id"], ask=(batch,), reply=Reply(200, b'{"received": true}'))

    def _verify(self, request: CallbackRequest, call: Call) -> None:
        """:raises CallbackRefused: not from the ERP, or from long ago."""
        time, signature = request.header("X-Relay-Time") or "", request.header("X-Relay-Signature") or ""
        signed = f"{time}\n{request.query}\n".encode() + request.body
        wanted = hmac.new(self.settings.callback_secret.encode(), signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted, signature):
            raise CallbackRefused("wrong signature", Reply(401, b'{"received": false}'))
        if abs(call.now.timestamp() - int(time)) > _FRESH:
            raise CallbackRefused("too old", Reply(401, b'{"received": false}'))
