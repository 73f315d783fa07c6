"""Transfers beside the document and beside each other: what was owed, what came back, what was told twice."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal

import attrs
import pytest

from dougong.accounting import derive
from dougong.model.documents import Event, ExecutedPayment

D = Decimal
BANK = "工行基本户"


def transfer(payee, amount, id=None, **more):
    return ExecutedPayment(payee, D(amount), id=id, **{"account": BANK, **more})


def paid(*payments, day=20, id="p1"):
    return Event(id, "paid", dt.date(2026, 11, day), payments=payments)


def back(*payments, day=23, id="r1"):
    return Event(id, "payment_returned", dt.date(2026, 11, day), payments=payments)


@pytest.fixture
def report(make):
    """A report of 418.00 for E001, with events after its approval."""

    def build(*events, payees=(("E001", "418.00"),)):
        lines = [make.line("1", "差旅费", str(sum(D(amount) for _, amount, *_ in payees)))]
        approved = make.approved()
        return make.report(lines, [make.payee(*one) for one in payees], events=(approved, *events))

    return build


@pytest.fixture
def outcomes(context):
    """What becomes of the transfers of a document: (moment, part, amount or code)."""

    def told(document, **changes):
        derivation = derive(document, context(**changes))
        assert derivation.problems == (), [str(one) for one in derivation.problems]
        return [
            (one.moment, one.part, one.problems[0].code if one.problems else str(one.booking.total))
            for one in derivation.drafts
            if one.moment != "accrual"
        ]

    return told


# -- what came back ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", ["418.00", "100.00"])
def test_a_return_of_all_or_of_a_part(report, outcomes, amount):
    document = report(paid(transfer("E001", "418.00", "T-1")), back(transfer("E001", amount, "T-1")))
    assert outcomes(document) == [("payment", "T-1", "418.00"), ("payment_returned", "T-1", f"-{amount}")]


def test_a_return_waits_for_its_own_payment(report, context):
    events = paid(transfer("E001", "218.00", "T-1"), transfer("E001", "200.00", "T-2"))
    *_, returned = derive(report(events, back(transfer("E001", "200.00", "T-2"))), context()).drafts
    assert [(one.moment, one.part) for one in returned.waits_for] == [("payment", "T-2")]


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (transfer("E001", "418.01", "T-1"), "RETURN_ABOVE_PAID"),
        (transfer("E001", "-418.00", "T-1"), "RETURN_ABOVE_PAID"),
        (transfer("E002", "418.00", "T-1"), "RETURN_DIFFERS"),
        (transfer("E001", "418.00", "T-1", currency="USD"), "RETURN_DIFFERS"),
        (transfer("E001", "418.00", "T-9"), "RETURN_UNKNOWN"),
        (transfer("E002", "418.00"), "RETURN_UNKNOWN"),
    ],
)
def test_a_return_that_its_payment_contradicts(report, outcomes, told, code):
    document = report(paid(transfer("E001", "418.00", "T-1")), back(told))
    assert outcomes(document)[0] == ("payment", "T-1", "418.00")
    assert [one[2] for one in outcomes(document)[1:]] == [code]


def test_what_came_back_twice_is_no_more_than_was_paid(report, outcomes):
    events = [
        paid(transfer("E001", "418.00")),
        back(transfer("E001", "300.00")),
        back(transfer("E001", "118.00"), id="r2"),
    ]
    assert [one[2] for one in outcomes(report(*events))] == ["418.00", "-300.00", "-118.00"]
    events[2] = back(transfer("E001", "118.01"), id="r2")
    assert [one[2] for one in outcomes(report(*events))] == ["418.00", "-300.00", "RETURN_ABOVE_PAID"]


def test_a_return_without_an_id_takes_the_payment_of_its_amount(report, context):
    events = paid(transfer("E001", "218.00", "T-1"), transfer("E001", "200.00", "T-2", account="招行"))
    *_, returned = derive(report(events, back(transfer("E001", "200.00", account=None))), context()).drafts
    assert returned.waits_for[0].part == "T-2"


def test_a_return_names_amounts_and_a_next_step(report, context):
    document = report(paid(transfer("E001", "418.00", "T-1")), back(transfer("E001", "500.00", "T-1")))
    (problem,) = derive(document, context()).drafts[-1].problems
    assert "paid=418.00 returned before=0.00" in problem.message.en
    assert "已付 418.00, 此前已退 0.00" in problem.message.zh
    assert problem.hint.zh
    assert problem.hint.en


# -- what is owed -----------------------------------------------------------------------------------------------------


def amounts_or_codes(found):
    return [one[2] for one in found]


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        (["418.00"], ["418.00"]),
        (["500.00"], ["PAYMENT_ABOVE_OWED"]),
        (["418.01"], ["PAYMENT_ABOVE_OWED"]),
        (["417.99"], ["417.99"]),
        (["100.00", "318.00"], ["100.00", "318.00"]),
        (["100.00", "318.01"], ["100.00", "PAYMENT_ABOVE_OWED"]),
        (["418.00", "418.00"], ["418.00", "PAYMENT_ABOVE_OWED"]),
        (["500.00", "100.00"], ["PAYMENT_ABOVE_OWED", "PAYMENT_ABOVE_OWED"]),
        (["418.000"], ["418.00"]),
        (["500.00", "-82.00"], ["500.00", "-82.00"]),
    ],
)
def test_no_more_is_paid_than_is_owed(report, outcomes, amounts, expected):
    for named in (True, False):
        told = [transfer("E001", amount, f"T-{at}" if named else None) for at, amount in enumerate(amounts)]
        assert amounts_or_codes(outcomes(report(paid(*told)))) == expected
        events = [paid(one, id=f"p{at}") for at, one in enumerate(told)]
        assert amounts_or_codes(outcomes(report(*events))) == expected


def test_each_payee_is_owed_what_is_theirs(report, outcomes):
    payees = (("E001", "100.00"), ("S-1", "300.00", "supplier"))
    fine = report(paid(transfer("S-1", "300.00", "T-1"), transfer("E001", "100.00", "T-2")), payees=payees)
    assert amounts_or_codes(outcomes(fine)) == ["300.00", "100.00"]
    other = report(paid(transfer("S-1", "300.00", "T-1"), transfer("E001", "101.00", "T-2")), payees=payees)
    assert amounts_or_codes(outcomes(other)) == ["300.00", "PAYMENT_ABOVE_OWED"]


def test_who_is_owed_nothing_is_paid_nothing(report, outcomes):
    other = report(paid(transfer("E001", "1.00", "T-1")), payees=(("S-1", "300.00", "supplier"),))
    assert amounts_or_codes(outcomes(other)) == ["PAYMENT_ABOVE_OWED"]


def test_what_came_back_makes_room_in_any_order(report, outcomes):
    events = [
        paid(transfer("E001", "418.00", "T-1")),
        back(transfer("E001", "418.00", "T-1")),
        paid(transfer("E001", "300.00", "T-2"), id="p2", day=25),
        back(transfer("E001", "100.00", "T-2"), id="r2", day=26),
        paid(transfer("E001", "218.00", "T-3"), id="p3", day=27),
    ]
    expected = sorted(outcomes(report(*events)))
    assert amounts_or_codes(expected) == ["418.00", "300.00", "218.00", "-418.00", "-100.00"]
    for order in itertools.permutations(events):
        assert sorted(outcomes(report(*order))) == expected


def test_the_transfer_that_came_back_is_the_one_that_makes_room(report, outcomes):
    """Three times paid and the last one returned: the second is still one too many."""
    events = [paid(transfer("E001", "418.00", f"T-{at}"), id=f"p{at}") for at in (1, 2, 3)]
    found = outcomes(report(*events, back(transfer("E001", "418.00", "T-3"))))
    assert amounts_or_codes(found) == ["418.00", "PAYMENT_ABOVE_OWED", "418.00", "-418.00"]


def test_a_report_that_gives_money_back(report, outcomes):
    payees = (("E001", "-300.00"),)
    assert amounts_or_codes(outcomes(report(paid(transfer("E001", "-300.00")), payees=payees))) == ["-300.00"]
    for amount in ("-300.01", "300.00"):
        found = outcomes(report(paid(transfer("E001", amount)), payees=payees))
        assert amounts_or_codes(found) == ["PAYMENT_ABOVE_OWED"]


def test_what_is_owed_is_what_the_accrual_says(make, outcomes):
    """The company paid a hotel of 1,060.00, 800.00 were approved: 260.00 less for E005 than the source tells."""
    lines = [
        make.line("1", "差旅费", "1060.00", approved="800.00", paid_by="S-CTRIP"),
        make.line("2", "差旅补贴", "500.00"),
    ]
    for amount, expected in (("240.00", "240.00"), ("500.00", "PAYMENT_ABOVE_OWED")):
        events = (make.approved(), paid(transfer("E001", amount)))
        document = make.report(lines, [make.payee("E001", "500.00")], events=events)
        assert amounts_or_codes(outcomes(document)) == [expected]


def test_without_an_accrual_of_ours_the_document_says_what_is_owed(report, outcomes, rules):
    mine = attrs.evolve(
        rules, moments={**rules.moments, "accrual": attrs.evolve(rules.moments["accrual"], owner="none")}
    )
    for amount, expected in (("418.00", "418.00"), ("418.01", "PAYMENT_ABOVE_OWED")):
        document = report(paid(transfer("E001", amount)))
        assert amounts_or_codes(outcomes(document, rules={"A01": mine})) == [expected]


def test_an_overpayment_names_amounts_and_a_next_step(report, context):
    events = paid(transfer("E001", "400.00", "T-1"), transfer("E001", "100.00", "T-2"))
    (problem,) = derive(report(events), context()).drafts[-1].problems
    assert "owed=418.00 paid before=400.00 this transfer=100.00" in problem.message.en
    assert "应付 E001 418.00, 此前已付 400.00, 本笔 T-2 100.00 超付" in problem.message.zh
    assert "payment_returned" in problem.hint.zh
    assert problem.hint.en


def test_a_loan_in_another_currency_is_no_payable(make, context):
    dollars = (ExecutedPayment("E004", D("1000.00"), id="T-1", currency="USD", rate=D("7.2"), account="中行外币户"),)
    (loan,) = derive(make.loan("7200.00", payments=dollars), context()).drafts
    assert "PAYMENT_ABOVE_OWED" not in {one.code for one in loan.problems}


# -- what is told otherwise -------------------------------------------------------------------------------------------


def rivals(document, context):
    """Part → parts beside which it is not sent, of what is not an accrual."""
    drafts = derive(document, context()).drafts
    return {one.part: [rival.part for rival in one.rivals] for one in drafts if one.moment != "accrual"}


FIRST = transfer("E001", "418.00", "T-1", fee=D("1.00"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"amount": D("400.00")}, "amount 418.00 → 400.00"),
        ({"payee": "E002"}, "payee E001 → E002"),
        ({"account": "6222021234567890123"}, "account 工行基本户 → …0123"),
        ({"currency": "USD"}, "currency CNY → USD"),
        ({"fee": D("2.00")}, "fee 1.00 → 2.00"),
    ],
)
@pytest.mark.parametrize("id", ["p1", "p2"])
def test_a_transfer_that_is_told_otherwise(report, context, id, change, says):
    document = report(paid(FIRST), paid(attrs.evolve(FIRST, **change), id=id))
    found = derive(document, context())
    assert rivals(document, context) == {"T-1": ["T-1 (2)"], "T-1 (2)": ["T-1"]}
    (problem,) = {rival.problem for draft in found.drafts for rival in draft.rivals}
    assert problem.code == "TRANSFER_CONTRADICTED"
    assert says in problem.message.en
    assert "6222021234567890123" not in str(problem)


def test_a_transfer_that_is_told_with_another_date(report, context):
    document = report(paid(FIRST), paid(FIRST, id="p2", day=21))
    assert rivals(document, context) == {"T-1": ["T-1 (2)"], "T-1 (2)": ["T-1"]}


def test_the_same_news_in_other_words_is_the_same(report, context, outcomes):
    again = (
        paid(FIRST, id="p2"),
        paid(FIRST),
        paid(attrs.evolve(FIRST, amount=D("418"), account=None, method="网银", fee=None), id="p3"),
        paid(attrs.evolve(FIRST, id=None)),  # of the event p1
    )
    assert outcomes(report(paid(FIRST), *again))[0][:2] == ("payment", "T-1")
    assert rivals(report(paid(FIRST), *again), context) == {"T-1": []}


def test_a_fee_that_is_told_later_is_news(report, context):
    bare = attrs.evolve(FIRST, fee=None)
    assert rivals(report(paid(bare), paid(FIRST)), context) == {"T-1": ["T-1 (2)"], "T-1 (2)": ["T-1"]}


@pytest.mark.parametrize("named", [True, False])
def test_an_event_that_tells_more_than_before(report, outcomes, context, named):
    """All that it told is told again, so the rest is new, each time; nothing is twice."""
    one, two, three = (
        transfer("E001", amount, f"T-{amount}" if named else None) for amount in ("100.00", "100.50", "100.00")
    )
    three = attrs.evolve(three, id="T-3" if named else None)
    document = report(paid(one), paid(one, two), paid(one), paid(three, two, one), paid(one, two))
    told = outcomes(document)
    assert [amount for _, _, amount in told] == ["100.00", "100.50", "100.00"]
    assert len({part for _, part, _ in told}) == 3
    assert set(map(len, rivals(document, context).values())) == {0}


def test_what_an_event_tells_instead_is_not_more(report, outcomes):
    one, two = transfer("E001", "100.00", "T-1"), transfer("E001", "50.00", "T-2")
    for again in (paid(two), paid(transfer("E001", "120.00", "T-1"), two), paid(one, two, day=21)):
        told = outcomes(report(paid(one), again))
        assert [part.split()[0] for _, part, _ in told] == ["T-1"] * len(told)
        assert len(told) > 1


def test_more_of_what_another_event_has_told_is_known(report, outcomes):
    one, two = transfer("E001", "100.00", "T-1"), transfer("E001", "50.00", "T-2")
    assert len(outcomes(report(paid(one), paid(two, id="p2"), paid(one, two)))) == 2


def test_more_comes_back(report, outcomes):
    one, two = transfer("E001", "200.00", "T-1"), transfer("E001", "218.00", "T-2")
    told = outcomes(report(paid(one, two), back(one), back(one, two)))
    assert [part for moment, part, _ in told if moment == "payment_returned"] == ["T-1", "T-2"]


def test_a_loan_of_which_more_is_told(make, outcomes):
    one, two, three = (transfer("E001", "100.00", f"T-{at}") for at in range(3))
    told = outcomes(make.loan(events=(paid(one), paid(three, id="p2"), paid(one, two))))
    assert told == [("loan", "1", "100.00"), ("loan", "p2", "100.00"), ("loan", "p1 #2", "100.00")]


def test_an_event_without_ids_that_is_told_otherwise(report, context):
    first, second = transfer("E001", "400.00"), transfer("E001", "18.00")
    name = "E001 400.00 2026-11-20"
    assert set(rivals(report(paid(first, second), paid(second, first)), context)) == {name, "E001 18.00 2026-11-20"}
    document = report(paid(first), paid(transfer("E001", "300.00")))
    assert rivals(document, context) == {name: [f"{name} (2)"], f"{name} (2)": [name]}
    document = report(paid(first), paid(transfer("E001", "400.00", "T-1")))
    assert rivals(document, context) == {name: []}


def test_every_other_telling_is_a_rival_of_all_others(report, context):
    events = [paid(attrs.evolve(FIRST, amount=D(amount)), id=f"p{amount}") for amount in (400, 410, 400, 418, 410)]
    assert rivals(report(*events), context) == {
        "T-1": ["T-1 (2)", "T-1 (3)"],
        "T-1 (2)": ["T-1", "T-1 (3)"],
        "T-1 (3)": ["T-1", "T-1 (2)"],
    }


def test_another_telling_is_checked_in_place_of_the_first(report, outcomes):
    first, other = transfer("E001", "400.00", "T-1"), transfer("E001", "418.00", "T-1")
    assert amounts_or_codes(outcomes(report(paid(first), paid(other)))) == ["400.00", "418.00"]
    more = transfer("E001", "418.01", "T-1")
    assert amounts_or_codes(outcomes(report(paid(first), paid(more)))) == ["400.00", "PAYMENT_ABOVE_OWED"]
    rest = paid(transfer("E001", "18.00", "T-2"), id="p2")
    assert amounts_or_codes(outcomes(report(paid(first), paid(other), rest)))[0::2] == ["400.00", "418.00"]


def test_a_return_that_is_told_otherwise(report, outcomes, context):
    told = paid(transfer("E001", "418.00", "T-1"))
    document = report(told, back(transfer("E001", "418.00", "T-1")), back(transfer("E001", "100.00", "T-1"), id="r2"))
    assert amounts_or_codes(outcomes(document)) == ["418.00", "-418.00", "-100.00"]
    *_, one, other = derive(document, context()).drafts
    assert (one.rivals[0].part, other.rivals[0].part) == ("T-1 (2)", "T-1")


def test_a_loan_that_is_told_otherwise(make, context):
    def lent(*events):
        document = make.loan()
        return {
            one.part: (str(one.booking.total), [rival.part for rival in one.rivals])
            for one in derive(attrs.evolve(document, events=events), context()).drafts
        }

    first, other = transfer("E004", "5000.00", "T-1"), transfer("E004", "4000.00", "T-1")
    assert lent(paid(first)) == {"1": ("5000.00", [])}
    assert lent(paid(first), paid(first, id="p2")) == {"1": ("5000.00", [])}
    assert lent(paid(first), paid(transfer("E004", "1.00", "T-2"), id="p2")) == {
        "1": ("5000.00", []),
        "p2": ("1.00", []),
    }
    for id in ("p1", "p2"):
        assert lent(paid(first), paid(other, id=id)) == {"1": ("5000.00", ["1 (2)"]), "1 (2)": ("4000.00", ["1"])}


# -- what the bank charges --------------------------------------------------------------------------------------------


def test_a_fee_is_an_expense_and_leaves_the_bank(report, context, lines_of):
    *_, draft = derive(report(paid(transfer("E001", "418.00", "T-1", fee=D("2.50")))), context()).drafts
    assert draft.problems == ()
    assert lines_of(draft.booking) == {
        "D 2241.01 418.00 employee=E001 clears=B26110009",
        "C 1002.01 418.00 bank=ICBC-01 cash_flow=CF07",
        "D 6603.02 2.50",
        "C 1002.01 2.50 bank=ICBC-01 cash_flow=CF07",
    }


@pytest.mark.parametrize(("fee", "expected"), [(None, []), ("2.50", ["-2.50"]), ("2.51", None)])
def test_a_fee_comes_back_where_the_bank_says_so(report, context, fee, expected):
    told = transfer("E001", "418.00", "T-1", fee=None if fee is None else D(fee))
    document = report(paid(transfer("E001", "418.00", "T-1", fee=D("2.50"))), back(told))
    *_, draft = derive(document, context()).drafts
    if expected is None:
        assert [one.code for one in draft.problems] == ["RETURN_DIFFERS"]
    else:
        assert [str(line.amount) for line in draft.booking.lines if line.account == "6603.02"] == expected


def _without_fees(rules):
    def kept(moment):
        entries = tuple(entry for entry in moment.entry if entry.amount != "payment.fee")
        return attrs.evolve(moment, entry=entries)

    return attrs.evolve(rules, moments={name: kept(moment) for name, moment in rules.moments.items()})


def test_a_fee_that_the_rules_do_not_book_is_held(report, context, rules, make):
    mine = {"A01": _without_fees(rules)}
    told = transfer("E001", "418.00", "T-1", fee=D("2.50"))
    *_, draft = derive(report(paid(told)), context(rules=mine)).drafts
    (problem,) = draft.problems
    assert problem.code == "BANK_CHARGES_MISSING"
    assert "2.50" in problem.message.zh
    assert "bank_charges" in problem.hint.en
    loan = make.loan(payments=(transfer("E004", "5000.00", "T-1", fee=D("1.00")),))
    (draft,) = derive(loan, context(rules=mine)).drafts
    assert [one.code for one in draft.problems] == ["BANK_CHARGES_MISSING"]


def test_the_fee_of_a_foreign_transfer_takes_its_rate(make, context, needs):
    def known(book, account):
        return attrs.evolve(needs("1002.01"), currencies=frozenset({"USD"})) if account == "1002.02" else needs(account)

    dollars = transfer("E004", "1000.00", "T-1", currency="USD", rate=D("7.2"), account="中行外币户", fee=D("5.05"))
    (draft,) = derive(make.loan("7200.00", payments=(dollars,)), context(account_needs=known)).drafts
    assert draft.booking.difference == 0
    fees = [line for line in draft.booking.lines if line.amount == D("36.36")]
    assert [(line.side, line.account) for line in fees] == [("D", "6603.02"), ("C", "1002.02")]
    assert (fees[1].original.amount, fees[1].original.currency) == (D("5.05"), "USD")
