"""Every public sample in one command: delivered, held with what to supply, not due, or stale; nothing is lost."""

from __future__ import annotations

import pytest

DOCUMENTS = (
    "apply-list-empty",
    "apply-list-expense",
    "create-flow-response",
    "flow-details-expense",
    "flow-details-loan",
    "flow-details-payment",
)
COMPANIONS = (
    "currency",
    "departments",
    "dimension-items",
    "dimensions",
    "fee-types",
    "flow-attachments",
    "flow-invoices",
    "invoice-details",
    "invoice-train",
    "loan-info",
    "payee-infos",
    "payer-invoice-titles",
    "payment-accounts",
    "repayment-record",
    "staffs",
)
STATES = {"B20000001": "held", "B21000008": "not_due", "J20000002": "not_due", "Z21000001": "not_due"}
MISSING = {
    "CODE_MISSING",
    "CODE_REPEATED",
    "ENTITY_UNKNOWN",
    "INVOICE_DETAILS_MISSING",
    "REFERENCE_MISSING",
    "WRITTEN_OFF_CONTRADICTORY",
}
#: One command with files in this order, or several commands.
ORDERS = {
    "documents_first": [(*DOCUMENTS, *COMPANIONS)],
    "companions_first": [(*COMPANIONS, *DOCUMENTS)],
    "backwards": [tuple(reversed((*DOCUMENTS, *COMPANIONS)))],
    "companions_later": [DOCUMENTS, COMPANIONS],
    "companions_before": [COMPANIONS, DOCUMENTS],
    "one_by_one": [(name,) for name in DOCUMENTS],
    "one_by_one_backwards": [(name,) for name in reversed(DOCUMENTS)],
}


@pytest.mark.parametrize("order", ORDERS)
def test_each_document_has_a_state_and_a_reason(samples, customer, erp, order):
    for names in ORDERS[order]:
        pushed = customer.push(*samples.paths(*names))
        assert pushed.bad == []
    assert (pushed.overall, pushed.states) == (2, STATES)
    assert all(problem["message"] for row in pushed.rows for problem in row["problems"])
    report = pushed.one("B20000001")
    assert pushed.codes(report) <= MISSING
    assert {"ENTITY_UNKNOWN", "INVOICE_DETAILS_MISSING", "WRITTEN_OFF_CONTRADICTORY"} <= pushed.codes(report)
    assert all(problem["hint"] for problem in report["problems"])
    assert erp.postings() == []


@pytest.mark.parametrize("order", [("apply-list-expense", "flow-details-expense"), ("flow-details-expense",) * 2])
def test_paid_and_rejected_of_the_same_time(samples, customer, order):
    """What came first counts; an answer that goes back without being newer is recorded, shown, without effect."""
    customer.push(samples.path("apply-list-expense"))
    pushed = customer.push(*samples.paths(*order))
    assert pushed.one("B20000001")["state"] == "held"
    (stale,) = (row for row in pushed.of("B20000001") if row["state"] == "stale")
    assert pushed.codes(stale) == {"STALE"}
    assert stale["problems"][0]["hint"]


def test_rejected_then_paid_of_the_same_time(samples, customer):
    first = customer.push(samples.path("flow-details-expense"))
    assert first.states == {"B20000001": "not_due"}
    assert first.status == 0
    then = customer.push(samples.path("apply-list-expense"))
    assert [row["state"] for row in then.of("B20000001")] == ["held"]


def test_pushing_again_changes_nothing(samples, customer):
    paths = samples.paths(*DOCUMENTS, *COMPANIONS)
    first, counts = customer.push(*paths), customer.counts()
    again = customer.push(*paths)
    assert again == first
    assert customer.counts() == counts


def test_answers_that_hold_nothing_are_named_and_the_others_processed(samples, customer):
    useless = ("auth-get-access-token", "location", "voucher-write-back-ok", "outbound-failed-log")
    pushed = customer.push(*samples.paths(*useless, *DOCUMENTS))
    assert pushed.status == 1
    assert pushed.bad == [(f"{name}.json", "HESI_ANSWER_UNUSABLE") for name in useless]
    assert pushed.err.count("→ push flow details") == len(useless)
    assert pushed.states == STATES
