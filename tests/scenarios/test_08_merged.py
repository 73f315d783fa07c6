"""Scenario 8: reports of one day in one voucher, one of them held, an answer lost, one withdrawn."""

from __future__ import annotations

from decimal import Decimal

import pytest

DAY = "2026-11-20"


@pytest.fixture
def merged(scenario):
    scenario.push(on=DAY)
    return scenario


def test_v8_1(merged):
    merged.holds("V8.1")
    assert merged.row("R1") == merged.row("R2")
    (posting,) = merged.erp.postings()
    assert any("差旅费 等2单 R1–R2" in line["summary"] for line in posting["lines"] if line["account"] == "6601.02")


def test_v8_1_holds_what_is_not_mapped(merged):
    assert {row["state"] for row in merged.rows("R3")} == {"held"}
    message = merged.problems("R3")["CODE_UNMAPPED"]
    assert "department" in message
    assert "D05" in message


def test_v8_1_is_found_when_its_answer_is_lost(scenario):
    scenario.today(DAY)
    scenario.dies("input", at="answered")
    scenario.push("later")
    scenario("run")
    scenario.holds("V8.1", "R4")
    assert len(scenario.erp.requests("Save")) == 2


def test_v8_2(merged):
    merged("codes", "import", str(merged.folder / "codes.csv"))
    merged("run")
    merged.holds("V8.1", "V8.2")


def test_v8_3(merged):
    merged("codes", "import", str(merged.folder / "codes.csv"))
    merged("run")
    merged.push("withdrawn", on="2026-11-24")
    merged.holds("V8.1", "V8.2", "V8.3")
    assert merged.row("R1")["state"] == "delivered"


def test_v8_3_is_told_twice(merged):
    merged.push("withdrawn", "withdrawn", "input", on="2026-11-24")
    merged.holds("V8.1", "V8.3")


# -- drafts: the whole voucher is deleted, and what did not change is booked again -------------------------------------


@pytest.fixture
def drafts(scenario):
    """Vouchers stay drafts in the ERP."""
    scenario.customer.change("dougong.toml", 'target_stage = "submitted"', 'target_stage = "draft"')
    scenario.push(on=DAY)
    return scenario


def money(scenario):
    """What each voucher of the ERP owes to whom."""
    return [
        {line["dimensions"]["employee"]: line["amount"] for line in posting["lines"] if line["account"] == "2241.01"}
        for posting in scenario.erp.postings()
    ]


def test_of_a_deleted_draft_the_others_are_booked_again(drafts):
    (before,) = drafts.erp.postings()
    assert money(drafts) == [{"E0001": "500.00", "E0002": "318.00"}]
    drafts.push("withdrawn", on="2026-11-24")
    assert money(drafts) == [{"E0001": "500.00"}]
    row = drafts.row("R1")
    assert (row["documents"], row["state"], row["stage"]) == (["R1"], "delivered", "draft")
    assert row["reference"] != before["reference"]
    drafts.push("withdrawn", on="2026-11-24")
    assert money(drafts) == [{"E0001": "500.00"}], "told again, nothing happens"


def test_a_draft_of_which_a_part_was_reversed_is_not_deleted(drafts):
    drafts("reverse", "R1", "--only", "R1", "--reason", "录错")
    drafts.push("withdrawn", on="2026-11-24")
    assert sum(Decimal(amount) for owed in money(drafts) for amount in owed.values()) == 0
    assert drafts.row("R2", "reversal")["state"] == "delivered"
