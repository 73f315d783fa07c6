"""Scenario 9: what was approved minutes before a month, or days before a year, was closed."""

from __future__ import annotations

import attrs
import pytest

from dougong.hookspecs import hookimpl
from dougong_kingdee.connector import KingdeeConnector

YEAR = [f"2026-{month:02}" for month in range(1, 13)]


def test_v9_a(scenario):
    scenario.push(on="2026-11-02")
    scenario.holds("V9.a")


def test_v9_a_as_planned(scenario):
    scenario.today("2026-11-02")
    scenario.plans("V9.a")


def test_v9_b(scenario):
    scenario.close("2026-10")
    scenario.push(on="2026-11-02")
    scenario.holds("V9.b")


def test_v9_b_as_planned(scenario):
    scenario.close("2026-10")
    scenario.today("2026-11-02")
    scenario.plans("V9.b")
    plans = scenario("plan", "--json", str(scenario.step("input"))).printed
    assert [len(one["date_reasons"]) for one in plans] == [1]


def test_v9_c(scenario):
    """October closes between plan and send."""
    scenario.today("2026-11-02")
    scenario.plans("V9.a")
    scenario("accept", str(scenario.step("input")))
    scenario.close("2026-10")
    scenario("run")
    scenario.holds("V9.b")
    row = scenario.row("B26100099")
    (shown,) = scenario("show", row["delivery"], "--json").printed
    assert len({sent["reference"] for sent in shown["sent"]}) == 1
    assert len(scenario.erp.postings(deleted=True)) == 1


def test_v9_d(scenario):
    """The first answer was lost; by the time we ask, October is closed."""
    scenario.today("2026-11-02")
    scenario.dies("input", at="answered")
    scenario.close("2026-10")
    scenario.push()
    scenario.holds("V9.a")
    assert len(scenario.erp.requests("Save")) == 1


def test_v9_e(scenario):
    scenario.close(*YEAR)
    scenario.push("year-end", on="2027-01-20")
    scenario.holds("V9.e")


def test_v9_e_small(scenario):
    scenario.close(*YEAR)
    scenario.push("year-end-small", on="2027-01-20")
    scenario.holds("V9.e.small")


@pytest.fixture
def dates_in_sequence(monkeypatch):
    """A connector that declares 序时: no voucher before the last one of its type."""
    before = KingdeeConnector.operations

    @hookimpl
    def operations(self):
        made = before(self)
        return tuple(attrs.evolve(one, limits=attrs.evolve(one.limits, sequence_control=True)) for one in made)

    monkeypatch.setattr(KingdeeConnector, "operations", operations)


@pytest.mark.usefixtures("dates_in_sequence")
def test_v9_e_sequence(scenario):
    scenario.close(*YEAR)
    scenario.push("january", on="2027-01-15")
    scenario.push("year-end", on="2027-01-20")
    scenario.holds("january", "V9.e.sequence")
