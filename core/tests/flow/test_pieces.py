"""A voucher in parts: a set of deliveries that is checked whole, shown as 1/2, taken back whole."""

from __future__ import annotations

from decimal import Decimal

import flow_erp
import pytest
from books import balance
from flow_documents import report

from dougong.flow.actions import ActionError, cancel
from dougong.flow.undoing import reverse
from dougong.model.operations import Limits

#: Lines of a report; the voucher has one more, and the ERP takes fewer.
MANY, MOST = 10, 8


@pytest.fixture
def long_ones(shop, monkeypatch):
    """The rules want vouchers that are too long for the ERP in parts, through an account that is in the ERP."""
    monkeypatch.setattr(flow_erp, "LIMITS", Limits(max_lines=MOST))
    path = shop.folder / "rules" / "a01.toml"
    text = path.read_text("utf-8").replace("[accounts]", '[accounts]\nclearing = "1221.02"', 1)
    text = text.replace("[moments.accrual]", '[moments.accrual]\nover_limit = "split"\nclearing = "clearing"', 1)
    path.write_text(text, "utf-8")
    return shop


def long_report(amount="1.00", **changes):
    lines = [{"id": str(at), "fee_type": "差旅费", "gross": amount, "expense_date": "2026-11-12"} for at in range(MANY)]
    total = str(MANY * Decimal(amount))
    return report(amount=total, **changes) | {"lines": lines}


def counts():
    return sorted(len(body["lines"]) for body in flow_erp.BOOKED.values())


def test_both_parts_are_booked(long_ones):
    assert long_ones.push(long_report()) == [("R1", "delivered"), ("R1", "delivered")]
    assert counts() == [5, 8]
    assert balance("2241.01") == -MANY
    assert balance("1221.02") == 0
    assert [row["set"] for row in long_ones.rows()] == [{"delivered": 2, "of": 2}] * 2


def test_one_part_is_there_and_the_other_comes_later(long_ones):
    flow_erp.DOWN.add('"2241.01"')
    assert [row[1] for row in long_ones.push(long_report())] == ["delivered", "ready"]
    assert long_ones.rows()[0]["set"] == {"delivered": 1, "of": 2}
    flow_erp.DOWN.clear()
    assert [row[1] for row in long_ones.push()] == ["delivered", "delivered"]
    assert counts() == [5, 8]


@pytest.mark.parametrize(("late", "code"), [("分单 1/2", "PIECES_CHANGED"), ("分单 2/2", "BOOKING_GONE")])
def test_the_rest_is_held_when_it_would_be_cut_otherwise(long_ones, late, code):
    flow_erp.DOWN.add(late)
    long_ones.push(long_report())
    flow_erp.DOWN.clear()
    path = long_ones.folder / "rules" / "a01.toml"
    text = path.read_text("utf-8")
    path.write_text(text.replace('amount  = "slice.cost"', 'amount  = "slice.cost"\nmerge_lines = true', 1), "utf-8")
    assert sorted(long_ones.push()) == [("R1", "delivered"), ("R1", "held", code)]
    path.write_text(text, "utf-8")
    assert [row[1] for row in long_ones.push()] == ["delivered", "delivered"]


@pytest.mark.parametrize("change", ["red_and_new", "difference"])
def test_other_content_takes_both_parts_back(long_ones, change):
    path = long_ones.folder / "rules" / "a01.toml"
    path.write_text(
        path.read_text("utf-8").replace('change      = "red_and_new"', f'change      = "{change}"'), "utf-8"
    )
    long_ones.push(long_report())
    states = [row[1] for row in long_ones.push(long_report("2.00", day=19))]
    assert states == ["reversed", "reversed", *["delivered"] * 4]
    assert balance("2241.01") == -2 * MANY
    assert balance("1221.02") == 0


def test_one_part_is_not_taken_back(long_ones):
    long_ones.push(long_report())
    with pytest.raises(ActionError, match="`reverse D1 D2`"):
        long_ones.act(reverse, 2)


def test_a_part_that_is_not_made_any_more_is_given_up_by_itself(long_ones):
    flow_erp.DOWN.add("分单")
    long_ones.push(long_report())
    with pytest.raises(ActionError, match="`cancel D1 D2`"):
        long_ones.act(cancel, 2)
    flow_erp.DOWN.add("出差")
    path = long_ones.folder / "rules" / "a01.toml"
    text = path.read_text("utf-8")
    path.write_text(text.replace('amount  = "slice.cost"', 'amount  = "slice.cost"\nmerge_lines = true', 1), "utf-8")
    assert long_ones.push()[1] == ("R1", "held", "BOOKING_GONE")
    long_ones.act(cancel, 2)
    flow_erp.DOWN.clear()
    long_ones.push()
    assert counts() == [2]
