"""Money that moved is checked against the document and against what was told of it before."""

from __future__ import annotations

import json
from decimal import Decimal

import flow_erp
import pytest
from books import balance, vouchers
from flow_documents import loan, report

from dougong.flow.actions import ActionError, cancel, retry
from dougong.flow.undoing import reverse
from dougong.plan import Planned

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


# -- what is told otherwise -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", ["p1", "p2"])
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"amount": "250.00"}, "amount 300.00 → 250.00"),
        ({"payee": "E001"}, "payee E002 → E001"),
        ({"account": "招行"}, "account 工行基本户 → 招行"),
    ],
)
def test_a_transfer_that_is_told_otherwise_is_held(shop, id, change, says):
    shop.push(report(events=[APPROVED, paid(transfer("T-1"))]))
    before = vouchers()
    other = paid(transfer("T-1", **change), id=id)
    for event in (other, paid(transfer("T-1")), other, paid(transfer("T-1"), id="p3")):
        assert shop.push(told(event))[:2] == [("R1", "delivered"), ("R1", "delivered")]
        assert shop.states()[2:] == [("R1", "held", "TRANSFER_CONTRADICTED")]
    assert any(says in message for message in messages(shop))
    assert vouchers() == before


def test_a_transfer_that_an_event_tells_later_is_booked_by_itself(shop):
    """A source that tells all payments of a report in one event, which grows."""
    one, two = transfer("T-1", "100.00"), transfer("T-2", "200.00")
    shop.push(report(events=[APPROVED, paid(one)]))
    for _ in range(2):
        assert shop.push(told(paid(one, two))) == [("R1", "delivered")] * 3
        assert shop.push(report(state="paid", day=21, events=[APPROVED, paid(one)])) == [("R1", "delivered")] * 3
    assert vouchers()[1:] == [[("C", "1002.01", amount), ("D", "2241.01", amount)] for amount in ("100.00", "200.00")]
    assert balance("2241.01") == 0


def test_one_that_takes_the_place_of_another_goes_on_under_an_event_of_its_own(shop):
    """The event does not tell the first one any more: nobody knows which it is."""
    shop.push(report(events=[APPROVED, paid(transfer("T-1", "100.00"))]))
    assert shop.push(told(paid(transfer("T-2", "200.00"))))[-1] == ("R1", "held", "TRANSFER_CONTRADICTED")
    assert "tell it by an event of its own" in str(shop.rows()[-1]["problems"])
    shop.push(told(paid(transfer("T-2", "200.00"), id="p2")))
    shop.act(cancel, 3)
    assert [row[1] for row in shop.push()] == ["delivered", "delivered", "cancelled", "delivered"]
    assert balance("2241.01") == 0


def test_two_stories_at_once_are_both_held_until_a_person_decides(shop):
    shop.push(report(events=[APPROVED, paid(transfer("T-1")), paid(transfer("T-1", "250.00"), id="p2")]))
    held = ("R1", "held", "TRANSFER_CONTRADICTED")
    assert shop.states() == [("R1", "delivered"), held, held]
    shop.act(cancel, 2)
    shop.act(retry, 3)
    assert [row[1] for row in shop.push()] == ["delivered", "cancelled", "delivered"]
    assert vouchers()[1] == [("C", "1002.01", "250.00"), ("D", "2241.01", "250.00")]


def test_what_was_booked_wrongly_is_reversed_and_the_other_story_goes_on(shop):
    shop.push(report(events=[APPROVED, paid(transfer("T-1"))]))
    assert shop.push(told(paid(transfer("T-1", "250.00"))))[-1] == ("R1", "held", "TRANSFER_CONTRADICTED")
    shop.act(reverse, 2)
    shop.push()
    shop.act(retry, 3)
    assert [row[1] for row in shop.push()] == ["delivered", "reversed", "delivered", "delivered"]
    assert balance("2241.01") == -50
    assert balance("1002.01") == -250


def test_a_story_that_is_given_up_stays_so(shop):
    shop.push(report(events=[APPROVED, paid(transfer("T-1"))]))
    shop.push(told(paid(transfer("T-1", "250.00"))))
    shop.act(cancel, 3)
    again = paid(transfer("T-1", "250.00"), id="p2")
    assert [row[1] for row in shop.push(told(again))] == ["delivered", "delivered", "cancelled"]
    assert [row[1] for row in shop.push(told(back(transfer("T-1"))))][-1] == "delivered"


def test_a_loan_that_is_told_otherwise_is_held(shop):
    shop.push(loan())
    other = loan()["events"][1]["payments"][0] | {"amount": "250.00"}
    news = told(paid(other, day=10)) | {"type": "loan", "id": "id-L1"}
    assert shop.push(news) == [("L1", "delivered"), ("L1", "held", "TRANSFER_CONTRADICTED")]
    assert balance("1221.01") == 200


def test_a_plan_shows_both_stories(shop):
    from dougong.flow import Project, read_files
    from dougong.plan import plan_documents

    shop.push(report(events=[APPROVED, paid(transfer("T-1"))]))
    file = shop.folder / "news.json"
    file.write_text(json.dumps([told(paid(transfer("T-1", "250.00")))]), "utf-8")
    with Project(shop.folder) as project:
        items = [item for _, item in read_files(project, [file]).documents]
        found = [[problem.code for problem in one.problems] for one in plan_documents(project, items)]
    assert found == [["TRANSFER_CONTRADICTED"]]


def planned(shop, *entries):
    from dougong.flow import Project
    from dougong.plan import plan_files

    file = shop.folder / "planned.jsonl"
    file.write_text("".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries), "utf-8")
    with Project(shop.folder) as project:
        found, bad = plan_files(project, [file])
    assert not bad
    return [
        (one.draft.moment, str(one.draft.booking.total), one.waits_for, one.problems)
        if isinstance(one, Planned)
        else (one.number, str(one.state))
        for one in found
    ]


def test_a_plan_shows_what_a_file_tells_of_a_document_apart(shop):
    whole = [("accrual", "300.00", (), ()), ("payment", "300.00", ("accrual R1",), ())]
    apart = [report(events=[APPROVED]), told(paid(transfer("T-1")))]
    assert planned(shop, *apart) == planned(shop, *reversed(apart)) == whole
    assert planned(shop, report(events=[APPROVED, paid(transfer("T-1"))])) == whole
    assert planned(shop, report(day=17, amount="99.00"), *apart) == whole
    assert planned(shop, *apart, report(day=17, amount="99.00", state="draft")) == whole
    assert planned(shop, told(paid(transfer("T-1")))) == [("id-R1", "held")]
    assert [row[:2] for row in shop.push(*apart)] == [("R1", "delivered")] * 2
    assert [line for voucher in vouchers() for line in voucher if line[0] == "D"] == [
        ("D", "6602.02", "300.00"),
        ("D", "2241.01", "300.00"),
    ]


# -- what the bank charges --------------------------------------------------------------------------------------------


def test_a_fee(shop):
    shop.push(report(events=[APPROVED, paid(transfer("T-1", fee="1.50"))]))
    assert vouchers()[-1] == [
        ("C", "1002.01", "1.50"),
        ("C", "1002.01", "300.00"),
        ("D", "2241.01", "300.00"),
        ("D", "6603.02", "1.50"),
    ]
    shop.push(told(back(transfer("T-1"))))
    assert (balance("1002.01"), balance("6603.02")) == (Decimal("-1.50"), Decimal("1.50"))


def test_a_fee_that_the_rules_do_not_book(shop):
    rules = shop.folder / "rules" / "a01.toml"
    text = rules.read_text("utf-8")
    rules.write_text(text.replace("payment.fee", "payment.amount").replace('"bank_charges"', '"exchange"'), "utf-8")
    shop.push(report(events=[APPROVED, paid(transfer("T-1", fee="1.50"))]))
    assert shop.states()[-1] == ("R1", "held", "BANK_CHARGES_MISSING")
    assert len(vouchers()) == 1
    rules.write_text(text, "utf-8")
    assert shop.push()[-1] == ("R1", "delivered")


# -- changed after all of it came back --------------------------------------------------------------------------------


EVENTS = [APPROVED, paid(transfer("T-1", fee="1.50"))]


def test_what_was_paid_and_came_back_stands_in_no_change_s_way(shop):
    shop.push(report(events=EVENTS))
    shop.push(told(back(transfer("T-1"))))
    shop.push(report(amount="250.00", day=24, events=EVENTS))
    assert [row["moment"] for row in shop.rows()] == ["accrual", "payment", "payment_returned", "reversal", "accrual"]
    assert [row[1] for row in shop.states()] == ["reversed"] + ["delivered"] * 4
    assert balance("2241.01") == -250
    assert shop.push(told(paid(transfer("T-2", "250.00"), id="p2", day=25)))[-1] == ("R1", "delivered")
    assert balance("2241.01") == 0
    assert balance("1002.01") == Decimal("-251.50")


def test_a_change_goes_on_by_itself_when_the_money_is_back(shop):
    shop.push(report(events=EVENTS))
    changed = report(amount="250.00", day=21, events=EVENTS)
    assert shop.push(changed)[-1] == ("R1", "held", "CHANGED_AFTER_POSTING")
    assert planned(shop, told(back(transfer("T-1")))) == [
        ("R1", "held"),
        ("payment_returned", "-300.00", (), ()),
    ]
    shop.push(told(back(transfer("T-1"))))
    assert [row["moment"] for row in shop.rows()] == ["accrual", "payment", "payment_returned", "reversal", "accrual"]
    assert [row[1] for row in shop.states()] == ["reversed"] + ["delivered"] * 4
    assert balance("2241.01") == -250
    assert balance("1002.01") == Decimal("-1.50")


def test_a_change_waits_for_the_money_to_be_back_in_the_books(shop):
    shop.push(report(events=EVENTS))
    shop.push(report(amount="250.00", day=21, events=EVENTS))
    flow_erp.DOWN.add("2026-11-23")
    assert shop.push(told(back(transfer("T-1"))))[2:] == [("R1", "ready", "NOT_SENT"), ("R1", "held", "WAITS_FOR")]
    assert shop.push(report(amount="250.00", day=21, events=EVENTS))[2:] == shop.states()[2:]
    flow_erp.DOWN.clear()
    assert [row[1] for row in shop.push()] == ["reversed"] + ["delivered"] * 4
    assert balance("2241.01") == -250


def test_a_part_that_is_back_is_booked_while_a_person_decides(shop):
    events = [APPROVED, paid(transfer("T-1", "100.00"), transfer("T-2", "200.00"))]
    shop.push(report(events=events))
    shop.push(report(amount="250.00", day=21, events=events))
    shop.push(told(back(transfer("T-1", "100.00"))))
    assert shop.states()[3:] == [("R1", "delivered"), ("R1", "held", "CHANGED_AFTER_POSTING")]
    assert balance("2241.01") == -100
    shop.push(told(back(transfer("T-2", "200.00"), id="b2", day=24)))
    assert [row[1] for row in shop.states()] == ["reversed"] + ["delivered"] * 6
    assert balance("2241.01") == -250


def test_a_person_takes_back_what_was_paid_as_the_hint_says(shop):
    shop.push(report(events=EVENTS))
    shop.push(report(amount="250.00", day=21, events=EVENTS))
    (problem,) = shop.rows()[-1]["problems"]
    assert "`dougong reverse D1 D2 --reason …`; the new content is booked after that; " in problem["hint"]
    shop.act(reverse, 1, 2)
    shop.push()
    assert [(row["moment"], row["state"]) for row in shop.rows() if row["delivery"]] == [
        ("accrual", "reversed"),
        ("payment", "reversed"),
        ("reversal", "delivered"),
        ("reversal", "delivered"),
        ("accrual", "delivered"),
        ("payment", "held"),
    ]


def test_while_a_part_is_still_paid_a_change_is_for_a_person(shop):
    shop.push(report(events=EVENTS))
    shop.push(told(back(transfer("T-1", "299.99"))))
    states = shop.push(report(amount="250.00", day=24, events=EVENTS))
    assert states[-1] == ("R1", "held", "CHANGED_AFTER_POSTING")
    assert len(vouchers()) == 3


def test_one_who_gave_back_does_not_stand_for_another(shop):
    payees = [{"kind": "employee", "code": code, "amount": "150.00"} for code in ("E001", "E002")]
    both = [APPROVED, paid(transfer("T-1", "150.00"), transfer("T-2", "150.00", payee="E001"))]
    shop.push(report(payees=payees, events=both))
    shop.push(told(back(transfer("T-1", "150.00"))))
    states = shop.push(report(amount="200.00", day=24, events=both))
    assert states[-1] == ("R1", "held", "CHANGED_AFTER_POSTING")


def test_withdrawn_after_all_came_back(shop):
    shop.push(report(events=EVENTS))
    shop.push(told(back(transfer("T-1"))))
    assert shop.push(report(state="rejected", day=24, events=EVENTS))[-1] == ("R1", "withdrawn")
    assert balance("2241.01") == 0
    assert balance("6602.02") == 0


WITHDRAWN = {"id": "w1", "type": "withdrawn", "on": "2026-11-22"}


@pytest.mark.parametrize("taken_back", [told(WITHDRAWN), report(state="rejected", day=22)], ids=["event", "state"])
def test_a_withdrawal_goes_on_by_itself_when_the_money_is_back(shop, taken_back):
    shop.push(report(events=EVENTS))
    assert shop.push(taken_back)[-1] == ("R1", "held", "WITHDRAWN_AFTER_POSTING")
    assert planned(shop, told(back(transfer("T-1")))) == [
        ("R1", "held"),
        ("payment_returned", "-300.00", (), ()),
    ]
    states = shop.push(told(back(transfer("T-1"))))
    assert [row["moment"] for row in shop.rows() if row["delivery"]] == [
        "accrual",
        "payment",
        "payment_returned",
        "reversal",
    ]
    assert [row[1] for row in states] == ["reversed", *["delivered"] * 3, "withdrawn"]
    assert (balance("2241.01"), balance("6602.02"), balance("1002.01")) == (0, 0, Decimal("-1.50"))
    assert shop.push() == states


def test_a_withdrawal_waits_for_all_of_the_money(shop):
    events = [APPROVED, paid(transfer("T-1", "100.00"), transfer("T-2", "200.00"))]
    shop.push(report(events=events))
    shop.push(report(state="rejected", day=22, events=events))
    shop.push(told(back(transfer("T-1", "100.00"))))
    assert shop.states()[3:] == [("R1", "delivered"), ("R1", "held", "WITHDRAWN_AFTER_POSTING")]
    shop.push(told(back(transfer("T-2", "200.00"), id="b2", day=24)))
    assert [row[1] for row in shop.states()] == ["reversed", *["delivered"] * 5, "withdrawn"]
    assert balance("2241.01") == 0


def test_withdrawn_and_back_in_one_file(shop):
    shop.push(report(events=EVENTS))
    states = shop.push(report(state="rejected", day=24, events=EVENTS), told(back(transfer("T-1"))))
    assert [row[1] for row in states] == ["reversed", *["delivered"] * 3, "withdrawn"]


def test_what_was_never_booked_does_not_come_back(shop):
    told_all = report(state="rejected", events=[*EVENTS, back(transfer("T-1"))])
    assert shop.push(told_all) == [("R1", "not_due", "NOT_DUE")]
    assert vouchers() == []


def test_an_accrual_whose_payment_came_back_is_reversed_by_itself(shop):
    shop.push(report(events=EVENTS))
    with pytest.raises(ActionError, match="D2"):
        shop.act(reverse, 1)
    shop.push(told(back(transfer("T-1"))))
    shop.act(reverse, 1)
    assert shop.push()[0] == ("R1", "reversed")
