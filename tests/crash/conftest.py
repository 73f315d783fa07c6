"""The whole product in processes that die, against the Kingdee sandbox, whose ledger is the only judge."""

from __future__ import annotations

import json
import re
import shutil
import sys
from decimal import Decimal
from pathlib import Path

import attrs
import pytest

import dougong
from dougong_kingdee.sandbox import default_codes
from dougong_sdk.conformance import processes
from dougong_sdk.sandbox import launch

for folder in (Path(__file__).parents[1] / "contract", Path(__file__).parent):
    sys.path.insert(0, str(folder))  # the jobs are imported by name in other processes

import push_jobs  # noqa: E402 - as above

processes.preload(["pytest", "warm"], folder=Path(__file__).parents[1] / "contract")

CONFIG = """
[project]
name = "crash"

[connections.kingdee]
connector = "kingdee"
settle = {settle}
target_stage = "{stage}"

[connections.kingdee.settings]
base_url = "{url}"
acct_id = "65a0c1d2e3f4a5"
user = "demo"
app_id = "210001_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"

[connections.kingdee.secrets]
app_secret = {{ env = "KD_SECRET" }}

[connections.kingdee.auditor]
user = "auditor"
app_id = "210002_GBkaGxwdHh8gISIjJCUmJygpKissLS4v"
app_secret = {{ env = "KD_AUDIT" }}

[connections.kingdee.limits]
deadline = {deadline}
breaker = {{ failures = 50, open_seconds = 0.05 }}

[[routes]]
entity = "A01"
book = "A01"
connection = "kingdee"
"""


@pytest.fixture(scope="session")
def running_sandbox(tmp_path_factory):
    with launch("kingdee", ledger=tmp_path_factory.mktemp("kingdee") / "ledger.db") as running:
        yield running


@pytest.fixture
def sandbox(running_sandbox):
    running_sandbox.clear_faults()
    running_sandbox.reset()
    yield running_sandbox
    running_sandbox.clear_faults()


@pytest.fixture(scope="session")
def template(running_sandbox, tmp_path_factory):
    """A project with rules, tables, codes and the ERP's master data, and nothing pushed yet."""
    folder = tmp_path_factory.mktemp("project") / "template"
    shutil.copytree(Path(dougong.__file__).parent / "templates" / "project", folder)
    configure(folder, running_sandbox.url)
    codes = [(row.table, row.ours, row.theirs) for row in default_codes()]
    end = processes.start(folder / "log", push_jobs.set_up, folder, codes, **push_jobs.SECRETS).end()
    assert end == 0, (folder / "log").read_text("utf-8")
    return folder


def configure(folder, url, *, stage="submitted", deadline=5.0, settle=0.2):
    """The moment asks for a stage and the connection caps it: both say the same here."""
    for rules in (folder / "rules").glob("*.toml"):
        text = re.sub(
            r'^target_stage = "\w+"', f'target_stage = "{stage}"', rules.read_text("utf-8"), flags=re.MULTILINE
        )
        rules.write_text(text, encoding="utf-8")
    (folder / "dougong.toml").write_text(
        CONFIG.format(url=url, stage=stage, deadline=deadline, settle=settle), encoding="utf-8"
    )


@attrs.define
class Product:
    """One project and what is done with it, each time in a process of its own."""

    folder: Path
    sandbox: object
    most_failures: int = 7

    def configure(self, **how):
        configure(self.folder, self.sandbox.url, **how)

    def start(self, *files, crash=""):
        arguments = (self.folder, list(files), self.most_failures)
        return processes.start(self.folder / "log", push_jobs.push, *arguments, crash=crash, **push_jobs.SECRETS)

    def push(self, *files, crash=""):
        """Exit status of a push; minus the signal that ended it."""
        return self.start(*files, crash=crash).end()

    def cancel(self, number, crash=""):
        """Exit status of giving a document up; minus the signal that ended it."""
        arguments = (self.folder, number)
        return processes.start(
            self.folder / "log", push_jobs.cancel, *arguments, crash=crash, **push_jobs.SECRETS
        ).end()

    def completes(self, *files):
        assert self.push(*files) == 0, self.log

    @property
    def log(self):
        return (self.folder / "log").read_text("utf-8")

    def report(self, number=1, **changes):
        """A file with one report in canonical form, approved."""
        return push_jobs.write_reports(self.folder / f"report-{number}.json", [report_of(number, **changes)])

    def _read(self, look):
        from dougong.ledger.store import Ledger

        with Ledger(self.folder / "ledger.db") as ledger, ledger.read() as connection:
            return look(connection)

    def deliveries(self):
        from dougong.ledger.views import deliveries_view

        return self._read(lambda connection: deliveries_view(connection, "en"))

    def audit_is_clean(self):
        from dougong.ledger import audit

        return self._read(audit.verify) == []

    def events(self, delivery):
        """What happened to a delivery, by the audit."""
        from dougong.ledger.views import show_view

        return [row["event"] for row in self._read(lambda c: show_view(c, int(delivery[1:]), "en"))["audit"]]

    def check_once(self, count=1, stage="submitted"):
        """`count` deliveries, each exactly once in the ERP, equal and at its target stage; nothing else there."""
        ours, theirs = self.deliveries(), self.sandbox.postings()
        assert [(row["state"], row["stage"]) for row in ours] == [("delivered", stage)] * count, self.log
        assert sorted(row["erp_id"] for row in ours) == sorted(posting["id"] for posting in theirs)
        for row in ours:
            posting = next(posting for posting in theirs if posting["id"] == row["erp_id"])
            assert (posting["stage"], Decimal(posting["total"])) == (stage, Decimal(row["total"]))
            assert row["reference"] in posting["lines"][0]["summary"]
        assert len(self.sandbox.postings(deleted=True)) == count
        assert self.audit_is_clean()
        self.check_told(theirs)

    def check_told(self, theirs):
        """The sink of the project tells every voucher's number, once."""
        told = [json.loads(line) for line in (self.folder / "feedback.jsonl").read_text("utf-8").splitlines()]
        posted = [voucher for row in told if row["kind"] == "posted" for voucher in row["content"]["vouchers"]]
        assert len({row["id"] for row in told}) == len(told)
        assert sorted((v["number"], v["erp_id"], v["stage"]) for v in posted) == sorted(
            (posting["number"], posting["id"], posting["stage"]) for posting in theirs
        )


@pytest.fixture
def make_product():
    """Makes one of a project's folder and its ERP."""
    return Product


@pytest.fixture(name="report_of")
def new_report():
    """Makes a report in canonical form, by its number."""
    return report_of


def report_of(number, *, amount="318.00", state="approved", updated="2026-11-18T10:00:00+08:00", **changes):
    return {
        "source": "crash",
        "tenant": "T1",
        "type": "expense",
        "id": f"R-{number}",
        "number": f"B2611{number:04}",
        "state": state,
        "updated_at": updated,
        "entity": "A01",
        "submitter": "E002",
        "submitter_name": "李四",
        "department": "D01",
        "currency": "CNY",
        "reason": "上海客户拜访",
        "lines": [
            {"id": "1", "fee_type": "差旅费", "gross": amount, "currency": "CNY", "expense_date": "2026-11-12"},
        ],
        "payees": [{"kind": "employee", "code": "E002", "amount": amount}],
        "events": [{"id": "a1", "type": "approved", "on": "2026-11-18"}],
        **changes,
    }


@pytest.fixture
def product(template, sandbox, tmp_path):
    folder = tmp_path / "project"
    shutil.copytree(template, folder)
    return Product(folder, sandbox)


@pytest.fixture
def reports():
    """Reports as one file holds them."""
    return lambda path, numbers, **changes: Path(path).write_text(
        json.dumps([report_of(number, **changes) for number in numbers], ensure_ascii=False), encoding="utf-8"
    )
