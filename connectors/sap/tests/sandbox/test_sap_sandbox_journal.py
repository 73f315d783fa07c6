"""Journal entries by SOAP, as sap.md §1 describes them: envelopes, confirmations, refusals, faults, repeats."""

from __future__ import annotations

import pytest
from lxml import etree

SFIN = "http://sap.com/xi/SAPSCORE/SFIN"
INNER = "JournalEntryCreateConfirmation/JournalEntryCreateConfirmation"


def log(confirmation):
    return [
        (node.findtext("TypeID"), node.findtext("SeverityCode"))
        for node in confirmation.findall("JournalEntryCreateConfirmation/Log/Item")
    ]


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_the_sample_of_public_clients_is_posted_and_confirmed(caller, version):
    told = caller.sample(version=version)
    assert etree.QName(told).namespace == SFIN
    assert told.findtext("MessageHeader/ReferenceID") == "EXP-1"
    assert told.findtext("JournalEntryCreateConfirmation/MessageHeader/ReferenceID") == "EXP-1-1"
    assert told.findtext(f"{INNER}/AccountingDocument") == "1900000000"
    assert told.findtext(f"{INNER}/FiscalYear") == "2026"
    assert log(told) == [("605(RW)", "1")]
    (held,) = caller.sandbox.postings()
    assert (held["company"], held["total"], held["reference"]) == ("1010", "119.00", "ER-1")
    assert [(line["account"], line["tax_code"]) for line in held["lines"]] == [
        ("65100000", "V1"),
        ("21100000", None),
        ("12600000", "V1"),
    ]


def test_a_refusal_is_a_confirmation_with_blanks_and_every_cause(caller):
    told = caller.sample(net="99.00")
    assert told.findtext(f"{INNER}/AccountingDocument") == " "
    assert told.findtext(f"{INNER}/FiscalYear") == "0000"
    assert log(told) == [("609(RW)", "3"), ("702(F5)", "3")]
    assert caller.sandbox.postings() == []


def test_the_same_message_again_gets_its_first_answer_by_its_uuid(caller):
    uuid = "6f1c2a34-5b67-4c89-9d01-23456789abcd"
    first, again = caller.sample(uuid=uuid), caller.sample(uuid=uuid)
    assert etree.tostring(first) == etree.tostring(again)
    assert len(caller.sandbox.postings()) == 1
    caller.sample()
    caller.sample()  # without a UUID nothing is recognised
    assert len(caller.sandbox.postings()) == 3


def test_a_system_that_is_not_idempotent_posts_it_again(caller_with):
    caller = caller_with(idempotent="false")
    caller.sample(uuid="6f1c2a34-5b67-4c89-9d01-23456789abcd")
    caller.sample(uuid="6f1c2a34-5b67-4c89-9d01-23456789abcd")
    assert len(caller.sandbox.postings()) == 2


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("body", ["", "<wrong/>", f'<s:JournalEntryBulkCreateRequest xmlns:s="{SFIN}"/>'])
def test_what_is_malformed_is_one_fault_in_the_version_of_the_call(caller, version, body):
    status, fault = caller.post(body, version)
    assert status == 500
    assert "Web service processing error" in "".join(fault.itertext())


def test_who_is_not_known_or_has_no_rights_is_not_let_in(caller):
    assert caller.call("POST", "/sap/bc/srt/scs_ext/sap/journalentrycreaterequestconfi", password="wrong")[0] == 401
    status, headers, _ = caller.call("GET", "/sap/opu/odata/sap/API_COMPANYCODE_SRV/", headers={"Authorization": ""})
    assert (status, headers["WWW-Authenticate"].partition(" ")[0]) == (401, "Basic")
    caller.sandbox.seed({"credentials": [{"kind": "basic", "user": "GUEST", "password": "x", "roles": []}]})
    assert caller.call("GET", "/sap/opu/odata/sap/API_COMPANYCODE_SRV/", user="GUEST", password="x")[0] == 403


def test_a_reversal_names_its_entry_and_both_stay_in_the_books(caller):
    caller.sample()
    assert log(caller.reversal("190000000010102026")) == [("605(RW)", "1")]
    original, red = caller.sandbox.postings()
    assert (red["reverses"], red["total"]) == (original["id"], "119.00")
    assert [line["side"] for line in red["lines"]] == ["C", "D", "C"]
    found = caller.get(
        "API_OPLACCTGDOCITEMCUBE_SRV/A_OperationalAcctgDocItemCube", select="IsReversal,IsReversed,ReverseDocument"
    )
    assert {(row["IsReversal"], row["IsReversed"], row["ReverseDocument"]) for row in found["results"]} == {
        (False, True, red["number"]),
        (True, False, original["number"]),
    }


def test_a_reversal_is_refused_for_nothing_for_the_second_time_and_without_a_reason(caller):
    caller.sample()
    assert log(caller.reversal("190000009910102026"))[-1] == ("012(ZDG)", "3")
    assert log(caller.reversal("190000000010102026", reason=""))[-1] == ("014(ZDG)", "3")
    caller.reversal("1900000000")
    assert log(caller.reversal("1900000000"))[-1] == ("013(ZDG)", "3")
    assert len(caller.sandbox.postings()) == 2


def test_a_test_is_checked_and_not_posted(caller):
    told = caller.sample(uuid="u-1", test=True)
    assert (log(told), told.findtext(f"{INNER}/AccountingDocument")) == ([("614(RW)", "1")], " ")
    assert log(caller.sample(net="99.00", test=True)) == [("609(RW)", "3"), ("702(F5)", "3")]
    assert caller.sandbox.postings() == []
    assert log(caller.sample(uuid="u-1")) == [("605(RW)", "1")]


def test_a_person_closes_a_period_and_deletes_and_edits_but_never_renumbers(caller):
    caller.sample()
    (held,) = caller.sandbox.postings()
    assert caller.sandbox.hand("renumber", id=held["id"], to="77")["number"] == held["number"]
    assert caller.sandbox.hand("unaudit", id=held["id"])["stage"] == "posted"
    assert caller.sandbox.hand("edit", id=held["id"], set={"total": "999.00"})["total"] == "999.00"
    caller.sandbox.hand("delete", id=held["id"])
    assert caller.sandbox.postings() == []
    caller.sandbox.hand("close_period", book="1010", period="2026-11")
    assert log(caller.sample())[1:] == [("201(F5)", "3")]


@pytest.mark.parametrize(("release", "name"), [("2024", ""), ("2020", ".2020")])
def test_the_answers_fit_saps_own_schema(caller_with, stored, release, name):
    caller, file = caller_with(release=release), stored / f"JOURNALENTRYCREATEREQUESTCONFI{name}.wsdl"
    schema = etree.XMLSchema(etree.parse(file).find(".//{http://www.w3.org/2001/XMLSchema}schema"))
    schema.assertValid(etree.ElementTree(caller.sample()))
    schema.validate(etree.ElementTree(caller.sample(net="99.00")))
    # a blank where the schema wants a number: that is what SAP sends
    assert {"AccountingDocument", "CompanyCode"} >= {
        error.message.split("'")[1].rpartition("}")[2] for error in schema.error_log
    }
