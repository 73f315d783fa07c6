"""A payload: what would be refused is seen before anything is sent; tax codes; SAP's own schemas take our messages."""

from __future__ import annotations

from decimal import Decimal

import pytest
from lxml import etree

from dougong.mapping import compile_mapping
from dougong.model.problems import DougongError
from dougong.tables.codes import CodeRow, CodeTable
from dougong_sap.connector import SapConnector
from dougong_sap.sandbox import SapSandbox
from dougong_sap.settings import SapSettings

SFIN = "http://sap.com/xi/SAPSCORE/SFIN"


@pytest.fixture
def codes():
    rows = [CodeRow(table, "sap-s4", ours, theirs) for table, ours, theirs in SapSandbox.project_defaults().codes]
    return CodeTable.from_rows(rows).for_scope("sap-s4/A01", "sap-s4")


@pytest.fixture
def mapped(bench, codes):
    def make(voucher):
        connector = bench.connector
        text = connector.default_mapping(connector.operations()[0])
        return connector.map_booking(voucher, compile_mapping(text, path="m.toml"), codes)

    return make


def problems(bench, body):
    from dougong.model.messages import Payload

    return [(one.code, one.path) for one in bench.connector.check_payload(Payload(body), None, None, bench.call())]


def test_the_lines_of_a_voucher_become_lines_of_their_kinds(bench, mapped, voucher):
    body = mapped(voucher).body
    assert [(one["GLAccount"], one["AccountAssignment"]["CostCenter"]) for one in body["Item"]] == [
        ("6602020000", "CC1001")
    ] * 2
    (vendor,) = body["CreditorItem"]
    assert (vendor["Creditor"], vendor["AltvRecnclnAccts"]) == ("90000001", "2241010000")
    assert vendor["AmountInTransactionCurrency"] == {"#text": Decimal("-1572.00"), "@currencyCode": "CNY"}
    assert problems(bench, {**body, "DocumentReferenceID": "DG"}) == []


def test_the_tax_code_stands_on_the_tax_line_and_on_the_lines_that_it_was_taken_from(mapped, voucher):
    body = mapped(voucher).body
    (tax,) = body["ProductTaxItem"]
    assert (tax["TaxCode"], tax["TaxItemGroup"]) == ("J6", "1")
    assert tax["TaxBaseAmountInTransCrcy"]["#text"] == Decimal("1200.00")
    assert [one.get("Tax") for one in body["Item"]] == [{"TaxCode": "J6", "TaxItemGroup": "1"}, None]


def test_an_advance_is_posted_with_its_special_gl_indicator(bench, sandbox, mapped, voucher, new_item):
    import attrs

    lines = list(voucher.lines)
    lines[3] = attrs.evolve(lines[3], account="1221.01", clears="J26100007")
    changed = attrs.evolve(voucher, lines=tuple(lines))
    (vendor,) = mapped(changed).body["CreditorItem"]
    assert vendor["DownPaymentTerms"] == {"SpecialGLCode": "A"}
    assert "AltvRecnclnAccts" not in vendor
    item = attrs.evolve(new_item("R-1"), payload=mapped(changed), booking=changed)
    item.payload.body["DocumentReferenceID"] = item.reference_text
    bench.done(item)
    (posted,) = sandbox.postings()
    (advance,) = [line for line in posted["lines"] if line["side"] == "C"]
    assert (advance["account"], advance["clears"]) == ("1221010000", "J26100007")


def test_what_sap_would_refuse_is_seen_before(bench, new_entry, amounts):
    assert problems(bench, new_entry()) == []
    body = new_entry(CompanyCode="", DocumentHeaderText="长" * 26)
    assert problems(bench, body) == [("TEXT_TOO_LONG", "DocumentHeaderText"), ("FIELD_MISSING", "CompanyCode")]
    body = new_entry()
    body["Item"][0] |= {"DocumentItemText": "长" * 51, "AccountAssignment": {"OrderID": "1", "WBSElement": "P"}}
    assert problems(bench, body) == [
        ("TEXT_TOO_LONG", "Item[0].DocumentItemText"),
        ("COST_OBJECT_DOUBLE", "Item[0].AccountAssignment"),
    ]
    body = new_entry()
    body["Item"][0] |= amounts("100.00", "USD", base="128.50")
    assert problems(bench, body) == [
        ("NOT_BALANCED", "AmountInTransactionCurrency"),
        ("NOT_BALANCED", "AmountInCompanyCodeCurrency"),
        ("CURRENCY_MIXED", ""),
    ]
    body = new_entry()
    body["Item"][0] |= amounts("-128.50") | {"DebitCreditCode": "S"}
    assert ("AMOUNT_SIGN", "Item[0].AmountInTransactionCurrency") in problems(bench, body)
    many = [dict(new_entry("1.00")["Item"][0]) for _ in range(999)]
    assert ("LINES_LIMIT", "") in problems(bench, new_entry("999.00", Item=many))


def test_a_whole_entry_in_foreign_currency_keeps_both_amounts(bench, sandbox, new_item, amounts):
    made = new_item("R-1", "720.00")
    body = made.payload.body
    body["Item"][0] |= amounts("100.00", "USD", base="720.00")
    body["CreditorItem"][0] |= amounts("-100.00", "USD", base="-720.00")
    bench.done(made)
    (held,) = sandbox.postings()
    assert (held["currency"], held["total"]) == ("CNY", "720.00")
    assert {(one["currency"], one["amount"], one["base_amount"], one["rate"]) for one in held["lines"]} == {
        ("USD", "100.00", "720.00", "7.20000")
    }


@pytest.mark.parametrize("name", ["JOURNALENTRYCREATEREQUESTCONFI.wsdl", "JOURNALENTRYCREATEREQUESTCONFI.2020.wsdl"])
def test_saps_own_schemas_take_our_messages(bench, stored, mapped, voucher, new_item, name):
    import attrs

    definitions = etree.parse(stored / name)
    schema = etree.XMLSchema(definitions.find(".//{http://www.w3.org/2001/XMLSchema}schema"))
    made = attrs.evolve(new_item("R-1"), payload=mapped(voucher))
    made.payload.body["DocumentReferenceID"] = made.reference_text
    (message,) = bench.connector.prepare([made])
    request = etree.fromstring(message.body).find(f".//{{{SFIN}}}JournalEntryBulkCreateRequest")
    schema.assertValid(etree.ElementTree(request))


@pytest.mark.parametrize("name", ["JOURNALENTRYCREATEREQUESTCONFI.wsdl", "JOURNALENTRYCREATEREQUESTCONFI.2020.wsdl"])
def test_a_customers_own_wsdl_is_taken(bench_for, sandbox, stored, new_item, name):
    bench = bench_for(sandbox.url, wsdl=stored / name)
    assert bench.done(new_item("R-1")).number == "0100000000"
    paths = {field.path: field for field in bench.connector.target_fields(bench.connector.operations()[0])}
    assert paths["Item.AccountAssignment.WBSElement"].max_length == 24
    assert paths["CompanyCode"].required
    assert "DebtorItem.Debtor" in paths  # which the shipped one does without


@pytest.mark.parametrize(("name", "knows"), [("", True), (".2020", False)])
def test_a_customers_wsdl_that_is_older_than_reversals_takes_back_by_an_ordinary_entry(
    bench_for, codes, stored, voucher, name, knows
):
    import attrs

    from dougong.model.bookings import Reversed

    bench = bench_for("http://127.0.0.1:9/", wsdl=stored / f"JOURNALENTRYCREATEREQUESTCONFI{name}.wsdl")
    red = attrs.evolve(voucher, reverses=Reversed("1000/2026/0100000000", "0100000000", "1000", 2026))
    text = bench.connector.default_mapping(bench.connector.operations()[0])
    body = bench.connector.map_booking(red, compile_mapping(text, path="m.toml"), codes).body
    assert body.get("ReversalReferenceDocument") == ("010000000010002026" if knows else None)


def test_the_shipped_fields_are_saps(stored):
    """Each path with its length stands in the file that a customer exported."""
    made = [
        SapConnector(SapSettings(base_url="https://h/", user="u", password="p", **more))
        for more in ({}, {"wsdl": stored / "JOURNALENTRYCREATEREQUESTCONFI.wsdl"})
    ]
    own, theirs = ({field.path: field.max_length for field in one.target_fields(one.operations()[0])} for one in made)
    assert own.keys() - theirs.keys() == set()
    assert {path for path in own if own[path] and theirs[path] and own[path] != theirs[path]} == set()


def test_a_name_that_cannot_stand_in_the_mapping_is_refused():
    with pytest.raises(DougongError, match="created_by"):
        SapSettings(base_url="https://h/", user="u", password="p", created_by="a' + 'b")
