"""The default seed holds what the example rules need, and the code rows point at it."""

from __future__ import annotations

import pytest

from dougong_kingdee.sandbox import default_codes, default_seed

NEEDED = (
    "6601.02 6602.02 6601.03 5301.01.02 5101.02 6602.03 6602.05 2221.01.01 2221.08 2221.01.05 1221.01 1221.02 1221.09 "
    "2241.01 2241.09 2202.01 1002.01 1002.02 6603.02 6603.03 6603.09 6901"
)
KINDS = {"account_book": "books", "entity": "companies", "voucher_type": "voucher_types"}


@pytest.fixture(scope="module")
def seed():
    return default_seed()


def test_every_account_of_the_example_rules_takes_lines(seed):
    leaves = {row["code"] for row in seed["accounts"] if row.get("detail", True)}
    assert set(NEEDED.split()) <= leaves


@pytest.mark.parametrize(
    ("account", "dimensions"),
    [
        ("6601.02", ["department"]),
        ("6602.05", ["department"]),
        ("5301.01.02", ["department", "project"]),
        ("1221.01", ["employee"]),
        ("1221.02", ["employee"]),
        ("2241.01", ["employee"]),
        ("2202.01", ["supplier"]),
        ("1002.01", ["bank"]),
        ("1221.09", ["company"]),
        ("2241.09", ["company"]),
        ("2221.01.01", []),
    ],
)
def test_dimensions_of_the_accounts(seed, account, dimensions):
    row = next(row for row in seed["accounts"] if row["code"] == account)
    assert row.get("dimensions", []) == dimensions


@pytest.mark.parametrize("account", ["6601.02", "6602.02", "1221.01", "1002.02", "2241.01"])
def test_accounts_that_keep_foreign_currencies(seed, account):
    row = next(row for row in seed["accounts"] if row["code"] == account)
    assert row["currencies"] == ["*"]


def test_books_of_the_examples_belong_to_their_companies(seed):
    assert [(row["code"], row["company"]) for row in seed["books"]] == [("001", "100"), ("002", "200")]


def test_every_code_row_points_at_something(seed):
    known = {table: {row["code"] for row in seed[kind]} for table, kind in KINDS.items()}
    known |= {name: {row["code"] for row in rows} for name, rows in seed["dimensions"].items()}
    known["currency"] = {row["code"] for row in seed["native"]["currencies"]}
    known["settlement"] = {row["code"] for row in seed["native"]["settle_types"]}
    known["account"] = {"*"}
    rows = default_codes()
    assert [row for row in rows if row.theirs not in known[row.table]] == []
    assert {row.table for row in rows} >= {
        "account_book", "voucher_type", "account", "department", "employee", "supplier", "project", "bank", "company",
        "currency",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("table", "ours", "theirs"),
    [
        ("account_book", "A01", "001"),
        ("account_book", "B01", "002"),
        ("voucher_type", "记", "PRE001"),
        ("department", "BD1", "BM000004"),
        ("employee", "E001", "E0001"),
        ("supplier", "S-CTRIP", "VEN00002"),
        ("supplier", "S-OFFICE", "VEN00003"),
        ("account", "*", "*"),
        ("currency", "HKD", "PRE002"),
        ("voucher_type", "收", "PRE002"),
        ("voucher_type", "付", "PRE003"),
        ("voucher_type", "转", "PRE004"),
        ("department", "D03", "BM000003"),
        ("employee", "E004", "E0004"),
        ("bank", "BOC-USD", "BOC-USD"),
        ("settlement", "电汇", "JSFS04_SYS"),
    ],
)
def test_code_rows(table, ours, theirs):
    assert [row.theirs for row in default_codes() if (row.table, row.ours) == (table, ours)] == [theirs]
