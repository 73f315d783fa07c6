"""The same document told again, changed, changed back, in pieces: what counts is the money, and it is booked once."""

from __future__ import annotations

import pytest


def test_changed_back_while_held_is_a_third_revision(customer, erp, good):
    for revision, amount in enumerate(("100.00", "90.00", "100.00"), 1):
        report = good("B1", amount, updated_at=f"2026-11-{18 + revision}T10:00:00+08:00")
        report["lines"][0]["fee_type"] = "培训费"
        pushed = customer.push(customer.file("report.json", report), source=None)
        last = pushed.rows[-1]
        assert (pushed.status, last["state"], last["revision"]) == (2, "held", revision)
        assert pushed.codes(last) == {"ACCOUNT_NOT_DETERMINED"}
    customer.add_rows("expense_account", "培训费,*,*,6602.05,2020-01-01,,")
    assert customer.dougong("run").status == 0
    traced = customer.dougong("trace", "B1", "--json").printed
    assert [(row["revision"], row["state"], [d["state"] for d in row["deliveries"]]) for row in traced] == [
        (1, "superseded", ["cancelled"]),
        (2, "superseded", ["cancelled"]),
        (3, "open", ["delivered"]),
    ]
    assert [posting["total"] for posting in erp.postings()] == ["100.00"]


@pytest.mark.parametrize("first", ["events", "document"])
def test_events_beside_their_document(customer, erp, good, first):
    report = good("B1", state="approving")
    events = {name: report[name] for name in ("source", "tenant", "type", "id")} | {"events": report.pop("events")}
    files = [customer.file("events.json", events), customer.file("document.json", report)]
    before = customer.push(files[0] if first == "events" else files[1], source=None)
    assert erp.postings() == []
    if first == "events":
        (row,) = before.rows
        assert (before.status, before.states, before.codes(row)) == (2, {"id-B1": "held"}, {"DOCUMENT_UNKNOWN"})
    else:
        assert (before.status, before.states) == (0, {"B1": "not_due"})
    report["state"] = "approved"
    customer.file("document.json", report)
    after = customer.push(*files, source=None)
    assert (after.status, after.states) == (0, {"B1": "delivered"})
    assert len(erp.postings()) == 1


def test_one_file_that_repeats_itself(customer, erp, good):
    reports = [good("B1"), good("B2"), good("B1")]
    pushed = customer.push(customer.file("reports.json", reports), source=None)
    assert (pushed.status, pushed.states) == (0, {"B1": "delivered", "B2": "delivered"})
    assert customer.push(customer.file("reports.json", reports), source=None) == pushed
    assert len(erp.postings()) == 2


def test_the_same_number_of_two_sources_is_two_documents(customer, erp, good):
    reports = [good("B1"), good("B1", source="other"), good("B1", tenant="t2")]
    pushed = customer.push(customer.file("reports.json", reports), source=None)
    assert [row["state"] for row in pushed.of("B1")] == ["delivered"] * 3
    assert len(erp.postings()) == 3
    ran = customer.dougong("trace", "B1")
    assert (ran.status, ran.out) == (1, "")
    assert "NUMBER_AMBIGUOUS" in ran.err
