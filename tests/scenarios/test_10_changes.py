"""Scenario 10: changed, told again, paid before the change, deleted and re-numbered in the ERP."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dougong.delivery.send import keys_of
from dougong.model.documents import SourceRef
from dougong.model.identity import Coverage

NUMBER = "B26110020"
DIFFERENCE = ('change      = "red_and_new"', 'change      = "difference"')


@pytest.fixture
def first(scenario):
    """Revision 1 is in the books."""
    scenario.push("loan", "input", on="2026-11-12")
    scenario.holds("loan", "V10.1")
    return scenario


@pytest.fixture
def changed(first):
    """It came back after November was closed."""
    first.close("2026-11")
    first.push("changed", on="2026-12-03")
    return first


def test_v10_1(first):
    assert first.row(NUMBER)["revision"] == 1
    assert first.row(NUMBER)["reference"] == reference(1)


def test_v10_2_and_v10_3(changed):
    changed.holds("loan", "V10.1", "V10.2", "V10.3")
    states = {(row["moment"], row["revision"]): row["state"] for row in changed.rows(NUMBER)}
    assert states["accrual", 1] == "reversed"
    assert states["accrual", 2] == "delivered"
    assert [row["state"] for row in changed.rows(NUMBER, "reversal")] == ["delivered"]


def test_v10_2_of_an_audited_voucher(first):
    first.erp.hand("audit", id=first.row(NUMBER)["erp_id"])
    first.close("2026-11")
    first.push("changed", on="2026-12-03")
    texts = [block.text for block in first.blocks()]
    assert sorted(texts) == sorted(first.expected(name).text for name in ("loan", "V10.1", "V10.2", "V10.3"))


def test_v10_3_waits_for_v10_2(first):
    first.close("2026-11")
    first.refuse()
    first.push("changed", on="2026-12-03")
    first.holds("loan", "V10.1")
    assert [row["state"] for row in first.rows(NUMBER, "reversal")] == ["rejected"]
    (waiting,) = (row for row in first.rows(NUMBER) if row["delivery"] is None)
    assert (waiting["revision"], [problem["code"] for problem in waiting["problems"]]) == (2, ["WAITS_FOR"])
    first.retry(first.rows(NUMBER, "reversal")[0]["delivery"])
    first.holds("loan", "V10.1", "V10.2", "V10.3")


def test_v10_3_told_again(changed):
    changed.push("changed", "changed", on="2026-12-04")
    changed.holds("loan", "V10.1", "V10.2", "V10.3")


def test_v10_4(scenario):
    scenario.change(*DIFFERENCE)
    scenario.push("loan", "input", on="2026-11-12")
    scenario.close("2026-11")
    scenario.push("changed", on="2026-12-03")
    scenario.holds("loan", "V10.1", "V10.4")


def test_v10_4_is_taken_back_with_its_accrual(scenario):
    """A red voucher for each of both: only the loan is left in the books."""
    scenario.change(*DIFFERENCE)
    scenario.push("loan", "input", on="2026-11-12")
    loan = scenario.posting(scenario.row("J1", "loan"))
    scenario.close("2026-11")
    scenario.push("changed", on="2026-12-03")
    scenario("reverse", scenario.row(NUMBER)["delivery"], "--reason", "记错公司")
    scenario("run")
    assert [row["state"] for row in scenario.rows(NUMBER)] == ["reversed", "reversed", "delivered", "delivered"]
    assert balances(scenario.erp.postings()) == balances([loan])


def balances(postings):
    """Debits less credits by account and dimensions, where there is anything."""
    sums = {}
    for line in (line for posting in postings for line in posting["lines"]):
        key = (line["account"], tuple(sorted(line["dimensions"].items())))
        sums[key] = sums.get(key, 0) + Decimal(line["amount"]) * (1 if line["side"] == "D" else -1)
    return {key: amount for key, amount in sums.items() if amount}


def test_a_told_again_without_other_money(first):
    before = first.rows(NUMBER)
    first.push("seen-again", on="2026-11-16")
    first.holds("loan", "V10.1")
    assert first.rows(NUMBER) == before


def test_b_paid_before_the_change(first):
    first.push("paid", on="2026-11-20")
    first.holds("loan", "V10.1", "payment")
    first.close("2026-11")
    first.push("changed", on="2026-12-03")
    first.holds("loan", "V10.1", "payment")
    message = first.problems(NUMBER)["CHANGED_AFTER_POSTING"]
    assert "payment" in message
    assert "held" in {row["state"] for row in first.rows(NUMBER)}


def look_at_the_erp(scenario):
    """The ERP is asked what it holds."""
    scenario("run")
    scenario("reconcile")


def reference(incarnation: int) -> str:
    """Our reference of the accrual in the ERP, by incarnation."""
    document = SourceRef("oa", "T1", "expense", f"id-{NUMBER}")
    key = Coverage(document, "A01", "A01", "accrual", "1").reference(incarnation).base64()
    return keys_of(key, 0)[0].text(20)


def test_c_deleted_in_the_erp(changed):
    row = changed.row(NUMBER)
    assert row["reference"] == reference(2)
    changed.erp.hand("delete", id=row["erp_id"])
    look_at_the_erp(changed)
    changed.holds("loan", "V10.1", "V10.2")
    assert "DELETED_IN_ERP" in {problem["code"] for problem in changed.row(NUMBER)["problems"]}

    changed("repost", row["delivery"], "--reason", "会计误删")
    changed("run")
    changed.holds("loan", "V10.1", "V10.2", "V10.3")
    assert changed.row(NUMBER)["reference"] == reference(3)
    changed("run")
    changed.push("changed")
    changed.holds("loan", "V10.1", "V10.2", "V10.3")


def test_d_renumbered_in_the_erp(first):
    row = first.row(NUMBER)
    assert row["erp_number"] == "记-1"
    first.erp.hand("renumber", id=row["erp_id"], to="记-43")
    look_at_the_erp(first)
    assert first.row(NUMBER)["erp_number"] == "记-43"
    rows = first("feedback", "--json").printed
    assert any("记-43" in str(one["content"]) for one in rows if one["document"] == NUMBER)
    first.holds("loan", "V10.1")


def test_e_a_reversal_is_not_reversed(changed):
    (reversal,) = changed.rows(NUMBER, "reversal")
    refused = changed.customer.dougong("reverse", reversal["delivery"], "--reason", "试试")
    assert refused.status == 1
    assert "ACTION_REFUSED" in refused.err
    changed("run")
    changed.holds("loan", "V10.1", "V10.2", "V10.3")


@pytest.fixture
def drafts(scenario):
    """Vouchers stay drafts in the ERP."""
    config = scenario.customer.folder / "dougong.toml"
    config.write_text(
        config.read_text("utf-8").replace('target_stage = "submitted"', 'target_stage = "draft"'), "utf-8"
    )
    assert 'target_stage = "draft"' in config.read_text("utf-8")
    scenario.push("loan", "input", on="2026-11-12")
    return scenario


def test_a_draft_is_deleted_and_made_anew(drafts):
    before = drafts.row(NUMBER)
    drafts.push("changed", on="2026-12-03")
    assert [row["state"] for row in drafts.rows(NUMBER)] == ["reversed", "delivered"]
    assert drafts.row(NUMBER)["erp_id"] != before["erp_id"]
    assert before["erp_id"] not in {posting["id"] for posting in drafts.erp.postings()}
    assert len(drafts.erp.postings()) == 2
    drafts.push("changed", on="2026-12-04")
    assert len(drafts.erp.postings()) == 2


def test_a_draft_is_reversed_where_the_rules_say_so(drafts):
    drafts.change('draft       = "delete"', 'draft       = "red"')
    drafts.push("changed", on="2026-12-03")
    assert [(row["moment"], row["state"]) for row in drafts.rows(NUMBER)] == [
        ("accrual", "reversed"),
        ("reversal", "delivered"),
        ("accrual", "delivered"),
    ]


def test_a_draft_that_a_person_edited_is_not_deleted(drafts):
    drafts.erp.hand("edit", id=drafts.row(NUMBER)["erp_id"], set={"date": "2026-11-13"})
    drafts.push("changed", on="2026-12-03")
    (parked,) = (row for row in drafts.rows(NUMBER) if row["delivery"])
    assert (parked["state"], parked["reason"]) == ("parked", "edited_in_erp")
    assert len(drafts.erp.postings()) == 2
