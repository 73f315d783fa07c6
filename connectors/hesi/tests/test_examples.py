"""Our own example documents say what the demo tells of them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from dougong.formats import document_from_json, document_to_json
from dougong.hookspecs import Call
from dougong.model.masterdata import MasterRecord
from dougong.model.sources import SourceDocument
from dougong_hesi import examples
from dougong_hesi.connector import HesiConnector
from dougong_hesi.settings import HesiSettings


@pytest.fixture
def found(known):
    """The example documents by number, read as core reads: reference data of all files first."""
    connector = HesiConnector(HesiSettings(**examples.settings()))
    reference = type(known)(())

    def read(path):
        call = Call(connection="oa", reference=reference)
        return connector.read_documents(path.read_bytes(), "application/json", call)

    for path in reversed(examples.files()):
        reference.add(*(item for item in read(path) if isinstance(item, MasterRecord)))
    documents = (item for path in examples.files() for item in read(path) if isinstance(item, SourceDocument))
    return {item.document.number: item for item in documents}


def test_nothing_is_missing(found):
    assert {number: item.problems for number, item in found.items()} == dict.fromkeys(
        ("J26100007", "B26110001", "B26110002", "B26110003", "B26110004"), ()
    )
    assert {item.document.entity for item in found.values()} == {"A01"}


def test_canonical_json_says_the_same(found):
    for item in found.values():
        assert document_from_json(document_to_json(item.document)) == item.document


def test_loan(found):
    loan = found["J26100007"].document
    assert (loan.type, loan.submitter, loan.payees[0].amount) == ("loan", "E001", 2000)
    assert loan.events[-1].type == "paid"
    assert loan.events[-1].payments[0].account == "工行基本户"


def test_travel_report_of_the_rules_reference(found):
    report = found["B26110001"].document
    lines = [(line.fee_type, line.gross) for line in report.lines]
    assert lines == [("差旅费", 1272), ("差旅费", 1140), ("业务招待费", 636), ("差旅补贴", 300)]
    splits = [(split.department, split.project, split.amount) for split in report.lines[0].splits]
    assert splits == [("D02", None, Decimal("763.20")), ("D03", "P-R01", Decimal("508.80"))]
    facts = [(i.kind, i.net, i.tax, i.fund, i.buyer) for i in report.invoices]
    assert facts == [
        ("专票", 1200, 72, None, "A01"),
        ("航空电子客票", 1000, 90, 50, None),
        ("普票", 600, 36, None, "A01"),
    ]
    assert [share.tax for line in report.lines for share in line.invoices] == [72, 90, 0]
    assert (report.department, report.payees[0].code, report.payees[0].amount) == ("D02", "E001", 1348)
    assert (report.advances[0].loan, report.advances[0].amount) == (found["J26100007"].document.id, 2000)
    assert report.events[0].on.date() == dt.date(2026, 11, 18)


def test_the_others(found):
    small, training, pending = (found[f"B2611000{n}"].document for n in (2, 3, 4))
    assert (small.submitter, small.payees[0].amount, small.invoices[0].tax) == ("E002", 318, 18)
    assert (training.lines[0].fee_type, training.state) == ("培训费", "paying")
    assert (pending.state, pending.events) == ("approving", ())


def test_files_exist_and_carry_no_personal_numbers():
    assert all(path.is_file() for path in examples.files())
    from dougong_hesi.privacy import mask_text

    texts = [path.read_text(encoding="utf-8") for path in examples.files()]
    assert [text for text in texts if mask_text(text) != text.replace("9007199254740991", "***")] == []
