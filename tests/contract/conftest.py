"""Five fake ERPs, and the checker that compares what was accepted with what their ledgers hold."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import attrs
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the jobs are imported by name in other processes

import contract_jobs
from contract_jobs import Setup
from fake_erp import Erp
from shapes import SHAPES, Settings

from dougong_sdk.conformance import processes
from dougong_sdk.conformance.judge import tally
from dougong_sdk.conformance.processes import KILLED

processes.preload(["pytest", "warm"], folder=Path(__file__).parent)


@attrs.define
class Bench:
    """One fake ERP and our side of it."""

    setup: Setup
    numbers: tuple[str, ...]

    @property
    def erp(self) -> Erp:
        return Erp(self.setup.erp_file, _manner(self.setup))

    def configure(self, **changes):
        self.setup = attrs.evolve(self.setup, **changes)

    def run(self, crash=""):
        return contract_jobs.run(self.setup, list(self.numbers), crash)

    def killed(self, crash):
        assert self.run(crash) == KILLED, f"never reached {crash}: {self.log}"

    def completes(self):
        assert self.run() == 0, self.log

    @property
    def log(self):
        return (self.setup.folder / "log").read_text("utf-8")

    def read(self, look):
        from dougong.ledger.store import Ledger

        with Ledger(self.setup.ledger_file) as ledger, ledger.read() as connection:
            return look(connection)

    def deliveries(self):
        from dougong.ledger.views import deliveries_view

        return self.read(lambda connection: deliveries_view(connection, "en"))

    def states(self):
        return {row["documents"][0]: row["state"] for row in self.deliveries()}

    def events(self, number):
        from dougong.ledger.views import delivery_ids, show_view

        def look(connection):
            return [show_view(connection, id_, "en")["audit"] for id_ in delivery_ids(connection, number)]

        return [row["event"] for chain in self.read(look) for row in chain]

    def tally(self):
        while self.erp.late_work_outstanding():
            self.erp.work_late()
        guesses = {"lease_ended", "unknown", "resent"}
        return tally(
            {number: number for number in self.numbers},
            self.deliveries(),
            self.erp.all("posting"),
            [number for number in self.numbers if guesses & set(self.events(number))],
            known_by=lambda posting: posting["document"],
        )

    def check(self, *, recovered=None, parked=()):
        """Nothing lost, doubled or unexpected; delivered at the top of the ladder; the audit's chains whole."""
        from dougong.ledger import audit

        found = self.tally()
        assert found.clean, (found.told(), self.log)
        assert found.parked == tuple(parked), self.log
        if recovered is not None:
            assert bool(found.recovered) is recovered
        top = contract_jobs.TOP.get(self.setup.shape, "posted")
        ours = [row for row in self.deliveries() if row["documents"][0] not in parked]
        assert {(row["state"], row["stage"]) for row in ours} <= {("delivered", top)}
        theirs = {str(row["id"]): row for row in self.erp.all("posting")}
        for row in ours:
            held = theirs[row["erp_id"]]
            assert (held["stage"], held["total"], held["document"]) == (top, row["total"], row["documents"][0])
        assert self.read(audit.verify) == []
        self.check_told(parked)

    def check_told(self, parked=()):
        """The source knows of every voucher, and why nothing came of the others; the sink has each line once."""
        from dougong.ledger.views import feedback_view

        rows = self.read(lambda connection: feedback_view(connection, "en"))
        last = {row["document"]: row["kind"] for row in rows}
        assert last == {number: "held" if number in parked else "posted" for number in self.numbers}
        assert {row["state"] for row in rows} <= {"done"}
        if self.setup.shape == "stepping":
            assert {told["row"] for told in self.erp.all("told")} == {row["id"] for row in rows}
        else:
            lines = [json.loads(line) for line in self.setup.sink.read_text("utf-8").splitlines()]
            assert [line["id"] for line in lines] == [row["id"] for row in rows]


@pytest.fixture
def bench(tmp_path):
    def make(shape, *numbers, **setup):
        return Bench(Setup(shape, tmp_path, **setup), numbers or ("R1", "R2", "R3"))

    return make


@pytest.fixture
def told():
    """The body of the last callback of an ERP, as the ERP sent it."""
    return lambda bench: json.loads(bench.erp.all("outgoing")[-1]["body"])


def _manner(setup):
    """How this ERP does its work, for what is still outstanding when a test looks."""
    return SHAPES[setup.shape](Settings(str(setup.erp_file), setup.window))._do
