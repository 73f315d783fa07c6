"""By account: equal, edited, doubled, missing, not ours, on its way; by dimensions where the ERP tells them."""

from __future__ import annotations

from decimal import Decimal

import attrs
import pytest

from dougong.model.postings import Posting, PostingLine, Stage
from dougong.reconcile.accounts import Balance, OurVoucher, balances_of, compare_accounts
from dougong.reconcile.compare import Ours

PERIOD = "2026-11"


def line(side, account, amount, **dimensions):
    return PostingLine(side, account, Decimal(amount), dimensions=dimensions)


COST = (line("D", "6602", "100.00", department="D1"), line("C", "2241", "100.00", employee="E1"))


def ours(number=1, lines=COST, **how):
    told = {"state": "delivered", "sent": True, "settled": True, "reference": f"R{number}", "erp_key": str(number)}
    one = Ours(f"D{number}", (f"B{number}",), "A01", erp_number=f"记-{number}", **{**told, **how})
    return OurVoucher(one, "001", lines)


def posting(key=1, lines=COST, *, reference=True, **how):
    return Posting(
        str(key), Stage.SUBMITTED, reference=f"R{key}" if reference else None, book="001", lines=lines, **how
    )


def compared(mine, theirs, balances=None):
    rows = compare_accounts(mine, theirs, balances_of(theirs) if balances is None else balances, PERIOD)
    return {row.account: row for row in rows}


def told(row):
    return tuple(str(row.verdict) if name == "verdict" else str(getattr(row, name)) for name in SHOWN)


SHOWN = ("verdict", "ours", "theirs", "difference", "in_transit", "not_ours")


def test_equal():
    rows = compared([ours()], [posting()])
    assert told(rows["6602"]) == ("matched", "100.00", "100.00", "0.00", "0", "0")
    assert told(rows["2241"]) == ("matched", "-100.00", "-100.00", "0.00", "0", "0")
    assert rows["6602"].book == "001"


def test_what_others_book_is_no_difference_and_their_accounts_are_not_listed():
    other = (line("D", "6602", "7.00"), line("C", "1002", "7.00"))
    rows = compared([ours()], [posting(), posting(9, other, reference=False)])
    assert told(rows["6602"]) == ("matched", "100.00", "107.00", "0.00", "0", "7.00")
    assert set(rows) == {"6602", "2241"}


def test_an_edited_voucher_is_named_where_it_differs():
    edited = (line("D", "6602", "90.00"), line("D", "6603", "10.00"), COST[1])
    rows = compared([ours(), ours(2)], [posting(lines=edited), posting(2)])
    assert told(rows["6602"]) == ("amount", "200.00", "190.00", "-10.00", "0", "0")
    assert told(rows["6603"]) == ("amount", "0", "10.00", "10.00", "0", "0")
    assert [one.delivery for one in rows["6603"].explains] == ["D1"]
    assert rows["6603"].certain
    assert told(rows["2241"])[0] == "matched"


def test_both_sides_moved_alike_is_edited_though_the_balance_is_the_same():
    more = (*COST, line("D", "2241", "5.00"), line("C", "2241", "5.00"))
    rows = compared([ours()], [posting(lines=more)])
    assert told(rows["2241"])[:4] == ("edited", "-100.00", "-100.00", "0.00")


def test_edits_that_cancel_each_other_are_seen():
    up, down = (tuple(attrs.evolve(one, amount=one.amount + sign) for one in COST) for sign in (1, -1))
    rows = compared([ours(), ours(2)], [posting(lines=up), posting(2, lines=down)])
    assert told(rows["6602"])[0] == "edited"
    assert [one.delivery for one in rows["6602"].explains] == ["D1", "D2"]


@pytest.mark.parametrize("theirs", [[], [attrs.evolve(posting(), stage=Stage.VOID)]])
def test_what_is_gone_is_a_difference(theirs):
    rows = compared([ours()], theirs)
    assert told(rows["6602"]) == ("amount", "100.00", "0", "-100.00", "0", "0")
    assert [one.delivery for one in rows["6602"].explains] == ["D1"]


def test_a_doubled_voucher_is_a_difference():
    rows = compared([ours()], [posting(), attrs.evolve(posting(), erp_key="7")])
    assert told(rows["6602"])[:4] == ("amount", "100.00", "200.00", "100.00")


def test_what_is_on_its_way_is_no_difference_and_is_no_match():
    rows = compared([ours(), ours(2, state="unknown", settled=False, erp_key=None)], [posting()])
    assert told(rows["6602"]) == ("missing", "100.00", "100.00", "0.00", "100.00", "0")


def test_what_is_on_its_way_and_shows_counts_as_there():
    rows = compared([ours(state="unknown", settled=False, erp_key=None)], [posting()])
    assert told(rows["6602"])[:2] == ("matched", "100.00")


def test_what_was_never_sent_moves_nothing():
    assert compared([ours(state="held", sent=False, settled=False, erp_key=None, reference=None, lines=None)], []) == {}
    assert compared([ours(state="rejected", sent=False, settled=False, erp_key=None)], []) == {}


def test_of_what_a_person_has_accepted_the_erp_s_version_counts():
    edited = (line("D", "6602", "90.00"), line("C", "2241", "90.00"))
    rows = compared([ours(lines=None)], [posting(lines=edited)])
    assert told(rows["6602"])[:3] == ("matched", "90.00", "90.00")


def test_balances_that_the_listed_vouchers_do_not_explain():
    balances = [*balances_of([posting()]), Balance("001", "6602", Decimal("3.00"), Decimal(0))]
    rows = compared([ours()], [posting()], balances)
    assert told(rows["6602"])[:4] == ("amount", "100.00", "103.00", "3.00")
    assert (rows["6602"].explains, rows["6602"].certain) == ((), False)
    unlisted = [*balances_of([posting()]), Balance("001", "9999", Decimal("3.00"), Decimal(0))]
    assert told(compared([ours()], [posting()], unlisted)["9999"])[0] == "amount"


def test_by_the_dimensions_that_the_balances_have():
    moved = (line("D", "6602", "60.00", department="D1", project="P1"), line("D", "6602", "40.00", department="D2"))
    balances = [
        Balance("001", "6602", Decimal("60.00"), Decimal(0), {"department": "D1"}),
        Balance("001", "6602", Decimal("45.00"), Decimal(0), {"department": "D2"}),
        Balance("001", "2241", Decimal(0), Decimal("100.00")),
    ]
    rows = compare_accounts([ours(lines=(*moved, COST[1]))], [posting(lines=(*moved, COST[1]))], balances, PERIOD)
    found = {(row.account, row.dimensions.get("department")): (str(row.verdict), str(row.difference)) for row in rows}
    assert found == {
        ("2241", None): ("matched", "0.00"),
        ("6602", "D1"): ("matched", "0.00"),
        ("6602", "D2"): ("amount", "5.00"),
    }


def test_books_are_apart():
    elsewhere = attrs.evolve(posting(9, reference=False), book="002")
    rows = compare_accounts([ours()], [posting(), elsewhere], balances_of([posting(), elsewhere]), PERIOD)
    assert {row.book for row in rows} == {"001"}
