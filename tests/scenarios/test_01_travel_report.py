"""Scenario 1: a travel report with invoices, ticket, entertainment, foreign currency, allowance, loan and split."""

from __future__ import annotations

import attrs
import pytest

from dougong.hookspecs import hookimpl
from dougong_kingdee.connector import KingdeeConnector

ORIGINAL = ('line_currency = "by_account"', 'line_currency = "original"')


def test_v1_1(scenario):
    scenario.push("loan", "input", on="2026-11-18")
    scenario.holds("loan", "V1.1")
    assert scenario.row("B26110001")["stage"] == "submitted"


def test_v1_1_as_planned(scenario):
    scenario.push("loan", on="2026-11-18")
    scenario.plans("V1.1")
    scenario.holds("loan")


@pytest.fixture
def without_foreign_currency(erp):
    """6601.02 keeps no foreign currency for a while."""
    (account,) = (row for row in erp.config()["seed"]["accounts"] if row["code"] == "6601.02")
    erp.seed({"accounts": [{**account, "currencies": []}]})
    yield
    erp.seed({"accounts": [account]})


@pytest.mark.usefixtures("without_foreign_currency")
def test_v1_1_functional(scenario):
    scenario.push("loan", "input", on="2026-11-18")
    scenario.holds("loan", "V1.1.functional")
    lines = scenario.posting(scenario.row("B26110001"))["lines"]
    (hotel,) = (line["summary"] for line in lines if line["base_amount"] == "2190.00")
    assert "HKD 2,400.00" in hotel


def test_v1_1_merged(scenario):
    scenario.change('amount  = "slice.cost"\n', 'amount  = "slice.cost"\nmerge_lines = true\n')
    scenario.push("loan", "input", on="2026-11-18")
    scenario.holds("loan", "V1.1.merged")


@pytest.fixture
def one_currency_per_voucher(monkeypatch):
    """A connector whose vouchers have one currency."""
    before = KingdeeConnector.operations

    @hookimpl
    def operations(self):
        made = before(self)
        return tuple(attrs.evolve(one, limits=attrs.evolve(one.limits, voucher_currency="document")) for one in made)

    monkeypatch.setattr(KingdeeConnector, "operations", operations)


@pytest.mark.usefixtures("one_currency_per_voucher")
def test_v1_1_one_currency_per_voucher(scenario):
    scenario.change(*ORIGINAL)
    pushed = scenario.push("loan", "input", on="2026-11-18")
    assert pushed.one("B26110001")["state"] == "held"
    assert "CURRENCY_MIXED" in scenario.problems("B26110001")
    scenario.holds("loan")


def test_v1_1_without_its_loan(scenario):
    pushed = scenario.push(on="2026-11-18")
    assert pushed.one("B26110001")["state"] == "held"
    assert "LOAN_NOT_POSTED" in scenario.problems("B26110001")
    scenario.holds()
