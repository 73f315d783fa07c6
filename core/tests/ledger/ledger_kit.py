"""A ledger with documents and deliveries in it, and an ERP whose every answer the test decides; shared by the steps."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections import defaultdict
from decimal import Decimal
from types import SimpleNamespace

import attrs
import pytest

from dougong import config, hookimpl, intake, plugins
from dougong.delivery import Derived
from dougong.hookspecs import About
from dougong.ledger import deliveries, documents
from dougong.ledger.states import DeliveryState
from dougong.ledger.store import Ledger
from dougong.model.bookings import Voucher, VoucherLine
from dougong.model.documents import Document, Event, Line, SourceRef
from dougong.model.identity import Coverage
from dougong.model.messages import Correlation, Message, Payload
from dougong.model.operations import Ambiguity, Limits, Operation, Reference, Safety
from dougong.model.postings import Posting, Stage
from dougong.model.problems import Problem, Text
from dougong.model.sources import SourceDocument
from dougong.plugins import exact_json
from dougong.runtime.lane import Lane, Slot

NOON = dt.datetime(2026, 11, 18, 12, tzinfo=dt.UTC)


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.db") as opened:
        yield opened


def report_of(number="R1", gross="100.00", *, state="approved", minutes=0, events=(), problems=(), raw=b"", **changes):
    """A small report as a source tells it, `minutes` after noon; `minutes=None`: the source tells no time."""
    updated = None if minutes is None else NOON + dt.timedelta(minutes=minutes)
    told = tuple(Event(name, "approved", dt.date(2026, 11, 18)) for name in events)
    document = Document(
        "src",
        "T",
        "expense",
        f"id-{number}",
        number,
        state,
        "CNY",
        entity="A01",
        updated_at=updated,
        events=told,
        lines=(Line("1", "差旅费", Decimal(gross)),),
        **changes,
    )
    return SourceDocument(document, raw=raw, problems=problems)


MISSING = (Problem.of("ENTITY_UNKNOWN", "缺少法人", "the entity is missing"),)


@pytest.fixture
def report():
    return report_of


@pytest.fixture
def delivery(ledger):
    """Makes one delivery of a new document, in the state that is wanted."""

    def make(number="R1", state=DeliveryState.READY, *, stage=Stage.SUBMITTED, connection="erp", moment="accrual"):
        (accepted,) = intake.accept(ledger, [report_of(number)])
        cover = Coverage(SourceRef("src", "T", "expense", f"id-{number}"), "A01", "A01", moment)
        new = deliveries.NewDelivery(connection, "V", ((accepted.document_id, cover),), (number,), 1, stage, state)
        return ledger.write(lambda tx: deliveries.create(tx, new))

    return make


@pytest.fixture
def now(ledger):
    """The delivery as it now is."""
    return lambda row: ledger.look(lambda tx: deliveries.by_id(tx, row.id))


@pytest.fixture
def sql(ledger):
    """Raw statements, as somebody with the file in hand could run them."""

    def run(statement, *values):
        def work(tx):
            tx._cursor.execute(statement, values)
            return tx._cursor.fetchall()

        return ledger.write(work)

    return run


# -- an ERP that answers what the test says ---------------------------------------------------------------------------


@attrs.frozen
class NoSettings:
    pass


@attrs.frozen(eq=False)
class Scripted:
    """A connector whose hooks answer from lists in `answers`; `calls` keeps what they were asked."""

    settings: NoSettings
    about = About(product="scripted", title=Text("脚本", "Scripted"), settings=NoSettings)

    @hookimpl
    def prepare(self, items):
        size = self.per_message
        groups = [items[at : at + size] for at in range(0, len(items), size)]
        return [
            Message(
                tuple(item.id for item in group),
                b"\n".join(exact_json(item.payload.body) for item in group),
                correlations=(Correlation("message", group[0].request_id.base64()),),
            )
            for group in groups
        ]

    per_message = 1


def _next(answers, calls, hook, *asked):
    calls[hook].append(asked)
    answer = answers[hook].pop(0)
    if callable(answer):
        answer = answer(*asked)
    if isinstance(answer, BaseException):
        raise answer
    return answer


@pytest.fixture
def erp(tmp_path):
    """Makes a scripted ERP: `answers[hook]` is a list of answers, exceptions, or functions of what was asked."""

    def make(
        ambiguity=Ambiguity.D,
        *,
        stages=(Stage.SUBMITTED,),
        batch=1,
        window=0.0,
        hooks=("find",),
        rest="",
        field="reference",
        **more,
    ):
        answers, calls = defaultdict(list), defaultdict(list)

        def operations(self):
            safety = Safety(ambiguity, Reference(field), settle=0.0, window=window)
            return [Operation("V", "create", safety, stages, limits=Limits(batch=batch))]

        def push(self, message, session):
            return _next(answers, calls, "push", message)

        def complete(self, posting, target_stage, call):
            return _next(answers, calls, "complete", posting, target_stage)

        def find(self, wanted):
            return _next(answers, calls, "find", list(wanted))

        def poll(self, waiting):
            return _next(answers, calls, "poll", list(waiting))

        def list_postings(self, period):
            return _next(answers, calls, "list_postings", period)

        def read_callback(self, request):
            return _next(answers, calls, "read_callback", request)

        def open_session(self, call):
            return _next(answers, calls, "open_session", call)

        known = {"find": find, "poll": poll, "list_postings": list_postings, "read_callback": read_callback}
        known["open_session"] = open_session
        wanted = {"operations": operations, "push": push, "complete": complete, **{name: known[name] for name in hooks}}
        methods = {name: hookimpl(method) for name, method in wanted.items()}
        made = attrs.frozen(eq=False)(type("Scripted", (Scripted,), {"per_message": batch, **methods, **more}))
        text = '[connections.erp]\nconnector = "scripted"\n' + textwrap.dedent(rest)
        parsed = config.parse(text, tmp_path)
        door = plugins.build_door(parsed.connection("erp"), parsed, made)
        link = Slot(Lane(door))
        return SimpleNamespace(door=door, link=link, lane=link.lane, answers=answers, calls=calls)

    return make


def posting_for(key="100", *, total="100.00", stage=Stage.SUBMITTED, **more):
    return Posting(key, stage, f"记-{key}", currency="CNY", total=Decimal(total), **more)


@pytest.fixture
def posting():
    return posting_for


def voucher_of(row):
    amount = Decimal("100.00")
    lines = (VoucherLine(1, "D", "6602", amount), VoucherLine(2, "C", "2241", amount))
    return Voucher(
        row.moment, "A01", "A01", dt.date(2026, 11, 18), "2026-11", "记", "CNY", lines, documents=row.numbers
    )


@pytest.fixture
def derive():
    """The deriver: always the same voucher over 100.00."""

    def made(row, link):
        body = {"document": row.numbers[0], "amount": "100.00"}
        place = lambda text: Payload({**body, "reference": text})  # noqa: E731
        return Derived(place, voucher_of(row), "{}", "inputs", row.target_stage)

    return made


@pytest.fixture
def claimed(ledger):
    """Leases what is due, as a worker does."""
    return lambda count=50, owner="me": ledger.write(
        lambda tx: deliveries.claim(tx, "erp", owner, count=count, lease_ms=60_000)
    )


@pytest.fixture
def row_of(ledger):
    """A document row by its number: the newest revision."""
    return lambda number: ledger.look(lambda tx: documents.by_number(tx, number))[0]


__all__ = [
    "MISSING",
    "claimed",
    "delivery",
    "derive",
    "erp",
    "ledger",
    "now",
    "posting",
    "posting_for",
    "report",
    "report_of",
    "row_of",
    "sql",
]
