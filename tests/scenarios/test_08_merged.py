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
    drafts("reverse", "R1", "--reason", "录错")  # a document's number means its own part
    drafts.push("withdrawn", on="2026-11-24")
    assert sum(Decimal(amount) for owed in money(drafts) for amount in owed.values()) == 0
    assert drafts.row("R2", "reversal")["state"] == "delivered"


# -- one member is given up, or refused: the others are booked ---------------------------------------------------------


def test_one_of_a_refused_voucher_is_given_up_and_the_other_is_booked(scenario):
    scenario.refuse(match="R1–R2")
    scenario.push(on=DAY)
    assert scenario.row("R1") == scenario.row("R2")
    assert scenario.row("R1")["state"] == "rejected"
    (shown,) = scenario("cancel", "R2", "--reason", "误报", "--json").printed
    assert (shown["documents"], shown["state"]) == (["R2"], "cancelled")
    scenario("run")
    assert money(scenario) == [{"E0001": "500.00"}]
    assert [row["state"] for row in scenario.rows("R2")] == ["cancelled"]
    traced = scenario.customer.dougong("trace", "R2", lang="zh").out
    assert "合并拆开" in traced
    assert "误报" in traced


def test_all_of_them_by_the_voucher_itself(scenario):
    scenario.refuse(match="R1–R2")
    scenario.push(on=DAY)
    merged = scenario.row("R1")["delivery"]
    assert scenario.customer.dougong("cancel", merged, "--only", "R9", "--reason", "误报").status == 1
    (shown,) = scenario("cancel", merged, "--reason", "误报", "--json").printed
    assert (shown["delivery"], shown["documents"], shown["state"]) == (merged, ["R1", "R2"], "cancelled")
    scenario("run")
    assert money(scenario) == []


@pytest.fixture
def refusing(scenario):
    """Its master data is read; then an account and a person of R2 change in the ERP."""
    scenario.today(DAY)
    scenario("run")
    yield scenario
    scenario.erp.seed(
        {
            "accounts": [{"code": "2221.01.01", "dimensions": []}],
            "dimensions": {"employee": [{"code": "E0002", "forbidden": False}]},
        }
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"accounts": [{"code": "2221.01.01", "dimensions": ["department"]}]}, "DIMENSION_MISSING"),
        ({"dimensions": {"employee": [{"code": "E0002", "forbidden": True}]}}, "KINGDEE_9"),
    ],
)
def test_whose_line_the_erp_refuses_is_held_and_the_other_is_booked(refusing, change, code):
    """Kingdee names the line in its message alone."""
    refusing.erp.seed(change)
    refusing.push()
    assert money(refusing) == [{"E0001": "500.00"}]
    assert (refusing.row("R1")["state"], refusing.row("R2")["state"]) == ("delivered", "held")
    (problem,) = refusing.row("R2")["problems"]
    assert problem["code"] == code
    assert problem["path"].startswith("FEntity[")


def test_a_refusal_that_names_no_line_is_shown_to_each_of_them(scenario):
    scenario.refuse(match="R1–R2")
    scenario.push(on=DAY)
    for number in ("R1", "R2"):
        (row,) = scenario("status", number, "--json").printed
        assert (row["documents"], row["state"], row["problems"][0]["code"]) == (["R1", "R2"], "rejected", "KINGDEE_8")
        assert "KINGDEE_8" in scenario("trace", number).out
    (cause,) = [one for one in scenario("status", "--by", "cause", "--json").printed if one["code"] == "KINGDEE_8"]
    assert (cause["documents"], cause["amount"]) == (["R1", "R2"], "818.00")
