"""What is booked is brought in line with what a document says now (posting-rules.md §10, scenario 10)."""

from __future__ import annotations

from decimal import Decimal

import flow_erp
import pytest
from books import balance, dates, vouchers
from flow_documents import loan, report

from dougong.flow.actions import ActionError
from dougong.flow.undoing import reverse


@pytest.fixture
def rules(shop):
    """Changes words of the project's rules."""
    return shop.change


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


def test_a_difference_back_again(shop, rules):
    rules('change      = "red_and_new"', 'change      = "difference"')
    shop.push(report())
    shop.push(report(amount="250.00", day=19))
    assert [row[1] for row in shop.push(report(day=20))] == ["delivered"] * 3
    assert vouchers()[2] == [("C", "2241.01", "50.00"), ("D", "6602.02", "50.00")]
    shop.push(report(amount="310.00", day=21))
    assert vouchers()[3] == [("C", "2241.01", "10.00"), ("D", "6602.02", "10.00")]
    assert balance("2241.01") == -310


def test_a_difference_that_was_never_sent_leaves_nothing_to_go_back_to(shop, rules):
    rules('change      = "red_and_new"', 'change      = "difference"')
    shop.push(report())
    flow_erp.DOWN.add("2241.01")
    assert shop.push(report(amount="250.00", day=19))[-1][1] == "ready"
    flow_erp.DOWN.clear()
    assert [row[1] for row in shop.push(report(day=20))] == ["delivered", "cancelled"]
    assert balance("2241.01") == -300


@pytest.fixture
def complemented(shop, rules):
    """A report of 300.00 and two differences that make it 450.00."""
    rules('change      = "red_and_new"', 'change      = "difference"')
    shop.push(report())
    shop.push(report(amount="500.00", day=19))
    shop.push(report(amount="450.00", day=20))
    assert (balance("2241.01"), len(flow_erp.BOOKED)) == (-450, 3)
    return shop


@pytest.mark.parametrize("then", ["withdrawn", "red_and_new", "reverse"])
def test_what_has_differences_is_taken_back_with_them(complemented, rules, then):
    if then == "reverse":
        assert len(complemented.act(reverse, 1)) == 3
        complemented.push()
    elif then == "withdrawn":
        assert complemented.push(report(amount="450.00", state="rejected", day=24))[-1] == ("R1", "withdrawn")
    else:
        rules('change      = "difference"', 'change      = "red_and_new"')
        complemented.push(report(amount="600.00", day=24))
    told = [(row["moment"], row["state"]) for row in complemented.rows() if row["delivery"]]
    gone = [(moment, "reversed") for moment in ("accrual", "difference", "difference")]
    new = [("accrual", "delivered")] if then == "red_and_new" else []
    assert told == [*gone, *[("reversal", "delivered")] * 3, *new]
    assert sorted(vouchers()[3:6]) == [
        [("C", "2241.01", "-200.00"), ("D", "6602.02", "-200.00")],
        [("C", "2241.01", "-300.00"), ("D", "6602.02", "-300.00")],
        [("C", "2241.01", "50.00"), ("D", "6602.02", "50.00")],
    ]
    assert balance("2241.01") == (-600 if new else 0)
    before = len(flow_erp.BOOKED)
    complemented.push(report(amount="600.00" if new else "450.00", day=24, state="approved" if new else "rejected"))
    assert len(flow_erp.BOOKED) == before


def test_the_plan_takes_back_differences_too(complemented, rules):
    from dougong.flow import Project
    from dougong.formats import document_from_json
    from dougong.model.sources import SourceDocument
    from dougong.plan import plan_documents

    rules('change      = "difference"', 'change      = "red_and_new"')
    with Project(complemented.folder) as project:
        told = document_from_json(report(amount="600.00", day=24))
        plan = list(plan_documents(project, [SourceDocument(told)]))
    assert [(one.draft.moment, one.corrects.split()[0] if one.corrects else "") for one in plan] == [
        ("reversal", "D1"),
        ("reversal", "D2"),
        ("reversal", "D3"),
        ("accrual", ""),
    ]
    assert plan[-1].waits_for == ("reversal D1", "reversal D2", "reversal D3")


def test_a_difference_goes_with_what_it_complements(complemented):
    with pytest.raises(ActionError, match="goes with the voucher that it complements"):
        complemented.act(reverse, 2)


def test_a_difference_that_was_not_sent_is_given_up_with_its_accrual(shop, rules):
    rules('change      = "red_and_new"', 'change      = "difference"')
    shop.push(report())
    flow_erp.DOWN.add("500")
    flow_erp.DOWN.add("200")
    assert shop.push(report(amount="500.00", day=20))[1][:2] == ("R1", "ready")
    flow_erp.DOWN.clear()
    shop.act(reverse, 1)
    assert [row[1] for row in shop.push()] == ["reversed", "cancelled", "delivered"]
    assert balance("2241.01") == 0


@pytest.mark.parametrize("amount", ["450.00", "600.00"])
@pytest.mark.parametrize("gone", ["-300.00", "-200.00"])
def test_halfway_back_there_is_no_return(complemented, gone, amount):
    """One of three red vouchers is there: what the document says then is booked whole when all are."""
    flow_erp.DOWN.update({"-300.00", "-200.00", '"amount":50.00'} - {gone})
    complemented.push(report(amount="450.00", state="rejected", day=24))
    assert balance("2241.01") == Decimal("-450.00") - Decimal(gone)
    states = complemented.push(report(amount=amount, day=25))
    assert states[-1] == ("R1", "held", "WAITS_FOR")
    flow_erp.DOWN.clear()
    assert complemented.push()[-1] == ("R1", "delivered")
    assert balance("2241.01") == -Decimal(amount)


def test_before_the_first_red_voucher_there_is(complemented):
    flow_erp.DOWN.add("冲销")
    complemented.push(report(amount="450.00", state="rejected", day=24))
    complemented.push(report(amount="450.00", day=25))
    flow_erp.DOWN.clear()
    assert [row[1] for row in complemented.push()] == ["delivered"] * 3 + ["cancelled"] * 3
    assert len(flow_erp.BOOKED) == 3


def test_what_is_being_taken_back_gets_no_difference(shop, rules):
    rules('change      = "red_and_new"', 'change      = "difference"')
    shop.push(report())
    flow_erp.DOWN.add("冲销")
    shop.push(report(day=19, state="rejected"))
    shop.push(report(amount="250.00", day=20))
    flow_erp.DOWN.clear()
    shop.push()
    assert [row["moment"] for row in shop.rows()] == ["accrual", "reversal", "accrual"]
    assert balance("2241.01") == -250


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
    assert [row[1] for row in shop.push()] == ["reversed", "delivered", "delivered"]
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
