"""Journal entries over real HTTP to the sandbox: posted, refused, found again, once, whatever happens to the answer."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from importlib.resources import files

import pytest

from dougong.model.messages import Payload
from dougong.model.outcomes import Absent, CannotTell, Done, Found, NotDone, Rejected, Unknown
from dougong.model.postings import Facts, Stage
from dougong.plugins.description import describe_connector
from dougong_sap import entries
from dougong_sap.connector import SapConnector
from dougong_sdk.rest import BadStatus


def test_the_shipped_description_is_the_connectors_own():
    shipped = json.loads(files("dougong_sap").joinpath("connector.json").read_text("utf-8"))
    assert shipped == [describe_connector(SapConnector)]


def test_an_entry_is_posted_at_once_and_found_as_it_stands(bench, sandbox, new_item):
    made = bench.done(new_item("R-1", "1348.10"))
    assert (made.stage, made.erp_key, made.number) == (Stage.POSTED, "1000/2026/0100000000", "0100000000")
    (held,) = sandbox.postings()
    assert (held["id"], held["total"], held["reference"]) == (made.erp_key, "1348.10", new_item("R-1").reference_text)
    (found,) = bench.find(new_item("R-1"))
    assert isinstance(found, Found)
    lines = (("D", Decimal("1348.10")), ("C", Decimal("1348.10")))
    facts = Facts(Decimal("1348.10"), "CNY", dt.date(2026, 1, 15), "1000", lines)
    assert not facts.differences(found.posting)
    assert [line.dimensions for line in found.posting.lines] == [{"department": "CC1001"}, {"employee": "90000001"}]


@pytest.mark.parametrize("binding", ["binding", "binding_soap12"])
def test_both_versions_of_soap(bench_for, sandbox, new_item, binding):
    assert bench_for(sandbox.url, binding=binding).done(new_item("R-1")).number == "0100000000"


def test_the_same_entry_makes_the_same_bytes_with_ids_that_stay(bench, new_item):
    first, second = (bench.connector.prepare([new_item("R-1")])[0] for _ in range(2))
    assert first == second
    assert new_item("R-1").request_id.uuid().bytes.hex()[:8] in first.body.decode().replace("-", "")
    assert first.facts[new_item("R-1").id].book == "1000"


def test_several_entries_of_one_message_stand_alone(bench_for, sandbox, new_item):
    bench = bench_for(sandbox.url, batch=3)
    assert bench.connector.operations()[0].limits.batch == 3
    told = bench.push(new_item("R-1"), new_item("R-2", AccountingDocumentType="XX"), new_item("R-3", "7.00"))
    assert [type(told[name]) for name in ("R-1", "R-2", "R-3")] == [Done, Rejected, Done]
    assert [one["total"] for one in sandbox.postings()] == ["128.50", "7.00"]


LOST = [
    {"fault": "reset_after_work"},
    {"fault": "truncate"},
    {"fault": "wrong_content_type"},
    {"fault": "status_after_work", "status": 503},
]


@pytest.mark.parametrize("fault", LOST, ids=lambda fault: fault["fault"])
def test_a_lost_answer_is_unknown_and_what_was_posted_is_found(bench, sandbox, new_item, fault):
    sandbox.fault(operation="post", count=1, **fault)
    assert isinstance(bench.outcome(new_item("R-1")), Unknown)
    (found,) = bench.find(new_item("R-1"))
    assert [one["id"] for one in sandbox.postings()] == [found.posting.erp_key]


def test_a_system_that_is_down_has_done_nothing_and_tells_nothing(bench, bench_for, sandbox, new_item):
    assert isinstance(bench_for("http://127.0.0.1:9/").outcome(new_item("R-1")), NotDone)
    sandbox.fault("status_before_work", operation="items", status=500, count=1)
    assert isinstance(bench.find(new_item("R-1"))[0], CannotTell)
    assert isinstance(bench.find(new_item("R-1"))[0], Absent)


def test_a_fault_proves_nothing_and_a_wrong_password_does(bench, bench_for, sandbox, new_item):
    sandbox.fault("status_before_work", operation="post", status=500, count=1)
    assert isinstance(bench.outcome(new_item("R-1")), Unknown)
    malformed = bench.outcome(new_item("R-2", DocumentHeaderText="长" * 26))  # past check_payload
    assert isinstance(malformed, Unknown)
    assert "Web service processing error" in malformed.reason
    refused = bench_for(sandbox.url, password="wrong").outcome(new_item("R-3"))
    assert isinstance(refused, NotDone)
    assert "LOGIN_REFUSED" in refused.reason
    assert sandbox.postings() == []


REFUSED = [
    ({"CompanyCode": "9999"}, "SAP_ZDG_001"),
    ({"AccountingDocumentType": "XX"}, "SAP_ZDG_002"),
    ({"PostingDate": dt.date(2031, 1, 1)}, "PERIOD_CLOSED"),
    ({"Item": []}, "SAP_F5_702"),
]


@pytest.mark.parametrize(("change", "code"), REFUSED, ids=[code for _, code in REFUSED])
def test_a_refusal_says_what_to_do(bench, sandbox, new_item, change, code):
    outcome = bench.outcome(new_item("R-1", **change))
    assert isinstance(outcome, Rejected)
    assert [problem.code for problem in outcome.problems] == [code]
    assert outcome.problems[0].hint.zh
    assert outcome.problems[0].hint.en
    assert sandbox.postings() == []


def test_an_error_that_is_no_refusal_of_saps_is_unknown(bench, sandbox, new_item):
    sandbox.fault("business_error", operation="post", code="XX 999")
    assert isinstance(bench.outcome(new_item("R-1")), Unknown)
    sandbox.clear_faults()
    sandbox.fault("business_error", operation="post", code="F5 104")
    assert isinstance(bench.outcome(new_item("R-2")), Rejected)


def test_a_period_is_listed_whole_page_by_page(bench_for, borrow_sandbox, new_item):
    bench = bench_for(borrow_sandbox("sap-s4", page_limit="3").url)
    for at in range(5):
        bench.done(new_item(f"R-{at}", f"{at + 1}.00"))
    bench.done(new_item("R-9", PostingDate=dt.date(2026, 2, 1)))
    listed = list(bench.connector.list_postings("2026-01", bench.session, bench.call()))
    assert [str(one.total) for one in listed] == [f"{at + 1}.00" for at in range(5)]
    assert {len(one.lines) for one in listed} == {2}


def test_master_data_and_what_the_lines_of_an_account_take(bench_for, sandbox):
    currencies = {"1221": ("USD",), "122109": ()}
    bench = bench_for(sandbox.url, account_currencies=currencies)
    told = list(bench.connector.pull_master_data(("account", "account_book", "nonsense"), bench.session, bench.call()))
    accounts = {one.code: one.data for one in told if one.kind == "account"}
    assert accounts["5301010200"]["dimensions"] == ["department", "project"]
    assert accounts["1221010000"]["currencies"] == ["USD"]
    assert accounts["1221090000"]["dimensions"] == ["company"]
    assert accounts["1221090000"]["currencies"] == []
    assert {one.code: one.data["currency"] for one in told if one.kind == "account_book"}["1000"] == "CNY"
    centres = list(bench.connector.pull_master_data(("department",), bench.session, bench.call()))
    assert {one.code for one in centres} >= {"CC1001", "CC2001"}


def test_vendors_are_employees_or_suppliers_as_their_reconciliation_account_says(bench):
    told = list(bench.connector.pull_master_data(("employee", "supplier"), bench.session, bench.call()))
    assert {(one.kind, one.code, one.name) for one in told} >= {
        ("employee", "90000001", "张三"),
        ("supplier", "10000001", "携程"),
    }
    (one,) = (one for one in told if one.code == "90000001")
    assert one.data == {"accounts": {"1000": "2241010000", "2000": "2241010000"}}
    employees = list(bench.connector.pull_master_data(("employee",), bench.session, bench.call()))
    assert {one.kind for one in employees} == {"employee"}


def test_without_the_service_of_business_partners_everything_else_is_read(bench, sandbox):
    sandbox.fault("status_before_work", operation="master", match="API_BUSINESS_PARTNER", status=403)
    told = list(bench.connector.pull_master_data((), bench.session, bench.call()))
    assert {one.kind for one in told} == {"account", "account_book", "department"}
    assert [one.ok for one in bench.connector.check(bench.session, bench.call())] == [True, True, False]
    sandbox.clear_faults()
    sandbox.fault("status_before_work", operation="master", match="API_BUSINESS_PARTNER", status=500)
    with pytest.raises(BadStatus):
        list(bench.connector.pull_master_data(("supplier",), bench.session, bench.call()))


def test_balances_are_told_by_account_and_dimension(bench, new_item):
    bench.done(new_item("R-1", "100.00"))
    bench.done(new_item("R-2", "28.50"))
    rows = list(bench.connector.list_balances("2026-01", bench.session, bench.call()))
    assert rows == [
        {
            "book": "1000",
            "account": "2241010000",
            "dimensions": {"employee": "90000001"},
            "debit": "0",
            "credit": "128.50",
        },
        {
            "book": "1000",
            "account": "6602020000",
            "dimensions": {"department": "CC1001"},
            "debit": "128.50",
            "credit": "0",
        },
    ]
    assert list(bench.connector.list_balances("2026-02", bench.session, bench.call())) == []


def test_check_looks_at_the_way_in_and_the_search(bench, bench_for, sandbox):
    assert [one.ok for one in bench.connector.check(bench.session, bench.call())] == [True] * 3
    wrong = bench_for(sandbox.url, odata_path="nowhere")
    found = list(wrong.connector.check(wrong.session, wrong.call()))
    assert [one.ok for one in found] == [False] * 3


def objections(bench, body):
    payload = Payload(body)
    return [
        (one.code, bool(one.hint.en))
        for one in bench.connector.check_payload(payload, None, bench.session, bench.call())
    ]


def test_sap_is_asked_before_whether_it_would_post_an_entry(bench_for, sandbox, new_entry, new_item):
    bench = bench_for(sandbox.url, simulate=True)
    assert objections(bench, new_entry()) == []
    assert objections(bench, new_entry(CompanyCode="9999", AccountingDocumentType="XX")) == [("SAP_ZDG_001", True)]
    unknown = new_entry()
    unknown["CreditorItem"][0]["Creditor"] = "99999999"
    assert objections(bench, unknown) == [("SAP_F5_104", True)]
    assert sandbox.postings() == []
    bench.done(new_item("R-1"))
    assert len(sandbox.postings()) == 1


def test_a_closed_period_holds_nothing_before_the_push_has_moved_the_date(bench_for, sandbox, new_entry):
    sandbox.hand("close_period", book="1000", period="2026-01")
    assert objections(bench_for(sandbox.url, simulate=True), new_entry()) == []


def test_while_sap_cannot_be_asked_nothing_is_held_for_that(bench_for, sandbox, new_entry):
    bench = bench_for(sandbox.url, simulate=True)
    sandbox.fault("status_before_work", operation="post", status=503)
    assert objections(bench, new_entry(CompanyCode="9999")) == []


def test_without_the_setting_sap_is_not_asked(bench, sandbox, new_entry):
    assert objections(bench, new_entry(CompanyCode="9999")) == []
    assert [row["operation"] for row in sandbox.requests()] == []


def test_a_test_that_was_posted_is_told_of(bench_for, sandbox, new_entry, monkeypatch):
    """By a system that does not know the indicator."""
    from dougong_sap import simulation

    monkeypatch.setattr(simulation, "trial_values", lambda *told: drop(entries.trial_values(*told)))
    found = objections(bench_for(sandbox.url, simulate=True), new_entry())
    assert found == [("TEST_WAS_POSTED", True)]
    assert [one["reference"] for one in sandbox.postings()] == ["DOUGONG-TEST"]


def drop(values):
    values["MessageHeader"].pop("TestDataIndicator")
    return values


def test_handed_over_one_way_without_a_password_at_the_door_is_told_of(bench_for, sandbox):
    found = {}
    for name, more in {"open": {}, "guarded": {"callback_password": "x"}}.items():
        bench = bench_for(sandbox.url, mode="async", **more)
        found[name] = {one.check: one.ok for one in bench.connector.check(bench.session, bench.call())}
    assert (found["open"].pop("confirmations at the door"), found["guarded"].pop("confirmations at the door")) == (
        False,
        True,
    )
    assert set(found["open"].values()) == {True}


@pytest.mark.parametrize(
    ("settings", "ambiguity", "waits"),
    [({}, "D", False), ({"mode": "async"}, "A", True), ({"mode": "async", "exactly_once": False}, "D", True)],
)
def test_what_may_be_done_when_an_answer_is_lost(bench_for, settings, ambiguity, waits):
    declared = bench_for("http://127.0.0.1:9/", batch=5, **settings).connector.operations()
    operations = [one for one in declared if one.target_type == "JOURNAL_ENTRY"]
    assert {one.name for one in operations} == {"JOURNAL_ENTRY.create", "JOURNAL_ENTRY.reverse"}
    assert {(one.safety.ambiguity, one.waits, one.limits.batch) for one in operations} == {
        (ambiguity, waits, 1 if waits else 5)
    }
