"""Today is the day where the books are kept, whatever the clock's zone."""

from __future__ import annotations

import pytest
from flow_documents import report

from dougong.cli.known_accounts import unknown_accounts
from dougong.flow import Project
from dougong.ledger import reference
from dougong.ledger.store import Ledger


@pytest.fixture
def renamed(shop):
    """The ERP's account is another one from 1 August on, and the ERP does not have that one yet."""
    with Ledger(shop.folder / "ledger.db") as ledger:
        row = ("account", "*", "6602.02", "NEW", "2026-08-01", "", "")
        ledger.write(lambda tx: reference.replace_codes(tx, [row], actor="test"))
    return shop


@pytest.mark.parametrize(
    ("now", "known"),
    [
        ("2026-07-31T15:00:00Z", True),
        ("2026-07-31T17:00:00Z", False),
        ("2026-08-01T00:30:00+08:00", False),
        ("2026-08-01T00:30:00+09:00", True),
    ],
)
def test_today_is_the_day_in_the_zone_of_the_rules(renamed, monkeypatch, now, known):
    monkeypatch.setenv("DOUGONG_NOW", now)
    expected = ("R1", "delivered") if known else ("R1", "held", "ACCOUNT_UNKNOWN")
    assert renamed.push(report()) == [expected]
    with Project(renamed.folder) as project:
        missing, _ = unknown_accounts(project, "erp")
    assert ("6602.02" in {problem.facts["account"] for problem in missing}) is not known


def test_the_zone_is_that_of_the_rules(renamed, monkeypatch):
    rules = renamed.folder / "rules" / "a01.toml"
    rules.write_text(rules.read_text("utf-8").replace("Asia/Shanghai", "UTC"), "utf-8")
    monkeypatch.setenv("DOUGONG_NOW", "2026-07-31T17:00:00Z")
    assert renamed.push(report()) == [("R1", "delivered")]
