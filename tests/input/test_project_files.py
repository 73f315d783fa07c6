"""A project's own files with something bad in them: an error with file and line, and nothing is sent."""

from __future__ import annotations

import re

import pytest
from openpyxl import Workbook

MAPPING, RULES = "mappings/kingdee/GL_VOUCHER.toml", "rules/a01.toml"
CANARY = "CANARY-7f3b-SECRET"

#: Ways out of a naive whitelist, and names that are not there: they read or run what is not theirs, or never end.
ESCAPES = {
    "frame": "(x for x in voucher.lines).gi_frame.f_globals",
    "frame_in_a_sum": "sum((x for x in voucher.lines).gi_frame for x in voucher.lines)",
    "class": "voucher.__class__",
    "subclasses": "().__class__.__bases__[0].__subclasses__()",
    "bound_method": "voucher.book.upper",
    "method": "voucher.book.format(voucher)",
    "import": "__import__('os').system('true')",
    "builtin": "getattr(voucher, 'book')",
    "lambda": "(lambda: voucher)()",
    "walrus": "(v := voucher.book)",
    "f_string": "f'{voucher}'",
    "percent": "'%999999999d' % 1",
    "text_that_grows": "'a' * 1000000 * 1000000",
    "power": "9 ** 9999999",
    "index": "voucher.lines[0]",
    "misspelt": "voucher.boook",
}


@pytest.fixture
def report_file(customer, good):
    return customer.file("report.json", good())


@pytest.fixture
def refused(customer, erp, report_file):
    """Pushes, and checks that the command failed with a code at a place, and that nothing was sent."""

    def check(code: str, place: str):
        pushed = customer.push(report_file, source=None)
        assert pushed.status == 1
        assert re.search(rf"^✗ {code} {place}", pushed.err, re.MULTILINE), pushed.err
        assert "Traceback" not in pushed.err
        assert [row["state"] for row in pushed.rows] in ([], ["accepted"])
        counts = customer.counts()
        assert [counts[name] for name in ("delivery", "attempt", "coverage", "posting")] == [0, 0, 0, 0]
        assert erp.requests("Save") == []
        return pushed.err

    return check


@pytest.mark.parametrize("escape", ESCAPES)
def test_escapes_in_a_mapping(customer, refused, escape):
    customer.change(MAPPING, '"FDate"', f'"FNote" = "{ESCAPES[escape]}"\n"FDate"')
    assert "FNote" in refused("EXPRESSION_[A-Z]+", rf"{MAPPING}:\d+")


@pytest.mark.parametrize("escape", ["frame", "class", "method", "import", "lambda", "text_that_grows", "power"])
def test_escapes_in_a_condition_of_the_rules(customer, refused, escape):
    text = ESCAPES[escape].replace("voucher.lines", "[1]").replace("voucher.book", "item.role")
    customer.change(RULES, "\"item.role == 'bearer'\"", f'"{text}"')
    refused("EXPRESSION_[A-Z]+", r"a01\.toml:\d+ moments\.accrual\.entry\[\d+\]\.when")


def test_a_corrected_mapping_delivers_what_was_accepted(customer, erp, refused, report_file):
    customer.change(MAPPING, '"FDate"', '"FNote" = "voucher.__class__"\n"FDate"')
    refused("EXPRESSION_REFUSED", MAPPING)
    customer.change(MAPPING, '"FNote" = "voucher.__class__"\n', "")
    assert customer.push(report_file, source=None).states == {"B26110101": "delivered"}
    assert len(erp.postings()) == 1


SECRETS = {
    "plain": (
        'app_secret = { file = "secrets/kingdee_app_secret" }',
        f'app_secret = "{CANARY}"',
        "SECRET_IN_PLAIN",
        r"connections\.kingdee\.secrets\.app_secret",
    ),
    "among_settings": (
        'user     = "demo"',
        f'user = "demo"\napp_secret = "{CANARY}"',
        "SECRET_IN_PLAIN",
        r"connections\.kingdee\.settings\.app_secret",
    ),
    "of_the_auditor": (
        'app_secret = { file = "secrets/kingdee_auditor_app_secret" }',
        f'app_secret = "{CANARY}"',
        "SECRET_IN_PLAIN",
        r"connections\.kingdee\.auditor\.app_secret",
    ),
    "no_reference": (
        '{ file = "secrets/kingdee_app_secret" }',
        f'{{ value = "{CANARY}" }}',
        "CONFIG_VALUE",
        r"connections\.kingdee\.secrets\.app_secret",
    ),
}


@pytest.mark.parametrize("case", SECRETS)
def test_secrets_as_plain_text(customer, refused, case):
    old, new, code, place = SECRETS[case]
    text = (customer.folder / "dougong.toml").read_text("utf-8")
    line = text[: text.index(old)].count("\n") + 1 + new.count("\n")
    customer.change("dougong.toml", old, new)
    ran = customer.dougong("push", str(customer.inbox / "report.json"))
    assert (ran.status, ran.out) == (1, "")
    assert re.match(rf"✗ {code} dougong\.toml:{line} {place}: ", ran.err), ran.err
    assert "→" in ran.err
    assert CANARY not in ran.err


def test_a_misspelt_key_of_the_configuration(customer):
    customer.change("dougong.toml", "settle ", "setle ")
    ran = customer.dougong("status")
    assert ran.status == 1
    assert re.search(r"dougong\.toml:\d+ connections\.kingdee\.setle", ran.err)
    assert "settle" in ran.err.partition("→")[2]


def workbook(path, rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)


def test_numbers_where_a_workbook_should_have_codes(customer, report_file):
    """Rows that no document needs stop nothing; `check` tells them."""
    csv = (customer.folder / "tables" / "expense_account.csv").read_text("utf-8-sig")
    rows = [line.split(",") for line in csv.splitlines()]
    numeric = [["外卖", "*", "*", 6602.05, "2020-01-01", "", ""], [700, "*", "*", "6602.05", "2020-01-01", "", ""]]
    workbook(customer.folder / "tables" / "expense_account.xlsx", [*rows, *numeric])
    customer.change(RULES, "tables/expense_account.csv", "tables/expense_account.xlsx")
    assert [row["state"] for row in customer.push(report_file, source=None).rows] == ["delivered"]
    checked = customer.dougong("check")
    told = " ".join((checked.out + checked.err).split())
    assert checked.status == 2
    assert f"expense_account.xlsx!D{len(rows) + 1}" in told
    assert f"expense_account.xlsx!A{len(rows) + 2}" in told
    assert "format the column as text" in told


def test_numbers_in_a_workbook_of_codes(customer):
    before = customer.counts()
    path = customer.inbox / "codes.xlsx"
    workbook(path, [["table", "scope", "ours", "→theirs"], ["department", "kingdee", "D77", 1001]])
    ran = customer.dougong("codes", "import", str(path))
    assert ran.status == 1
    assert "codes.xlsx!D2" in ran.err
    assert "→" in ran.err
    assert customer.counts() == before


def test_a_department_in_no_table_is_asked_for_where_it_belongs(customer, good):
    report = good("B1")
    report["department"] = "D77"
    pushed = customer.push(customer.file("report.json", report), source=None)
    assert pushed.states == {"B1": "held"}
    assert "tables/departments.csv has no row for department=D77" in pushed.rows[0]["problems"][0]["message"]
    (todo,) = customer.dougong("tables", "todo", "--json").printed
    assert (todo["table"], todo["keys"]) == ("departments", {"department": "D77"})

    sheet = customer.inbox / "missing.csv"
    assert customer.dougong("tables", "export", "--missing", str(sheet)).status == 0
    sheet.write_text(sheet.read_text("utf-8-sig").replace('"D77",""', '"D77","管理"'), "utf-8-sig")
    imported = customer.dougong("tables", "import", str(sheet))
    assert imported.status == 0, imported.err
    customer.add_codes(("department", "D77", "BM77"))
    customer.dougong("run")
    assert customer.dougong("tables", "todo", "--json").printed == []
