"""The shared ledger, and a source that answers what the test says."""

from __future__ import annotations

import sys
from pathlib import Path

import attrs
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "ledger"))

from ledger_kit import *  # noqa: F403 - fixtures
from ledger_kit import report_of

from dougong import config, feedback, hookimpl, intake, plugins
from dougong.hookspecs import About
from dougong.ledger import deliveries, postings, views
from dougong.ledger.states import DeliveryState
from dougong.model.identity import Coverage
from dougong.model.outcomes import Done
from dougong.model.postings import Posting, Stage
from dougong.model.problems import Text


@attrs.frozen
class NoSettings:
    pass


@attrs.define
class Source:
    """A source that takes everything unless `answers` says otherwise; `told` keeps what it was told."""

    folder: Path
    writes_back: bool = True
    answers: list = attrs.field(factory=list)
    told: list = attrs.field(factory=list)

    @property
    def sink(self):
        return self.folder / "feedback.jsonl"

    def writer(self, connection):
        return self.door() if connection == "src" and self.writes_back else None

    def door(self):
        source = self

        @attrs.frozen(eq=False)
        class Talking:
            settings: NoSettings
            about = About(product="talking", title=Text("源", "Source"), settings=NoSettings)

            @hookimpl
            def write_back(self, feedback):
                source.told.append(dict(feedback))
                answer = source.answers.pop(0) if source.answers else Done(Posting("taken", Stage.POSTED))
                if isinstance(answer, BaseException):
                    raise answer
                return answer

        parsed = config.parse('[connections.src]\nconnector = "talking"\n', self.folder)
        return plugins.build_door(parsed.connection("src"), parsed, Talking)


@pytest.fixture
def source(tmp_path):
    return Source(tmp_path)


@pytest.fixture
def book(ledger):
    """Makes one delivery of a document that `src` has read; further books of one document make a set of it."""

    def make(number="R1", *, entity="A01", part="", set_id=None, moment="accrual", state=DeliveryState.READY):
        (accepted,) = intake.accept(ledger, [report_of(number)], connection="src")
        cover = Coverage(report_of(number).document.ref, entity, entity, moment, part)
        new = deliveries.NewDelivery("erp", "V", ((accepted.document_id, cover),), (number,), 1, Stage.SUBMITTED, state)

        def work(tx):
            row = deliveries.create(tx, new)
            return deliveries.move(tx, row, state, event="test", set_id=set_id)

        return ledger.write(work)

    return make


@pytest.fixture
def deliver(ledger):
    """Puts a delivery where a test wants it, with what the ERP holds."""

    def move(row, number="记-1", *, stage=Stage.SUBMITTED, to=DeliveryState.DELIVERED, **changes):
        def work(tx):
            now = deliveries.by_id(tx, row.id)
            if number:
                postings.record(tx, now, Posting(f"id-{row.id}", stage, number, period="2026-11"))
            if now.state is DeliveryState.READY and to is not DeliveryState.HELD:
                now = deliveries.move(tx, now, DeliveryState.SENDING, event="test")
            return deliveries.move(tx, now, to, event="test", stage=stage.value, **changes)

        return ledger.write(work)

    return move


@pytest.fixture
def sweep(ledger, source):
    return lambda owner="host:1:1", dead=(): feedback.sweep(ledger, source, owner, lambda name: name in dead)


@pytest.fixture
def rows(ledger):
    """(kind, state) and content of the outbox."""

    def read():
        with ledger.read() as connection:
            return views.feedback_view(connection, "en")

    return read


@pytest.fixture
def hurry(sql):
    """The pause before the next try is over."""
    return lambda: sql("UPDATE outbox SET due_at = 0 WHERE state IN ('due', 'refused')")
