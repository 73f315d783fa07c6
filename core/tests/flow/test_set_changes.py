"""A set that changes: its differences, companies that come and go, vouchers that are deleted, half of a reversal."""

from __future__ import annotations

import json
import sqlite3

import flow_erp
import pytest
from books import balance
from flow_documents import report
from test_payments import paid

from dougong.flow.actions import ActionError, cancel
from dougong.flow.undoing import repost, reverse

#: What is owed to the employee, for another company, by another company; both companies' costs.
_ACCOUNTS = ("2241.01", "1221.09", "2241.09", "6602.02", "6601.02")


@pytest.fixture
def differences(companies):
    """The same; a change is booked as a difference."""
    companies.change('change      = "red_and_new"', 'change      = "difference"')
    return companies


def shared(ours="200.00", theirs="100.00", **more):
    """A report that A01 pays, of which B bears a part."""
    line = {"fee_type": "差旅费", "expense_date": "2026-11-12"}
    lines = [
        {"id": "1", "gross": ours, **line},
        {"id": "2", "gross": theirs, "splits": [{"entity": "B", "department": "BD1", "share": "1"}], **line},
    ]
    kept = [one for one in lines if one["gross"] != "0"]
    return report(amount=str(sum(flow_erp.Decimal(one["gross"]) for one in kept)), **more) | {"lines": kept}


def balances():
    return {account: balance(account) for account in _ACCOUNTS}


def booked(ours, theirs):
    """What the books show when each company bears so much."""
    return dict(zip(_ACCOUNTS, (-ours - theirs, theirs, -theirs, ours, theirs), strict=True))


def states(shop):
    return [(row["entity"], row["moment"], row["state"]) for row in shop.rows() if row["delivery"]]


# -- a difference -----------------------------------------------------------------------------------------------------


def test_a_company_that_bears_nothing_any_more_keeps_no_voucher(differences):
    differences.push(shared())
    assert balances() == booked(200, 100)
    differences.push(shared("300.00", "0", day=19))
    assert balances() == booked(300, 0)
    assert states(differences) == [
        ("A01", "accrual", "delivered"),
        ("B", "accrual", "reversed"),
        ("A01", "difference", "delivered"),
        ("B", "reversal", "delivered"),
    ]
    differences.push(shared("250.00", "50.00", day=20))
    assert balances() == booked(250, 50)
    differences.push(shared("0", "50.00", day=21))
    assert balances() == booked(0, 50)


def test_nor_what_was_added_to_it(differences):
    differences.push(shared())
    differences.push(shared("200.00", "130.00", day=19))
    assert balances() == booked(200, 130)
    differences.push(shared("200.00", "0", day=20))
    assert balances() == booked(200, 0)
    assert [row for row in states(differences) if row[0] == "B"][:2] == [
        ("B", "accrual", "reversed"),
        ("B", "difference", "reversed"),
    ]


def test_the_plan_says_so(differences):
    differences.push(shared())
    planned = plan(differences, shared("300.00", "0", day=19))
    assert [(one.draft.entity, one.draft.moment) for one in planned] == [("A01", "difference"), ("B", "reversal")]


def plan(shop, told):
    from dougong.flow import Project
    from dougong.formats import document_from_json
    from dougong.model.sources import SourceDocument
    from dougong.plan import plan_documents

    with Project(shop.folder) as project:
        return list(plan_documents(project, [SourceDocument(document_from_json(told))]))


# -- given up, and wanted again ---------------------------------------------------------------------------------------


def test_content_that_comes_back_after_other_content_is_booked(shop):
    shop.push(report())
    shop.act(reverse, 1)
    shop.push()
    shop.push(report(amount="250.00", day=19))
    assert [one.draft.moment for one in plan(shop, report(day=20))] == ["reversal", "accrual"]
    shop.push(report(day=20))
    assert balance("2241.01") == -300
    shop.act(reverse, 5)
    shop.push()
    shop.push(report(day=21, state="archived"))
    assert balance("2241.01") == 0, "told again, it is not booked again"


def test_where_nothing_else_was_booked_it_stays_given_up(shop):
    shop.push(report())
    shop.act(reverse, 1)
    shop.push()
    assert shop.push(report(fee_type="培训费", day=19))[-1] == ("R1", "held", "ACCOUNT_NOT_DETERMINED")
    shop.push(report(day=20))
    assert balance("2241.01") == 0


def test_what_was_given_up_is_what_its_differences_had_made_of_it(differences):
    differences.push(report())
    differences.push(report(amount="450.00", day=19))
    differences.act(reverse, 1)
    differences.push()
    differences.push(report(day=20))
    assert balance("2241.01") == -300


def test_all_of_a_set_comes_back(companies):
    companies.push(shared())
    companies.act(reverse, 1, 2)
    companies.push()
    companies.push(shared("300.00", "0", day=19))
    companies.push(shared(day=20))
    assert balances() == booked(200, 100)


# -- counted ----------------------------------------------------------------------------------------------------------


def counts(shop):
    """How far the set of each row that may still change is."""
    return [
        (row["moment"], row["set"] and f"{row['set']['delivered']}/{row['set']['of']}")
        for row in shop.rows()
        if row["delivery"]
    ]


def told(shop):
    """What the source was told of accruals: kind, and the companies whose vouchers it names."""
    rows = [json.loads(line) for line in (shop.folder / "feedback.jsonl").read_text("utf-8").splitlines()]
    return [
        (row["kind"], *(one["entity"] for one in row["content"]["vouchers"]))
        for row in rows
        if row["content"]["moment"] == "accrual"
    ]


def test_a_set_is_counted_with_its_differences(differences):
    differences.push(shared())
    assert counts(differences) == [("accrual", "2/2")] * 2
    flow_erp.DOWN.add("6601.02")
    differences.push(shared("250.00", "130.00", day=19))
    assert counts(differences) == [("accrual", "1/2")] * 2 + [("difference", "1/2")] * 2
    flow_erp.DOWN.clear()
    differences.push()
    assert counts(differences) == [("accrual", "2/2")] * 2 + [("difference", "2/2")] * 2


def test_a_company_that_joins_later_is_counted_too(differences):
    differences.push(shared("200.00", "0"))
    assert counts(differences) == [("accrual", None)]
    flow_erp.DOWN.add("6601.02")
    differences.push(shared(day=19))
    assert counts(differences) == [("accrual", "1/2"), ("difference", "1/2"), ("accrual", "1/2")]
    assert told(differences) == [("posted", "A01")]
    flow_erp.DOWN.clear()
    differences.push()
    assert counts(differences) == [("accrual", "2/2"), ("difference", "2/2"), ("accrual", "2/2")]
    assert told(differences) == [("posted", "A01"), ("posted", "A01", "B")]


def test_one_that_leaves_is_not(differences):
    differences.push(shared())
    differences.push(shared("300.00", "0", day=19))
    assert counts(differences) == [("accrual", None)] * 2 + [("difference", None), ("reversal", None)]
    assert told(differences) == [("posted", "A01", "B")]


def test_half_taken_back_is_half(companies):
    companies.push(shared())
    flow_erp.DOWN.add("6601.02")
    companies.push(shared("150.00", "150.00", day=19))
    assert [row for row in counts(companies) if row[0] == "accrual"] == [("accrual", "1/2")] * 2
    assert told(companies) == [("posted", "A01", "B")]
    flow_erp.DOWN.clear()
    companies.push()
    assert [row[1] for row in counts(companies)][-2:] == ["2/2", "2/2"]
    assert told(companies) == [("posted", "A01", "B"), ("reversed", "A01", "B"), ("posted", "A01", "B")]


# -- taken back, and booked again -------------------------------------------------------------------------------------


PAID = [{"id": "a1", "type": "approved", "on": "2026-11-18"}, paid("R1", "300.00")]


def test_the_call_names_all_that_goes_together(companies):
    companies.push(shared(events=PAID))
    for ids in ([1], [2], [1, 2], [1, 3], [2, 3]):
        with pytest.raises(ActionError) as refused:
            companies.act(reverse, *ids)
        call = refused.value.problems[0].message.en.split("`")[1]
        assert sorted(call.split()) == ["D1", "D2", "D3", "reverse"]
    companies.act(reverse, 3, 2, 1)
    companies.push()
    assert balances() == booked(0, 0)


def test_with_its_differences_a_set_is_taken_back(differences):
    differences.push(shared())
    differences.push(shared("250.00", "130.00", day=19))
    with pytest.raises(ActionError, match="`reverse D1 D2`"):
        differences.act(reverse, 1)
    differences.act(reverse, 1, 2)
    differences.push()
    assert balances() == booked(0, 0)


def test_half_a_reversal_is_not_given_up(companies):
    companies.push(shared())
    companies.act(reverse, 1, 2)
    with pytest.raises(ActionError, match=r"`cancel D3 D4`"):
        companies.act(cancel, 3)
    flow_erp.DOWN.add("6601.02")
    companies.push()
    with pytest.raises(ActionError, match="of the same set is taken back already"):
        companies.act(cancel, 4)
    flow_erp.DOWN.clear()
    companies.push()
    assert balances() == booked(0, 0)


def test_a_reversal_of_a_set_that_is_given_up_leaves_all_of_it(companies):
    companies.push(shared())
    companies.act(reverse, 1, 2)
    companies.act(cancel, 3, 4)
    companies.push()
    assert balances() == booked(200, 100)


def test_a_set_is_booked_again_as_a_whole(companies):
    companies.push(shared())
    companies.act(reverse, 1, 2)
    flow_erp.DOWN.add("6601.02")
    companies.push()
    with pytest.raises(ActionError, match="its reversal D4 is not delivered yet"):
        companies.act(again, 1)
    flow_erp.DOWN.clear()
    companies.push()
    assert [row.id for row in companies.act(again, 2)] == [2, 1]
    companies.push()
    assert balances() == booked(200, 100)
    assert counts(companies)[-2:] == [("accrual", "2/2")] * 2
    assert told(companies)[-1] == ("posted", "A01", "B")


def test_of_a_set_what_was_deleted_is_booked_again(companies, deleted):
    companies.push(shared())
    deleted(2)
    companies.act(again, 2)
    companies.push()
    assert counts(companies) == [("accrual", "2/2"), ("accrual", None), ("accrual", "2/2")]
    assert len(flow_erp.BOOKED) == 3
    deleted(1, 3)
    companies.act(again, 1)
    companies.push()
    assert len(flow_erp.BOOKED) == 5


def test_half_deleted_half_taken_back_is_booked_again_as_a_whole(companies, deleted):
    companies.push(shared())
    deleted(2)
    companies.act(reverse, 1)
    companies.push()
    companies.act(again, 2)
    companies.push()
    assert [row[2] for row in states(companies)] == ["reversed", "cancelled", *["delivered"] * 3]


def test_half_deleted_is_given_up_with_the_rest(companies, deleted):
    companies.push(shared())
    deleted(2)
    companies.act(reverse, 1)
    companies.act(cancel, 2)
    companies.push()
    assert [row[2] for row in states(companies)] == ["reversed", "cancelled", "delivered"]


def test_what_was_booked_by_hand_is_not_booked_again(companies, deleted):
    """The ERP refuses one of both; it is booked there by hand, and given up here."""
    flow_erp.REFUSED["6601.02"] = flow_erp.NO
    companies.push(shared())
    companies.act(cancel, 2)
    flow_erp.REFUSED.clear()
    assert counts(companies) == [("accrual", "1/2")] * 2
    deleted(1)
    companies.act(again, 1)
    companies.push()
    assert [row[::2] for row in states(companies)] == [("A01", "cancelled"), ("B", "cancelled"), ("A01", "delivered")]


def again(project, ids, **how):
    return repost(project, ids[0], **how)


@pytest.fixture
def deleted(companies):
    """Reconciliation has found that vouchers were deleted in the ERP."""

    def delete(*ids):
        with sqlite3.connect(companies.folder / "ledger.db") as ledger:
            listed = ", ".join(map(str, ids))
            ledger.execute(f"UPDATE delivery SET state = 'parked', reason = 'deleted_in_erp' WHERE id IN ({listed})")

    return delete
