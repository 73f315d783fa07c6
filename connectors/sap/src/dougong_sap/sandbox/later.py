"""The asynchronous service: messages taken once by their id, worked on later, confirmed by a push (sap.md §1.7, §5)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from lxml import etree

from dougong_sdk.sandbox import Outgoing, Record, Response

from .entries import Malformed
from .envelope import SoapIn, wrapped
from .journal import is_test, post_all, refusal, try_all

if TYPE_CHECKING:
    from .product import SapSandbox

__all__ = ["confirmations", "events", "take", "work_off"]

_EVENT = "sap.s4.beh.journalentry.v1.JournalEntry.Created.v1"
_SOURCE = "/default/sap.s4.beh/0LDG1S4"
_USED = ("016(ZDG)", "Message ID is used already")


def take(sandbox: SapSandbox, call: SoapIn) -> Response:
    """Store a message: 202 without a body, whatever becomes of it; one that was stored before is dropped."""
    if not call.message_id:
        return call.fault()
    jobs = sandbox.jobs.all() if sandbox.jobs else []
    if sandbox.jobs and call.message_id not in {job["content"]["message_id"] for job in jobs}:
        named = call.body.findtext("MessageHeader/ID") or ""
        used = named != "" and named in {job["content"]["id"] for job in jobs}
        body = etree.tostring(call.body, encoding="unicode")
        sandbox.jobs.take({"message_id": call.message_id, "id": named, "used": used, "body": body})
    return Response(b"", 202, "text/plain")


def work_off(sandbox: SapSandbox, content: Record) -> str:
    """Post what was stored; the confirmation as text, empty where the message could not even be read."""
    body = etree.fromstring(content["body"])
    try:
        work = try_all if is_test(body) else post_all
        told = refusal(body, _USED) if content["used"] else work(sandbox, body)
    except Malformed:
        return ""
    return str(etree.tostring(told, encoding="unicode"))


def confirmations(sandbox: SapSandbox) -> Iterator[Outgoing]:
    """Of each message that was worked on, with the same ids each time."""
    for job in sandbox.jobs.all() if sandbox.jobs else ():
        if job["result"]:
            yield Outgoing(wrapped(etree.fromstring(job["result"])), "text/xml; charset=utf-8")


def events(sandbox: SapSandbox) -> Iterator[Outgoing]:
    """That an entry was created: the first way of CloudEvents for even numbers, the second one for odd."""
    for entry in sandbox.vouchers():
        data = {
            "CompanyCode": entry["company"],
            "FiscalYear": entry["period"][:4],
            "AccountingDocument": entry["number"],
        }
        yield _structured(entry, data) if int(entry["number"]) % 2 == 0 else _binary(entry, data)


def _attributes(entry: Record) -> dict[str, str]:
    made = dt.datetime.combine(dt.date.fromisoformat(entry["date"]), dt.time(), dt.UTC)
    identity = str(uuid5(NAMESPACE_URL, f"{_SOURCE}/{entry['id']}"))
    time = made.isoformat().replace("+00:00", "Z")
    return {"specversion": "1.0", "type": _EVENT, "source": _SOURCE, "id": identity, "time": time}


def _structured(entry: Record, data: Any) -> Outgoing:
    told = {**_attributes(entry), "datacontenttype": "application/json", "data": data}
    return Outgoing(json.dumps(told).encode(), "application/cloudevents+json")


def _binary(entry: Record, data: Any) -> Outgoing:
    headers = {f"ce-{name}": value for name, value in _attributes(entry).items()}
    return Outgoing(json.dumps(data).encode(), "application/json", headers)
