"""Plain JSON to documents: every fault at once, each with its path and the next step."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import attrs
import pytest

from dougong import formats
from dougong.formats.documents import scale_problems
from dougong.model.documents import Document
from dougong.model.problems import InputError


def faults(data, **arguments):
    with pytest.raises(InputError) as caught:
        formats.document_from_json(data, **arguments)
    return {problem.path: problem for problem in caught.value.problems}


def test_a_report_is_read_exactly(plain):
    document = formats.document_from_json(plain)
    assert document.lines[0].gross == Decimal("1090.00")
    assert str(document.lines[0].gross) == "1090.00"
    assert document.lines[0].expense_date == dt.date(2026, 6, 8)
    assert document.lines[0].splits[1].share == Decimal("0.4")
    assert document.updated_at == dt.datetime(2026, 6, 10, 1, 30, tzinfo=dt.UTC)
    assert document.events[0].on == dt.datetime(2026, 6, 10, 1, 30, tzinfo=dt.UTC)
    assert document.events[1].on == dt.date(2026, 6, 11)
    assert document.invoices[0].verified is True
    assert document.lines[1].approved is None


def test_writing_leaves_out_what_is_empty_and_keeps_the_order(plain):
    written = formats.document_to_json(formats.document_from_json(plain))
    names = [field.name for field in attrs.fields(Document)]
    assert list(written) == [name for name in names if name in plain]
    assert written == plain


def test_all_faults_are_told_at_once_with_their_paths(plain):
    plain |= {"currency": "RMB", "state": "aproved", "number": " ", "updated_at": "2026-06-10T09:30:00"}
    plain["lines"][0] |= {"gross": 1090, "expense_date": "2026-02-30", "splits": {"share": "1"}}
    plain["lines"][1] = {"id": 7, "gross": "１２"}
    plain["events"][1]["payments"][0]["amount"] = "1,000.00"
    found = {path: problem.code for path, problem in faults(plain).items()}
    assert found == {
        "currency": "CURRENCY_UNKNOWN",
        "state": "VALUE_UNKNOWN",
        "number": "MEMBER_MISSING",
        "updated_at": "DATE_INVALID",
        "lines[0].gross": "AMOUNT_INVALID",
        "lines[0].expense_date": "DATE_INVALID",
        "lines[0].splits": "TYPE_INVALID",
        "lines[1].id": "TYPE_INVALID",
        "lines[1].gross": "AMOUNT_INVALID",
        "lines[1].fee_type": "MEMBER_MISSING",
        "events[1].payments[0].amount": "AMOUNT_INVALID",
    }


def test_hints_say_what_to_write(plain):
    plain["state"] = "aproved"
    plain["type"] = "expences"
    plain["lines"][0]["gross"] = 1090
    plain["lines"][0]["id"] = 7
    plain["lines"][1]["gross"] = Decimal("12.50")
    found = faults(plain)
    assert found["state"].hint.en == "did you mean 'approved'?"
    assert found["type"].hint.zh == "是否应为 'expense'?"
    assert found["lines[0].gross"].hint.en == 'write it as a string: "1090"'
    assert found["lines[1].gross"].hint.zh == '请写成字符串: "12.50"'
    assert found["lines[0].id"].hint.en == 'write it as a string: "7"'


def test_paths_begin_where_the_document_stands(plain):
    plain["lines"][0]["gross"] = "1.001"
    del plain["number"]
    assert set(faults(plain, path="[3]")) == {"[3].lines[0].gross", "[3].number"}


@pytest.mark.parametrize("member", ["source", "tenant", "type", "id", "number", "state", "currency"])
@pytest.mark.parametrize("value", ["left out", None])
def test_required_members_are_asked_for(plain, member, value):
    if value is None:
        plain[member] = None
    else:
        del plain[member]
    found = faults(plain)
    assert found[member].code == "MEMBER_MISSING"
    assert member in found[member].message.zh


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "1,0",
        "１",
        "1e2",
        "NaN",
        "Infinity",
        "+1",
        ".5",
        "5.",
        "00",
        "0x1",
        "1_0",
        "1" * 19,
        "0." + "1" * 13,
    ],
)
def test_amounts_are_plain_decimal_strings(plain, text):
    plain["lines"][0]["gross"] = text
    assert faults(plain)["lines[0].gross"].code == "AMOUNT_INVALID"


@pytest.mark.parametrize("value", [1, Decimal("1.5"), True, None, [], {}, 1.5])
def test_amounts_are_never_numbers(plain, value):
    plain["lines"][0]["gross"] = value
    assert "lines[0].gross" in faults(plain)


@pytest.mark.parametrize(
    "text", ["2026-6-1", "20260601", "2026-W23-1", "2026/06/01", "2026-06-01T00:00:00Z", "２026-06-01", ""]
)
def test_dates_are_written_one_way(plain, text):
    plain["invoices"][0]["date"] = text
    assert faults(plain)["invoices[0].date"].code == "DATE_INVALID"


@pytest.mark.parametrize(
    ("text", "ok"),
    [
        ("2026-06-10T09:30:00+08:00", True),
        ("2026-06-10T01:30Z", True),
        ("2026-06-10t01:30:00.123456789z", True),
        ("2026-06-10T09:30:00", False),
        ("2026-06-10 09:30:00+08:00", False),
        ("2026-06-10T25:00:00Z", False),
        ("20260610T013000Z", False),
        ("2026-06-10T01:30:00+0800", False),
        ("2026-06-1", False),
        ("soon", False),
    ],
)
def test_instants_carry_a_zone(plain, text, ok):
    plain["events"][0]["on"] = text
    if ok:
        assert formats.document_from_json(plain).events[0].on.utcoffset() is not None
    else:
        assert faults(plain)["events[0].on"].code == "DATE_INVALID"


@pytest.mark.parametrize(
    ("path", "value", "currency"),
    [
        ("lines[0].gross", "1.001", "CNY"),
        ("lines[0].base", "1.001", "CNY"),
        ("lines[0].splits[0].amount", "1.001", "CNY"),
        ("lines[0].invoices[0].share", "1.001", "CNY"),
        ("lines[1].gross", "1200.5", "JPY"),
        ("lines[1].approved", "57.605", "CNY"),
        ("invoices[0].tax", "61.701", "CNY"),
        ("advances[0].amount", "0.001", "CNY"),
        ("payees[0].amount", "0.001", "CNY"),
        ("withheld[0].amount", "0.001", "CNY"),
        ("events[1].payments[0].amount", "0.001", "CNY"),
    ],
)
def test_amounts_are_not_finer_than_their_currency(plain, path, value, currency):
    _set(plain, path, value)
    problem = faults(plain)[path]
    assert problem.code == "AMOUNT_INVALID"
    assert problem.facts["currency"] == currency
    _set(plain, path, value[: value.index(".")] + ".000")
    formats.document_from_json(plain)


def test_a_share_is_in_its_invoices_currency(plain):
    plain["invoices"][0] |= {"currency": "JPY", "gross": "1090", "net": "1028", "tax": "62"}
    plain["lines"][0]["invoices"][0]["share"] = "10.5"
    assert set(faults(plain)) == {"lines[0].invoices[0].share"}


def test_rates_and_shares_may_have_twelve_decimals(plain):
    plain["lines"][1]["rate"] = "0.048123456789"
    plain["lines"][0]["splits"][0]["share"] = "0.600000000001"
    assert scale_problems(plain) == []
    formats.document_from_json(plain)


def test_unknown_members_are_kept_and_written_back(plain):
    plain["u_project"] = {"code": "P1", "weight": Decimal("1.50")}
    for item in (plain["lines"][0], plain["lines"][0]["splits"][0], plain["payees"][0], plain["events"][1]):
        item["u_note"] = "x"
    document = formats.document_from_json(plain)
    assert document.extensions == {"u_project": {"code": "P1", "weight": Decimal("1.50")}}
    assert document.lines[0].splits[0].extensions == {"u_note": "x"}
    written = formats.document_to_json(document)
    assert written["extensions"] == {"u_project": {"code": "P1", "weight": Decimal("1.50")}}
    assert formats.document_from_json(written) == document


def test_an_unknown_member_may_not_contradict_the_extensions(plain):
    plain |= {"u_project": "P1", "extensions": {"u_project": "P2"}}
    assert faults(plain)["u_project"].code == "MEMBER_TWICE"


@pytest.mark.parametrize(
    "character", ["\u202e", "\u200b", "\ufeff", "\n", "\x00", "\x7f", "\u2066", "\u00ad", "\ud800", "\uffff"]
)
def test_identifiers_have_no_invisible_characters(plain, character):
    plain["number"] = f"B1{character}"
    problem = faults(plain)["number"]
    assert problem.code == "TEXT_INVALID"
    assert f"U+{ord(character):04X}" in problem.message.en
    assert character not in problem.message.en


def test_texts_are_kept_in_normal_form(plain):
    plain["department"] = "Cafe\u0301"
    plain["reason"] = "Cafe\u0301\r\n\t第二行"
    document = formats.document_from_json(plain)
    assert document.department == "Café"
    assert document.reason == "Café\r\n\t第二行"


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\ufffe", "\ud800"])
def test_sentences_have_no_control_characters(plain, character):
    plain["reason"] = f"a{character}"
    assert faults(plain)["reason"].code == "TEXT_INVALID"


def test_texts_have_a_length(plain):
    plain |= {"number": "x" * 256, "reason": "x" * 10_001}
    assert {problem.code for problem in faults(plain).values()} == {"TEXT_INVALID"}


def test_an_empty_text_for_a_code_is_no_code(plain):
    plain |= {"department": "", "reason": "", "updated_at": None}
    plain["lines"][0]["currency"] = ""
    document = formats.document_from_json(plain)
    assert (document.department, document.reason, document.updated_at, document.lines[0].currency) == (None,) * 4


@pytest.mark.parametrize("value", [None, "x", 1, [], [{}]])
def test_a_document_is_an_object(value):
    assert faults(value)[""].code == "TYPE_INVALID"


def test_flags_are_true_or_false(plain):
    plain["invoices"][0]["verified"] = "true"
    assert faults(plain)["invoices[0].verified"].code == "TYPE_INVALID"


def test_events_alone_need_their_document(plain):
    data = {name: plain[name] for name in ("source", "tenant", "type", "id", "events")}
    entry = formats.events_from_json(data)
    assert entry.ref == formats.document_from_json(plain).ref
    assert entry.events == formats.document_from_json(plain).events
    assert formats.events_to_json(entry) == data
    with pytest.raises(InputError) as caught:
        formats.events_from_json({"source": "hesi", "id": "1", "events": [{"id": "e"}]}, path="[0]")
    assert {problem.path for problem in caught.value.problems} == {
        "[0].tenant",
        "[0].type",
        "[0].events[0].type",
        "[0].events[0].on",
    }


def test_an_event_alone_tells_all_its_faults(plain):
    with pytest.raises(InputError) as caught:
        formats.event_from_json({"type": "payed", "on": "x"}, path="events[2]")
    assert {problem.path: problem.code for problem in caught.value.problems} == {
        "events[2].type": "VALUE_UNKNOWN",
        "events[2].on": "DATE_INVALID",
        "events[2].id": "MEMBER_MISSING",
    }


def test_no_message_shows_a_bank_account(plain):
    plain["payees"][0]["account"] = "6222000011112222\u202e"
    assert "6222" not in str(faults(plain)["payees[0].account"])
    assert "6222" not in repr(
        formats.document_from_json(plain | {"payees": [plain["payees"][0] | {"account": "6222"}]})
    )


def _set(data, path, value):
    *steps, last = path.replace("[", ".").replace("]", "").split(".")
    for step in steps:
        data = data[int(step)] if step.isdigit() else data[step]
    data[last] = value
