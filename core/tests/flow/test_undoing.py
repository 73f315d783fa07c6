"""Repost and reverse: what a person asks for once more, or asks to be taken back."""

from __future__ import annotations

import sqlite3

import flow_erp
import pytest
from books import balance, vouchers
from flow_documents import loan, report
from test_merging import other
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


@pytest.fixture
def own_way(monkeypatch):
    """The ERP has a reversal of its own."""
    monkeypatch.setattr(flow_erp, "VERBS", ["create", "reverse"])


def test_a_red_voucher_names_what_it_takes_back(shop):
    shop.push(report())
    shop.act(reverse, 1)
    assert [row[:2] for row in shop.push()] == [("R1", "reversed"), ("R1", "delivered")]
    assert [one.get("back") for one in flow_erp.BOOKED.values()] == [None, "N-1"]
    assert _sql(shop, "SELECT verb FROM delivery ORDER BY id") == [("create",), ("create",)]


def test_it_goes_the_erps_own_way_where_there_is_one(shop, own_way):
    shop.push(report())
    shop.act(reverse, 1)
    assert [row[:2] for row in shop.push()] == [("R1", "reversed"), ("R1", "delivered")]
    assert _sql(shop, "SELECT verb FROM delivery ORDER BY id") == [("create",), ("reverse",)]


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


def test_reversed_by_a_person_it_is_booked_again_when_a_person_wants_it(shop):
    shop.push(report())
    shop.act(reverse, 1)
    with pytest.raises(ActionError, match="its reversal D2 is not delivered yet"):
        shop.act(_repost, 1)
    shop.push()
    shop.act(_repost, 1)
    assert [row[1] for row in shop.push()] == ["reversed", "delivered", "delivered"]
    assert _sql(shop, "SELECT moment, incarnation FROM delivery ORDER BY id") == [
        ("accrual", 1), ("reversal", 1), ("accrual", 2),
    ]  # fmt: skip
    assert len(flow_erp.BOOKED) == 3
    assert balance("2241.01") == -300
    assert _sql(shop, "SELECT actor, detail LIKE '%D1%' FROM audit WHERE event = 'repost'") == [("li", 1)]
    with pytest.raises(ActionError, match="no person reversed it"):
        shop.act(_repost, 1)


def test_with_its_differences_it_is_booked_again_as_one(shop):
    rules = shop.folder / "rules" / "a01.toml"
    old = 'change      = "red_and_new"'
    rules.write_text(rules.read_text("utf-8").replace(old, 'change      = "difference"'), "utf-8")
    shop.push(report())
    shop.push(report(amount="450.00", day=20))
    shop.act(reverse, 1)
    shop.push()
    shop.act(_repost, 1)
    assert shop.push()[-1] == ("R1", "delivered")
    assert vouchers()[-1] == [("C", "2241.01", "450.00"), ("D", "6602.02", "450.00")]
    assert balance("2241.01") == -450


def test_what_other_content_has_taken_the_place_of_is_not_booked_again(shop):
    shop.push(report())
    shop.act(reverse, 1)
    shop.push()
    shop.push(report(amount="250.00", day=21))
    with pytest.raises(ActionError, match="D3 has taken its place"):
        shop.act(_repost, 1)


def test_what_the_rules_took_back_is_not_booked_again_by_hand(shop):
    shop.push(report())
    shop.push(report(day=19, state="rejected"))
    with pytest.raises(ActionError, match="no person reversed it"):
        shop.act(_repost, 1)


def test_a_reversal_that_is_cancelled_leaves_no_trace(shop):
    """What stands is wanted: withdrawn and approved again later, it is booked again."""
    shop.push(report())
    shop.act(reverse, 1)
    shop.act(cancel, 2)
    shop.push(report(day=20, state="rejected"))
    assert balance("2241.01") == 0
    assert shop.push(report(day=21))[-1] == ("R1", "delivered")
    assert balance("2241.01") == -300


# -- merged vouchers --------------------------------------------------------------------------------------------------


@pytest.fixture
def batch(shop):
    """Two reports, paid by one voucher."""
    events = [APPROVED, paid("R1", "300.00", batch="PB1")]
    two = other("R2", events=[APPROVED, {**events[1], "payments": [{**events[1]["payments"][0], "payee": "E003"}]}])
    shop.push(report("R1", events=events), two)
    (delivery,) = (row["delivery"] for row in shop.rows() if row["documents"] == ["R1", "R2"])
    shop.payment = int(delivery[1:])
    return shop


def test_of_a_payment_batch_one_reports_part_is_taken_back(batch):
    with pytest.raises(ActionError, match=rf"`reverse D1 D{batch.payment} --only R1`"):
        batch.act(reverse, 1)
    batch.act(reverse, 1, batch.payment, only={1: ["R1"], batch.payment: ["R1"]})
    batch.push()
    assert (balance("1002.01"), balance("6602.02"), balance("2241.01")) == (-300, 300, 0)
    states = {(row["moment"], *row["documents"]): row["state"] for row in batch.rows()}
    assert (states["accrual", "R1"], states["accrual", "R2"]) == ("reversed", "delivered")
    assert states["payment", "R1", "R2"] == "delivered"

    booked = len(flow_erp.BOOKED)
    again = [
        *report()["events"],
        paid("R1", "300.00", batch="PB1"),
        {"id": "a2", "type": "approved", "on": "2026-11-21"},
    ]
    batch.push(report("R1", day=22, state="paid", events=again))
    assert len(flow_erp.BOOKED) == booked, "told again, neither is booked again"
    with pytest.raises(ActionError, match=rf"D{batch.payment} \(R1, R2\) books money paid"):
        batch.act(reverse, next(int(row["delivery"][1:]) for row in batch.rows() if row["documents"] == ["R2"]))

    batch.act(_repost, 1)
    batch.act(_repost, batch.payment)
    batch.push()
    assert (balance("1002.01"), balance("6602.02"), balance("2241.01")) == (-600, 600, 0)


def test_a_part_of_a_merged_voucher_is_taken_back_by_an_ordinary_one(batch, own_way):
    batch.act(reverse, batch.payment, only={batch.payment: ["R2"]})
    batch.push()
    assert [one.get("back") for one in flow_erp.BOOKED.values()] == [None] * 4
    assert {verb for (verb,) in _sql(batch, "SELECT verb FROM delivery")} == {"create"}


def test_a_merged_voucher_is_taken_back_whole(batch):
    batch.act(reverse, batch.payment)
    batch.push()
    assert vouchers()[-1] == [("C", "1002.01", "-600.00"), ("D", "2241.01", "-300.00"), ("D", "2241.01", "-300.00")]
    assert balance("1002.01") == 0


def test_the_rest_of_a_merged_voucher(batch):
    batch.act(reverse, batch.payment, only={batch.payment: ["R2"]})
    batch.push()
    batch.act(reverse, batch.payment)
    batch.push()
    assert balance("1002.01") == 0
    assert [row["state"] for row in batch.rows() if row["moment"] == "payment"][-1] == "reversed"
    with pytest.raises(ActionError, match="only what is delivered"):
        batch.act(reverse, batch.payment, only={batch.payment: ["R1"]})


def test_only_documents_that_are_in_it(batch):
    with pytest.raises(ActionError, match="it books nothing of R9"):
        batch.act(reverse, batch.payment, only={batch.payment: ["R9"]})


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
    assert "`dougong reverse D1 D2 --reason …`" in problem["hint"]


def test_what_a_person_took_back_is_booked_when_it_comes_again_after_other_content(shop):
    shop.push(report())
    shop.act(reverse, 1)
    shop.push()
    shop.push(report(amount="250.00", day=20))
    assert balance("2241.01") == -250
    shop.push(report(day=21))
    assert balance("2241.01") == -300
    shop.push(report(day=22, state="paid"))
    assert balance("2241.01") == -300
