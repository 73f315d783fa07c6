"""What arrives at the door: who is let in, confirmations, events in both ways of CloudEvents, the handshake."""

from __future__ import annotations

import base64
import json

import pytest

from dougong.model.messages import Correlation
from dougong.model.outcomes import CallbackRefused, CallbackRequest, Done, Rejected, Unknown
from dougong_sdk.rest import BadAnswer

CREATED = "sap.s4.beh.journalentry.v1.JournalEntry.Created.v1"
KEYS = {"CompanyCode": "1000", "FiscalYear": "2026", "AccountingDocument": "0100000000"}
EVENT = {"specversion": "1.0", "type": CREATED, "source": "/default/sap.s4.beh/S4H", "id": "e-1", "data": KEYS}
CONFIRMATION = """<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>
<n0:JournalEntryBulkCreateConfirmation xmlns:n0="http://sap.com/xi/SAPSCORE/SFIN">
 <MessageHeader><UUID>u-1</UUID><ReferenceID>MDG1</ReferenceID></MessageHeader>
 {entries}<Log/></n0:JournalEntryBulkCreateConfirmation></e:Body></e:Envelope>"""
ENTRY = """<JournalEntryCreateConfirmation><MessageHeader><ReferenceID>{about}</ReferenceID></MessageHeader>
 <JournalEntryCreateConfirmation><AccountingDocument>{number}</AccountingDocument><CompanyCode>1000</CompanyCode>
 <FiscalYear>2026</FiscalYear></JournalEntryCreateConfirmation>
 <Log>{log}</Log></JournalEntryCreateConfirmation>"""
ITEM = "<Item><TypeID>{code}</TypeID><SeverityCode>{severity}</SeverityCode><Note>{code}</Note></Item>"


def basic(user="SAP", password="Back-2026"):
    return ("Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())


SHOWN = basic()


@pytest.fixture
def told(bench_for):
    bench = bench_for("http://127.0.0.1:9/", mode="async", callback_password="Back-2026")

    def read(body=b"", *headers, method="POST", shown=SHOWN):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = CallbackRequest(method, "", "", (shown, *headers) if shown else headers, content)
        return bench.connector.read_callback(request, bench.call())

    return read


def confirmation(*entries):
    return CONFIRMATION.format(entries="".join(entries)).encode()


def entry(about, number="0100000000", *log):
    items = "".join(ITEM.format(code=code, severity=severity) for code, severity in log)
    return ENTRY.format(about=about, number=number, log=items)


def test_a_confirmation_tells_of_each_request_that_it_answers(told):
    posted = entry("R1", "0100000000", ("605(RW)", 1))
    refused = entry("R2", " ", ("609(RW)", 3), ("201(F5)", 3))
    again = entry("R3", "0000000000", ("016(ZDG)", 3))
    callback = told(confirmation(posted, refused, again))
    assert (callback.message_id, callback.reply.status, callback.reply.body) == ("confirmation u-1", 202, b"")
    assert [one.correlation for one in callback.updates] == [Correlation("request", f"R{n}") for n in (1, 2, 3)]
    assert list(callback.ask) == [one.correlation for one in callback.updates]
    assert [type(one.outcome) for one in callback.updates] == [Done, Rejected, Unknown]
    assert callback.updates[0].outcome.posting.erp_key == "1000/2026/0100000000"


def test_without_an_id_of_its_own_a_confirmation_is_known_by_its_bytes(told):
    body = confirmation(entry("R1")).replace(b"<UUID>u-1</UUID>", b"")
    assert told(body).message_id == told(body).message_id != told(body + b" ").message_id


@pytest.mark.parametrize(
    "shown", [None, basic(password="x"), basic(user="x"), ("Authorization", "Basic !"), ("Authorization", "Bearer x")]
)
@pytest.mark.parametrize("method", ["POST", "OPTIONS", "GET"])
def test_nobody_else_is_let_in(told, shown, method):
    with pytest.raises(CallbackRefused) as refused:
        told(confirmation(entry("R1")), method=method, shown=shown)
    assert (refused.value.reply.status, refused.value.reply.body) == (401, b"")


def test_without_a_password_nobody_is(bench_for):
    bench = bench_for("http://127.0.0.1:9/", mode="async")
    request = CallbackRequest("POST", "", "", (basic(password=""),), confirmation(entry("R1")))
    with pytest.raises(CallbackRefused):
        bench.connector.read_callback(request, bench.call())


@pytest.mark.parametrize("media_type", ["application/cloudevents+json", "application/json; charset=utf-8"])
def test_an_event_as_a_whole(told, media_type):
    callback = told(EVENT, ("Content-Type", media_type))
    assert callback.message_id == "event /default/sap.s4.beh/S4H e-1"
    assert (callback.ask, callback.updates) == ((Correlation("entry", "1000/2026/0100000000"),), ())


def test_an_event_with_its_attributes_as_headers(told):
    headers = [(f"ce-{name}", value) for name, value in EVENT.items() if name != "data"]
    callback = told(KEYS, ("Content-Type", "application/json"), *headers)
    assert callback == told(EVENT, ("Content-Type", "application/json"))


def test_other_events_are_taken_and_mean_nothing(told):
    callback = told({**EVENT, "type": "sap.s4.beh.other.v1"}, ("Content-Type", "application/json"))
    assert (callback.ask, callback.reply.status) == ((), 202)


def test_somebody_asks_whether_events_may_be_sent_here(told):
    callback = told(b"", ("WebHook-Request-Origin", "eventmesh.example"), method="OPTIONS")
    assert callback.reply.status == 200
    assert ("WebHook-Allowed-Origin", "eventmesh.example") in callback.reply.headers
    with pytest.raises(CallbackRefused):
        told(b"", method="OPTIONS")


UNREADABLE = [
    (b"<a/>", "text/xml"),
    (b"no xml", "text/xml"),
    (b"{}", "application/json"),
    (json.dumps({**EVENT, "data": {"CompanyCode": "1000"}}).encode(), "application/json"),
]


@pytest.mark.parametrize(("body", "media_type"), UNREADABLE)
def test_what_is_neither_is_kept_for_people_to_see(told, body, media_type):
    with pytest.raises(BadAnswer):
        told(body, ("Content-Type", media_type))
