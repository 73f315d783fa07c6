"""The file that is imported, column by column, and the message around it."""

from __future__ import annotations

import base64
import datetime as dt
import io
import json
import zipfile
from decimal import Decimal

import attrs
import pytest

from dougong.model.bookings import Voucher, VoucherLine
from dougong.model.identity import Key
from dougong.model.messages import Item, ItemId, Payload
from dougong_oracle.columns import GL_COLUMNS
from dougong_oracle.fbdi import csv_of, parameters, zip_of
from dougong_oracle.journals import file_message, journal_problems
from dougong_oracle.settings import OracleSettings

DAY = dt.date(2026, 6, 30)
SETTINGS = OracleSettings(base_url="https://pod/", user="u", password="p")


def segments(account, **dimensions):
    held = {"entity": "101", "account": account, **dimensions}
    named = {f"SEGMENT{at}": held.get(name, "0") for at, name in enumerate(SETTINGS.segments, 1)}
    return {"CURRENCY_CODE": "CNY", **named}


def body(**changes):
    return {
        "LEDGER_ID": "300000046975971",
        "LEDGER_NAME": "CN Primary Ledger",
        "ACCOUNTING_DATE": DAY,
        "USER_JE_SOURCE_NAME": "Spreadsheet",
        "USER_JE_CATEGORY_NAME": "Adjustment",
        "Lines": [
            {**segments("6602020000", department="1001"), "ENTERED_DR": Decimal("5000.00"), "REFERENCE10": "出租车"},
            {**segments("2241010000", employee="90001"), "ENTERED_CR": Decimal("5000.00")},
        ],
        **changes,
    }


def item(name, **changes):
    key = Key((name,))
    lines = (VoucherLine(1, "D", "6602.02", Decimal(5000)), VoucherLine(2, "C", "2241.01", Decimal(5000)))
    booking = Voucher("accrual", "A01", "A01", DAY, "2026-06", "记", "CNY", lines, (name,))
    payload = Payload({**body(**changes), "REFERENCE1": key.text(20)})
    return Item(ItemId(name), payload, key, key.text(20), Key((name, "1")), booking)


def test_the_columns_stand_where_oracle_expects_them():
    at = {name: number for number, name in enumerate(GL_COLUMNS, 1)}
    wanted = {
        "STATUS": 1,
        "CURRENCY_CODE": 6,
        "ACTUAL_FLAG": 8,
        "SEGMENT1": 9,
        "SEGMENT30": 38,
        "ENTERED_DR": 39,
        "ACCOUNTED_CR": 42,
        "REFERENCE1": 43,
        "REFERENCE10": 52,
        "REFERENCE21": 53,
        "CURRENCY_CONVERSION_RATE": 66,
        "GROUP_ID": 67,
        "ATTRIBUTE20": 88,
        "LEDGER_NAME": 92,
        "PERIOD_NAME": 95,
        "REFERENCE20": 98,
        "ATTRIBUTE_NUMBER10": 118,
        "GLOBAL_ATTRIBUTE_NUMBER5": 149,
    }
    assert {name: at[name] for name in wanted} == wanted
    assert len(set(GL_COLUMNS)) == 149


def test_cells_are_quoted_where_needed_and_numbers_are_exact():
    rows = [{"a": 'say "no", twice', "b": Decimal("1E+3"), "c": DAY}, {"b": None}]
    assert csv_of(("a", "b", "c"), rows).decode() == '"say ""no"", twice",1000,2026/06/30\n,,\n'


def test_a_column_that_the_file_lacks_is_no_column():
    with pytest.raises(KeyError, match="d"):
        csv_of(("a",), [{"d": 1}])


def test_the_same_rows_give_the_same_zip():
    one = zip_of({"GlInterface.csv": b"NEW\n"})
    assert one == zip_of({"GlInterface.csv": b"NEW\n"})
    with zipfile.ZipFile(io.BytesIO(one)) as archive:
        assert archive.namelist() == ["GlInterface.csv"]


def test_parameters_are_told_by_position():
    assert parameters("", "a,b", "c") == '#NULL,"a,b",c'


def test_vouchers_of_one_ledger_are_one_file_with_one_group():
    (message,) = file_message([item("R1"), item("R2")], SETTINGS)
    told = json.loads(message.body)
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(told["DocumentContent"]))) as archive:
        content = archive.read("GlInterface.csv")
    assert content == message.plain == message.readable
    rows = [dict(zip(GL_COLUMNS, line.split(","), strict=True)) for line in content.decode().splitlines()]
    group = {one.kind: one.value for one in message.correlations}["group"]
    assert {row["GROUP_ID"] for row in rows} == {group}
    assert told["ParameterList"] == f"#NULL,Spreadsheet,300000046975971,{group},N,N,N"
    assert [row["REFERENCE1"] for row in rows] == [item(name).reference_text for name in ("R1", "R1", "R2", "R2")]
    assert {(row["STATUS"], row["ACTUAL_FLAG"], row["DATE_CREATED"]) for row in rows} == {("NEW", "A", "2026/06/30")}
    assert len(group) <= 18


def test_each_ledger_has_a_file_of_its_own():
    messages = list(file_message([item("R1"), item("R2", LEDGER_ID="2"), item("R3")], SETTINGS))
    assert [message.items for message in messages] == [("R1", "R3"), ("R2",)]
    assert len({message.correlations for message in messages}) == 2


def test_a_voucher_in_order_has_no_problem():
    assert list(journal_problems(body(), SETTINGS)) == []


def line(**changes):
    first, second = body()["Lines"]
    return [{**first, **changes}, second]


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"LEDGER_ID": None}, "FIELD_MISSING", "LEDGER_ID"),
        ({"USER_JE_CATEGORY_NAME": "x" * 26}, "TEXT_TOO_LONG", "USER_JE_CATEGORY_NAME"),
        ({"Lines": line(SEGMENT1="1" * 26)}, "TEXT_TOO_LONG", "Lines[0].SEGMENT1"),
        ({"Lines": line(ENTERED_CR=Decimal(5000))}, "FIELD_MISSING", "Lines[0].ENTERED_DR"),
        ({"Lines": line(ENTERED_DR=Decimal(4999))}, "NOT_BALANCED", "ENTERED_DR"),
        ({"Lines": line(SEGMENT3="0")}, "DIMENSION_MISSING", "Lines[0].SEGMENT3"),
        ({"Lines": line(SEGMENT4="90001")}, "DIMENSION_SURPLUS", "Lines[0].SEGMENT4"),
        ({"Lines": line(CURRENCY_CODE="USD")}, "CURRENCY_MIXED", ""),
    ],
)
def test_what_oracle_would_refuse(changes, code, path):
    assert (code, path) in [(one.code, one.path) for one in journal_problems(body(**changes), SETTINGS)]


def test_periods_are_named_as_the_calendar_names_them():
    assert SETTINGS.name_of("2026-11") == "Nov-26"
    assert attrs.evolve(SETTINGS, period_name="MM-YYYY").name_of("2026-04") == "04-2026"


def test_a_combination_is_read_by_its_segments():
    assert SETTINGS.read_combination("101.6602020000.1001.0.000.0.0.0") == {
        "entity": "101",
        "account": "6602020000",
        "department": "1001",
    }


def test_a_source_that_is_not_the_imports_would_leave_every_row_lying():
    (found,) = journal_problems(body(USER_JE_SOURCE_NAME="Dougong"), SETTINGS)
    assert (found.code, found.path) == ("FIELD_INVALID", "USER_JE_SOURCE_NAME")
