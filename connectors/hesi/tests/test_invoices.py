"""Invoices of the lines, explained by their companion records."""

from __future__ import annotations

from decimal import Decimal

import attrs
import pytest

from dougong.model.masterdata import MasterRecord


def claim(key="corp:inv1", tax=None, items=(), of_money=None):
    entry = {"invoiceId": key, "itemIds": list(items)}
    return entry if tax is None else {**entry, "taxAmount": {"standard": tax, "standardStrCode": "CNY"}}


@pytest.fixture
def with_invoices(flow, line):
    """The flow, its line claiming these invoices."""

    def change(*claims, type="exist"):
        line["invoiceForm"] = {"type": type, "invoices": list(claims)}
        return flow

    return change


@pytest.fixture
def changed(known):
    """Changes facts of the known invoice; `None` takes a fact away."""

    def change(**facts):
        record = known.get("invoice", "corp:inv1")
        data = {name: value for name, value in {**record.data, **facts}.items() if value is not None}
        return known.add(attrs.evolve(record, data=data))

    return change


def test_invoice(read, with_invoices):
    found = read(with_invoices(claim(tax="5.66")))
    (invoice,), (share,) = found.document.invoices, found.document.lines[0].invoices
    assert found.problems == ()
    assert (share.id, share.share, share.tax) == ("corp:inv1", None, Decimal("5.66"))
    assert (invoice.kind, invoice.number, invoice.date.isoformat()) == ("专票", "26312000000000000001", "2024-11-11")
    assert (invoice.net, invoice.tax, invoice.gross) == (Decimal("94.34"), Decimal("5.66"), 100)
    assert (invoice.buyer, invoice.verified, invoice.currency) == ("示例科技", True, "CNY")


def test_deductible_tax_as_the_source_states_it(read, with_invoices):
    assert read(with_invoices(claim(tax=0))).document.lines[0].invoices[0].tax == 0
    assert read(with_invoices(claim())).document.lines[0].invoices[0].tax is None


def test_deductible_by_the_invoice(read, with_invoices, changed):
    changed(deductible=True, deductible_tax="5.00")
    assert read(with_invoices(claim())).document.lines[0].invoices[0].tax == 5
    changed(deductible=False)
    assert read(with_invoices(claim())).document.lines[0].invoices[0].tax == 0


def test_missing_details(read, with_invoices):
    found = read(with_invoices(claim("corp:gone", tax="5.66")))
    (problem,) = found.problems
    assert (problem.code, problem.facts["id"]) == ("INVOICE_DETAILS_MISSING", "corp:gone")
    assert found.document.invoices == ()
    assert found.document.lines[0].invoices[0].tax == Decimal("5.66")


@pytest.mark.parametrize(("fact", "named"), [("type", "kind"), ("buyer", "buyer"), ("gross", None)])
def test_missing_fact(read, with_invoices, changed, fact, named):
    found = read(with_invoices(claim()), reference=changed(**{fact: None}))
    assert [problem.facts["fact"] for problem in found.problems] == ([named] if named else [])
    assert found.document.invoices[0].gross == 100


def test_missing_amount(read, with_invoices, changed):
    (problem,) = read(with_invoices(claim()), reference=changed(gross=None, net=None)).problems
    assert (problem.code, problem.facts["fact"]) == ("INVOICE_FACT_MISSING", "amount")


def test_contradictory_invoice(codes, with_invoices, changed):
    assert codes(with_invoices(claim()), reference=changed(net="95.00")) == ["AMOUNT_CONTRADICTORY"]


@pytest.mark.parametrize(
    ("type", "kind"),
    [
        ("VATSpecialInvoice", "专票"),
        ("VATElectronicSpecialInvoice", "专票"),
        ("FullDigitalNormal", "普票"),
        ("VATElectronicInvoice", "普票"),
        ("QuotaInvoice", "定额发票"),
        ("SomethingNew", "SomethingNew"),
    ],
)
def test_kinds(read, with_invoices, changed, type, kind):
    assert read(with_invoices(claim()), reference=changed(type=type)).document.invoices[0].kind == kind


def test_kinds_of_the_customer(read, with_invoices):
    kinds = {"FullDigitalSpecial": "数电专票"}
    assert read(with_invoices(claim()), invoice_kinds=kinds).document.invoices[0].kind == "数电专票"


def test_older_invoice_has_code_and_number(read, with_invoices, changed):
    found = read(with_invoices(claim()), reference=changed(code="042001900211", number="67083249"))
    assert found.document.invoices[0].number == "04200190021167083249"


def test_buyer_of_the_tenants_own_titles(read, with_invoices, changed, known):
    changed(buyer_tax_number="91X")
    flow = with_invoices(claim())
    assert read(flow).document.invoices[0].buyer == "示例科技"
    known.add(MasterRecord("buyer_title", "91X", "91X", "示例科技", data={"tenant": "corp"}))
    assert read(flow).document.invoices[0].buyer == "A01"
    assert read(flow, entities={}).document.invoices[0].buyer == "示例科技"
    known.add(MasterRecord("buyer_title", "91X", "91X", "示例科技", data={"tenant": "other"}))
    assert read(flow).document.invoices[0].buyer == "示例科技"


def item(key, net, tax, rate="0.06"):
    return MasterRecord("invoice_line", key, data={"invoice": "corp:inv1", "net": net, "tax": tax, "rate": rate})


def test_rate_of_the_chosen_items(read, with_invoices, known):
    known.add(item("i1", "50.00", "3.00"), item("i2", "44.34", "2.66"))
    found = read(with_invoices(claim(items=("i1", "i2")))).document
    assert found.invoices[0].rate == Decimal("0.06")
    known.add(item("i2", "44.34", "2.66", "0.13"))
    assert read(with_invoices(claim(items=("i1", "i2")))).document.invoices[0].rate is None


def test_part_of_an_invoice(read, with_invoices, known):
    known.add(item("i1", "50.00", "3.00"))
    assert read(with_invoices(claim(items=("i1",)))).document.lines[0].invoices[0].share == 53


def test_parts_above_the_line_are_left_to_accounting(read, with_invoices, known, line):
    known.add(item("i1", "50.00", "3.00"))
    line["amount"]["standard"] = "52.00"
    assert read(with_invoices(claim(items=("i1",)))).document.lines[0].invoices[0].share is None


def test_items_that_are_not_all_known_are_no_part(read, with_invoices, known):
    known.add(item("i1", "50.00", "3.00"))
    assert read(with_invoices(claim(items=("i1", "i2")))).document.lines[0].invoices[0].share is None


@pytest.mark.parametrize("type", ["noExist", "noWrite", "unify", None])
def test_no_invoice(read, flow, line, type):
    line["invoiceForm"] = {"type": type}
    found = read(flow)
    assert (found.problems, found.document.invoices) == ((), ())


@pytest.mark.parametrize(
    "form", [{"type": "exist", "attachments": [{"key": "a.jpg"}]}, {"type": "exist"}, {"type": "wait"}]
)
def test_promised_invoice_holds_unless_the_customer_says_otherwise(codes, flow, line, form):
    line["invoiceForm"] = form
    assert codes(flow) == ["INVOICE_DETAILS_MISSING"]
    assert codes(flow, missing_invoice="none") == []


def test_unknown_form_is_told(codes, flow, line):
    line["invoiceForm"] = {"type": "maybe"}
    assert codes(flow) == ["INVOICE_FORM_UNKNOWN"]


FLIGHT = "E_system_航空运输电子客票行程单_"


def flight(of_money, **amounts):
    told = {
        "票价": "60.00",
        "燃油附加费": "10.00",
        "民航发展基金": "30.00",
        "税费": "0.00",
        "金额": "100.00",
        **amounts,
    }
    return {
        "id": "ID_air",
        "entityId": "system_航空运输电子客票行程单",
        FLIGHT + "电子客票号码": "999-1",
        FLIGHT + "乘机人姓名": "张三",
        FLIGHT + "乘机时间": 1_731_340_800_000,
        "E_税率": "9%",
        **{FLIGHT + name: of_money(value) for name, value in amounts.items() | told.items()},
    }


def test_flight(read, read_all, with_invoices, known, of_money):
    known.add(*read_all({"items": [flight(of_money) | {"E_税额": of_money("5.78"), "E_是否抵扣": True}]}))
    found = read(with_invoices(claim("ID_air")))
    (invoice,) = found.document.invoices
    assert found.problems == ()
    assert (invoice.kind, invoice.fund, invoice.tax) == ("航空电子客票", 30, Decimal("5.78"))
    assert (invoice.net, invoice.rate) == (Decimal("64.22"), Decimal("0.09"))
    assert (invoice.buyer, invoice.extensions["traveller"]) == (None, "张三")
    assert found.document.lines[0].invoices[0].tax == Decimal("5.78")


def test_flight_with_other_taxes_and_insurance(read, read_all, with_invoices, known, of_money):
    known.add(*read_all({"items": [flight(of_money, 税费="5.00", 民航发展基金="20.00", 保险费="5.00")]}))
    assert read(with_invoices(claim("ID_air"))).document.invoices[0].fund == 30


def test_flight_that_does_not_add_up(codes, read_all, with_invoices, known, of_money):
    known.add(*read_all({"items": [flight(of_money, 民航发展基金="20.00")]}))
    assert codes(with_invoices(claim("ID_air"))) == ["AMOUNT_CONTRADICTORY"]


def test_train_of_the_samples(samples, read, read_all, with_invoices, known):
    known.add(*read_all((samples / "invoice-train.json").read_bytes()))
    (invoice,) = read(with_invoices(claim("ID01v59hQ4er7U"))).document.invoices
    assert (invoice.kind, invoice.number, invoice.gross) == ("铁路电子客票", "B054158", 443)
    assert invoice.date.isoformat() == "2023-11-22"
