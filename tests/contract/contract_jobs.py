"""One process of ours before a fake ERP: intake, the runtime with its lanes, delivery and confirmation, for real.

Only accounting is not needed here: one fixed voucher per document takes its place.
"""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import attrs

from dougong_sdk.conformance import processes

#: Labels that each shape passes without a fault, and those that it passes when an answer was lost.
REACHED = {
    "confirming": ("accepted", "prepared", "answered", "callback_stored", "outcome", "confirmed", "step_answered"),
    "batching": ("accepted", "prepared", "answered", "outcome", "confirmed"),
    "stepping": ("accepted", "prepared", "answered", "outcome", "step_answered", "step_outcome"),
    "linking": ("accepted", "prepared", "answered", "outcome", "confirmed"),
    "calling": ("accepted", "prepared", "answered", "outcome", "callback_stored", "confirmed"),
}
for _shape in ("stepping", "linking"):  # one is written back to, of the other the sink is told
    REACHED[_shape] += ("feedback_due", "feedback_sent", "feedback_done")
REACHED_WHEN_LOST = {
    "confirming": ("answered", "outcome", "callback_stored", "confirmed"),
    "batching": ("outcome", "confirmed"),
    "stepping": ("asked", "resolved"),
    "linking": ("outcome", "confirmed"),
    "calling": ("outcome",),
}
TOP = {"confirming": "submitted"}

CONFIG = """
[connections.erp]
connector = "{shape}"
settle = {settle}
[connections.erp.settings]
file = "{file}"
window = {window}
[connections.erp.limits]
concurrency = 2
deadline = 5.0
breaker = {{ failures = 100, open_seconds = 0.05 }}
[[routes]]
entity = "A01"
book = "A01"
connection = "erp"
"""


@attrs.frozen
class Setup:
    """Which ERP, where, how; picklable."""

    shape: str
    folder: Path
    settle: float = 0.2
    window: float = 60.0
    most_failures: int = 9
    visits: bool = True

    @property
    def erp_file(self) -> Path:
        return self.folder / "erp.db"

    @property
    def ledger_file(self) -> Path:
        return self.folder / "ledger.db"

    @property
    def sink(self) -> Path:
        """Where `dougong.feedback` tells what cannot be written back."""
        return self.folder / "feedback.jsonl"

    def writer(self, connection):
        door = self.door()
        return door if door.supports("write_back") else None

    def door(self):
        from shapes import SHAPES

        from dougong import config, plugins

        text = CONFIG.format(shape=self.shape, settle=self.settle, window=self.window, file=self.erp_file.as_posix())
        made = config.parse(text, self.folder)
        entry = plugins.Entry(name=self.shape, distribution=f"dougong-{self.shape}", version="1.0")
        return plugins.build_door(made.connection("erp"), made, SHAPES[self.shape], entry=entry)


def documents(numbers):
    """One small report per number, as a source would tell it."""
    from dougong.model.documents import Document, Line
    from dougong.model.sources import SourceDocument

    for place, number in enumerate(numbers, 1):
        line = Line("1", "差旅费", Decimal("100.00") + place)
        yield SourceDocument(
            Document("fake", "T", "expense", f"id-{number}", number, "approved", "CNY", entity="A01", lines=(line,))
        )


def open_all(ledger, target):
    """What `flow.open_documents` does, without rules: one delivery per accepted document."""
    from sqlalchemy import select

    from dougong.ledger import deliveries, documents, schema
    from dougong.ledger.rows import DocumentRow
    from dougong.ledger.states import DeliveryState, DocumentState
    from dougong.model.identity import Coverage

    with ledger.read() as connection:
        query = select(schema.document).where(schema.document.c.state == DocumentState.ACCEPTED.value)
        rows = [DocumentRow(**row) for row in connection.execute(query).mappings()]

    def work(tx):
        for row in rows:
            cover = Coverage(row.ref, "A01", "A01", "accrual")
            if documents.by_id(tx, row.id).version != row.version:
                continue
            if deliveries.live_for(tx, cover.key) is None:
                new = deliveries.NewDelivery(
                    "erp", "V", ((row.id, cover),), (row.number,), row.revision, target, DeliveryState.READY
                )
                deliveries.create(tx, new)
            documents.change(tx, row, event="opened", state=DocumentState.OPEN)

    if rows:
        ledger.write(work)
    return len(rows)


def deriver(ledger):
    """One fixed voucher over the document's amount."""
    from dougong.delivery import Derived
    from dougong.ledger import covering
    from dougong.model.bookings import Voucher, VoucherLine
    from dougong.model.messages import Payload

    def derive(row, link):
        document = ledger.look(lambda tx: covering.newest_covered(tx, row.id))
        amount = Decimal(json.loads(document.canonical)["lines"][0]["gross"])
        lines = (VoucherLine(1, "D", "6602", amount), VoucherLine(2, "C", "2241", amount))
        voucher = Voucher("accrual", "A01", "A01", dt.date(2026, 11, 18), "2026-11", "记", "CNY", lines)
        body = {"document": row.numbers[0], "amount": str(amount)}
        return Derived(lambda text: Payload({**body, "reference": text}), voucher, "{}", "fixed", row.target_stage)

    return derive


def settled(ledger, most_failures):
    """Nothing moves any more, or the ERP fails again and again."""
    from sqlalchemy import func, select

    from dougong.ledger import schema
    from dougong.ledger.rows import FOREVER
    from dougong.ledger.states import AT_REST

    table = schema.delivery
    moving = select(func.count()).where(
        table.c.state.not_in([state.value for state in AT_REST]),
        table.c.due_at < FOREVER,
        table.c.failures < most_failures,
    )
    with ledger.read() as connection:
        return not connection.execute(moving).scalar_one()


def push(setup: Setup, numbers: list[str]) -> None:
    """Accept documents, then work until everything rests; the ERP is there to be called and to call."""
    import shapes
    from fake_erp import Courier

    from dougong import feedback, intake
    from dougong.confirmation import receive
    from dougong.ledger.store import Ledger
    from dougong.model.postings import Stage
    from dougong.runtime import Lane, Worker, is_dead, owner_name

    with Ledger(setup.ledger_file) as ledger:
        door = setup.door()
        erp = door.asker.hooks.connector.plugin.erp
        visit = (lambda deliver: shapes.visit(erp, deliver)) if setup.shape == "calling" and setup.visits else None
        courier = Courier(erp, lambda request: receive(ledger, door, request).reply, *([visit] if visit else []))
        shapes.LISTENER[:] = [courier.deliver]
        intake.accept(ledger, documents(numbers), connection="erp")
        lane = Lane(door)
        target = Stage(TOP.get(setup.shape, "posted"))
        worker = Worker(ledger, {"erp": lane}, deriver(ledger), lambda: open_all(ledger, target))
        courier.start()
        try:
            worker.run(lambda: settled(ledger, setup.most_failures))
            assert feedback.sweep(ledger, setup, owner_name(), is_dead)
        finally:
            lane.close()
            courier.end()


def run(setup: Setup, numbers: list[str], crash: str = "") -> int:
    """One process; its exit status, or minus the signal that ended it."""
    return processes.start(setup.folder / "log", push, setup, numbers, crash=crash).end()


def as_project(ledger):
    """What `flow.actions` needs of a project."""
    return SimpleNamespace(ledger=ledger)
