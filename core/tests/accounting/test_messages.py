"""What holds a document or a voucher: each cause with its code, its facts and both languages."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import attrs
import pytest

from dougong.accounting import LoanFact, derive, explain, missing_rows
from dougong.model.documents import Event, ExecutedPayment, InvoiceShare, Split, Withheld
from dougong.model.masterdata import AccountNeeds
from dougong.model.operations import Limits
from dougong.tables.decisions import DecisionTable
from dougong.tables.files import read_table


def table_of(text: str, name: str) -> DecisionTable:
    path = f"tables/{name}.csv"
    return DecisionTable.from_table(read_table(text.encode(), path), name, path)


@pytest.fixture
def held(context):
    """The only problem that holds a document, wherever it was found."""

    def of(document, **changes):
        derivation = derive(document, context(**changes))
        found = [*derivation.problems, *(p for draft in derivation.drafts for p in draft.problems)]
        assert len(found) == 1, [str(problem) for problem in found] or derivation
        assert not any(draft.booking for draft in derivation.drafts)
        (problem,) = found
        assert problem.message.zh
        assert problem.message.en
        assert problem.hint.zh
        return problem

    return of


@pytest.fixture
def simple(make):
    """A report of one line, whole; keywords change the line."""

    def build(fee_type="差旅费", gross="100.00", payee=None, invoices=(), report=None, **line):
        payees = [make.payee("E001", gross if payee is None else payee)]
        return make.report([make.line("1", fee_type, gross, **line)], payees, invoices, **(report or {}))

    return build


def test_no_row_for_an_account(held, simple):
    problem = held(simple(report={"department": "D03"}))
    assert problem.code == "ACCOUNT_NOT_DETERMINED"
    assert problem.message.zh == "无对应科目: 差旅费/研发/(空)"
    assert problem.facts["table"] == "expense_account"


def test_the_template_has_no_row_for_training(held, simple):
    assert held(simple("培训费")).facts["fee_type"] == "培训费"


def test_no_row_for_a_department_names_its_own_table(held, simple):
    problem = held(simple(report={"department": "D77"}))
    assert problem.code == "ACCOUNT_NOT_DETERMINED"
    assert problem.message.zh == "tables/departments.csv 没有 部门=D77 的行, 科目无从确定"
    assert problem.message.en == "tables/departments.csv has no row for department=D77, so no account can be determined"
    assert "tables/departments.csv" in problem.hint.en
    assert problem.facts == {"table": "departments", "amount": "100.00", "department": "D77"}


@pytest.fixture
def asked(context, simple, rules_with):
    """Tables and keys of the rows that are asked for when department, project or both are in no table."""

    def of(department, project, fee_type="差旅费", **tables):
        changes = {"rules": {"A01": rules_with(**tables)}} if tables else {}
        (draft,) = derive(simple(fee_type, splits=[("1", department, project)]), context(**changes)).drafts
        return [(row.table, tuple(row.keys.values())) for row in missing_rows(draft.problems)]

    return of


def test_only_the_kinds_that_would_do_are_asked_for(asked):
    both = "fee_type,department_kind,project_kind,→account\n差旅费,研发,研发,5301.01.02\n".encode()
    assert asked("D77", "P77") == [("departments", ("D77",))]
    assert asked("D03", "P77") == [("projects", ("P77",))]
    assert asked("D77", "P77", expense_account=both) == [("departments", ("D77",)), ("projects", ("P77",))]


def test_where_no_kind_would_do_the_account_table_lacks_the_row(asked):
    assert asked("D01", "P77", "培训费") == [("expense_account", ("培训费", "管理", "*"))]
    assert asked("D77", None, "培训费") == [("expense_account", ("培训费", "*", ""))]


def test_an_unknown_department_does_no_harm_where_a_row_fits_without_its_kind(context, simple, rules_with):
    table = "fee_type,department_kind,→account,valid_from,valid_to,note\n差旅费,*,6602.02,2020-01-01,,\n".encode()
    rules = rules_with(expense_account=table)
    (draft,) = derive(simple(report={"department": "D77"}), context(rules={"A01": rules})).drafts
    assert draft.booking.lines[0].account == "6602.02"


def test_a_department_whose_kind_is_blank_is_known(held, simple, rules_with):
    rules = rules_with(departments="department,→kind\nD77,\n".encode())
    problem = held(simple(report={"department": "D77"}), rules={"A01": rules})
    assert problem.facts["table"] == "expense_account"
    assert problem.facts["department_kind"] == ""


def test_missing_rows_are_grouped_with_count_and_money(context, simple):
    documents = [simple("培训费", "100.00"), simple("培训费", "50.00"), simple("礼品费", "400.00")]
    problems = [p for one in documents for draft in derive(one, context()).drafts for p in draft.problems]
    rows = missing_rows(problems)
    assert [(row.keys["fee_type"], row.count, row.amount) for row in rows] == [
        ("礼品费", 1, Decimal("400.00")),
        ("培训费", 2, Decimal("150.00")),
    ]
    assert rows[0].keys == {"fee_type": "礼品费", "department_kind": "管理", "project_kind": ""}


def test_unknown_account_asks_for_a_pull(held, simple):
    problem = held(simple(), account_needs=lambda book, account: None if account == "6602.02" else AccountNeeds())
    assert (problem.code, problem.facts["account"]) == ("ACCOUNT_UNKNOWN", "6602.02")
    assert "ERP 中没有科目 6602.02, 或它不是明细科目" in problem.message.zh


def test_an_account_that_the_rules_own_table_lacks_is_not_the_erps_matter(held, simple, rules):
    own = attrs.evolve(rules, needs=table_of("account,→dimensions\n2241.01,\n", "account_needs"))
    problem = held(simple(), rules={"A01": own})
    assert (problem.code, problem.facts["account"]) == ("ACCOUNT_UNKNOWN", "6602.02")
    assert "account_needs 表中没有科目" in problem.message.zh


def test_an_account_that_the_rules_own_table_has_twice(held, simple, rules):
    twice = "account,→dimensions\n2241.01,\n6602.02,department\n6602.02,project\n"
    own = attrs.evolve(rules, needs=table_of(twice, "account_needs"))
    problem = held(simple(), rules={"A01": own})
    assert (problem.code, problem.facts["first"], problem.facts["second"]) == ("TABLE_TIE", "3", "4")


def test_rows_that_contradict_each_other_hold_who_needs_them(held, context, simple, rules):
    tied = "fee_type,department_kind,project_kind,→account\n差旅费,*,*,6601\n办公费,*,*,6602.02\n差旅费,*,*,6602.02\n"
    own = attrs.evolve(rules, tables={**rules.tables, "expense_account": table_of(tied, "expense_account")})
    problem = held(simple(), rules={"A01": own})
    assert (problem.code, problem.facts["file"]) == ("TABLE_TIE", "tables/expense_account.csv")
    assert "第 2 行与第 4 行" in problem.message.zh
    (draft,) = derive(simple("办公费"), context(rules={"A01": own})).drafts
    assert draft.booking is not None


def test_missing_dimension_names_account_dimension_and_line(held, simple):
    needs = {"6602.02": AccountNeeds(frozenset({"department", "project"})), "2241.01": AccountNeeds()}
    problem = held(simple(), account_needs=lambda book, account: needs[account])
    assert (problem.code, problem.facts) == (
        "DIMENSION_MISSING",
        {"account": "6602.02", "dimension": "project", "line": "slices[1]"},
    )


def test_dimensions_are_exactly_those_that_the_account_takes(context, simple):
    report = simple(splits=[("1", "D02", "P-R01")])
    optional = AccountNeeds(frozenset({"department"}), optional=frozenset({"project", "company"}))
    plain = derive(report, context()).drafts[0].booking.lines[0]
    richer = derive(report, context(account_needs=lambda book, account: optional)).drafts[0].booking.lines[0]
    assert plain.dimensions == {"department": "D02"}
    assert richer.dimensions == {"department": "D02", "project": "P-R01"}


def test_identity_names_every_number(held, make):
    report = make.report(
        [make.line("1", "差旅费", "1060.00", invoice="i1")],
        [make.payee("E001", "500.00")],
        [make.invoice("i1", "专票", "1060.00", "60.00", rate="0.06")],
        advances=(make.advance("J1", "500.00"),),
    )
    problem = held(report)
    assert problem.code == "IDENTITY_FAILED"
    assert problem.facts == {
        "document": "B26110009",
        "claimed": "1060.00",
        "tax": "60.00",
        "written_off": "500.00",
        "paid": "0",
        "payable": "500.00",
        "difference": "60.00",
    }


def test_withheld_without_an_entry_does_not_balance(held, simple):
    document = simple(payee="80.00", report={"withheld": (Withheld("个人所得税", Decimal("20.00")),)})
    problem = held(document)
    assert (problem.code, problem.facts["difference"]) == ("NOT_BALANCED", "20.00")


@pytest.mark.parametrize(
    ("splits", "code"),
    [
        ((Split("A", "D01", share=Decimal("0.5")), Split("A", "D02", share=Decimal("0.4"))), "SPLIT_MISMATCH"),
        ((Split("A", "D01", amount=Decimal(60)), Split("A", "D02", amount=Decimal(30))), "SPLIT_MISMATCH"),
        ((Split("A", "D01", share=Decimal("0.5")), Split("A", "D02", amount=Decimal(50))), "SPLIT_MISMATCH"),
        ((Split("A", "D01", amount=Decimal(150)), Split("A", "D02", amount=Decimal(-50))), "SPLIT_MISMATCH"),
        ((Split("A", "D01", share=Decimal("1.5")), Split("A", "D02", share=Decimal("-0.5"))), "SPLIT_MISMATCH"),
    ],
)
def test_splits_that_are_not_the_line(held, simple, splits, code):
    report = simple()
    report = attrs.evolve(report, lines=(attrs.evolve(report.lines[0], splits=splits),))
    assert held(report).code == code


def test_approved_above_claimed(held, simple):
    assert held(simple(approved="100.01")).code == "APPROVED_ABOVE_CLAIMED"


def test_invoice_claimed_for_more_than_it_is(held, simple, make):
    share = InvoiceShare("i1", Decimal("99.00"))
    problem = held(simple(invoice=[share], invoices=[make.invoice("i1", "专票", "90.00", "5.09")]))
    assert (problem.code, problem.facts["gross"], problem.facts["claimed"]) == ("INVOICE_OVERCLAIMED", "90.00", "99.00")


def test_tax_above_the_invoice(held, simple, make):
    share = InvoiceShare("i1", None, Decimal("5.67"))
    assert (
        held(simple(invoice=[share], invoices=[make.invoice("i1", "专票", "100.00", "5.66")])).code
        == "TAX_ABOVE_INVOICE"
    )


def test_invoice_that_the_document_lacks(held, simple):
    assert held(simple(invoice="i9")).code == "INVOICE_MISSING"


def test_deductible_invoice_without_its_tax(held, simple, make):
    assert held(simple(invoice="i1", invoices=[make.invoice("i1", "专票", "100.00")])).code == "TAX_MISSING"


def test_kind_and_use_that_no_row_decides(held, simple, make):
    problem = held(simple(invoice="i1", invoices=[make.invoice("i1", "收购发票", "100.00", "9.00")]))
    assert problem.code == "TAX_USE_NOT_DETERMINED"
    assert problem.message.zh == "费用类型=差旅费 票种=收购发票: 无抵扣规则"


def test_an_unknown_buyer_is_held(held, simple, make):
    problem = held(simple(invoice="i1", invoices=[make.invoice("i1", "专票", "106.00", "6.00", buyer="某某公司")]))
    assert (problem.code, problem.facts["buyer"]) == ("BUYER_UNKNOWN", "某某公司")


def test_title_mismatch_can_hold(held, make, rules_with):
    rules = rules_with(('title_mismatch = "cost"', 'title_mismatch = "hold"'))
    hotel = make.line("1", "差旅费", "106.00", invoice="i1", splits=[("1", "BD1", None, "B")])
    report = make.report([hotel], [make.payee("E001", "106.00")], [make.invoice("i1", "专票", "106.00", "6.00")])
    problem = held(report, rules={"A01": rules, "B01": rules})
    assert (problem.code, problem.facts["buyer"], problem.facts["bearer"]) == ("TITLE_MISMATCH", "A", "B")


def test_no_rate_is_no_guess(held, simple):
    problem = held(simple(currency="USD", expense_date=dt.date(2026, 11, 5)))
    assert (problem.code, problem.facts) == (
        "RATE_MISSING",
        {"currency": "USD", "type": "month_start", "date": "2026-11-05"},
    )


def test_a_document_in_another_currency_than_its_book(held, simple):
    assert held(attrs.evolve(simple(), currency="USD")).code == "CURRENCY_NOT_FUNCTIONAL"


def test_a_foreign_write_off_needs_the_reports_rate(held, simple, make):
    problem = held(simple(payee="0.00", report={"advances": (make.advance("J1", "100.00", "USD"),)}))
    assert (problem.code, problem.path) == ("RATE_MISSING", "advances.rate")


def test_a_loan_is_written_off_in_its_own_currency(held, simple, make):
    document = simple(payee="0.00", report={"advances": (make.advance("J1", "100.00", "EUR"),)})
    problem = held(document, loan=lambda number: LoanFact(number, currency="USD"))
    assert (problem.code, problem.facts) == ("LOAN_CURRENCY", {"loan": "J1", "currency": "USD"})


def test_a_closed_period_that_holds(held, simple, rules_with):
    rules = rules_with(('closed_period    = "next_open"', 'closed_period    = "hold"'))
    problem = held(simple(), rules={"A01": rules}, closed=lambda book: frozenset({"2026-11", "2026-12"}))
    assert (problem.code, problem.facts) == (
        "PERIOD_CLOSED",
        {"book": "A01", "period": "2026-11", "first_open": "2027-01"},
    )


def test_too_many_lines(held, simple):
    problem = held(simple(), limits=lambda book: Limits(max_lines=1))
    assert (problem.code, problem.facts["count"]) == ("LINES_TOO_MANY", "2")


def test_protected_parts_that_do_not_fit(context, simple):
    (draft,) = derive(simple(), context(limits=lambda book: Limits(max_summary=10))).drafts
    assert {p.code for p in draft.problems} == {"SUMMARY_TOO_LONG"}


def test_a_fact_from_before_the_rules(held, simple, rules_with):
    rules = rules_with(("valid_from = 2020-01-01", "valid_from = 2027-01-01"))
    assert held(simple(), rules={"A01": rules}).code == "RULES_NOT_VALID"
    assert held(simple("培训费"), rules={"A01": rules}).code == "RULES_NOT_VALID", "no row is missing"
    assert held(simple(payee="99.00"), rules={"A01": rules}).code == "RULES_NOT_VALID"


def test_entity_route_and_rules(held, simple):
    assert held(simple(report={"entity": None})).code == "ENTITY_MISSING"
    assert held(simple(report={"entity": "C"})).code == "ROUTE_MISSING"
    assert held(simple(), rules={}).code == "RULES_MISSING"


def test_an_employee_who_owes_needs_a_name(held, make):
    hotel = make.line("1", "差旅费", "100.00", approved="80.00", paid_by="S-CTRIP")
    assert held(make.report([hotel], submitter=None)).code == "SUBMITTER_MISSING"


def test_a_loan_from_an_account_without_a_row_never_shows_its_number(held, make):
    problem = held(make.loan(account="6222021234567890123"))
    assert problem.code == "ACCOUNT_NOT_DETERMINED"
    assert problem.message.zh == "无对应科目: …0123/CNY"
    assert "6222021234567890123" not in str(problem.to_json())


def test_a_loan_without_any_amount(held, make):
    document = attrs.evolve(make.loan(payments=()), payees=())
    assert held(document).code == "PAYMENT_MISSING"


def test_other_targets_are_held_not_posted_wrong(held, simple, rules_with):
    change = ('target       = "voucher"', 'target       = "payable"')
    assert held(simple(), rules={"A01": rules_with(change)}).code == "NOT_SUPPORTED_YET"


def test_a_loan_with_nothing_left(held, simple, make):
    document = simple(payee="0.00", report={"advances": (make.advance("J1", "100.00"),)})
    problem = held(document, loan=lambda number: LoanFact(number, remaining=Decimal("0.00"), carrying=Decimal("0.00")))
    assert problem.message.en == "loan J1: remaining=0.00 asked=100.00"
    assert problem.facts == {"loan": "J1", "remaining": "0.00", "asked": "100.00"}


@pytest.mark.parametrize("state", ["draft", "approving", "rejected"])
def test_states_that_book_nothing(context, simple, state):
    derivation = derive(simple(report={"state": state}), context())
    assert derivation.not_due
    assert (derivation.drafts, derivation.problems) == ((), ())


def test_without_its_event_nothing_is_due(context, simple, make):
    assert derive(simple(report={"events": ()}), context()).not_due
    loan = attrs.evolve(make.loan(), events=(make.approved(),))
    assert derive(loan, context()).not_due
    assert derive(attrs.evolve(loan, type="repayment"), context()).not_due


@pytest.mark.parametrize("state", ["draft", "approving", "rejected", "void", "deleted"])
def test_the_reason_is_told_in_one_language_at_a_time(context, simple, state):
    reason = derive(simple(report={"state": state}), context()).not_due
    assert reason.en.isascii()
    assert not any(letter.isascii() and letter.isalpha() for letter in reason.zh)


def test_a_report_of_nothing_is_not_due(context, simple):
    assert derive(simple(gross="0.00"), context()).not_due


def _printed(make, net, tax, gross, kind="专票", **rest):
    return make.invoice("i1", kind, gross, tax, net=None if net is None else Decimal(net), number="0815", **rest)


@pytest.mark.parametrize("kind", ["专票", "普票"])
def test_an_invoice_that_does_not_add_up(held, simple, make, kind):
    problem = held(simple(gross="318.00", invoice="i1", invoices=[_printed(make, "200.00", "18.00", "318.00", kind)]))
    assert problem.code == "AMOUNT_CONTRADICTORY"
    assert problem.message.en == "invoice 0815: net 200.00 + tax 18.00 is not gross 318.00"
    assert problem.facts == {"invoice": "0815", "net": "200.00", "tax": "18.00", "gross": "318.00"}


def test_a_ticket_that_does_not_add_up_names_its_fund(held, simple, make):
    ticket = _printed(make, "1000.00", "90.00", "1150.00", "航空电子客票", fund="50.00")
    problem = held(simple(gross="1150.00", invoice="i1", invoices=[ticket]))
    assert problem.message.en == "invoice 0815: net 1000.00 + tax 90.00 + fund 50.00 is not gross 1150.00"


@pytest.mark.parametrize(
    ("net", "tax", "gross", "fund"),
    [
        ("300.00", "18.00", "318.00", None),
        ("300", "18", "318.00", None),
        ("200.00", None, "318.00", None),
        (None, "18.00", "318.00", None),
        ("1000.00", "90.00", "1140.00", "50.00"),
        ("299.996", "18.00", "318.00", None),
    ],
)
def test_an_invoice_that_adds_up_or_does_not_tell_all(context, simple, make, net, tax, gross, fund):
    invoice = _printed(make, net, tax, gross, fund=fund)
    derivation = derive(simple(gross=gross, invoice="i1", invoices=[invoice]), context())
    assert [problem.code for problem in derivation.problems] == []


def test_owners(context, simple, rules_with):
    erp = rules_with(('owner        = "dougong"         # dougong', 'owner        = "erp"         # dougong'))
    (draft,) = derive(simple(), context(rules={"A01": erp})).drafts
    assert (draft.owner, draft.booking, draft.problems) == ("erp", None, ())
    none = rules_with(('owner        = "dougong"         # dougong', 'owner        = "none"         # dougong'))
    assert derive(simple(), context(rules={"A01": none})).not_due


def test_the_first_date_that_exists_counts(context, simple, rules_with, make):
    rules = rules_with(('date         = ["approved_on"]', 'date         = ["paid_on", "expense_date", "approved_on"]'))
    report = simple(expense_date=dt.date(2026, 11, 3))
    assert derive(report, context(rules={"A01": rules})).drafts[0].booking.posting_date == dt.date(2026, 11, 3)
    paid = attrs.evolve(report, events=(make.approved(), Event("p", "paid", dt.date(2026, 11, 20))))
    assert derive(paid, context(rules={"A01": rules})).drafts[0].booking.posting_date == dt.date(2026, 11, 20)
    only = rules_with(('date         = ["approved_on"]', 'date         = ["paid_on"]'))
    assert [p.code for p in derive(report, context(rules={"A01": only})).problems] == ["DATE_MISSING"]


def test_a_loan_paid_twice_is_two_vouchers(context, make):
    events = tuple(
        Event(
            id, "paid", dt.date(2026, 11, day), payments=(ExecutedPayment("E004", Decimal(2500), account="工行基本户"),)
        )
        for id, day in (("p1", 2), ("p2", 9))
    )
    drafts = derive(attrs.evolve(make.loan(), events=events), context()).drafts
    assert [(d.part, d.booking.posting_date.day, d.booking.total) for d in drafts] == [("1", 2, 2500), ("p2", 9, 2500)]


def test_a_loan_named_by_its_source_id_clears_its_number(context, make):
    from dougong.accounting import LoanFact

    report = make.report([make.line("1", "差旅费", "10.00")], advances=(make.advance("ID01abc", "10.00"),))
    known = {"ID01abc": LoanFact("J26100007", employee="E009")}
    (draft,) = derive(report, context(loan=known.get)).drafts
    (line,) = [line for line in draft.booking.lines if line.side == "C"]
    assert (line.clears, line.dimensions, line.summary) == (
        "J26100007",
        {"employee": "E009"},
        "核销借款 J26100007 B26110009",
    )
    before = {"ID01abc": LoanFact("J26100007", before_go_live=True)}
    assert derive(report, context(loan=before.get)).drafts[0].waits_for == ()


def test_summaries_keep_number_and_name_when_cut(context, simple):
    report = simple(report={"reason": "上海客户现场实施与验收\n以及更多" * 5})
    (draft,) = derive(report, context(limits=lambda book: Limits(max_summary=30, forbidden="与"))).drafts
    text = draft.booking.lines[0].summary
    assert len(text) <= 30
    assert text.startswith("张三报差旅费 上海客户现场实施 验收")
    assert text.endswith("B26110009")
    assert [note.code for note in draft.notes] == ["SUMMARY_CHARACTERS"]


def test_invoices_of_another_year_are_noted(context, simple, make):
    invoice = make.invoice("i1", "普票", "100.00", "5.66", date=dt.date(2025, 12, 30))
    (draft,) = derive(simple(invoice="i1", invoices=[invoice]), context()).drafts
    assert [note.code for note in draft.notes] == ["INVOICE_YEAR"]
    assert draft.booking is not None


def test_red_lines_keep_their_side_where_the_erp_takes_them(context, make):
    report = make.report(
        [make.line("1", "差旅费", "100.00"), make.line("2", "差旅费", "-30.00")], [make.payee("E001", "70.00")]
    )
    (red,) = derive(report, context()).drafts
    assert [(line.side, line.amount) for line in red.booking.lines] == [("D", 100), ("D", -30), ("C", 70)]
    (blue,) = derive(report, context(limits=lambda book: Limits(negative_lines=False))).drafts
    assert [(line.side, line.amount) for line in blue.booking.lines] == [("D", 100), ("C", 30), ("C", 70)]


def test_explain_names_fact_entry_and_row(context, make, rules_text):
    (draft,) = derive(make.scenario_1(), context()).drafts
    rows = explain(draft.booking)
    assert [row.number for row in rows] == list(range(1, 10))
    first = rows[0]
    assert (first.fact, first.of, first.entry) == ("slices[1]", "slice.cost", "accrual.entry[1]")
    assert (first.table, first.row) == ("tables/expense_account.csv", 2)
    assert first.keys == {"fee_type": "差旅费", "department_kind": "销售", "project_kind": ""}
    line = 1 + rules_text[: rules_text.index("[[moments.accrual.entry]]")].count("\n")
    assert first.rules == f"rules/a01.toml:{line}"
    (tax, *_) = [row for row in rows if row.account == "2221.01.01"]
    assert (tax.account_by, tax.table, tax.row) == ("input_vat", "tables/tax_use.csv", 3)


@pytest.mark.parametrize(
    ("kind", "gross", "fund", "tax", "base", "rate"),
    [
        ("铁路电子客票", "553.00", None, "45.66", "507.34", "0.09"),
        ("航空电子客票", "1140.00", "50.00", "90.00", "1000.00", "0.09"),
        ("公路客运", "103.00", None, "3.00", "100.00", "0.03"),
    ],
)
def test_tickets_without_printed_tax(context, make, rules_with, kind, gross, fund, tax, base, rate):
    rules = rules_with(tax_use=f"fee_type,invoice_kind,→deduct\n差旅费,{kind},yes\n".encode())
    ticket = make.invoice("i1", kind, gross, fund=fund)
    report = make.report([make.line("1", "差旅费", gross, invoice="i1")], [make.payee("E001", gross)], [ticket])
    (draft,) = derive(report, context(rules={"A01": rules})).drafts
    (line,) = [line for line in draft.booking.lines if line.tax]
    assert (line.amount, line.tax.base, line.tax.rate) == (Decimal(tax), Decimal(base), Decimal(rate))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ((), "45.28"),
        ((('below_invoice  = "proportional"', 'below_invoice  = "full"'),), "60.00"),
        ((('below_invoice  = "proportional"', 'below_invoice  = "none"'),), None),
        ((('taxpayer       = "general"', 'taxpayer       = "small_scale"'),), None),
    ],
    ids=["proportional", "full", "none", "small scale"],
)
def test_tax_of_what_was_not_approved_in_full(context, make, rules_with, change, expected):
    report = make.report(
        [make.line("1", "差旅费", "1060.00", approved="800.00", invoice="i1")],
        [make.payee("E001", "800.00")],
        [make.invoice("i1", "专票", "1060.00", "60.00", rate="0.06")],
    )
    (draft,) = derive(report, context(rules={"A01": rules_with(*change)})).drafts
    taxes = [line.amount for line in draft.booking.lines if line.tax]
    assert taxes == ([Decimal(expected)] if expected else [])
    assert draft.booking.total == 800


@pytest.mark.parametrize("verified", [True, None, False])
def test_an_invoice_that_failed_verification_deducts_nothing(context, make, rules_with, verified):
    report = make.report(
        [make.line("1", "差旅费", "106.00", invoice="i1")],
        [make.payee("E001", "106.00")],
        [make.invoice("i1", "专票", "106.00", "6.00", rate="0.06", verified=verified)],
    )
    (draft,) = derive(report, context()).drafts
    assert [line.amount for line in draft.booking.lines if line.tax] == ([] if verified is False else [Decimal("6.00")])
    assert [note.code for note in draft.notes] == (["INVOICE_UNVERIFIED"] if verified is False else [])
    hold = rules_with(("[tax]\n", '[tax]\nunverified = "hold"\n'))
    problems = derive(report, context(rules={"A01": hold})).problems
    assert [p.code for p in problems] == (["INVOICE_UNVERIFIED"] if verified is False else [])


def test_the_sources_own_deductible_tax_wins(context, make):
    share = InvoiceShare("i1", Decimal("530.00"), Decimal("25.00"))
    report = make.report(
        [make.line("1", "差旅费", "530.00", invoice=[share])],
        [make.payee("E001", "530.00")],
        [make.invoice("i1", "专票", "1060.00", "60.00", rate="0.06")],
    )
    (draft,) = derive(report, context()).drafts
    assert [(line.amount, line.tax.base) for line in draft.booking.lines if line.tax] == [
        (Decimal("25.00"), Decimal("505.00"))
    ]


def test_a_buyer_of_ours_by_name(context, make):
    invoice = make.invoice("i1", "专票", "106.00", "6.00", buyer="示例科技有限公司")
    report = make.report([make.line("1", "差旅费", "106.00", invoice="i1")], [make.payee("E001", "106.00")], [invoice])
    (draft,) = derive(attrs.evolve(report, entity="A01"), context()).drafts  # as the template's table names it
    assert [line.tax.rate for line in draft.booking.lines if line.tax] == [Decimal("0.06")]


def test_rates_come_from_the_table_when_the_source_has_none(context, make):
    from dougong.tables.files import read_table
    from dougong.tables.rates import Rates

    table = "from,to,type,date,per,→rate,note\nJPY,CNY,month_start,2026-11-01,100,4.8712,\n"
    rates = Rates.from_table(read_table(table.encode(), "rates.csv"), "tables/rates.csv")
    line = make.line("1", "差旅费", "12345", currency="JPY", expense_date=dt.date(2026, 11, 9))
    report = make.report([line], [make.payee("E001", "601.35")])
    (draft,) = derive(report, context(rates=rates)).drafts
    assert draft.booking.lines[0].amount == Decimal("601.35")
    assert draft.booking.lines[0].summary.endswith("JPY 12,345")


def test_stated_amounts_make_the_rate(context, make):
    line = make.line("1", "差旅费", "3.00", currency="USD", base="20.00")
    needs = AccountNeeds(currencies=frozenset({"USD"}))
    (draft,) = derive(
        make.report([line], [make.payee("E001", "20.00")]), context(account_needs=lambda book, account: needs)
    ).drafts
    original = draft.booking.lines[0].original
    assert (original.amount, original.rate) == (Decimal("3.00"), Decimal("6.666666666667"))
