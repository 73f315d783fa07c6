"""A voucher over its ERP's line limit: held, or parts that balance through a clearing account (posting-rules.md §8)."""

from __future__ import annotations

from decimal import Decimal

import attrs
import pytest

from dougong.accounting import RulesError, derive
from dougong.model.masterdata import AccountNeeds
from dougong.model.operations import Limits

MERGE = 'attachments  = "invoices"        # invoices 发票张数 | attachments | one\nmerge        = "none"'
CLEARING = 'prior_year        = "6901"       # 以前年度损益调整'
PLAIN = AccountNeeds()
SPLIT = (MERGE, f'{MERGE}\nover_limit = "split"\nclearing = "clearing"')
ROLE = (CLEARING, f'{CLEARING}\nclearing = "1999"')


@pytest.fixture
def cut(context, rules_with, needs):
    """A context whose ERP takes vouchers of so many lines, and whose rules want longer ones in parts."""

    def build(most, *changes, takes=PLAIN):
        mine = rules_with(*(changes or (SPLIT, ROLE)))
        return context(
            rules={"A01": mine, "B01": mine},
            limits=lambda book: Limits(max_lines=most, max_summary=80),
            account_needs=lambda book, account: takes if account == "1999" else needs(account),
        )

    return build


def long_report(make, **changes):
    lines = [make.line(str(at), "差旅费", f"{at + 1}.00") for at in range(9)]
    return make.report(lines, [make.payee("E001", "35.00")], advances=(make.advance("J1", "10.00"),), **changes)


def test_over_the_limit_it_is_held(make, context):
    (draft,) = derive(long_report(make), context(limits=lambda book: Limits(max_lines=10))).drafts
    (problem,) = draft.problems
    assert (problem.code, problem.facts["count"], problem.facts["limit"]) == ("LINES_TOO_MANY", "11", "10")
    assert "over_limit" in problem.hint.en


def test_parts_balance_and_hold_every_line_once(make, cut, context):
    report = long_report(make)
    (whole,) = derive(report, context()).drafts
    parts = derive(report, cut(5)).drafts
    assert [draft.part for draft in parts] == ["1", "2", "3"]
    assert all(draft.booking.difference == 0 for draft in parts)
    assert all(len(draft.booking.lines) <= 5 for draft in parts)
    kept = [line for draft in parts for line in draft.booking.lines if line.account != "1999"]
    assert [attrs.evolve(line, number=0, why={}) for line in kept] == [
        attrs.evolve(line, number=0, why={}) for line in whole.booking.lines
    ]
    assert [line.number for line in parts[1].booking.lines] == [1, 2, 3, 4, 5]
    clearing = [line for draft in parts for line in draft.booking.lines if line.account == "1999"]
    assert [(line.side, str(line.amount)) for line in clearing] == [("C", "10.00"), ("C", "26.00"), ("D", "36.00")]
    assert clearing[1].summary == "分单 2/3 张三报差旅费 B26110009"


def test_parts_form_a_set_and_share_loans_attachments_and_waits(make, cut):
    invoice = make.invoice("i1", "普票", "1.00")
    report = attrs.evolve(long_report(make), invoices=(invoice,))
    parts = derive(report, cut(5)).drafts
    assert {draft.set_id for draft in parts} == {"B26110009"}
    assert {draft.merge_key for draft in parts} == {""}
    assert [len(draft.booking.loans) for draft in parts] == [0, 0, 1]
    assert [draft.booking.attachments for draft in parts] == [1, 0, 0]
    assert [wait.document for wait in parts[0].waits_for] == ["J1"]


def test_a_voucher_that_fits_stays_whole(make, cut):
    (draft,) = derive(long_report(make), cut(11)).drafts
    assert (draft.part, draft.set_id, len(draft.booking.lines)) == ("1", "", 11)


def test_a_clearing_account_that_cannot_be_used_holds_it(make, cut):
    (unknown,) = derive(long_report(make), cut(5, takes=None)).drafts
    (wants,) = derive(long_report(make), cut(5, takes=AccountNeeds(frozenset({"project"})))).drafts
    assert [problem.code for problem in unknown.problems] == ["ACCOUNT_UNKNOWN"]
    assert [problem.code for problem in wants.problems] == ["DIMENSION_MISSING"]


def test_the_clearing_account_carries_its_dimensions(make, cut):
    parts = derive(long_report(make), cut(5, takes=AccountNeeds(frozenset({"employee"})))).drafts
    assert [line.dimensions for line in parts[0].booking.lines if line.account == "1999"] == [{"employee": "E001"}]


def test_a_limit_that_leaves_no_room_holds_it(make, cut):
    (draft,) = derive(long_report(make), cut(1)).drafts
    assert [problem.code for problem in draft.problems] == ["LINES_TOO_MANY"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ([SPLIT], "RULES_ROLE"),
        ([(MERGE, f'{MERGE}\nover_limit = "split"')], "RULES_OVER_LIMIT"),
        ([("[moments.loan] ", '[moments.loan]\nover_limit = "split"\nclearing = "rounding"\n')], "RULES_OVER_LIMIT"),
    ],
)
def test_rules_that_cannot_be_kept_are_refused(rules_with, changes, code):
    with pytest.raises(RulesError) as refused:
        rules_with(*changes)
    assert [problem.code for problem in refused.value.problems] == [code]


def test_several_entities_and_parts_are_one_set(make, cut, lines_of):
    lines = [make.line(str(at), "差旅费", f"{at + 1}.00") for at in range(6)]
    lines.append(make.line("b", "差旅费", "7.00", splits=[("1", "BD1", None, "B")]))
    drafts = derive(make.report(lines, [make.payee("E001", "28.00")]), cut(5)).drafts
    assert [(draft.entity, draft.part) for draft in drafts] == [("A", "1"), ("A", "2"), ("B", "1")]
    assert {draft.set_id for draft in drafts} == {"B26110009"}
    assert sum(draft.booking.difference for draft in drafts) == Decimal(0)
