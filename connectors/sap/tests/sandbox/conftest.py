"""A client made of http.client and the reference page only; it shares no code with the connector."""

from __future__ import annotations

import base64
import http.client
import json
import re
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from lxml import etree

from dougong_sdk.sandbox.fixtures import borrow_sandbox, sandbox_pool  # noqa: F401

JOURNAL = "/sap/bc/srt/scs_ext/sap/journalentrycreaterequestconfi"
SFIN = "http://sap.com/xi/SAPSCORE/SFIN"
SOAP = {
    "1.1": ("http://schemas.xmlsoap.org/soap/envelope/", "text/xml; charset=utf-8"),
    "1.2": ("http://www.w3.org/2003/05/soap-envelope", "application/soap+xml;charset=UTF-8"),
}
#: The minimal request of sap.md §1.5.
SAMPLE = Path(__file__).with_name("sample.xml").read_text("utf-8")


class Caller:
    """:param sandbox: to talk to, as its communication user unless `user` says otherwise."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        parts = urlsplit(sandbox.url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)

    def call(self, method, path, body=b"", headers=None, *, user="DOUGONG", password="Dougong-S4-2026"):
        """(status, headers, body) of one request."""
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        self.connection.request(method, path, body, {"Authorization": f"Basic {pair}", **(headers or {})})
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def post(self, body, version="1.1", path=JOURNAL):
        """(status, element of the answer's body) of a message in an envelope."""
        namespace, content_type = SOAP[version]
        envelope = f'<e:Envelope xmlns:e="{namespace}"><e:Header/><e:Body>{body}</e:Body></e:Envelope>'
        status, headers, content = self.call("POST", path, envelope.encode(), {"Content-Type": content_type})
        assert headers["Content-Type"].startswith(content_type.partition(";")[0])
        return status, etree.fromstring(content).find(f"{{{namespace}}}Body/*")

    def sample(self, id="EXP-1", reference="ER-1", uuid="", net="100.00", version="1.1", *, test=False):
        """The confirmation of the sample request."""
        told = f"<UUID>{uuid}</UUID>" if uuid else ""
        text = SAMPLE.format(id=id, reference=reference, uuid=told, net=net)
        if test:
            text = text.replace(
                "Z</CreationDateTime>", "Z</CreationDateTime><TestDataIndicator>true</TestDataIndicator>", 1
            )
        status, body = self.post(text, version)
        assert status == 200
        return body

    def reversal(self, names, reference="ER-2", reason="<ReversalReason>01</ReversalReason>"):
        """The confirmation of a reversal without lines of its own."""
        told = f"{reason}<ReversalReferenceDocument>{names}</ReversalReferenceDocument><CreatedByUser>"
        text = SAMPLE.format(id="EXP-2", reference=reference, uuid="", net="100.00").replace("<CreatedByUser>", told)
        return self.post(re.sub(r"   <Item>.*</ProductTaxItem>", "", text, flags=re.DOTALL))[1]

    def get(self, path, **options):
        """What a query answers: its `d`, or the error."""
        query = "&".join(f"%24{name}={quote(value)}" for name, value in options.items())
        status, _, body = self.call("GET", f"/sap/opu/odata/sap/{path}?{query}", headers={"Accept": "application/json"})
        content = json.loads(body)
        return content["d"] if status == 200 else {"status": status, **content["error"]}

    def token(self, service="API_SUPPLIERINVOICE_PROCESS_SRV"):
        """Headers that a call which changes something needs: token and cookie."""
        path = f"/sap/opu/odata/sap/{service}/"
        status, headers, body = self.call("HEAD", path, headers={"X-CSRF-Token": "Fetch"})
        assert (status, body) == (200, b"")
        return {"X-CSRF-Token": headers["X-CSRF-Token"], "Cookie": headers["Set-Cookie"].partition(";")[0]}

    def change(self, method, path, content=None, **headers):
        """(status, headers, body) of a call that changes something, with token and cookie."""
        body = b"" if content is None else json.dumps(content).encode()
        given = {"Accept": "application/json", "Content-Type": "application/json", **self.token(), **headers}
        return self.call(method, f"/sap/opu/odata/sap/{path}", body, given)


@pytest.fixture
def caller_with(borrow_sandbox):  # noqa: F811
    made = []

    def make(**settings):
        made.append(Caller(borrow_sandbox("sap-s4", **settings)))
        return made[-1]

    yield make
    for one in made:
        one.connection.close()


@pytest.fixture
def caller(caller_with):
    return caller_with()


@pytest.fixture
def sample():
    """The text of the sample request: `id`, `reference`, `uuid`, `net` are to be filled in."""
    return SAMPLE
