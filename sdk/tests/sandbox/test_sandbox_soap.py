"""The little SOAP of an emulated ERP: what it reads, what it writes, what it does not take for a call."""

from __future__ import annotations

from decimal import Decimal

import pytest
from lxml import etree

from dougong_sdk.sandbox import Request
from dougong_sdk.sandbox.soap import fault, read_call, soap_answer

ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body>'
    '<m:Create xmlns:m="urn:m"><m:voucher><m:text>摘要 &lt;1&gt;</m:text><m:none/>'
    "<m:lines><m:amount>1.10</m:amount></m:lines><m:lines><m:amount>-2</m:amount></m:lines>"
    "</m:voucher></m:Create></s:Body></s:Envelope>"
)


def request(body):
    return Request("POST", "/services/vouchers", "/services/vouchers", "", {}, body.encode())


def test_a_call_is_read_as_texts_mappings_and_lists():
    call = read_call(request(ENVELOPE), lists=("lines",))
    assert (call.operation, call.namespace) == ("Create", "urn:m")
    lines = [{"amount": "1.10"}, {"amount": "-2"}]
    assert call.members == {"voucher": {"text": "摘要 <1>", "none": "", "lines": lines}}


@pytest.mark.parametrize("body", ["", "{}", "<a/>", ENVELOPE[:-5], ENVELOPE.replace("/soap/envelope/", "/other/")])
def test_what_is_no_envelope_is_no_call(body):
    assert read_call(request(body)) is None


def test_a_document_type_is_not_taken_so_that_no_entity_reads_a_file(tmp_path):
    (tmp_path / "secret").write_text("secret", "utf-8")
    hostile = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{(tmp_path / "secret").as_uri()}">]>' + ENVELOPE.replace("摘要", "&e;")
    assert read_call(request(hostile)) is None


def test_an_answer_keeps_order_and_digits_and_leaves_out_what_is_not_there():
    members = {
        "code": 0,
        "open": True,
        "none": None,
        "rows": [{"amount": Decimal("1E+2")}, {"amount": Decimal("0.10")}],
    }
    response = soap_answer(read_call(request(ENVELOPE)), members)
    (told,) = etree.fromstring(response.body).findall(".//{urn:m}CreateResponse")
    assert [(etree.QName(one).localname, "".join(one.itertext())) for one in told] == [
        ("code", "0"),
        ("open", "true"),
        ("rows", "100"),
        ("rows", "0.10"),
    ]


def test_a_fault_has_the_status_that_its_binding_wants():
    response = fault("不是 SOAP 信封")
    assert response.status == 500
    assert etree.fromstring(response.body).findtext(".//faultstring") == "不是 SOAP 信封"
