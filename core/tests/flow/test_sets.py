"""One report of two companies: a set of vouchers that is booked, taken back and booked again as a whole."""

from __future__ import annotations

import flow_erp
import pytest
from books import balance, vouchers
from flow_documents import report

from dougong.flow.actions import ActionError, cancel
from dougong.flow.undoing import repost, reverse

_ROUTE = '[[routes]]\nentity = "B"\nbook = "B01"\nconnection = "erp"\n'
#: What is owed to the employee, for another company, by another company; both companies' costs.
_ACCOUNTS = ("2241.01", "1221.09", "2241.09", "6602.02", "6601.02")


@pytest.fixture
def companies(shop):
    """The shop with a second company."""
    config = shop.folder / "dougong.toml"
    config.write_text(config.read_text("utf-8") + _ROUTE, "utf-8")
    change(shop, 'books      = ["A01"]', 'books      = ["A01", "B01"]')
    return shop


@pytest.fixture
def differences(companies):
    """The same; a change is booked as a difference."""
    change(companies, 'change      = "red_and_new"', 'change      = "difference"')
    return companies


def change(shop, old, new):
    """The accountant edits the rules."""
    path = shop.folder / "rules" / "a01.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


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
