"""The connector of the template, loaded into this process as core loads one, against its sandbox over real HTTP."""

from __future__ import annotations

import datetime as dt
import tomllib
from decimal import Decimal
from importlib.resources import files

import attrs
import pytest

from dougong import config, mapping, plugins
from dougong.hookspecs import Call, Deadline
from dougong.model.bookings import Original, Voucher, VoucherLine
from dougong.model.identity import Key
from dougong.model.messages import Item, ItemId, Wanted
from dougong.model.outcomes import AlreadyThere, Done, Found, Rejected, Unknown
from dougong.model.postings import Facts, Stage
from dougong_sdk.refusals import ErrorDictionary
from dougong_sdk.sandbox import RULES

CONFIG = """
[connections.erp]
connector = "{name}"
secrets = {{ password = {{ env = "ERP_PASSWORD" }} }}
auditor = {{ user = "auditor", password = {{ env = "ERP_AUDITOR_PASSWORD" }} }}
[connections.erp.settings]
base_url = "{url}"
user = "demo"
"""


class Codes:
    def __init__(self, rows):
        self._rows = rows

    def lookup(self, table, ours, on):
        rows = self._rows.get(table, {})
        return rows.get(ours, ours if "*" in rows else None)


@attrs.frozen
class Erp:
    """A connection to the emulated ERP, and that ERP."""

    door: object
    sandbox: object
    codes: Codes
    call: Call = attrs.field(factory=lambda: Call(connection="erp", deadline=Deadline.after(20)))
    sessions: dict = attrs.field(factory=dict)

    def session(self, credential="main"):
        if credential not in self.sessions:
            self.sessions[credential] = self.door.open_session(attrs.evolve(self.call, credential=credential))
        return self.sessions[credential]

    def item(self, name, **change):
        """A booking as delivery maps it: foreign currency, a dimension, a red line."""
        operation = self.door.operation_for()
        compiled = mapping.compile_mapping(self.door.default_mapping(operation), path="VOUCHER.toml")
        booking, key = attrs.evolve(VOUCHER, **change), Key((name,))
        payload = mapping.place_reference(
            compiled(booking, self.codes), operation.safety.reference, key.text(20), max_summary=200
        )
        return Item(ItemId(name), payload, key, key.text(20), Key((name, "1")), booking)

    def push(self, item):
        (message,) = self.door.prepare([item], self.call)
        return self.door.push(message, self.session(), self.call)[item.id]

    def complete(self, posting, target, credential="main"):
        return self.door.complete(posting, target, Facts(), self.session(credential), self.call)


def line(number, side, account, amount, dimensions, original=None):
    return VoucherLine(number, side, account, Decimal(amount), "张三 差旅费 B-1", dimensions, original)


VOUCHER = Voucher(
    "accrual",
    "A",
    "A01",
    dt.date(2026, 1, 15),
    "2026-01",
    "记",
    "CNY",
    (
        line(1, "D", "6602.02", "730.10", {"department": "D01"}, Original("USD", Decimal("100.00"), Decimal("7.3010"))),
        line(2, "D", "6602.02", "-10.00", {"department": "D01"}),
        line(3, "D", "2221.01.01", "18.00", {}),
        line(4, "C", "2241.01", "738.10", {"employee": "E001"}),
    ),
    ("B-1",),
)


@pytest.fixture
def erp(package, borrow_sandbox, tmp_path, monkeypatch):
    (cls,) = (one for name, one in vars(package("connector")).items() if name.endswith("Connector"))
    sandbox = borrow_sandbox(
        f"{cls.__module__.partition('.')[0]}.sandbox:{cls.__name__.removesuffix('Connector')}Sandbox"
    )
    monkeypatch.setenv("ERP_PASSWORD", "Demo@123")
    monkeypatch.setenv("ERP_AUDITOR_PASSWORD", "Audit@123")
    made = config.parse(CONFIG.format(name=cls.about.product, url=sandbox.url), tmp_path)
    door = plugins.build_door(made.connection("erp"), made, cls)
    seed = tomllib.loads(files(package("connector").__package__).joinpath("seed.toml").read_text("utf-8"))
    erp = Erp(door, sandbox, Codes(seed["native"]["codes"]))
    yield erp
    for session in erp.sessions.values():
        door.close_session(session)


def test_a_booking_becomes_an_audited_voucher_to_the_cent(erp):
    item = erp.item("B-1")
    posting = erp.push(item).posting
    for credential in ("main", "auditor"):
        posting = erp.complete(posting, Stage.AUDITED, credential).posting
    (held,) = erp.sandbox.postings()
    assert (held["stage"], held["total"], held["reference"]) == ("audited", "738.10", item.reference_text)
    assert [(one["side"], one["amount"], one["base_amount"]) for one in held["lines"]] == [
        ("D", "100.00", "730.10"),
        ("D", "-10.00", "-10.00"),
        ("D", "18.00", "18.00"),
        ("C", "738.10", "738.10"),
    ]
    assert held["lines"][0]["dimensions"] == {"department": "BM01"}
    (listed,) = erp.door.list_postings("2026-01", erp.session(), erp.call)
    assert (listed.total, listed.reference) == (Decimal("738.10"), item.reference_text)


def test_a_lost_answer_makes_no_second_voucher(erp):
    item = erp.item("B-1")
    erp.sandbox.fault("reset_after_work", operation="create", count=1)
    assert isinstance(erp.push(item), Unknown)
    (found,) = erp.door.find([Wanted(item.id, item.reference_text, Facts())], erp.session(), erp.call)
    assert isinstance(found, Found)
    again = erp.push(item)
    assert isinstance(again, AlreadyThere)
    assert again.posting == found.posting
    assert len(erp.sandbox.postings()) == 1


def test_a_closed_period_is_told_with_its_book_and_period(erp):
    erp.sandbox.hand("close_period", period="2026-01")
    outcome = erp.push(erp.item("B-1"))
    assert isinstance(outcome, Rejected)
    assert [(one.code, one.facts) for one in outcome.problems] == [
        ("PERIOD_CLOSED", {"book": "001", "period": "2026-01", "erp_code": "2003"})
    ]


def test_a_forgotten_token_is_renewed_also_for_what_has_an_effect(erp):
    assert isinstance(erp.push(erp.item("B-1")), Done)
    erp.sandbox.fault("expire_session", operation="create", count=1)
    assert isinstance(erp.push(erp.item("B-2")), Done)


def test_whoever_may_log_in_and_nothing_else_is_refused_with_a_hint(erp):
    erp.sandbox.seed({"credentials": [{"kind": "basic", "user": "demo", "roles": []}]})
    outcome = erp.push(erp.item("B-1"))
    erp.sandbox.seed({"credentials": [{"kind": "basic", "user": "demo", "roles": ["all"]}]})
    assert isinstance(outcome, Rejected)
    assert outcome.problems[0].hint.en


def test_a_wrong_password_is_no_outcome_of_the_voucher_and_not_told_to_anyone(erp, monkeypatch):
    erp.sandbox.seed({"credentials": [{"kind": "basic", "user": "demo", "password": "another"}]})
    outcome = erp.push(erp.item("B-1"))
    erp.sandbox.seed({"credentials": [{"kind": "basic", "user": "demo", "password": "Demo@123"}]})
    assert "LOGIN_REFUSED" in outcome.reason
    assert "Demo@123" not in outcome.reason


def test_every_refusal_of_the_sandbox_is_in_the_dictionary(package):
    codes = package("sandbox")._CODES
    assert set(RULES) <= set(codes)
    known = ErrorDictionary.of(package("sandbox").__package__, package("settings").TITLE)
    assert [rule for rule, code in codes.items() if known.entry(code) is None] == []


def test_fields_and_mapping_name_each_other(erp):
    operation = erp.door.operation_for()
    compiled = tomllib.loads(erp.door.default_mapping(operation))
    mapped = {*compiled["fields"], *(f"lines.{name}" for row in compiled["rows"] for name in row["fields"])}
    fields = {field.path for field in erp.door.target_fields(operation, None, erp.call)}
    assert mapped | {"externalId"} == fields


def test_master_data_tells_what_core_asks_for(erp):
    kinds = ("account", "department", "employee", "supplier", "currency", "book", "period")
    told = list(erp.door.pull_master_data(kinds, erp.session(), erp.call))
    assert {one.kind for one in told} == set(kinds)
    assert {one.data["book"] for one in told if one.kind == "period"} == {"001"}
