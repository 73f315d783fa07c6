"""Repost and reverse: what a person asks for once more, or asks to be taken back."""

from __future__ import annotations

import sqlite3

import flow_erp
import pytest
from books import balance, vouchers
from flow_documents import loan, report
from test_payments import APPROVED, paid, repayment

from dougong.flow.actions import ActionError, cancel
from dougong.flow.undoing import repost, reverse


def _sql(shop, statement):
    with sqlite3.connect(shop.folder / "ledger.db") as ledger:
        return ledger.execute(statement).fetchall()


def _repost(project, ids, **how):
    return repost(project, ids[0], **how)


def test_a_voucher_that_was_deleted_is_booked_again_under_a_new_reference(shop):
    shop.push(report())
    _sql(shop, "UPDATE delivery SET state = 'parked', reason = 'deleted_in_erp'")
    shop.act(_repost, 1)
    assert shop.push() == [("R1", "cancelled"), ("R1", "delivered")]
    assert _sql(shop, "SELECT incarnation, reason FROM delivery ORDER BY id") == [(1, "reposted"), (2, "")]
    assert len(flow_erp.BOOKED) == 2
    assert _sql(shop, "SELECT actor FROM audit WHERE event = 'repost' AND subject = 'delivery:1'") == [("li",)]


def test_nothing_is_booked_again_on_a_persons_word_alone(shop):
    shop.push(report())
    with pytest.raises(ActionError, match="cannot be searched"):
        shop.act(_repost, 1)
    assert shop.push() == [("R1", "delivered")]


@pytest.mark.parametrize("state", ["held", "unknown", "ready", "rejected"])
def test_only_what_was_there_is_reposted(shop, state):
    shop.push(report())
    _sql(shop, f"UPDATE delivery SET state = '{state}'")
    with pytest.raises(ActionError):
        shop.act(_repost, 1)


def test_reversed_by_a_person_it_stays_so(shop):
    shop.push(report())
    shop.act(reverse, 1)
    assert [row[:2] for row in shop.push()] == [("R1", "reversed"), ("R1", "delivered")]
    assert vouchers()[1] == [("C", "2241.01", "-300.00"), ("D", "6602.02", "-300.00")]

    again = report(day=20, state="paid")
    again["events"].append({"id": "a2", "type": "approved", "on": "2026-11-19"})
    shop.push(again)
    assert balance("2241.01") == 0, "told again, it is not booked again"
    shop.push(report(amount="250.00", day=21, state="paid"))
    assert balance("2241.01") == -250


def test_a_reversal_is_not_reversed(shop):
    shop.push(report())
    shop.act(reverse, 1)
    shop.push()
    with pytest.raises(ActionError, match="is not reversed"):
        shop.act(reverse, 2)
    with pytest.raises(ActionError, match="only what is delivered"):
        shop.act(reverse, 1)


def test_what_is_paid_is_reversed_together_with_its_payment(shop):
    shop.push(report(events=[APPROVED, paid("R1", "300.00")]))
    assert [row["moment"] for row in shop.rows()] == ["accrual", "payment"]
    with pytest.raises(ActionError, match="D2 books money paid for it"):
        shop.act(reverse, 1)
    shop.act(reverse, 1, 2)
    shop.push()
    assert balance("2241.01") == balance("1002.01") == 0


# -- loans ------------------------------------------------------------------------------------------------------------


def test_a_loan_is_not_reversed_under_what_clears_it(shop):
    shop.push(loan(), report(loans=[("L1", "140.00")]))
    shop.push(repayment())
    with pytest.raises(ActionError, match=r"D2 \(R1\), D3 \(H1\) clears this loan.*`reverse D1 D2 D3`"):
        shop.act(reverse, 1)
    with pytest.raises(ActionError, match=r"D3 \(H1\) clears"):
        shop.act(reverse, 1, 2)
    shop.act(reverse, 1, 2, 3)
    assert [row[1] for row in shop.push()] == ["reversed"] * 3 + ["delivered"] * 3
    assert balance("1221.01") == balance("1002.01") == balance("2241.01") == 0


def test_a_loan_whose_write_off_is_taken_back_goes_alone(shop):
    shop.push(loan(), report(loans=[("L1", "140.00")]))
    shop.act(reverse, 2)
    shop.push()
    shop.act(reverse, 1)
    shop.push()
    assert balance("1221.01") == 0


def test_what_is_left_of_a_loan_may_bear_its_write_off(shop):
    told = loan()
    first = told["events"][1]
    first["payments"][0]["amount"] = "100.00"
    second = {**first, "id": "p2", "payments": [{**first["payments"][0], "id": "p-2"}]}
    shop.push({**told, "events": [*told["events"], second]}, report(loans=[("L1", "100.00")]))
    assert [row["moment"] for row in shop.rows()] == ["loan", "loan", "accrual"]
    shop.act(reverse, 1)
    shop.push()
    assert balance("1221.01") == 0
    with pytest.raises(ActionError, match=r"D3 \(R1\) clears this loan"):
        shop.act(reverse, 2)


def test_a_loan_is_taken_back_after_what_stands_on_it_or_not_at_all(shop):
    """Its red voucher waits for theirs; what clears it in the meantime holds it."""
    shop.push(loan(), report(loans=[("L1", "140.00")]))
    flow_erp.DOWN.add("冲销")
    shop.act(reverse, 1, 2)
    assert [row[1:] for row in shop.push()[2:]] == [("blocked",), ("ready", "NOT_SENT")]
    shop.act(cancel, 4)
    flow_erp.DOWN.clear()
    assert shop.push()[2][1:] == ("held", "STANDS_ON_IT")
    assert "`reverse D2` as well, then retry D3" in shop.rows()[2]["problems"][0]["hint"]
    assert balance("1221.01") == 60


def test_a_loan_that_changes_under_its_write_off_is_held_with_their_names(shop):
    shop.push(loan(), report(loans=[("L1", "140.00")]))
    assert shop.push(loan(amount="300.00", day=20))[-1] == ("L1", "held", "CHANGED_AFTER_POSTING")
    (problem,) = shop.rows()[-1]["problems"]
    assert "D1 loan (delivered), D2 R1 accrual (delivered)" in problem["message"]
    assert "`reverse D1 D2`" in problem["hint"]
