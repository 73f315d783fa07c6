"""One voucher for many documents (posting-rules.md §8 and §10, scenarios 2 and 8)."""

from __future__ import annotations

import flow_erp
from books import balance, vouchers
from flow_documents import report
from test_payments import APPROVED, paid

from dougong.flow.undoing import reverse


def other(number, amount="300.00", **changes):
    made = report(number, amount, submitter="E003", **changes)
    made["payees"][0]["code"] = "E003"
    return made


def test_what_is_ready_on_a_day_is_one_voucher(daily):
    daily.push(report("R1", "500.00"), other("R2", "300.00"))
    (row,) = daily.rows()
    assert (row["documents"], row["state"]) == (["R1", "R2"], "delivered")
    assert vouchers() == [[("C", "2241.01", "300.00"), ("C", "2241.01", "500.00"), ("D", "6602.02", "800.00")]]
    (body,) = flow_erp.BOOKED.values()
    assert body["lines"][0]["text"] == "差旅费 等2单 R1–R2"


def test_one_alone_is_an_ordinary_delivery(daily):
    assert daily.push(report()) == [("R1", "delivered")]
    assert daily.push(other("R2"))[-1] == ("R2", "delivered")
    assert len(flow_erp.BOOKED) == 2


def test_told_again_nothing_is_merged_anew(daily):
    daily.push(report("R1"), other("R2"))
    daily.push(report("R1", day=20, state="paid"), other("R2", day=20), report("R3"))
    assert [row["documents"] for row in daily.rows()] == [["R1", "R2"], ["R3"]]
    assert len(flow_erp.BOOKED) == 2


def test_only_what_passes_every_check_joins(daily):
    daily.push(report("R1"), other("R2"), other("R3", fee_type="培训费"))
    assert [(row["documents"], row["state"]) for row in daily.rows()] == [(["R3"], "held"), (["R1", "R2"], "delivered")]
    table = daily.folder / "tables" / "expense_account.csv"
    table.write_bytes(table.read_bytes() + "培训费,*,*,6602.02,2020-01-01,,\n".encode())
    assert daily.push()[0] == ("R3", "delivered")
    assert len(flow_erp.BOOKED) == 2


def test_one_member_is_withdrawn(daily):
    daily.push(report("R1", "500.00"), other("R2", "318.00"))
    states = daily.push(other("R2", "318.00", day=24, state="rejected"))
    assert states == [("R1", "delivered"), ("R2", "delivered"), ("R2", "withdrawn")]
    assert vouchers()[1] == [("C", "2241.01", "-318.00"), ("D", "6602.02", "-318.00")]
    assert balance("2241.01") == -500
    states = daily.push(report("R1", "500.00", day=24, state="rejected"))
    assert [row[1] for row in states] == ["reversed", "delivered", "delivered", "withdrawn", "withdrawn"]
    assert balance("2241.01") == 0


def test_one_member_changes(daily):
    daily.push(report("R1", "500.00"), other("R2", "318.00"))
    daily.push(other("R2", "300.00", day=24))
    assert balance("2241.01") == -800
    assert [(row["documents"], row["moment"], row["state"]) for row in daily.rows()] == [
        (["R1", "R2"], "accrual", "delivered"),
        (["R2"], "reversal", "delivered"),
        (["R2"], "accrual", "delivered"),
    ]


def test_a_payment_batch(shop):
    events = [APPROVED, paid("R1", "300.00", batch="PB1")]
    two = other("R2", events=[APPROVED, {**events[1], "payments": [{**events[1]["payments"][0], "payee": "E003"}]}])
    shop.push(report("R1", events=events), two)
    batch = next(row for row in shop.rows() if row["moment"] == "payment")
    assert batch["documents"] == ["R1", "R2"]
    assert vouchers()[-1] == [("C", "1002.01", "600.00"), ("D", "2241.01", "300.00"), ("D", "2241.01", "300.00")]


def test_a_batch_waits_for_a_member_that_is_blocked_and_not_for_one_that_is_held(shop):
    events = [APPROVED, paid("R1", "300.00", batch="PB1")]
    pay_two = {**events[1], "payments": [{**events[1]["payments"][0], "payee": "E003"}]}
    two = other("R2", events=[APPROVED, pay_two], fee_type="培训费")
    shop.push(report("R1", events=events), two)
    assert [row["state"] for row in shop.rows() if row["moment"] == "payment"] == ["blocked", "blocked"]
    table = shop.folder / "tables" / "expense_account.csv"
    table.write_bytes(table.read_bytes() + "培训费,*,*,6602.02,2020-01-01,,\n".encode())
    shop.push()
    batch = next(row for row in shop.rows() if row["moment"] == "payment")
    assert (batch["documents"], batch["state"]) == (["R1", "R2"], "delivered")


def test_what_another_process_has_moved_is_left_to_it(daily, monkeypatch):
    """Rows are read in one transaction and written in another; a second process may merge in between."""
    from dougong.ledger import groups

    looks, waiting = [], groups.waiting

    def read(tx):
        looks.append(waiting(tx))
        return looks[0] if len(looks) == 2 else looks[-1]  # the second look still sees what the first one saw

    monkeypatch.setattr(groups, "waiting", read)
    daily.push(report("R1"), other("R2"))
    assert len(looks) > 2
    assert [row["documents"] for row in daily.rows()] == [["R1", "R2"]]
    assert len(flow_erp.BOOKED) == 1


def test_the_hint_of_a_changed_member_takes_back_its_part_alone(daily):
    path = daily.folder / "rules" / "a01.toml"
    path.write_text(path.read_text("utf-8").replace('change      = "red_and_new"', 'change      = "hold"'), "utf-8")
    daily.push(report("R1", "500.00"), other("R2", "300.00"))
    daily.push(report("R1", "450.00", day=20))
    (problem,) = daily.rows()[-1]["problems"]
    (merged,) = [int(row["delivery"][1:]) for row in daily.rows() if row["delivery"]]
    assert f"`dougong reverse D{merged} --only R1 --reason …`" in problem["hint"]
    daily.act(reverse, merged, only={merged: ["R1"]})
    assert [row[1] for row in daily.push()] == ["delivered"] * 3
    assert balance("2241.01") == -750
