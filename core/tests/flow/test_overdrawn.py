"""What asked more of a loan than was left goes on when more is left: in the run that gives it back."""

from __future__ import annotations

import sqlite3

import flow_erp
import pytest
from books import balance
from flow_documents import loan, report

from dougong.flow.actions import cancel, retry
from dougong.flow.undoing import reverse


@pytest.fixture
def short(shop):
    """Of a loan of 200.00 R1 has written off 140.00; R2 asks for 100.00."""
    shop.push(loan(), report(loans=[("L1", "140.00")]))
    assert shop.push(report("R2", loans=[("L1", "100.00")]))[-1] == ("R2", "held", "LOAN_OVERDRAWN")
    return shop


def of(shop, number):
    return [row[1:] for row in shop.states() if row[0] == number]


def sql(shop, statement):
    with sqlite3.connect(shop.folder / "ledger.db") as ledger:
        ledger.execute(statement)


@pytest.mark.parametrize("way", ["reverse", "withdrawn", "red_and_new", "difference"])
def test_another_write_off_is_taken_back(short, way):
    if way == "reverse":
        short.act(reverse, 2)
        short.push()
    elif way == "withdrawn":
        short.push(report(loans=[("L1", "140.00")], state="rejected", day=19))
    else:
        short.change('change      = "red_and_new"', f'change      = "{way}"')
        short.push(report(amount="250.00", loans=[("L1", "50.00")], day=19))
    assert of(short, "R2") == [("delivered",)]
    assert balance("1221.01") == (50 if way in ("red_and_new", "difference") else 100)


def test_another_write_off_was_deleted_and_is_given_up(short):
    sql(short, "UPDATE delivery SET state = 'parked', reason = 'deleted_in_erp' WHERE id = 2")
    short.act(cancel, 2)
    short.push()
    assert of(short, "R2") == [("delivered",)]


def test_more_is_lent(short):
    payment = {"id": "p-more", "payee": "E002", "amount": "40.00", "account": "工行基本户"}
    event = {"id": "p2", "type": "paid", "on": "2026-11-20", "payments": [payment]}
    short.push({"source": "s", "tenant": "T", "type": "loan", "id": "id-L1", "events": [event]})
    assert of(short, "R2") == [("delivered",)]
    assert balance("1221.01") == 0


def test_another_write_off_is_refused(shop):
    """Whichever comes first, the one that is refused keeps nothing of the loan."""
    flow_erp.REFUSED["R1"] = flow_erp.NO
    shop.push(loan())
    shop.push(report(loans=[("L1", "140.00")]), report("R2", loans=[("L1", "100.00")]))
    assert of(shop, "R2") == [("delivered",)]


def test_a_red_voucher_gives_nothing_back_before_it_is_there(short):
    short.act(reverse, 2)
    flow_erp.DOWN.add("冲销")
    short.push()
    assert of(short, "R2") == [("held", "LOAN_OVERDRAWN")]
    sql(short, "UPDATE delivery SET state = 'unknown', due_at = 4611686018427387904 WHERE moment = 'reversal'")
    short.act(retry, 3)
    short.push()
    assert of(short, "R2") == [("held", "LOAN_OVERDRAWN")]


def test_little_more_is_not_enough(short):
    short.change('change      = "red_and_new"', 'change      = "difference"')
    short.push(report(amount="250.00", loans=[("L1", "130.00")], day=19))
    assert balance("1221.01") == 70
    assert of(short, "R2") == [("held", "LOAN_OVERDRAWN")]


@pytest.mark.parametrize("by_hand", [True, False])
def test_what_goes_on_of_a_set_goes_on_whole(companies, by_hand):
    """The other company's voucher was held for nothing else."""
    companies.push(loan(), report(loans=[("L1", "140.00")]))
    lines = [
        {"id": "1", "fee_type": "差旅费", "gross": "100.00", "expense_date": "2026-11-12"},
        {
            "id": "2",
            "fee_type": "差旅费",
            "gross": "100.00",
            "expense_date": "2026-11-12",
            "splits": [{"entity": "B", "department": "BD1", "share": "1"}],
        },
    ]
    companies.push(report("R2", amount="200.00", loans=[("L1", "100.00")]) | {"lines": lines})
    assert sorted(of(companies, "R2")) == [("held", "LOAN_OVERDRAWN"), ("held", "SET_INCOMPLETE")]
    if by_hand:
        sql(companies, "UPDATE loan_movement SET amount = '-10.00', base = '-10.00' WHERE delivery_id = 2")
        (row,) = (row for row in companies.rows() if row["problems"] and row["problems"][0]["code"] == "LOAN_OVERDRAWN")
        companies.act(retry, int(row["delivery"][1:]))
    else:
        companies.act(reverse, 2)
    companies.push()
    assert of(companies, "R2") == [("delivered",)] * 2
