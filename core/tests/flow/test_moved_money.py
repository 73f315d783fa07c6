"""Money that moved is checked against the document and against what was told of it before."""

from __future__ import annotations

import pytest
from books import balance, vouchers
from flow_documents import report

from dougong.flow.actions import cancel

APPROVED = {"id": "a1", "type": "approved", "on": "2026-11-18"}


def transfer(id, amount="300.00", **more):
    return {"id": id, "payee": "E002", "amount": amount, "account": "工行基本户", **more}


def paid(*payments, id="p1", day=20):
    return {"id": id, "type": "paid", "on": f"2026-11-{day}", "payments": list(payments)}


def back(*payments, id="b1", day=23):
    return {"id": id, "type": "payment_returned", "on": f"2026-11-{day}", "payments": list(payments)}


def told(*events):
    """Events of the report alone, as a bank's program tells them."""
    return {"source": "s", "tenant": "T", "type": "expense", "id": "id-R1", "events": list(events)}


def messages(shop):
    return [problem["message"] for row in shop.rows() for problem in row["problems"]]


# -- what came back ---------------------------------------------------------------------------------------------------


def test_a_part_comes_back(shop):
    shop.push(report(events=[APPROVED, paid(transfer("T-1"))]))
    assert shop.push(told(back(transfer("T-1", "100.00"))))[-1] == ("R1", "delivered")
    assert vouchers()[-1] == [("C", "1002.01", "-100.00"), ("D", "2241.01", "-100.00")]
    assert balance("2241.01") == -100


@pytest.mark.parametrize(
    ("returned", "code"),
    [
        (transfer("T-1", "300.01"), "RETURN_ABOVE_PAID"),
        (transfer("T-1", currency="USD"), "RETURN_DIFFERS"),
        (transfer("T-1", payee="E001"), "RETURN_DIFFERS"),
        (transfer("T-9"), "RETURN_UNKNOWN"),
    ],
)
def test_what_was_not_paid_does_not_come_back(shop, returned, code):
    shop.push(report(events=[APPROVED, paid(transfer("T-1"))]))
    before = vouchers()
    assert shop.push(told(back(returned)))[-1] == ("R1", "held", code)
    assert vouchers() == before


def test_a_return_that_was_told_before_its_payment_goes_on(shop):
    assert shop.push(report(events=[APPROVED, back(transfer("T-1"))]))[-1] == ("R1", "held", "RETURN_UNKNOWN")
    assert [row[1] for row in shop.push(told(paid(transfer("T-1"))))] == ["delivered"] * 3
    assert balance("2241.01") == -300
    assert balance("1002.01") == 0


# -- what is owed -----------------------------------------------------------------------------------------------------


def test_paid_too_much(shop):
    assert shop.push(report(events=[APPROVED, paid(transfer("T-1", "382.00"))])) == [
        ("R1", "delivered"),
        ("R1", "held", "PAYMENT_ABOVE_OWED"),
    ]
    assert "owed=300.00 paid before=0.00 this transfer=382.00" in messages(shop)[0]
    assert balance("2241.01") == -300


def test_paid_twice(shop):
    shop.push(report(events=[APPROVED, paid(transfer("T-1"))]))
    again = paid(transfer("T-2"), id="p2", day=21)
    for _ in range(2):
        assert shop.push(told(again))[-1] == ("R1", "held", "PAYMENT_ABOVE_OWED")
    assert balance("2241.01") == 0
    assert shop.push(told(back(transfer("T-1")))) == [("R1", "delivered")] * 4
    assert balance("2241.01") == 0
    assert balance("1002.01") == -300


def test_paid_twice_and_given_up(shop):
    shop.push(report(events=[APPROVED, paid(transfer("T-1"), transfer("T-2"))]))
    assert shop.states()[-1] == ("R1", "held", "PAYMENT_ABOVE_OWED")
    shop.act(cancel, 3)
    assert shop.push(told(paid(transfer("T-2"), id="p2"))) == [
        ("R1", "delivered"),
        ("R1", "delivered"),
        ("R1", "cancelled", "PAYMENT_ABOVE_OWED"),
    ]


def test_the_one_too_many_of_a_batch_lets_the_others_go(shop):
    one = paid(transfer("T-1")) | {"batch": "PB-1"}
    two = paid(transfer("T-2", "300.01")) | {"batch": "PB-1"}
    shop.push(report(events=[APPROVED, one]), report("R2", events=[APPROVED, two]))
    assert sorted(row[:2] for row in shop.states()) == [
        ("R1", "delivered"),
        ("R1", "delivered"),
        ("R2", "delivered"),
        ("R2", "held"),
    ]
    assert balance("1002.01") == -300
