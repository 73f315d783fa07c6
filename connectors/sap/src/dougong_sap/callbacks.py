"""What SAP says by itself: confirmations of entries that it was handed, and events (sap.md §5).

A confirmation names the request that it answers, an event the entry that was made; both show user and password first.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from typing import Any

from dougong.formats import json_text
from dougong.model.messages import Correlation
from dougong.model.outcomes import Callback, CallbackRefused, CallbackRequest, Reply, StatusUpdate
from dougong_sap.confirmations import read_confirmations
from dougong_sap.documents import erp_key
from dougong_sap.settings import SapSettings
from dougong_sdk import xml
from dougong_sdk.rest import BadAnswer

__all__ = ["REQUEST", "read_callback"]

#: The correlation of an entry: the id of its request, which a confirmation names.
REQUEST = "request"
_ENTRY = "entry"
_CONFIRMATION = "JournalEntryBulkCreateConfirmation"
_CREATED = "sap.s4.beh.journalentry.v1.JournalEntry.Created.v1"
_TAKEN = Reply(202, b"", "text/plain")
_WHO_IS_IT = Reply(401, b"", "text/plain", (("WWW-Authenticate", 'Basic realm="Dougong"'),))


def read_callback(request: CallbackRequest, settings: SapSettings) -> Callback:
    """What a message at the door means.

    :raises CallbackRefused: not from who may send, or nothing that is sent here.
    :raises BadAnswer: no confirmation and no event: kept for people to see.
    """
    if not _is_sap(request.header("Authorization") or "", settings):
        raise CallbackRefused("wrong user or password", _WHO_IS_IT)
    if request.method == "OPTIONS":
        return _handshake(request)
    if request.method != "POST":
        raise CallbackRefused("nothing to see here", Reply(405, b"", "text/plain", (("Allow", "POST, OPTIONS"),)))
    event = _event(request)
    return _confirmed(request.body) if event is None else _told_of(event)


def _is_sap(shown: str, settings: SapSettings) -> bool:
    """Compared in constant time; without a password nobody is let in."""
    scheme, _, pair = shown.partition(" ")
    try:
        given = base64.b64decode(pair, validate=True) if scheme.lower() == "basic" else b""
    except (binascii.Error, ValueError):
        given = b""
    wanted = f"{settings.callback_user}:{settings.callback_password}".encode()
    return hmac.compare_digest(given, wanted) and bool(settings.callback_password)


# -- confirmations ----------------------------------------------------------------------------------------------------


def _confirmed(body: bytes) -> Callback:
    root = xml.parse(body)
    told = next((node for node in root.iter() if str(node.tag).rpartition("}")[2] == _CONFIRMATION), None)
    if told is None:
        raise BadAnswer("报文不是凭证过账确认", "the message is no confirmation of journal entries")
    found = {request: one for request, one in read_confirmations(told).items() if request}
    updates = tuple(
        StatusUpdate(one.outcome(), correlation=Correlation(REQUEST, request)) for request, one in found.items()
    )
    name = str(told.findtext("MessageHeader/UUID") or "").strip() or hashlib.sha256(body).hexdigest()
    ask = tuple(Correlation(REQUEST, request) for request in found)
    return Callback(f"confirmation {name}", updates, ask=ask, reply=_TAKEN)


# -- events (CloudEvents 1.0 over HTTP) -------------------------------------------------------------------------------


def _handshake(request: CallbackRequest) -> Callback:
    """Somebody asks whether events may be sent here."""
    origin = request.header("WebHook-Request-Origin")
    if not origin:
        raise CallbackRefused("no WebHook-Request-Origin", Reply(400, b"", "text/plain"))
    allowed = (("WebHook-Allowed-Origin", origin), ("WebHook-Allowed-Rate", "*"), ("Allow", "POST, OPTIONS"))
    return Callback(f"handshake {origin}", reply=Reply(200, b"", "text/plain", allowed))


def _event(request: CallbackRequest) -> Mapping[str, Any] | None:
    """The event in a request, whole (structured) or with its attributes as headers (binary); `None` for none."""
    if request.header("ce-specversion"):
        attributes = {name[3:].lower(): value for name, value in request.headers if name.lower().startswith("ce-")}
        return {**attributes, "data": json_text.loads(request.body)}
    if "json" not in (request.header("Content-Type") or ""):
        return None
    told = json_text.loads(request.body)
    if not isinstance(told, dict) or "specversion" not in told:
        raise BadAnswer("报文不是 CloudEvents 事件", "the message is no event")
    return told


def _told_of(event: Mapping[str, Any]) -> Callback:
    """A hint that an entry was made; any other event is taken, and means nothing here."""
    name = f"event {event.get('source')} {event.get('id')}"
    ask = tuple(_entries(event["data"])) if event.get("type") == _CREATED else ()
    return Callback(name, ask=ask, reply=_TAKEN)


def _entries(data: Any) -> Iterator[Correlation]:
    keys = [data.get(name) for name in ("CompanyCode", "FiscalYear", "AccountingDocument")]
    if not all(isinstance(key, str) and key for key in keys):
        raise BadAnswer("事件缺少凭证的键", "the event lacks the key of its entry")
    yield Correlation(_ENTRY, erp_key(*keys))
