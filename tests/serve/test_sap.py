"""The door of `dougong serve` in front of an emulated S/4HANA: handed over one-way, confirmed by SAP itself."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import subprocess
import sys
from urllib.parse import urlsplit

import attrs
import pytest
from serve_kit import report, until

from dougong.cli import lists, main
from dougong.ledger.store import Ledger
from dougong_sdk.sandbox import launch

_SERVE = [sys.executable, "-m", "dougong", "serve", "--json", "--port", "0", "--project"]


@attrs.frozen
class Served:
    """A project that a process serves, and its S/4HANA, which works on nothing before it is told to."""

    folder: object
    erp: object
    url: str

    def send(self, document):
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        with contextlib.closing(connection):
            connection.request("POST", "/v1/documents", json.dumps(document).encode())
            return connection.getresponse().status

    def handshake(self, **headers):
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        with contextlib.closing(connection):
            asked = {"WebHook-Request-Origin": "eventmesh.example", **headers}
            connection.request("OPTIONS", "/v1/callbacks/sap-s4", headers=asked)
            answer = connection.getresponse()
            return answer.status, answer.headers["WebHook-Allowed-Origin"]

    def rows(self):
        with Ledger(self.folder / "ledger.db") as ledger, ledger.read() as connection:
            return [(row["state"], row.get("stage")) for row in lists.rows(connection)]

    def rests(self, state):
        until(lambda: [one for one, _ in self.rows()] == [state], self.rows)


@pytest.fixture
def served(tmp_path):
    folder, secret = tmp_path / "project", tmp_path / "callback"
    secret.write_text("Back-2026", "utf-8")
    secret.chmod(0o600)
    with launch("sap-s4", settings={"work_seconds": "3600"}) as erp:
        assert main(["init", str(folder), "--sandbox", f"sap-s4={erp.url}"]) == 0
        file = folder / "dougong.toml"
        text = file.read_text("utf-8").replace(
            "[connections.sap-s4.settings]\n", '[connections.sap-s4.settings]\nmode = "async"\npoll_after = 3600\n'
        )
        callback = f'[connections.sap-s4.callback]\nuser = "SAP"\npassword = {{ file = "{secret}" }}\n'
        file.write_text(f"{text}\n{callback}", "utf-8")
        with subprocess.Popen([*_SERVE, str(folder)], stdout=subprocess.PIPE, text=True) as process:
            url = json.loads(process.stdout.readline())["url"]
            erp.target("confirmation", f"{url}/v1/callbacks/sap-s4")
            yield Served(folder, erp, url)
            process.terminate()


def test_what_sap_confirms_at_the_door_is_delivered(served):
    assert served.send(report()) == 201
    served.rests("waiting")
    assert served.erp.postings() == []
    served.erp.hand("finish_jobs")
    assert served.erp.emit("confirmation", forge=True)["statuses"] == [401]
    assert served.rows() == [("waiting", None)]
    assert served.erp.emit("confirmation", duplicate=True)["statuses"] == [202, 202]
    served.rests("delivered")
    assert served.rows() == [("delivered", "posted")]
    assert len(served.erp.postings()) == 1


def test_an_event_broker_asks_first_and_hints_after(served):
    pair = base64.b64encode(b"SAP:Back-2026").decode()
    assert served.handshake() == (401, None)
    assert served.handshake(Authorization=f"Basic {pair}") == (200, "eventmesh.example")
    assert served.send(report()) == 201
    served.rests("waiting")
    served.erp.hand("finish_jobs")
    served.erp.target("event", f"{served.url}/v1/callbacks/sap-s4")
    assert served.erp.emit("event", duplicate=True)["statuses"] == [202, 202]
