"""What is booked is brought in line with what a document says now (posting-rules.md §10, scenario 10)."""

from __future__ import annotations

import flow_erp
import pytest
from books import balance, dates, vouchers
from flow_documents import loan, report

from dougong.flow.actions import ActionError
from dougong.flow.undoing import reverse


@pytest.fixture
def rules(shop):
    """Changes words of the project's rules."""

    def change(old, new):
        path = shop.folder / "rules" / "a01.toml"
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    return change


def test_red_and_new(shop):
    shop.push(loan(), report(loans=[("L1", "100.00")]))
    states = shop.push(report(amount="250.00", day=19, loans=[("L1", "100.00")]))
    assert states == [("L1", "delivered"), ("R1", "reversed"), ("R1", "delivered"), ("R1", "delivered")]
    red, new = vouchers()[2:]
    assert red == [("C", "1221.01", "-100.00"), ("C", "2241.01", "-200.00"), ("D", "6602.02", "-300.00")]
    assert new == [("C", "1221.01", "100.00"), ("C", "2241.01", "150.00"), ("D", "6602.02", "250.00")]
    assert [row["moment"] for row in shop.rows()] == ["loan", "accrual", "reversal", "accrual"]
    assert dates()[2] == "2026-11-19"
    assert balance("1221.01") == 100


def test_there_and_back_again(shop):
    shop.push(report())
    shop.push(report(amount="250.00", day=19))
    shop.push(report(day=20))
    assert [row[1] for row in shop.states()] == ["reversed", "delivered", "reversed", "delivered", "delivered"]
    assert balance("2241.01") == -300


def test_the_old_voucher_stays_until_the_new_one_can_be_made(shop):
    shop.push(report())
    assert shop.push(report(fee_type="培训费", day=19))[-1] == ("R1", "held", "ACCOUNT_NOT_DETERMINED")
    assert len(flow_erp.BOOKED) == 1
    table = shop.folder / "tables" / "expense_account.csv"
    table.write_bytes(table.read_bytes() + "培训费,*,*,6602.02,2020-01-01,,\n".encode())
    assert [row[1] for row in shop.push()] == ["reversed", "delivered", "delivered"]


def test_a_difference(shop, rules):
    rules('change      = "red_and_new"', 'change      = "difference"')
    shop.push(report())
    assert shop.push(report(amount="250.00", day=19)) == [("R1", "delivered"), ("R1", "delivered")]
    assert vouchers()[1] == [("C", "2241.01", "-50.00"), ("D", "6602.02", "-50.00")]
    shop.push(report(amount="260.00", day=20))
    assert vouchers()[2] == [("C", "2241.01", "10.00"), ("D", "6602.02", "10.00")]
    assert balance("2241.01") == -260


@pytest.mark.parametrize("then", ["withdrawn", "red_and_new", "reverse"])
def test_what_has_a_difference_is_not_taken_back_without_it(shop, rules, then):
    rules('change      = "red_and_new"', 'change      = "difference"')
    shop.push(report())
    shop.push(report(amount="500.00", day=20))
    assert balance("2241.01") == -500
    if then == "reverse":
        with pytest.raises(ActionError, match="D2 complements it"):
            shop.act(reverse, 1)
    elif then == "withdrawn":
        assert shop.push(report(amount="500.00", state="rejected", day=24))[-1][1:] == (
            "held",
            "WITHDRAWN_AFTER_POSTING",
        )
    else:
        rules('change      = "difference"', 'change      = "red_and_new"')
        assert shop.push(report(amount="600.00", day=24))[-1][1:] == ("held", "CHANGED_AFTER_POSTING")
    assert balance("2241.01") == -500


def test_a_difference_of_nothing(shop, rules):
    rules('change      = "red_and_new"', 'change      = "difference"')
    shop.push(report())
    other = report(day=19)
    other["lines"][0]["expense_date"] = "2026-11-13"
    assert shop.push(other) == [("R1", "delivered")]
    assert shop.push(report(day=20)) == [("R1", "delivered")]
    assert len(flow_erp.BOOKED) == 1


def test_hold(shop, rules):
    rules('change      = "red_and_new"', 'change      = "hold"')
    shop.push(report())
    assert shop.push(report(amount="250.00", day=19)) == [("R1", "delivered"), ("R1", "held", "CHANGED_AFTER_POSTING")]
    assert shop.push(report(day=20)) == [("R1", "delivered")]


def test_withdrawn(shop):
    shop.push(report())
    assert shop.push(report(day=19, state="rejected")) == [("R1", "reversed"), ("R1", "delivered"), ("R1", "withdrawn")]
    assert balance("2241.01") == 0
    assert shop.push(report(day=20))[-1] == ("R1", "delivered")
    assert balance("2241.01") == -300
    assert len(flow_erp.BOOKED) == 3


def test_what_was_paid_is_for_a_person(shop):
    payment = {"payee": "E002", "amount": "300.00", "account": "工行基本户"}
    events = [
        {"id": "a1", "type": "approved", "on": "2026-11-18"},
        {"id": "p1", "type": "paid", "on": "2026-11-20", "payments": [payment]},
    ]
    shop.push(report(events=events))
    assert shop.push(report(amount="250.00", day=21, events=events))[-1] == ("R1", "held", "CHANGED_AFTER_POSTING")
    assert "payment" in shop.rows()[-1]["problems"][0]["message"]
    assert len(flow_erp.BOOKED) == 2


def test_the_reversal_is_refused_by_an_erp_that_is_down_and_goes_on_later(shop):
    shop.push(report())
    flow_erp.DOWN.add("冲销")
    states = shop.push(report(amount="250.00", day=19))
    assert states == [("R1", "delivered"), ("R1", "ready", "NOT_SENT"), ("R1", "held", "WAITS_FOR")]
    flow_erp.DOWN.clear()
    assert [row[1] for row in shop.push()] == ["reversed", "delivered", "delivered"]


def test_changed_once_more_while_the_reversal_waits(shop):
    shop.push(report())
    flow_erp.DOWN.add("冲销")
    shop.push(report(amount="250.00", day=19))
    shop.push(report(amount="200.00", day=20))
    flow_erp.DOWN.clear()
    assert [row[1] for row in shop.push()] == ["reversed", "cancelled", "delivered", "delivered"]
    assert balance("2241.01") == -200
    assert len(flow_erp.BOOKED) == 3


def test_a_second_time_in_another_month(shop):
    shop.push(report())
    other = report(amount="250.00")
    other["updated_at"] = "2026-12-03T10:00:00+08:00"
    shop.push(other)
    assert dates() == ["2026-11-18", "2026-11-30", "2026-11-18"]


def test_back_to_what_is_booked_while_the_reversal_waits(shop):
    shop.push(report())
    flow_erp.DOWN.add("冲销")
    shop.push(report(day=19, state="rejected"))
    shop.push(report(day=20))
    flow_erp.DOWN.clear()
    assert [row[1] for row in shop.push()] == ["delivered", "cancelled"]
    assert len(flow_erp.BOOKED) == 1
