"""The one-way service (sap.md §1.7, §5): 202 and nothing more, once by message id, confirmed by a push."""

from __future__ import annotations

import base64
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from lxml import etree

ONE_WAY = "/sap/bc/srt/scs_ext/sap/journalentrybulkcreationreques"
SFIN = "http://sap.com/xi/SAPSCORE/SFIN"
INNER = "JournalEntryCreateConfirmation/JournalEntryCreateConfirmation"
WAYS = {
    "in the query": ("?MessageId={id}", ""),
    "by WS-Addressing": ("", '<a:MessageID xmlns:a="http://www.w3.org/2005/08/addressing">uuid:{id}</a:MessageID>'),
    "in SAP's own header": (
        "",
        '<m:messageId xmlns:m="http://www.sap.com/webas/640/soap/features/messageId/">urn:uuid:{id}</m:messageId>',
    ),
}


@pytest.fixture
def hand_over(caller, sample):
    """Send the sample one-way: (status, body)."""

    def send(message_id, *, way="in SAP's own header", id="EXP-1", **more):
        query, header = (text.format(id=message_id) for text in WAYS[way]) if message_id else ("", "")
        namespace = "http://schemas.xmlsoap.org/soap/envelope/"
        body = sample.format(**{"id": id, "reference": "ER-1", "uuid": "", "net": "100.00", **more})
        envelope = (
            f'<e:Envelope xmlns:e="{namespace}"><e:Header>{header}</e:Header><e:Body>{body}</e:Body></e:Envelope>'
        )
        headers = {"Content-Type": "text/xml; charset=utf-8"}
        status, _, content = caller.call("POST", ONE_WAY + query, envelope.encode(), headers)
        return status, content

    return send


@pytest.fixture
def confirmed(caller):
    """What the sandbox has to confirm: (headers, content of the body) of each message, at a door of our own."""
    heard = []

    class Door(BaseHTTPRequestHandler):
        def do_POST(self):
            heard.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_):
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        caller.sandbox.target("confirmation", f"http://127.0.0.1:{server.server_port}/confirmations")

        def emit():
            heard.clear()
            caller.sandbox.emit("confirmation")
            return [(headers, etree.fromstring(body).find("{*}Body/*")) for headers, body in heard]

        yield emit
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("way", WAYS)
def test_a_message_is_taken_once_whatever_becomes_of_it(caller, hand_over, way):
    assert hand_over("m-1", way=way) == (202, b"")
    assert hand_over("m-1", way=way) == (202, b"")
    assert hand_over("m-2", way=way, id="EXP-2", net="99.00") == (202, b"")
    assert len(caller.sandbox.postings()) == 1


def test_without_a_message_id_it_is_a_fault(caller, hand_over):
    status, fault = hand_over("")
    assert (status, b"Web service processing error" in fault) == (500, True)
    assert caller.sandbox.postings() == []


def test_what_became_of_it_is_confirmed_with_the_same_ids_each_time(caller, hand_over, confirmed):
    hand_over("m-1")
    ((headers, told),) = confirmed()
    pair = base64.b64encode(b"SAP:Back-2026").decode()
    assert (headers["Authorization"], headers["Content-Type"]) == (f"Basic {pair}", "text/xml; charset=utf-8")
    assert told.tag == f"{{{SFIN}}}JournalEntryBulkCreateConfirmation"
    assert told.findtext("MessageHeader/ReferenceID") == "EXP-1"
    assert told.findtext("JournalEntryCreateConfirmation/MessageHeader/ReferenceID") == "EXP-1-1"
    assert told.findtext(f"{INNER}/AccountingDocument") == caller.sandbox.postings()[0]["number"]
    ((_, again),) = confirmed()
    assert etree.tostring(again) == etree.tostring(told)


def test_another_message_with_the_same_id_in_its_header_is_refused_as_used(caller, hand_over, confirmed):
    hand_over("m-1")
    hand_over("m-2")
    _, (_, told) = confirmed()
    assert "016(ZDG)" in [node.text for node in told.iter("TypeID")]
    assert len(caller.sandbox.postings()) == 1


def test_what_cannot_be_read_is_never_confirmed(hand_over, confirmed):
    hand_over("m-1", reference="longer than sixteen characters")
    assert confirmed() == []


def test_the_confirmation_fits_saps_own_schema(hand_over, confirmed, stored):
    file = stored / "JOURNALENTRYCREATEREQUESTCONFI.wsdl"
    schema = etree.XMLSchema(etree.parse(file).find(".//{http://www.w3.org/2001/XMLSchema}schema"))
    hand_over("m-1")
    ((_, told),) = confirmed()
    schema.assertValid(etree.ElementTree(etree.fromstring(etree.tostring(told))))
