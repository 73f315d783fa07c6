"""Case files: what they may say, and what of it differs."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import attrs
import pytest

from dougong.accounting import Got, RulesError, case_schema, compare, load_case
from dougong.model.bookings import LineTax, Original, Voucher, VoucherLine
from dougong.model.problems import Problem

D = Decimal
DOCUMENT = '\n[[document]]\nid = "1"\nupdated_at = 2026-11-18\n'
LINES = (
    VoucherLine(1, "D", "6601.02", D("720.00"), "住宿", {"department": "D02"}),
    VoucherLine(2, "D", "2221.01.01", D("72.00"), tax=LineTax(D("0.06"), D("1200.00"))),
    VoucherLine(
        3,
        "D",
        "6601.02",
        D("2190.00"),
        dimensions={"department": "D02"},
        original=Original("HKD", D(2400), D("0.9125")),
    ),
    VoucherLine(4, "C", "2241.01", D("2982.00"), dimensions={"employee": "E001"}, clears="J1"),
)
VOUCHER = Voucher("accrual", "A01", "A01", dt.date(2026, 11, 18), "2026-11", "记", "CNY", LINES, ("B1",), attachments=4)
GOT = Got(("B1",), "accrual", "A01", "A01", "1", VOUCHER)
RIGHT = """
[[voucher]]
moment = "accrual"
date = 2026-11-18
attachments = 4
lines = [
  { side = "C", account = "2241.01", amount = "2982", dimensions = { employee = "E001" }, clears = "J1", opens = "" },
  { side = "D", account = "6601.02", amount = "2190.00", currency = "HKD", original = "2400.00", rate = "0.9125" },
  { side = "D", account = "6601.02", amount = "720.00", currency = "" },
  { side = "D", account = "2221.01.01", amount = "72.00", tax_rate = "0.06", tax_base = "1200.00", dimensions = {} },
]
"""


@pytest.fixture
def case(tmp_path):
    def make(text: str, documents: str = DOCUMENT):
        path = tmp_path / "trip.toml"
        path.write_text(text + documents, "utf-8")
        return load_case(path)

    return make


@pytest.fixture
def differences(case):
    """(line or empty, field, expected, got) of everything that differs."""

    def call(text: str, *got: Got):
        found = [each for one in compare(case(text), got) for each in one.differences]
        return [(each.line, each.field, each.expected, each.got) for each in found]

    return call


def test_what_a_case_says_and_comes_out_is_no_difference(differences):
    assert differences(RIGHT, GOT) == []


def test_what_a_case_does_not_say_is_not_compared(differences):
    assert differences('[[voucher]]\nmoment = "accrual"\n', GOT) == []


def test_a_cent_and_an_account(differences):
    assert differences(RIGHT.replace('"720.00"', '"720.01"').replace("2241.01", "2241.02"), GOT) == [
        ("C 2241.02 2982 employee=E001", "account", "2241.02", "2241.01"),
        ("D 6601.02 720.01", "amount", "720.01", "720.00"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("employee = ", "person = ", "dimensions"),
        ('clears = "J1"', 'clears = "J2"', "clears"),
        ('"0.9125"', '"0.91"', "rate"),
        ('currency = ""', 'currency = "HKD"', "currency"),
        ('"1200.00"', '"1201.00"', "tax_base"),
        ("2026-11-18\nattach", "2026-11-19\nattach", "date"),
        ("attachments = 4", "attachments = 3", "attachments"),
    ],
)
def test_every_fact_counts(differences, old, new, field):
    assert [found[1] for found in differences(RIGHT.replace(old, new), GOT)] == [field]


def test_a_line_too_many_and_one_too_few(differences):
    other = RIGHT.replace(
        'side = "D", account = "6601.02", amount = "720.00"', 'side = "D", account = "6602.02", amount = "1.00"'
    )
    assert differences(other, GOT) == [
        ("D 6602.02 1.00", "line", "D 6602.02 1.00", ""),
        ("D 6601.02 720.00 department=D02", "line", "", "D 6601.02 720.00 department=D02"),
    ]


def test_a_voucher_too_many_and_one_too_few(differences):
    assert differences(RIGHT.replace("accrual", "payment"), GOT) == [
        ("", "voucher", "voucher", ""),
        ("", "voucher", "", "voucher"),
    ]


def test_the_voucher_that_is_nearest_is_meant(differences):
    other = attrs.evolve(GOT, voucher=attrs.evolve(VOUCHER, attachments=1, lines=LINES[:1]))
    other_text = '[[voucher]]\nattachments = 1\nlines = [{ side = "D", account = "6601.02", amount = "720.00" }]\n'
    assert differences(other_text + RIGHT, GOT, other) == []


def test_what_must_be_held_is_held_for_that_reason(differences):
    held = Got(("B1",), "accrual", "A01", "A01", problems=(Problem.of("LOAN_OVERDRAWN", "", ""),))
    assert differences('[[voucher]]\nheld = ["LOAN_OVERDRAWN"]\n', held) == []
    assert differences('[[voucher]]\nheld = ["LOAN_NOT_POSTED"]\n', held) == [
        ("", "held", "LOAN_NOT_POSTED", "LOAN_OVERDRAWN")
    ]
    assert differences(RIGHT, held) == [("", "held", "", "LOAN_OVERDRAWN")]
    assert differences('[[voucher]]\nheld = ["LOAN_OVERDRAWN"]\n', GOT) == [("", "held", "LOAN_OVERDRAWN", "")]


def test_dates_of_inline_documents_become_text(case):
    assert case("").inline == ({"id": "1", "updated_at": "2026-11-18"},)
    assert case("").name == "trip"


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("[[voucher]]\nmoment = 'accrual'\nlins = []\n", "RULES_UNKNOWN_KEY", "trip.toml:3 voucher[0].lins"),
        ("[[voucher]]\nlines = [{ side = 'D', account = '1', amount = 1.5 }]\n", "RULES_FLOAT", "trip.toml:2"),
        ("[[voucher]]\nattachments = '4'\n", "RULES_TYPE", "trip.toml:2"),
        ("[[voucher]]\nheld = ['X']\nlines = []\n", "RULES_CASE", "trip.toml:1"),
        ("x = ", "RULES_SYNTAX", ""),
    ],
)
def test_a_mistake_is_told_with_its_place(case, text, code, place):
    with pytest.raises(RulesError) as caught:
        case(text)
    assert caught.value.problems[0].code == code
    assert place in caught.value.problems[0].path


def test_a_case_without_documents_is_refused(case):
    with pytest.raises(RulesError, match="no document"):
        case("", documents="")


def test_the_schema_names_every_key():
    schema = case_schema()
    assert {"documents", "document", "today", "closed", "loan", "accounts", "voucher"} <= set(schema["properties"])
    assert "held" in schema["properties"]["voucher"]["items"]["properties"]
