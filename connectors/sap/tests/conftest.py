"""What the tests of the SAP connector share: a sandbox, the connector on it, entries to send, SAP's own schemas."""

from __future__ import annotations

import datetime as dt
import os
from decimal import Decimal
from pathlib import Path

import attrs
import pytest

from dougong.hookspecs import Call, Deadline
from dougong.model.bookings import LineTax, Voucher, VoucherLine
from dougong.model.identity import Key
from dougong.model.messages import Item, ItemId, Payload, Wanted
from dougong.model.outcomes import Done
from dougong.model.postings import Facts
from dougong_sap.connector import SapConnector
from dougong_sap.settings import SapSettings
from dougong_sdk.sandbox.fixtures import borrow_sandbox, npm_package, sandbox_pool  # noqa: F401

DAY = dt.date(2026, 1, 15)


@attrs.define
class Bench:
    """The connector with a session, and the steps that the flow would take."""

    connector: SapConnector
    opened: list = attrs.field(factory=list)

    def call(self, seconds=20.0):
        return Call(connection="test", deadline=Deadline.after(seconds))

    @property
    def session(self):
        if not self.opened:
            self.opened.append(self.connector.open_session(self.call()))
        return self.opened[0]

    def push(self, *items):
        """Outcomes by the name of each item."""
        found = {}
        for message in self.connector.prepare(list(items)):
            outcome = self.connector.push(message, self.session, self.call())
            each = outcome if isinstance(outcome, dict) else dict.fromkeys(message.items, outcome)
            found |= {str(name): one for name, one in each.items()}
        return found

    def outcome(self, item):
        return self.push(item)[item.id]

    def done(self, item):
        outcome = self.outcome(item)
        assert isinstance(outcome, Done), outcome
        return outcome.posting

    def find(self, item):
        return list(self.connector.find([Wanted(item.id, item.reference_text, Facts())], self.session, self.call()))


@pytest.fixture
def sandbox(borrow_sandbox):  # noqa: F811
    return borrow_sandbox("sap-s4")


@pytest.fixture
def bench_for():
    made = []

    def make(url, **settings):
        known = {"user": "DOUGONG", "password": "Dougong-S4-2026"}
        made.append(Bench(SapConnector(SapSettings(base_url=url, **{**known, **settings}))))
        return made[-1]

    yield make
    for bench in made:
        for session in bench.opened:
            session.close()


@pytest.fixture
def bench(bench_for, sandbox):
    return bench_for(sandbox.url)


def amount(value, currency="CNY", base=None):
    """A line's amounts as the mapping writes them: debits positive, credits negative."""
    found = {
        "AmountInTransactionCurrency": {"#text": Decimal(value), "@currencyCode": currency},
        "DebitCreditCode": "S" if Decimal(value) >= 0 else "H",
    }
    if base is not None:
        found["AmountInCompanyCodeCurrency"] = {"#text": Decimal(base), "@currencyCode": "CNY"}
    return found


def entry(total="128.50", **changes):
    """The body of a payload: travel against an employee."""
    debit, credit = Decimal(total), -Decimal(total)
    return {
        "OriginalReferenceDocumentType": "BKPFF",
        "BusinessTransactionType": "RFBU",
        "AccountingDocumentType": "SA",
        "DocumentHeaderText": "R-1",
        "CreatedByUser": "DOUGONG",
        "CompanyCode": "1000",
        "DocumentDate": DAY,
        "PostingDate": DAY,
        "Item": [
            {
                "ReferenceDocumentItem": "1",
                "GLAccount": "6602020000",
                **amount(debit),
                "DocumentItemText": "张三报差旅费 R-1",
                "AccountAssignment": {"CostCenter": "CC1001"},
            }
        ],
        "CreditorItem": [
            {
                "ReferenceDocumentItem": "2",
                "Creditor": "90000001",
                **amount(credit),
                "AltvRecnclnAccts": "2241010000",
                "DocumentItemText": "张三报差旅费 R-1",
            }
        ],
        **changes,
    }


def item(name, total="128.50", **changes):
    """An entry as core hands it over, its reference in its field."""
    value, key = Decimal(total), Key((name,))
    body = {**entry(total, **changes), "DocumentReferenceID": key.text(16)}
    lines = (VoucherLine(1, "D", "6602.02", value), VoucherLine(2, "C", "2241.01", value))
    booking = Voucher("accrual", "A01", "A01", DAY, "2026-01", "记", "CNY", lines, ("R-1",))
    return Item(ItemId(name), Payload(body), key, key.text(16), Key((name, "1")), booking)


def taxed_voucher():
    """Two hotels of which one has tax, and an employee."""
    lines = (
        VoucherLine(1, "D", "6602.02", Decimal("1200.00"), dimensions={"department": "D01"}, sources=("hotel",)),
        VoucherLine(2, "D", "6602.02", Decimal("300.00"), dimensions={"department": "D01"}, sources=("taxi",)),
        VoucherLine(
            3, "D", "2221.01.01", Decimal("72.00"), tax=LineTax(Decimal("0.06"), Decimal("1200.00")), sources=("hotel",)
        ),
        VoucherLine(4, "C", "2241.01", Decimal("1572.00"), dimensions={"employee": "E001"}),
    )
    return Voucher("accrual", "A01", "A01", DAY, "2026-01", "记", "CNY", lines, ("R-1",))


@pytest.fixture
def new_item():
    return item


@pytest.fixture
def new_entry():
    return entry


@pytest.fixture
def amounts():
    return amount


@pytest.fixture
def voucher():
    return taxed_voucher()


@pytest.fixture
def stored():
    """The folder with SAP's own files, as customers export them."""
    home = os.environ.get("DOUGONG_REFERENCE") or Path(__file__).parents[4] / "shared" / "reference"
    folder = Path(home) / "sap"
    if not folder.is_dir():
        pytest.skip(f"no reference files in {folder} (set DOUGONG_REFERENCE)")
    return folder
