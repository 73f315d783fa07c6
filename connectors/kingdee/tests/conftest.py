"""What the tests of the Kingdee connector share: a sandbox process, the connector on it, and vouchers to send."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import attrs
import pytest

from dougong.hookspecs import Call, Deadline
from dougong.model.bookings import Voucher, VoucherLine
from dougong.model.identity import Key
from dougong.model.messages import Item, ItemId, Payload, Wanted
from dougong.model.outcomes import Done
from dougong.model.postings import Facts
from dougong_kingdee.connector import KingdeeConnector
from dougong_kingdee.settings import KingdeeSettings
from dougong_sdk.sandbox import launch

APP_ID, APP_SECRET = "210001_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", "0123456789abcdef0123456789abcdef"
AUDITOR = {
    "auditor_user": "auditor",
    "auditor_password": "Audit@123",
    "auditor_app_id": "210002_GBkaGxwdHh8gISIjJCUmJygpKissLS4v",
    "auditor_app_secret": "fedcba9876543210fedcba9876543210",
}


@pytest.fixture(scope="session")
def running_sandbox(tmp_path_factory):
    with launch("kingdee", ledger=tmp_path_factory.mktemp("kingdee") / "ledger.db") as running:
        yield running


@pytest.fixture
def sandbox(running_sandbox):
    running_sandbox.call("/reset", {})
    running_sandbox.call("/faults", method="DELETE")
    yield running_sandbox
    running_sandbox.call("/faults", method="DELETE")


@pytest.fixture
def settings_for():
    def make(url, **more):
        known = {"acct_id": "65a0c1d2e3f4a5", "user": "demo", "app_id": APP_ID, "app_secret": APP_SECRET}
        return KingdeeSettings(base_url=url, **{**known, "password": "Demo@123", **AUDITOR, **more})

    return make


@pytest.fixture
def call():
    return Call(connection="test", deadline=Deadline.after(20))


@attrs.define
class Bench:
    """A connector with a session for each credential, and the steps that the flow would take."""

    connector: KingdeeConnector
    call: Call
    opened: dict = attrs.field(factory=dict)

    def session(self, credential="main"):
        if credential not in self.opened:
            self.opened[credential] = self.connector.open_session(attrs.evolve(self.call, credential=credential))
        return self.opened[credential]

    def push(self, item, deadline=20.0):
        (message,) = self.connector.prepare([item], self.call)
        return self.connector.push(message, self.session(), attrs.evolve(self.call, deadline=Deadline.after(deadline)))

    def saved(self, item):
        outcome = self.push(item)
        assert isinstance(outcome, Done), outcome
        return outcome.posting

    def complete(self, posting, stage, credential="main", facts=Facts()):  # noqa: B008 - frozen
        return self.connector.complete(posting, stage, facts, self.session(credential), self.call)

    def find(self, *items, **more):
        wanted = [
            Wanted(item.id, item.reference_text, Facts(book="001", date=item.booking.posting_date), **more)
            for item in items
        ]
        return list(self.connector.find(wanted, self.session(), self.call))

    def close(self):
        for session in self.opened.values():
            session.close()


@pytest.fixture
def bench_for(settings_for, call):
    made = []

    def make(url, **more):
        made.append(Bench(KingdeeConnector(settings_for(url, **more)), call))
        return made[-1]

    yield make
    for bench in made:
        bench.close()


@pytest.fixture
def bench(sandbox, bench_for):
    return bench_for(sandbox.url)


@pytest.fixture
def item_for():
    """An item as core hands it over: `count` pairs of lines over `amount`, the reference behind the first text."""

    def make(name, amount="128.50", *, count=1, date="2026-01-15", field="FEXPLANATION", book="001"):
        value, key = Decimal(amount), Key((name,))
        lines = []
        for _ in range(count):
            lines.append(_line("6602.01", value, Decimal(0), {"FDETAILID__FFLEX5": {"FNumber": "BM000001"}}))
            lines.append(_line("2241.01", Decimal(0), value, {"FDETAILID__FFLEX7": {"FNumber": "E0001"}}))
        day = dt.date.fromisoformat(date)
        model = {
            "FVOUCHERID": 0,
            "FAccountBookID": {"FNumber": book},
            "FDate": day,
            "FYEAR": day.year,
            "FPERIOD": day.month,
            "FVOUCHERGROUPID": {"FNumber": "PRE001"},
            "FATTACHMENTS": 3,
            "FEntity": lines,
        }
        if field == "FEXPLANATION":
            lines[0]["FEXPLANATION"] += f" {key.text(20)}"
        else:
            model[field] = key.text(20)
        booking = Voucher(
            moment="accrual",
            entity="A",
            book="A01",
            posting_date=day,
            period=date[:7],
            voucher_type="记",
            currency="CNY",
            lines=(VoucherLine(1, "D", "6602.01", value), VoucherLine(2, "C", "2241.01", value)),
        )
        return Item(ItemId(name), Payload(model), key, key.text(20), Key((name, "1")), booking)

    return make


def _line(account, debit, credit, dimensions):
    return {
        "FEXPLANATION": "张三报销差旅费 R-1",
        "FACCOUNTID": {"FNumber": account},
        "FDetailID": dimensions,
        "FCURRENCYID": {"FNumber": "PRE001"},
        "FEXCHANGERATETYPE": {"FNumber": "HLTX01_SYS"},
        "FEXCHANGERATE": 1,
        "FAMOUNTFOR": debit or credit,
        "FDEBIT": debit,
        "FCREDIT": credit,
    }
