"""Every public sample answer, read where it lies."""

from __future__ import annotations

from collections import Counter

import pytest

from dougong.formats import document_from_json, document_to_json
from dougong.model.documents import Document
from dougong.model.identity import content_fingerprint
from dougong.model.masterdata import MasterRecord
from dougong.model.problems import InputError
from dougong.model.sources import SourceDocument

DOCUMENTS = {
    "apply-list-expense.json": ("expense", "B20000001", "paid"),
    "create-flow-response.json": ("expense", "B21000008", "draft"),
    "flow-details-expense.json": ("expense", "B20000001", "rejected"),
    "flow-details-loan.json": ("loan", "J20000002", "rejected"),
    "flow-details-payment.json": ("payment_request", "Z21000001", "rejected"),
}
RECORDS = {
    "currency.json": {"currency": 3},
    "departments.json": {"department": 4, "department_code": 4},
    "dimension-items.json": {"project": 5},
    "dimensions.json": {"dimension": 3},
    "fee-types.json": {"fee_type": 2},
    "flow-attachments.json": {"attachment": 11},
    "flow-invoices.json": {"flow_invoices": 1},
    "invoice-details.json": {"invoice_line": 1},
    "invoice-train.json": {"invoice": 1},
    "loan-info.json": {"loan": 1},
    "payee-infos.json": {"payee": 2},
    "payer-invoice-titles.json": {"buyer_title": 3},
    "payment-accounts.json": {"payment_account": 2},
    "repayment-record.json": {"repayment_record": 1},
    "staffs.json": {"employee": 5, "employee_code": 3},
}
USELESS = {
    "approval-response.json": "approval call",
    "attachment-download.json": "attachment links",
    "attachment-upload.json": "attachment upload",
    "auth-get-access-token.json": "access token",
    "auth-refresh.json": "access token",
    "auth-v3-error-403.json": "status or error",
    "auth-v3-error-500.json": "status or error",
    "auth-v3-ok.json": "access token",
    "location.json": "address",
    "outbound-callback-response.json": "outbound callback",
    "outbound-failed-log.json": "failed outbound",
    "payment-results-response.json": "payment result",
    "voucher-write-back-ok.json": "write-back",
}


def test_every_sample_is_expected(samples):
    expected = {*DOCUMENTS, *RECORDS, *USELESS, "apply-list-empty.json"}
    assert {path.name for path in samples.glob("*.json")} == expected


@pytest.mark.parametrize("name", DOCUMENTS)
def test_flow(samples, read, name):
    document: Document = read((samples / name).read_bytes()).document
    assert (document.type, document.number, document.state) == DOCUMENTS[name]


@pytest.mark.parametrize("name", RECORDS)
def test_companion(samples, read_all, name):
    found = read_all((samples / name).read_bytes())
    assert all(isinstance(item, MasterRecord) for item in found)
    assert Counter(item.kind for item in found) == RECORDS[name]


@pytest.mark.parametrize("name", USELESS)
def test_refused(samples, read_all, name):
    with pytest.raises(InputError, match=USELESS[name]) as caught:
        read_all((samples / name).read_bytes())
    assert caught.value.problems[0].code == "HESI_ANSWER_UNUSABLE"


def test_empty_list(samples, read_all):
    assert read_all((samples / "apply-list-empty.json").read_bytes()) == []


def test_no_personal_data_leaves_the_reader(samples, read_all):
    told = [repr(item) for name in {*DOCUMENTS, *RECORDS} for item in read_all((samples / name).read_bytes())]
    for secret in (
        "13800000000",
        "user@example.com",
        "62000000000",
        "120202110990010xxxx",
        "老六",
        "sign-image",
        "12345'",
    ):
        assert [text for text in told if secret in text] == []


def test_paid_and_rejected_with_one_update_time_are_one_content(samples, read):
    paid, rejected = (read((samples / f"{name}-expense.json").read_bytes()) for name in ("apply-list", "flow-details"))
    assert paid.document.ref == rejected.document.ref
    assert paid.document.updated_at == rejected.document.updated_at
    assert (paid.document.state, rejected.document.state) == ("paid", "rejected")
    assert content_fingerprint(paid.content) == content_fingerprint(rejected.content)
    assert [event.type for event in paid.document.events] == ["approved", "paid"]
    assert rejected.document.events == ()


def test_paid_sample_says_everything_that_is_missing(samples, read):
    found = read((samples / "apply-list-expense.json").read_bytes(), entities={})
    missing = {problem.facts["kind"] for problem in found.problems if problem.code == "REFERENCE_MISSING"}
    assert missing == {"employee", "department", "fee_type", "payee"}
    contradiction = next(problem for problem in found.problems if problem.code == "WRITTEN_OFF_CONTRADICTORY")
    assert contradiction.facts == {"stated": "0.00", "recorded": "222"}
    assert {"ENTITY_UNKNOWN", "INVOICE_DETAILS_MISSING"} <= {problem.code for problem in found.problems}
    assert all(problem.message.zh and problem.hint.zh and problem.hint.en for problem in found.problems)


@pytest.mark.parametrize("name", [name for name, (_, _, state) in DOCUMENTS.items() if state != "paid"])
def test_what_is_not_due_has_no_problem_yet(samples, read, name):
    found = read((samples / name).read_bytes())
    assert found.problems == ()
    assert found.document.events == ()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_canonical_json_says_the_same(samples, read, name):
    document = read((samples / name).read_bytes()).document
    assert document_from_json(document_to_json(document)) == document


@pytest.mark.parametrize("name", DOCUMENTS)
def test_raw_reads_again_into_the_same(samples, read, name):
    first = read((samples / name).read_bytes())
    assert read(first.raw) == first
    assert read(first.raw).content == first.content


def test_repeated_staff_code_of_the_sample_is_told(samples, read_all, read, flow, known):
    known.add(*read_all((samples / "staffs.json").read_bytes()))
    flow["form"]["submitterId"] = "xgJ3wajigF25H0:ID01irfEujUKL5"
    found: SourceDocument = read(flow, reference=known)
    repeated = next(problem for problem in found.problems if problem.code == "CODE_REPEATED")
    assert "ID01irfEujUJXx" in repeated.message.en
    assert found.document.submitter is None


def test_loan_package_keeps_its_misleading_state(samples, read_all):
    (loan,) = read_all((samples / "loan-info.json").read_bytes())
    assert loan.data["state"] == "REPAID"  # to be repaid
    assert (loan.data["total"], loan.data["remain"], loan.data["flow"]) == ("1000", "1000", "xt0aYlzRI05w00")
