"""Money that moved is checked against the document and against what was told of it before."""

from __future__ import annotations

import pytest
from books import balance, vouchers
from flow_documents import report

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
