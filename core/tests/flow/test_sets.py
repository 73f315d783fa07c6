"""A set: one report of two companies, two vouchers that a person takes back, gives up and books again together."""

from __future__ import annotations

from decimal import Decimal

import flow_erp
import pytest
from books import balance, vouchers
from flow_documents import report

from dougong.flow.actions import ActionError, cancel
from dougong.flow.undoing import repost, reverse

ROUTE = '[[routes]]\nentity = "B01"\nbook = "B01"\nconnection = "erp"\n'


def of_two(first="200.00", second="100.00", **changes):
    """A report that A01 pays, and of which B01 bears the second line."""
    whole = report(amount=str(Decimal(first) + Decimal(second)), **changes)
    lines = [
        {"id": "1", "fee_type": "差旅费", "gross": first, "expense_date": "2026-11-12"},
        {
            "id": "2",
            "fee_type": "差旅费",
            "gross": second,
            "expense_date": "2026-11-12",
            "splits": [{"entity": "B01", "department": "D01", "share": "1"}],
        },
    ]
    return whole | {"lines": lines}


@pytest.fixture
def two(shop):
    toml, rules = shop.folder / "dougong.toml", shop.folder / "rules" / "a01.toml"
    toml.write_text(toml.read_text("utf-8") + ROUTE, "utf-8")
    text = rules.read_text("utf-8").replace('books      = ["A01"]', 'books      = ["A01", "B01"]')
    rules.write_text(text, "utf-8")
    return shop


def places(shop):
    return [(row["moment"], row["entity"], row["state"]) for row in shop.rows()]


def counted(shop):
    return [row["set"] and (row["set"]["delivered"], row["set"]["of"]) for row in shop.rows()]


def kinds(shop):
    from dougong.ledger.store import Ledger
    from dougong.ledger.views import feedback_view

    with Ledger(shop.folder / "ledger.db") as ledger, ledger.read() as connection:
        told = [(row["kind"], row["content"]) for row in feedback_view(connection, "en")]
    return [(kind, len(one["vouchers"])) for kind, one in told if kind != "held" and one["moment"] == "accrual"]


def test_one_of_two_is_not_taken_back(two):
    two.push(of_two())
    with pytest.raises(ActionError, match=r"D2 belongs to the same set.*`reverse D1 D2`"):
        two.act(reverse, 1)
    with pytest.raises(ActionError, match=r"D1 belongs to the same set.*`reverse D1 D2`"):
        two.act(reverse, 2)
    assert counted(two) == [(2, 2)] * 2
    two.act(reverse, 1, 2)
    two.push()
    assert [balance(account) for account in ("2241.01", "1221.09", "2241.09", "6602.02")] == [0] * 4
    assert kinds(two) == [("posted", 2), ("reversed", 2)]


def test_half_taken_back_is_told_when_it_is_wholly_gone(two):
    two.push(of_two())
    flow_erp.DOWN.add('"account":"2241.09"')
    two.act(reverse, 1, 2)
    two.push()
    assert sorted(state for _, _, state in places(two)) == ["delivered", "delivered", "ready", "reversed"]
    assert counted(two)[:2] == [(1, 2)] * 2
    assert kinds(two) == [("posted", 2)]
    flow_erp.DOWN.clear()
    two.push()
    assert kinds(two) == [("posted", 2), ("reversed", 2)]


def test_booked_again_it_is_whole(two):
    two.push(of_two())
    two.act(reverse, 1, 2)
    two.push()
    two.act(lambda project, ids, **how: repost(project, ids[0], **how), 2)
    two.push()
    assert [
        (moment, entity) for moment, entity, state in places(two) if (moment, state) == ("accrual", "delivered")
    ] == [
        ("accrual", "A01"),
        ("accrual", "B01"),
    ]
    assert (balance("2241.01"), balance("1221.09"), balance("2241.09")) == (-300, 100, -100)
    assert counted(two)[-2:] == [(2, 2)] * 2
    assert kinds(two)[-1] == ("posted", 2)


def test_one_of_two_that_wait_is_not_given_up(two):
    flow_erp.DOWN.add('"account"')
    two.push(of_two())
    with pytest.raises(ActionError, match=r"D2 belongs to the same set.*`cancel D1 D2`"):
        two.act(cancel, 1)
    two.act(cancel, 1, 2)
    flow_erp.DOWN.clear()
    two.push(of_two(day=20, state="paid"))
    assert vouchers() == []


def test_what_is_booked_by_hand_is_given_up_alone_and_the_set_stays_incomplete(two):
    flow_erp.DOWN.add('"account":"2241.09"')
    two.push(of_two())
    with pytest.raises(ActionError, match=r"D2 of the same set is not in the ERP yet; `cancel D2` first"):
        two.act(reverse, 1)
    two.act(cancel, 2)
    assert counted(two) == [(1, 2)] * 2
    assert kinds(two) == []
    two.act(reverse, 1)
    two.push()
    assert balance("2241.01") == 0


@pytest.mark.parametrize("change", ["red_and_new", "difference"])
def test_a_company_that_bears_nothing_any_more_has_no_voucher(two, change):
    rules = two.folder / "rules" / "a01.toml"
    text = rules.read_text("utf-8").replace('change      = "red_and_new"', f'change      = "{change}"')
    rules.write_text(text, "utf-8")
    two.push(of_two())
    alone = of_two(day=20)
    del alone["lines"][1]["splits"]
    two.push(alone)
    assert [balance(account) for account in ("2241.01", "1221.09", "2241.09")] == [-300, 0, 0]
    assert balance("6602.02") == 300
    two.push(of_two(day=21))
    assert [balance(account) for account in ("2241.01", "1221.09", "2241.09")] == [-300, 100, -100]
