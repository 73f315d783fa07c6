"""No invoice is claimed for more than it says, by however many reports (posting-rules.md §2, step 2)."""

from __future__ import annotations

import flow_erp
from flow_documents import report

INVOICE = {"id": "v1", "kind": "普票", "number": "25312000000012345678", "gross": "300.00", "buyer": "A01"}


def claiming(number, share, *, day=18, state="approved", **changes):
    made = report(number, share, day=day, state=state, **changes)
    made["lines"][0]["invoices"] = [{"id": "v1", "share": share}]
    made["invoices"] = [dict(INVOICE)]
    return made


def test_two_reports_share_an_invoice(shop):
    assert shop.push(claiming("R1", "100.00"), claiming("R2", "200.00")) == [("R1", "delivered"), ("R2", "delivered")]


def test_together_they_claim_too_much(shop):
    states = shop.push(claiming("R1", "200.00"), claiming("R2", "200.00"))
    assert states == [("R1", "delivered"), ("R2", "held", "INVOICE_OVERCLAIMED")]
    (problem,) = shop.rows()[-1]["problems"]
    assert "R2 200.00, R1 200.00" in problem["message"]
    assert len(flow_erp.BOOKED) == 1


def test_what_is_withdrawn_gives_it_back(shop):
    shop.push(claiming("R1", "300.00"))
    assert shop.push(claiming("R2", "300.00"))[-1] == ("R2", "held", "INVOICE_OVERCLAIMED")
    states = shop.push(claiming("R1", "300.00", day=19, state="rejected"))
    assert ("R2", "delivered") in states


def test_what_is_corrected_gives_it_back(shop):
    shop.push(claiming("R1", "300.00"))
    shop.push(claiming("R2", "100.00"))
    states = shop.push(claiming("R1", "200.00", day=19))
    assert states[-1] == ("R2", "delivered")
    assert [row[1] for row in states] == ["reversed", "delivered", "delivered", "delivered"]


def test_told_again_it_claims_nothing_more(shop):
    shop.push(claiming("R1", "300.00"))
    assert shop.push(claiming("R1", "300.00", day=20, state="paid")) == [("R1", "delivered")]


def test_an_invoice_without_a_number_is_nobodys_double(shop):
    one, two = claiming("R1", "300.00"), claiming("R2", "300.00")
    for made in (one, two):
        del made["invoices"][0]["number"]
    assert shop.push(one, two) == [("R1", "delivered"), ("R2", "delivered")]
