from __future__ import annotations

import datetime as dt
import hashlib
from decimal import Decimal

import attrs
import pytest

from dougong.mapping import MappingError, source_of
from dougong.model.documents import SourceRef
from dougong.tables.codes import CodeTable

CONTRACT_EXAMPLE = """
[fields]
"FAccountBookID.FNumber"  = "voucher.book | code('account_book')"
"FDate"                   = "voucher.posting_date"

[[rows]]
target = "FEntity"
each   = "voucher.lines"
when   = "line.amount != 0"
[rows.fields]
"FACCOUNTID.FNumber"      = "line.account | code('account')"
"FDEBIT"                  = "line.amount if line.side == 'D' else 0"
"FCREDIT"                 = "line.amount if line.side == 'C' else 0"
"""


def test_the_example_of_the_contract(compiled, voucher, codes):
    mapping = compiled(CONTRACT_EXAMPLE)
    payload = mapping(voucher, codes)
    assert payload.body == {
        "FAccountBookID": {"FNumber": "001"},
        "FDate": dt.date(2026, 11, 18),
        "FEntity": [
            {"FACCOUNTID": {"FNumber": "6602.01.001"}, "FDEBIT": Decimal("100.00"), "FCREDIT": 0},
            {"FACCOUNTID": {"FNumber": "2241"}, "FDEBIT": 0, "FCREDIT": Decimal("100.00")},
        ],
    }
    assert (mapping.connector, mapping.target, mapping.source) == ("kingdee", "GL_VOUCHER", "voucher")
    assert mapping.tables == {"account", "account_book"}
    assert mapping.hash == hashlib.sha256(mapping.text.encode()).hexdigest()


def test_every_field_tells_where_it_comes_from(compiled, voucher, codes):
    payload = compiled(CONTRACT_EXAMPLE)(voucher, codes)
    assert source_of(payload, "FEntity[1].FDEBIT") == "line.amount if line.side == 'D' else 0"
    assert source_of(payload, "FDate") == "voucher.posting_date"
    assert source_of(payload, "FOther") is None


def test_a_line_is_left_out_when_its_condition_says_so(compiled, voucher, codes):
    zero = attrs.evolve(voucher.lines[0], amount=Decimal("0.00"))
    payload = compiled(CONTRACT_EXAMPLE)(attrs.evolve(voucher, lines=(zero, voucher.lines[1])), codes)
    assert [row["FACCOUNTID"]["FNumber"] for row in payload.body["FEntity"]] == ["2241"]


def test_none_leaves_a_field_and_its_empty_parents_out_and_null_sends_null(compiled, voucher, codes):
    mapping = compiled("""
[fields]
a = "null"
b = "null if voucher.business_date is None else voucher.business_date"
c = "voucher.business_date"
d.e.f = "voucher.prepared_by"
g.h = "voucher.prepared_by"
g.i = "voucher.business_date"
g.j.k = "None"
l = "None if voucher.book == 'A01' else null"
""")
    assert mapping(voucher, codes).body == {"a": None, "b": None}
    dated = attrs.evolve(voucher, business_date=dt.date(2026, 11, 1), prepared_by="E009")
    assert mapping(dated, codes).body == {
        "a": None,
        "b": dt.date(2026, 11, 1),
        "c": dt.date(2026, 11, 1),
        "d": {"e": {"f": "E009"}},
        "g": {"h": "E009", "i": dt.date(2026, 11, 1)},
    }


def test_rows_without_any_value_and_arrays_without_rows_are_left_out(compiled, voucher, codes):
    mapping = compiled("""
[fields]
book = "voucher.book"
[[rows]]
target = "Head.Settlements"
each = "voucher.lines"
[rows.fields]
kind = "line.settlement"
""")
    assert mapping(voucher, codes).body == {"book": "A01"}
    settled = attrs.evolve(voucher, lines=(voucher.lines[0], attrs.evolve(voucher.lines[1], settlement="JSFS04")))
    assert mapping(settled, codes).body == {"book": "A01", "Head": {"Settlements": [{"kind": "JSFS04"}]}}


def test_the_order_of_the_file_is_the_order_of_the_output(compiled, voucher, codes):
    mapping = compiled("""
[fields]
Z = "'z'"
"A.one" = "1"
Rows = []
M = "'m'"
"A.two" = "2"
"A.Inner" = []
"A.three" = "3"
[[rows]]
target = "A.Inner"
each = "voucher.documents"
[rows.fields]
n = "document"
[[rows]]
target = "Rows"
each = "voucher.lines"
[rows.fields]
b = "line.number"
a = "line.side"
""")
    body = mapping(voucher, codes).body
    assert list(body) == ["Z", "A", "Rows", "M"]
    assert list(body["A"]) == ["one", "two", "Inner", "three"]
    assert [list(row) for row in body["Rows"]] == [["b", "a"], ["b", "a"]]


def test_rows_that_stand_before_the_fields_come_first(compiled, voucher, codes):
    mapping = compiled("""
[[rows]]
target = "Rows"
each = "voucher.lines"
fields = { n = "line.number" }
[fields]
book = "voucher.book"
""")
    assert list(mapping(voucher, codes).body) == ["Rows", "book"]


def test_one_array_from_several_rows_and_arrays_inside_rows(compiled, voucher, codes):
    mapping = compiled("""
[[rows]]
target = "E"
each = "voucher.lines"
when = "line.side == 'D'"
[rows.fields]
n = "line.number"
[[rows]]
target = "E.S"
each = "line.sources"
as = "report_line"
[rows.fields]
id = "report_line + '/' + text(line.number)"
[[rows]]
target = "E"
each = "voucher.lines"
when = "line.side == 'C'"
[rows.fields]
n = "-line.number"
""")
    payload = mapping(voucher, codes)
    assert payload.body == {"E": [{"n": 1, "S": [{"id": "l1/1"}, {"id": "l2/1"}]}, {"n": -2}]}
    assert source_of(payload, "E[0].n") == "line.number\n-line.number"
    assert source_of(payload, "E[0].S[1].id") == "report_line + '/' + text(line.number)"


def test_attributes_of_elements(compiled, voucher, codes):
    mapping = compiled("""
[fields]
"@version" = "'1.0'"
"Total.@currencyCode" = "voucher.currency"
"Total" = "voucher.total"
"Paid.@currencyCode" = "voucher.currency"
"Paid" = "None if voucher.attachments == 0 else voucher.total"
"Only.@nil" = "'true'"
""")
    assert mapping(voucher, codes).body == {
        "@version": "1.0",
        "Total": {"@currencyCode": "CNY", "#text": Decimal("100.00")},
        "Only": {"@nil": "true"},
    }


def test_dimensions_and_summaries(compiled, voucher, codes):
    mapping = compiled("""
[[rows]]
target = "E"
each = "voucher.lines"
[rows.fields]
"FDetailID.FDETAILID__FFLEX5.FNumber" = "line | dimension('department') | code('department')"
"FEXPLANATION" = "line.summary | summary(14, keep=voucher.documents)"
""")
    assert mapping(voucher, codes).body["E"] == [
        {"FDetailID": {"FDETAILID__FFLEX5": {"FNumber": "BM000002"}}, "FEXPLANATION": "张三报差 B26110001"},
        {"FEXPLANATION": "应付张三 B26110001"},
    ]


def test_every_problem_of_a_booking_is_told_with_its_field_and_row(compiled, voucher, codes):
    mapping = compiled("""
[fields]
book = "voucher.book | code('account_book')"
[[rows]]
target = "FEntity"
each = "voucher.lines"
[rows.fields]
"FACCOUNTID.FNumber" = "line.account | code('account')"
"FRATE" = "line.original.rate * 1"
"FCHECK" = "voucher.extensions['check']"
[[rows]]
target = "FEntity.Inner"
each = "line.sources"
when = "line.original.amount > 1"
[rows.fields]
id = "source"
""")
    unknown = attrs.evolve(voucher.lines[1], account="9999", sources=("l3",))
    booking = attrs.evolve(voucher, book="A09", lines=(voucher.lines[0], unknown, unknown), extensions={"check": ["a"]})
    with pytest.raises(MappingError) as caught:
        mapping(booking, codes)
    assert [(problem.code, problem.path) for problem in caught.value.problems] == [
        ("CODE_UNMAPPED", "book"),
        ("EXPRESSION_TYPE", "FEntity[0].FCHECK"),
        ("CODE_UNMAPPED", "FEntity[1].FACCOUNTID.FNumber"),
        ("VALUE_MISSING", "FEntity[1].FRATE"),
        ("EXPRESSION_TYPE", "FEntity[1].FCHECK"),
        ("VALUE_MISSING", "FEntity[1].Inner[0]"),
        ("CODE_UNMAPPED", "FEntity[2].FACCOUNTID.FNumber"),
        ("VALUE_MISSING", "FEntity[2].FRATE"),
        ("EXPRESSION_TYPE", "FEntity[2].FCHECK"),
        ("VALUE_MISSING", "FEntity[2].Inner[0]"),
    ]
    missing = caught.value.problems[2]
    assert missing.facts["table"] == "account"
    assert missing.facts["code"] == "9999"
    assert missing.facts["expression"] == "line.account | code('account')"
    assert missing.facts["mapping"] == "mappings/kingdee/GL_VOUCHER.toml:11"
    assert "kingdee/A01" in missing.hint.en
    assert "9999" in missing.message.zh


def test_a_traceback_gives_the_line_of_the_field(compiled, voucher, codes):
    mapping = compiled('\n\n[fields]\na = "1"\nb = "voucher.extensions[\'n\'] * 2"\n', path="m.toml")
    with pytest.raises(MappingError) as caught:
        mapping(voucher, codes)
    frame = caught.value.__cause__.__traceback__
    places = []
    while frame:
        places.append((frame.tb_frame.f_code.co_filename, frame.tb_lineno))
        frame = frame.tb_next
    assert ("m.toml", 8) in places


def test_codes_have_dates(compiled, voucher):
    from dougong.tables.codes import CodeRow

    old = CodeRow("account_book", "*", "A01", "OLD", valid_to=dt.date(2026, 10, 31))
    new = CodeRow("account_book", "*", "A01", "NEW", valid_from=dt.date(2026, 11, 1))
    codes = CodeTable.from_rows([old, new]).for_scope("kingdee")
    mapping = compiled("[fields]\nbook = \"voucher.book | code('account_book')\"\n")
    assert mapping(voucher, codes).body == {"book": "NEW"}
    october = attrs.evolve(voucher, posting_date=dt.date(2026, 10, 31))
    assert mapping(october, codes).body == {"book": "OLD"}


def test_a_mapping_is_for_its_own_kind_of_booking(compiled, codes):
    mapping = compiled('[fields]\na = "1"\n')
    with pytest.raises(MappingError, match="this mapping is for a voucher"):
        mapping(SourceRef("hesi", "t", "expense", "1"), codes)


def test_a_summary_that_must_keep_too_much_is_an_error(compiled, voucher, codes):
    mapping = compiled('[fields]\na = "join(voucher.documents) | summary(5, keep=voucher.documents)"\n')
    with pytest.raises(MappingError, match="SUMMARY_TOO_LONG"):
        mapping(voucher, codes)
