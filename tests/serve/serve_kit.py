"""`dougong serve` as a process of its own, in front of fake ERPs in files, and callers that speak HTTP to it."""

from __future__ import annotations

import contextlib
import http.client
import json
import multiprocessing.process
import os
import shutil
import signal
import time
from pathlib import Path
from urllib.parse import urlsplit

import attrs
import pytest
import serve_jobs

from dougong.model.outcomes import Reply
from dougong_sdk.conformance import processes

_HERE = Path(__file__).parent
processes.preload(["pytest", "warm", "serve_warm"], folder=_HERE)
processes.preload(["pytest", "warm", "serve_warm"], folder=_HERE.parent / "contract")


SECRET, BEFORE = "whsec-of-today", "whsec-of-yesterday"
TOKEN = "token-of-the-source"
_CONFIG = """
[server]
token = {{ env = "DOUGONG_TOKEN" }}
body_seconds = 1.0
[connections.erp]
connector = "{shape}"
settle = {settle}
[connections.erp.settings]
file = "{file}"
{settings}
[connections.erp.limits]
breaker = {{ failures = 1000, open_seconds = 0.05 }}
{callback}
[[routes]]
entity = "A01"
book = "A01"
connection = "erp"
"""
_CALLBACK = """
[connections.erp.callback]
secret = { env = "ERP_SECRET" }
secret_before = { env = "ERP_SECRET_BEFORE" }
"""
#: No test waits longer for anything; the machine may be busy.
PATIENCE = 90.0


def report(number="R1", amount="300.00", *, day=18, **changes):
    """A small report in canonical form."""
    return {
        "source": "s",
        "tenant": "T",
        "type": "expense",
        "id": f"id-{number}",
        "number": number,
        "state": "approved",
        "updated_at": f"2026-11-{day:02}T10:00:00+08:00",
        "entity": "A01",
        "submitter": "E002",
        "department": "D01",
        "currency": "CNY",
        "reason": "出差",
        "lines": [{"id": "1", "fee_type": "差旅费", "gross": amount, "expense_date": "2026-11-12"}],
        "payees": [{"kind": "employee", "code": "E002", "amount": amount}],
        "events": [{"id": "a1", "type": "approved", "on": "2026-11-18"}],
        **changes,
    }


def until(look, said=lambda: ""):
    """Wait until `look()` is true, and return what it said; `said()` is shown when it never is."""
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < deadline, said()
        time.sleep(0.03)
    return found


@attrs.define
class Site:
    """One project with its ERP, and the processes that work on it."""

    folder: Path
    shape: str
    environment: dict
    started: list = attrs.field(factory=list)
    ledger: object = None

    @property
    def erp(self):
        from fake_erp import Erp
        from serve_erps import Calling, Confirming, Hooked

        manner = {"confirming": Confirming, "calling": Calling, "hooked": Hooked}[self.shape]
        return Erp(self.folder / "erp.db", manner._do)

    def run(self, *arguments, crash=""):
        """A command in a process of its own; what it says, on either stream, is its log."""
        log = self.folder / f"{len(self.started)}.log"
        line = ["--project", str(self.folder), "--lang", "en", *arguments]
        packages = str(self.folder.parent / "site")
        ran = processes.start(log, serve_jobs.dougong, packages, line, crash=crash, **self.environment)
        started = Started(ran.process, log)
        self.started.append(started)
        return started

    def start(self, command="serve", crash=""):
        """A process; it is there when it says so."""
        started = self.run(command, "--json", *(["--port", "0"] if command == "serve" else []), crash=crash)
        told = until(lambda: [line for line in started.log.splitlines() if line.startswith("{")], lambda: started.log)
        started.url = json.loads(told[0]).get("url", "")
        return started

    def read(self, look):
        """What the ledger says, beside the processes that write it."""
        from dougong.ledger.store import Ledger

        if self.ledger is None:
            self.ledger = Ledger(self.folder / "ledger.db")
        with self.ledger.read() as connection:
            return look(connection)

    def rows(self):
        from dougong.cli import lists

        return self.read(lists.rows)

    def show(self, number):
        from dougong.ledger.views import delivery_ids, show_view

        return self.read(lambda c: [show_view(c, id_, "en") for id_ in delivery_ids(c, number)])

    def trace(self, number):
        from dougong.ledger.views import trace_view

        return self.read(lambda c: trace_view(c, number, "en"))

    def inbox(self):
        from sqlalchemy import select

        from dougong.ledger import schema

        return self.read(lambda c: [dict(row) for row in c.execute(select(schema.inbox)).mappings()])

    def rest(self, state="delivered", count=1):
        """Wait until so many deliveries stand so."""
        return until(lambda: [row for row in self.rows() if row["state"] == state][count - 1 :], self.said)

    def waits(self):
        """Wait until the ERP has a delivery that it has not told of."""
        self.rest("waiting")

    def said(self):
        """What there is to say when something went wrong."""
        return self.rows(), [one.log for one in self.started]

    def audited(self):
        from dougong.ledger import audit

        return self.read(audit.verify)

    def end(self):
        if self.ledger is not None:
            self.ledger.close()
        for one in self.started:
            one.kill()


@attrs.define
class Started:
    """A process and the way to it."""

    process: multiprocessing.process.BaseProcess
    file: Path
    url: str = ""

    @property
    def log(self):
        return self.file.read_text("utf-8") if self.file.exists() else ""

    def kill(self):
        self.process.kill()
        self.process.join()

    def end(self):
        """Wait for its end; its exit status, or minus the signal that ended it."""
        self.process.join(PATIENCE)
        return self.process.exitcode

    def terminate(self, number=signal.SIGTERM):
        """Tell it to stop; its exit status."""
        os.kill(self.process.pid, number)
        return self.end()

    def died(self):
        """Whether it has killed itself, as it was told to."""
        return self.end() == processes.KILLED

    def connect(self):
        return http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=PATIENCE)

    def call(self, method, path, body=b"", **headers):
        """One request; (status, body, headers)."""
        connection = self.connect()
        with contextlib.closing(connection):
            connection.request(method, path, body, {name.replace("_", "-"): text for name, text in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers

    def send(self, document, token=TOKEN):
        status, body, _ = self.call(
            "POST", "/v1/documents", json.dumps(document).encode(), Authorization=f"Bearer {token}"
        )
        return status, json.loads(body)

    def try_to_send(self, document):
        """As `send`, by somebody who gets no answer when it dies."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            self.send(document)

    def deliver(self, request):
        """A request of a fake ERP, by HTTP; one that does not get through is tried again by whoever sent it."""
        try:
            status, body, _ = self.call(
                request.method, "/v1/callbacks/erp" + request.path, request.body, **dict(request.headers)
            )
        except (OSError, http.client.HTTPException):
            return Reply(599, b"[]")
        return Reply(status, body)

    def told(self, body, *, secret=SECRET, at=None, id_="wh1", path="/told", **headers):
        """A signed webhook; returns its status."""
        from serve_erps import signature

        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        at = int(time.time()) if at is None else at
        head = {"webhook-id": id_, "webhook-timestamp": str(at), "webhook-signature": signature(secret, id_, at, body)}
        return self.call("POST", "/v1/callbacks/erp" + path, body, **{**head, **headers})[0]


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Makes projects; whatever was started for them ends with the test."""
    import dougong

    made = []

    def make(shape="hooked", settings="", folder=tmp_path):
        packages = folder / "site"
        info = packages / "dougong_served-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: dougong-served\nVersion: 1.0\n", "utf-8")
        (info / "entry_points.txt").write_text(
            "[dougong.connectors]\nconfirming = serve_erps:Confirming\ncalling = serve_erps:Calling\n"
            "hooked = serve_erps:Hooked\n",
            "utf-8",
        )
        project = folder / "project"
        shutil.copytree(Path(dougong.__file__).parent / "templates" / "project", project)
        config = _CONFIG.format(
            shape=shape,
            settle=20
            if shape == "calling"
            else 0.2,  # who calls is not asked: its silence ends, and a process takes time
            file=(project / "erp.db").as_posix(),
            settings=settings,
            callback=_CALLBACK if shape == "hooked" else "",
        )
        (project / "dougong.toml").write_text(config, "utf-8")
        environment = {"DOUGONG_TOKEN": TOKEN, "ERP_SECRET": SECRET, "ERP_SECRET_BEFORE": BEFORE}
        one = Site(project, shape, environment)
        made.append(one)
        return one

    yield make
    for one in made:
        one.end()


@pytest.fixture
def courier():
    """What a fake ERP does by itself, to a process that may change."""
    from fake_erp import Courier

    running = []

    def make(site, process):
        import shapes

        visit = (lambda deliver: shapes.visit(site.erp, deliver)) if site.shape == "calling" else (lambda _: None)
        way = {"to": process}
        one = Courier(site.erp, lambda request: way["to"].deliver(request), visit)  # noqa: PLW0108 - the process may be another one by then
        one.start()
        running.append(one)
        return way

    yield make
    for one in running:
        one.end()
