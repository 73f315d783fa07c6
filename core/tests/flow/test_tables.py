"""What is wrong with a row of a table holds those alone who need it, until it is mended."""

from __future__ import annotations

import re

import pytest
from books import vouchers
from flow_documents import report

from dougong.cli import main

RATES = "from,to,type,date,per,→rate,note\nHKD,CNY,month_start,2026/11/1,1,0.9125,\n"
TWICE = RATES + "HKD,CNY,month_start,2026-11-01,1,0.9,\n"


def abroad(number="R9", **changes):
    """A report of HKD 100.00, which comes to CNY 91.25."""
    line = {"id": "1", "fee_type": "差旅费", "gross": "100.00", "currency": "HKD", "expense_date": "2026-11-12"}
    payee = {"kind": "employee", "code": "E002", "amount": "91.25"}
    return report(number, lines=[{**line, **changes}], payees=[payee])


def test_a_doubled_rate_holds_who_needs_it(shop):
    rates = shop.folder / "tables" / "rates.csv"
    rates.write_text(TWICE, "utf-8")
    assert shop.push(report("R1"), abroad("R2", rate="0.9125"), abroad()) == [
        ("R1", "delivered"),
        ("R2", "delivered"),
        ("R9", "held", "RATE_TWICE"),
    ]
    rates.write_text(RATES, "utf-8")
    assert shop.push()[-1] == ("R9", "delivered")
    assert vouchers()[-1] == [("C", "2241.01", "91.25"), ("D", "6602.02", "91.25")]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("差旅费,管理,*,6699,,,", "TABLE_TIE"),
        ("差旅费,管理,研发,6699,1/2/2026,,", "TABLE_DATE"),
        ("差旅费,管理,,6699,,,", "TABLE_KEY_BLANK"),
        ("差旅费,,管理,*,6699,,,新科目", "TABLE_INVALID"),
    ],
)
def test_a_row_that_is_wrong_holds_who_needs_it(shop, row, code):
    table = shop.folder / "tables" / "expense_account.csv"
    before = table.read_text("utf-8-sig")
    table.write_text(before + row + "\n", "utf-8")
    needy = report("R2", splits=[{"project": "P-R01", "share": "1"}])
    needy["lines"][0]["splits"] = needy.pop("splits")
    shop.push(report("R1", fee_type="差旅补贴"), needy)
    # with a comma too many every cell may stand in another column: nobody knows whom the row answers
    other = "held" if code == "TABLE_INVALID" else "delivered"
    assert [row[:2] for row in shop.states()] == [("R1", other), ("R2", "held")]
    assert shop.states()[1] == ("R2", "held", code)
    table.write_text(before, "utf-8")
    assert [row[1] for row in shop.push()] == ["delivered"] * 2


# -- files of which no row can be read ---------------------------------------------------------------------------------


def advance():
    """A loan, which asks no table of expenses."""
    from flow_documents import loan

    return loan()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "TABLE_INVALID"),
        (b"\xd0\xcf\x11\xe0 Excel 97", "TABLE_INVALID"),
        ("fee_type;→account\n差旅费;6602.02\n".encode(), "TABLE_INVALID"),
        ("fee_type,account\n差旅费,6602.02\n".encode(), "TABLE_COLUMNS"),
    ],
    ids=["empty", "xls", "semicolons", "no-arrow"],
)
def test_a_table_that_cannot_be_read_holds_who_asks_it(shop, content, code):
    table = shop.folder / "tables" / "expense_account.csv"
    before = table.read_bytes()
    table.write_bytes(content)
    assert shop.push(report("R1"), advance()) == [("L1", "delivered"), ("R1", "held", code)]
    table.write_bytes(before)
    assert [row[1] for row in shop.push()] == ["delivered"] * 2


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no sheet", b"from,to,date\nHKD,CNY,2026-11-01\n"])
def test_rates_that_cannot_be_read_hold_who_needs_one(shop, content):
    rates = shop.folder / "tables" / "rates.csv"
    rates.write_bytes(content)
    states = shop.push(report("R1"), abroad())
    assert [row[:2] for row in states] == [("R1", "delivered"), ("R9", "held")]
    rates.write_text(RATES, "utf-8")
    assert shop.push()[-1] == ("R9", "delivered")


def test_a_table_of_what_accounts_take_that_cannot_be_read(shop):
    shop.change('account_needs   = "erp"', 'account_needs   = "tables/needs.csv"')
    (shop.folder / "tables" / "needs.csv").write_bytes(b"")
    assert shop.push(report()) == [("R1", "held", "TABLE_INVALID")]


def test_check_tells_of_a_table_that_cannot_be_read(shop, capsys):
    table = shop.folder / "tables" / "buyers.csv"
    table.write_bytes(b"")
    main(["check", "--project", str(shop.folder), "--lang", "en"])
    assert "buyers.csv: the table is empty" in capsys.readouterr().out


# -- buyers that are not ours -----------------------------------------------------------------------------------------


def deductible():
    """A report with a special invoice of 106.00 to somebody else."""
    line = {
        "id": "1",
        "fee_type": "差旅费",
        "gross": "106.00",
        "expense_date": "2026-11-12",
        "invoices": [{"id": "v1"}],
    }
    invoice = {"id": "v1", "kind": "专票", "number": "7", "buyer": "别人公司", "gross": "106.00", "net": "100.00"}
    payee = {"kind": "employee", "code": "E002", "amount": "106.00"}
    return report(lines=[line], invoices=[{**invoice, "tax": "6.00"}], payees=[payee])


@pytest.mark.parametrize("empty", ["(空)", "(empty)", "（空）"])
def test_what_the_hint_says_of_a_buyer_that_is_not_ours_is_done(shop, empty):
    assert shop.push(deductible()) == [("R1", "held", "BUYER_UNKNOWN")]
    hint = shop.rows()[0]["problems"][0]["hint"]
    assert "别人公司 in the column buyer, the entity's code in →entity; (empty) where it is not ours" in hint
    sheet = shop.folder / "buyers.csv"
    sheet.write_text(f"buyer,→entity\n别人公司,{empty}\n", "utf-8")
    assert main(["tables", "import", str(sheet), "--project", str(shop.folder)]) == 0
    assert "别人公司" in (shop.folder / "tables" / "buyers.csv").read_text("utf-8-sig")
    assert shop.push() == [("R1", "delivered")]
    assert vouchers() == [[("C", "2241.01", "106.00"), ("D", "6602.02", "106.00")]]


def test_the_hint_leads_to_the_table_of_buyers_where_there_is_none(shop):
    rules = shop.folder / "rules" / "a01.toml"
    rules.write_text(re.sub("(?m)^buyers .*$", "", rules.read_text("utf-8")), "utf-8")
    shop.push(deductible())
    hint = shop.rows()[0]["problems"][0]["hint"]
    assert hint.startswith('first write buyers = "tables/buyers.csv" under [tables] of rules/a01.toml; ')
