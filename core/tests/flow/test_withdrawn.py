"""A `withdrawn` event takes a report back like a newer state `rejected`, however it is told."""

from __future__ import annotations

import flow_erp
import pytest
from flow_documents import report

APPROVED = {"id": "a1", "type": "approved", "on": "2026-11-18"}
WITHDRAWN = {"id": "w1", "type": "withdrawn", "on": "2026-11-19"}
AGAIN = {"id": "a2", "type": "approved", "on": "2026-11-20"}


@pytest.fixture(params=["document", "events"])
def told(request):
    """Events as a source tells them: with their document, or alone."""

    def tell(*events):
        full = report(events=list(events))
        if request.param == "document":
            return full
        return {name: full[name] for name in ("source", "tenant", "type", "id", "events")}

    return tell


def test_in_one_file_nothing_is_booked(shop):
    assert shop.push(report(events=[APPROVED, WITHDRAWN])) == [("R1", "not_due", "NOT_DUE")]
    assert flow_erp.BOOKED == {}


def test_told_before_its_document(shop, told):
    shop.push(told(WITHDRAWN))
    assert shop.push(report()) == [("R1", "not_due", "NOT_DUE")]
    assert flow_erp.BOOKED == {}


def test_before_it_was_sent(shop, told):
    assert shop.push(report(fee_type="培训费")) == [("R1", "held", "ACCOUNT_NOT_DETERMINED")]
    back = told(WITHDRAWN)
    for line in back.get("lines", ()):
        line["fee_type"] = "培训费"
    states = shop.push(back)
    assert [row[:2] for row in states] == [("R1", "cancelled"), ("R1", "not_due")]

    table = shop.folder / "tables" / "expense_account.csv"
    table.write_bytes(table.read_bytes() + "培训费,*,*,6602.02,2020-01-01,,\n".encode())
    assert [row[:2] for row in shop.push()] == [("R1", "cancelled"), ("R1", "not_due")]


def test_after_it_was_sent_and_approved_again(shop, told):
    shop.push(report())
    assert shop.push(told(APPROVED, WITHDRAWN)) == [
        ("R1", "reversed"),
        ("R1", "delivered"),
        ("R1", "withdrawn"),
    ]
    assert shop.push(told(APPROVED, WITHDRAWN, AGAIN))[-1] == ("R1", "delivered")
    assert len(flow_erp.BOOKED) == 3


def test_never_sent_and_approved_again(shop, told):
    shop.push(report(events=[APPROVED, WITHDRAWN]))
    assert shop.push(told(AGAIN)) == [("R1", "delivered")]
    assert len(flow_erp.BOOKED) == 1
