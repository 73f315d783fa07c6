"""Rules files: the printed one loads as it is, and every mistake is told with file, line, key and fix."""

from __future__ import annotations

import datetime as dt
import os
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest

from dougong.accounting import RulesError, load_rules, schema
from dougong.accounting.rules import read_rules
from dougong.model.postings import Stage
from dougong.tables.decisions import TableError
from dougong.tables.files import read_table

REFERENCE = Path(os.environ.get("DOUGONG_REFERENCE", Path(__file__).parents[4] / "shared" / "reference"))


@pytest.fixture
def printed():
    """The rules file and the tables of posting-rules.md §5, exactly as printed."""
    page = REFERENCE / "posting-rules.md"
    if not page.exists():
        pytest.skip(f"the reference page {page} is absent; set DOUGONG_REFERENCE")
    text = page.read_text(encoding="utf-8")
    section = text[text.index("## 5. Complete example") : text.index("## 6. ")]
    blocks = re.findall(r"```(\w+)\n(.*?)```", section, re.DOTALL)
    names = ("expense_account", "departments", "projects", "bank_account", "tax_use")
    tables = dict(zip(names, (body.encode() for kind, body in blocks if kind == "csv"), strict=True))
    return "\n".join(body for kind, body in blocks if kind == "toml"), tables


@pytest.fixture
def problems(rules_with):
    """What is wrong with the template's rules after a change."""

    def of(*changes, **tables):
        with pytest.raises(RulesError) as caught:
            rules_with(*changes, **tables)
        return caught.value.problems

    return of


def test_the_printed_rules_load(printed):
    text, tables = printed
    rules = read_rules(text, Path("rules/a01.toml"), lambda name, path: read_table(tables[name], path))
    assert sorted(rules.moments) == sorted(
        ["accrual", "payment", "payment_returned", "loan", "repayment", "red_invoice", "tax_confirmed"]
    )
    accrual = rules.moments["accrual"]
    assert (len(accrual.entry), accrual.target_stage, accrual.date) == (9, Stage.SUBMITTED, ("approved_on",))
    assert accrual.entry[0].line == 1 + text[: text.index("[[moments.accrual.entry]]")].count("\n")
    assert rules.moments["payment_returned"].mirrors == "payment"
    assert rules.moments["repayment"].cash_flow == "CF03"
    assert [entry.index for entry in rules.moments["red_invoice"].entry] == [1, 2, 3, 4]


def test_the_template_is_the_printed_file_valid_from_earlier_with_buyers_loans_and_fees(printed, rules_text):
    ours, theirs = tomllib.loads(rules_text), tomllib.loads(printed[0])
    assert ours["accounts"].pop("bank_charges") == "6603.02"
    for moment in ("payment", "loan"):
        entries = ours["moments"][moment]["entry"]
        fees = [entry for entry in entries if entry["amount"] == "payment.fee"]
        assert [(one["side"], one["account"]) for one in fees] == [
            ("debit", "bank_charges"),
            ("credit", "table:bank_account"),
        ]
        ours["moments"][moment]["entry"] = [entry for entry in entries if entry not in fees]
    theirs["rules"]["valid_from"] = ours["rules"]["valid_from"]
    theirs["tables"] |= {name: f"tables/{name}.csv" for name in ("buyers", "loans")}
    assert ours == theirs


def test_the_template_fits_the_schema(rules_text):
    data = tomllib.loads(rules_text)
    data["rules"]["valid_from"] = str(data["rules"]["valid_from"])
    validator = jsonschema.Draft202012Validator(schema())
    validator.check_schema(schema())
    validator.validate(data)
    data["tax"]["timimg"] = "direct"
    assert [error.path[-1] for error in validator.iter_errors(data)] == ["tax"]


def test_an_unknown_key_names_file_line_and_key(problems, rules_text):
    (problem,) = problems(("timing         =", "timimg         ="))
    line = 1 + rules_text[: rules_text.index("timing         =")].count("\n")
    assert problem.code == "RULES_UNKNOWN_KEY"
    assert problem.path == f"a01.toml:{line} tax.timimg"
    assert problem.hint.zh == "是否想写 'timing'?"


def test_all_problems_are_told_at_once(problems):
    found = problems(("timing         =", "timimg         ="), ('side    = "debit"', 'side    = "debt"'))
    assert {problem.code for problem in found} == {"RULES_UNKNOWN_KEY", "RULES_CHOICE"}


@pytest.mark.parametrize(
    ("change", "code", "path", "hint"),
    [
        (('difference_limit = "0.05"', "difference_limit = 0.05"), "RULES_FLOAT",
         "rounding.difference_limit", 'write "0.05"'),
        (('difference_limit = "0.05"', "difference_limit = 1"), "RULES_AMOUNT",
         "rounding.difference_limit", 'write "1"'),
        (('prior_year        = "6901"', "prior_year        = 6901"), "RULES_TYPE",
         "accounts.prior_year", 'write "6901"'),
        (('exchange          = "6603.03"', "exchange          = 6603.03"), "RULES_FLOAT",
         "accounts.exchange", 'write "6603.03"'),
        (("valid_from = 2020-01-01", 'valid_from = "2020-01-01"'), "RULES_TYPE", "rules.valid_from", ""),
        (('books      = ["A01"]', 'books      = "A01"'), "RULES_TYPE", "rules.books", ""),
        (('books      = ["A01"]', ""), "RULES_MISSING_KEY", "rules", ""),
        (('currency   = "CNY"', 'currency   = "RMB"'), "CURRENCY_UNKNOWN", "rules.currency", ""),
        (('"Asia/Shanghai"', '"Asia/Shanghi"'), "RULES_ZONE", "rules.zone", "for example Asia/Shanghai"),
        (('target_stage = "submitted"       # draft', 'target_stage = "reversed"       # draft'),
         "RULES_CHOICE", "moments.accrual.target_stage", ""),
        (('amount  = "slice.cost"\n\n[[moments.accrual', 'amount  = "slice.costs"\n\n[[moments.accrual'),
         "RULES_NAME", "moments.accrual.entry[0].amount", "did you mean 'cost'?"),
        (('amount  = "slice.cost"\n\n[[moments.accrual', 'amount  = "slice.gross - slice.tax"\n\n[[moments.accrual'),
         "RULES_NAME", "moments.accrual.entry[0].amount", "rules choose, the core calculates"),
        (('amount  = "slice.cost"\n\n[[moments.accrual', 'amount  = "slice.line"\n\n[[moments.accrual'),
         "RULES_NAME", "moments.accrual.entry[0].amount", ""),
        (('account = "employee_due_back"', 'account = "employee_dueback"'),
         "RULES_ROLE", "moments.accrual.entry[4].account", "did you mean 'employee_due_back'?"),
        (('account = "table:expense_account"\namount  = "slice.cost"\n\n',
          'account = "table:expense"\namount  = "slice.cost"\n\n'),
         "RULES_TABLE", "moments.accrual.entry[0].account", "did you mean 'expense_account'?"),
        (('project    = ["item.project"]', 'project    = ["item.projekt"]'),
         "RULES_NAME", "dimensions.project[0]", "did you mean 'project'?"),
        (('date         = ["approved_on"]', 'date         = ["aproved_on"]'),
         "RULES_NAME", "moments.accrual.date[0]", "did you mean 'approved_on'?"),
        (('prepared_by  = "report.finance_approver"', 'prepared_by  = "report.finance"'),
         "RULES_NAME", "moments.accrual.prepared_by", ""),
        (('text = "{submitter}报{fee_type} {reason} {number}"', 'text = "{submiter}报 {number}"'),
         "RULES_TEMPLATE", "summary.text", "did you mean 'submitter'?"),
        (('text = "{submitter}报{fee_type} {reason} {number}"', 'text = "{submitter"'),
         "RULES_TEMPLATE", "summary.text", ""),
        (('keep = ["number", "submitter"]', 'keep = ["numbr", "submitter"]'),
         "RULES_TEMPLATE", "summary.keep[0]", "did you mean 'number'?"),
        (('amount  = "payee.amount"\nmerge_lines = false', 'amount  = "payee.amount"\nmerge_lines = true'),
         "RULES_MERGE", "moments.accrual.entry[7].merge_lines", ""),
        (('account = { employee = "employee_payable", supplier = "supplier_payable" }\namount  = "payee.amount"\nmerge',
          'account = { employe = "employee_payable" }\namount  = "payee.amount"\nmerge'),
         "RULES_NAME", "moments.accrual.entry[7].account.employe", "did you mean 'employee'?"),
        (('after        = "accrual"         # 入账', 'after        = "acrual"         # 入账'),
         "RULES_NAME", "moments.payment.after", "did you mean 'accrual'?"),
        (('merge        = "none"            # 凭证', 'merge        = "payment_batch" # 凭证'),
         "RULES_MERGE", "moments.accrual.merge", 'use "day"'),
        (('difference_limit = "0.05"', 'difference_limit = "-1"'), "RULES_AMOUNT", "rounding.difference_limit", ""),
        (('prior_year_limit = "10000.00"', 'prior_year_limit = "-1"'), "RULES_AMOUNT", "dates.prior_year_limit", ""),
        (("[moments.loan] ", "[moments.lone] "), "RULES_UNKNOWN_KEY", "moments.lone", "did you mean 'loan'?"),
    ],
)  # fmt: skip
def test_mistakes_name_their_key_and_the_fix(problems, change, code, path, hint):
    found = [problem for problem in problems(change) if problem.code == code]
    assert found, [str(problem) for problem in problems(change)]
    assert found[0].path.endswith(f" {path}")
    assert re.match(r"a01\.toml:\d+ ", found[0].path)
    assert hint in found[0].hint.en
    assert found[0].message.zh
    assert found[0].message.zh != found[0].message.en


def test_what_is_kept_may_be_a_part_of_one_entry_alone(rules_with):
    kept = 'keep = ["advance.number", "loan", "number"]'
    rules = rules_with(
        ('keep = ["number", "submitter"]', kept),
        ('summary = "核销借款 {advance.number}', 'summary = "核销 {advance.loan} {advance.number}'),
    )
    assert rules.summary.keep == ("advance.number", "loan", "number")


@pytest.mark.parametrize(
    ("after", "way"),
    [
        ("payment", "accrual → payment → accrual"),
        ("payment_returned", "accrual → payment_returned → payment → accrual"),
        ("accrual", "accrual → accrual"),
    ],
)
def test_moments_that_wait_for_each_other_are_refused_once(problems, after, way):
    (problem,) = problems(('merge        = "none"            # 凭证', f'after = "{after}" # 凭证'))
    assert problem.code == "RULES_CIRCLE"
    assert problem.path.endswith(" moments.accrual.after")
    assert problem.message.en.endswith(way)


def test_a_condition_is_compiled_against_the_facts(problems):
    (problem,) = problems(("when    = \"item.role == 'bearer'\"", "when    = \"item.rolle == 'bearer'\""))
    assert "role" in problem.hint.en
    assert "moments.accrual.entry[2].when" in problem.path


def test_a_condition_cannot_escape(problems):
    assert problems(("when    = \"item.role == 'bearer'\"", 'when    = "(x for x in []).gi_frame.f_globals"'))


def test_syntax_errors_name_the_line(problems):
    (problem,) = problems(("[tax]", "[tax"))
    assert (problem.code, problem.path) == ("RULES_SYNTAX", "a01.toml")
    assert re.search(r"line \d+", problem.message.en)


def test_a_missing_table_is_named(tmp_path, rules_text):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a01.toml").write_text(rules_text, encoding="utf-8")
    with pytest.raises(RulesError, match=r"tables/expense_account\.csv does not exist"):
        load_rules(tmp_path / "rules" / "a01.toml", read_table)


def test_a_missing_file_is_an_error_with_its_name(tmp_path):
    with pytest.raises(RulesError, match=r"a01\.toml cannot be read"):
        load_rules(tmp_path / "rules" / "a01.toml", read_table)


def test_problems_of_the_tables_are_in_the_same_list(problems):
    narrow = "department,→sort\nD01,管理\n".encode()
    assert [p.code for p in problems(departments=narrow)] == ["RULES_TABLE"]


@pytest.mark.parametrize(("content", "code"), [(b"fee_type\n", "TABLE_COLUMNS"), (b"", "TABLE_INVALID")])
def test_a_table_that_cannot_be_read_is_told_and_the_rules_can_be_used(rules_with, content, code):
    rules = rules_with(tax_use=content, expense_account=content)
    assert [problem.code for problem in rules.problems] == [code] * 2
    for name in ("tax_use", "expense_account"):
        with pytest.raises(TableError) as caught:
            rules.tables[name].lookup({"fee_type": "差旅费"}, dt.date(2026, 11, 1))
        assert caught.value.problems[0].code == code


def test_rows_that_are_wrong_are_told_and_the_rules_can_be_used(rules_with):
    tied = "fee_type,invoice_kind,→deduct\n差旅费,*,yes\n*,专票,no\n".encode()
    undated = "department,→kind,valid_from\nD01,管理,1/2/2026\n".encode()
    rules = rules_with(tax_use=tied, departments=undated)
    assert [(p.code, p.path) for p in rules.problems] == [
        ("TABLE_TIE", "tables/tax_use.csv:2"),
        ("TABLE_DATE", "tables/departments.csv:2"),
    ]


LOANS = "loan,→amount,→employee,→currency,→base\n"


@pytest.mark.parametrize(
    ("name", "table", "said"),
    [
        ("tax_use", "fee_type,invoice_kind,→deduct\n差旅费,*,yes\n办公费,专票,可以\n", "row 3: →deduct is '可以'"),
        ("loans", LOANS + "J1,-500.00,E001,,\n", "row 2: →amount is -500.00; no loan is negative"),
        ("loans", LOANS + 'J1,"1,000.00",E001,,\n', "row 2: →amount: '1,000.00' is not a plain decimal"),
        ("loans", LOANS + "J1,100.00,E001,USD,\n", "row 2: a loan in USD needs →base"),
        ("loans", LOANS + "J1,100.00,E001,RMB,\n", "row 2: unknown currency 'RMB'"),
    ],
)
def test_rows_that_no_document_could_use_are_told(rules_with, name, table, said):
    rules = rules_with(**{name: table.encode()})
    (problem,) = rules.problems
    assert (problem.code, problem.path.partition(":")[0]) == ("RULES_TABLE", f"tables/{name}.csv")
    assert said in problem.message.en
    keys = {"loan": "J1", "fee_type": "办公费", "invoice_kind": "专票"}
    with pytest.raises(TableError) as caught:
        rules.tables[name].lookup(keys, dt.date(2026, 11, 18))
    assert caught.value.problems == (problem,)


def test_rows_as_people_may_write_them_are_taken(rules_with):
    rules_with(
        tax_use="fee_type,invoice_kind,→deduct\n差旅费,专票,是\n差旅费,*,NO\n".encode(),
        loans=(LOANS + "J1,0,E001,CNY,\nJ2,100.00,E001,USD,720.01\n").encode(),
    )


def test_a_key_that_is_no_fact_is_refused(problems):
    table = "fee_typ,→account\n差旅费,6601\n".encode()
    found = problems(expense_account=table)
    assert {p.code for p in found} == {"RULES_TABLE"}
    assert "did you mean 'fee_type'?" in found[0].hint.en


def test_account_needs_from_a_table(rules_with):
    needs = "account,→dimensions,→currencies,→cash\n6602.02,department project,USD HKD,\n1002.01,bank cash_flow,,yes\n"
    rules = rules_with(
        ('account_needs   = "erp"', 'account_needs   = "tables/needs.csv"'), account_needs=needs.encode()
    )
    expense, bank = (rules.account_needs(account, dt.date(2026, 11, 18)) for account in ("6602.02", "1002.01"))
    assert expense.dimensions == {"department", "project"}
    assert expense.currencies == {"USD", "HKD"}
    assert (bank.cash, expense.cash) == (True, False)
    assert rules.account_needs("6603", dt.date(2026, 11, 18)) is None


def test_the_fingerprint_follows_text_and_tables(rules_with):
    base = rules_with()
    other = "fee_type,department_kind,project_kind,→account\n差旅费,*,*,6601\n".encode()
    prints = {
        base.fingerprint,
        rules_with(expense_account=other).fingerprint,
        rules_with(("# 待认证进项税额", "#")).fingerprint,
    }
    assert len(prints) == 3
    assert rules_with().fingerprint == base.fingerprint
