"""Vouchers over real HTTP to the sandbox: to their stage, found again, once, whatever happens to the answer."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal

import attrs
import pytest

from dougong.hookspecs import Deadline
from dougong.model.outcomes import Absent, CannotTell, Done, Found, NotDone, Rejected, Unknown
from dougong.model.postings import Facts, Stage

LOGINS = ["signature", "app_secret", "password"]


@pytest.mark.parametrize("login", LOGINS)
def test_a_voucher_goes_from_draft_to_audited_with_the_second_credential(sandbox, bench_for, item_for, login):
    bench, item = bench_for(sandbox.url, login=login), item_for("R-1")
    draft = bench.saved(item)
    assert (draft.stage, draft.erp_key) == (Stage.DRAFT, sandbox.postings()[0]["id"])

    submitted = bench.complete(draft, Stage.AUDITED).posting
    assert submitted.stage is Stage.SUBMITTED
    audited = bench.complete(submitted, Stage.AUDITED, "auditor").posting
    assert audited.stage is Stage.AUDITED

    (held,) = sandbox.postings()
    assert (held["stage"], held["number"]) == ("audited", audited.number)
    assert item.reference_text in held["lines"][0]["summary"]
    assert audited.reference == item.reference_text


def test_a_posting_shows_every_fact_that_core_compares(bench, item_for):
    item = item_for("R-1", "1348.10")
    posting = bench.complete(bench.saved(item), Stage.SUBMITTED).posting
    assert posting.total == Decimal("1348.10")
    assert (posting.book, posting.company, posting.voucher_type) == ("001", "100", "PRE001")
    assert (posting.date, posting.period, posting.currency) == (dt.date(2026, 1, 15), "2026-01", "CNY")
    assert [(line.side, line.account, line.amount) for line in posting.lines] == [
        ("D", "6602.01", Decimal("1348.10")),
        ("C", "2241.01", Decimal("1348.10")),
    ]


@pytest.mark.parametrize("target", [Stage.SUBMITTED, Stage.VOID])
def test_what_somebody_has_edited_stays_as_it_is(bench, sandbox, item_for, target):
    draft = bench.saved(item_for("R-1", "100.00"))
    seen = bench.complete(draft, target, facts=Facts(total=Decimal("99.00"))).posting
    assert (seen.stage, seen.total) == (Stage.DRAFT, Decimal("100.00"))
    assert [one["stage"] for one in sandbox.postings()] == ["draft"]


def test_cents_and_chinese_arrive_exactly(bench, sandbox, item_for):
    item = item_for("R-1", "12345678901.23")
    item.payload.body["FEntity"][1]["FEXPLANATION"] = "“引号”、\\ 与 <标签> 𠮷"
    bench.saved(item)
    lines = sandbox.postings()[0]["lines"]
    assert [line["amount"] for line in lines] == ["12345678901.23"] * 2
    assert lines[1]["summary"] == "“引号”、\\ 与 <标签> 𠮷"


def test_complete_is_harmless_to_repeat_and_goes_on_from_what_the_erp_shows(bench, sandbox, item_for):
    draft = bench.saved(item_for("R-1"))
    for _ in range(2):
        assert bench.complete(draft, Stage.SUBMITTED).posting.stage is Stage.SUBMITTED
    assert len(sandbox.requests("Submit")) == 1

    sandbox.call("/hand", {"action": "audit", "id": draft.erp_key})
    assert bench.complete(draft, Stage.SUBMITTED).posting.stage is Stage.AUDITED


@pytest.mark.parametrize("operation", ["Submit", "Audit"])
def test_a_lost_answer_of_a_step_is_unknown_and_the_next_complete_sees_what_was_done(
    bench, sandbox, item_for, operation
):
    posting, stage, who = bench.saved(item_for("R-1")), Stage.SUBMITTED, "main"
    if operation == "Audit":
        posting, stage, who = bench.complete(posting, stage).posting, Stage.AUDITED, "auditor"
    sandbox.call("/faults", {"fault": "reset_after_work", "operation": operation, "count": 1})
    assert isinstance(bench.complete(posting, stage, who), Unknown)
    assert bench.complete(posting, stage, who).posting.stage is stage
    assert len(sandbox.requests(operation)) == 1


def test_a_voucher_that_a_person_deleted_is_said_to_be_deleted(bench, sandbox, item_for):
    draft = bench.saved(item_for("R-1"))
    sandbox.call("/hand", {"action": "delete", "id": draft.erp_key})
    outcome = bench.complete(draft, Stage.SUBMITTED)
    assert isinstance(outcome, Rejected)
    assert outcome.problems[0].code == "DELETED_IN_ERP"


def test_a_void_goes_down_one_step_at_a_time(bench, sandbox, item_for):
    posting = bench.complete(bench.saved(item_for("R-1")), Stage.SUBMITTED).posting
    assert bench.complete(posting, Stage.VOID).posting.stage is Stage.DRAFT
    assert bench.complete(posting, Stage.VOID).posting.stage is Stage.VOID
    assert bench.complete(posting, Stage.VOID).posting.stage is Stage.VOID
    assert sandbox.postings() == []


def test_an_auditor_who_is_the_maker_is_refused_by_the_erp(bench, sandbox, item_for):
    posting = bench.complete(bench.saved(item_for("R-1")), Stage.SUBMITTED).posting
    sandbox.call("/faults", {"fault": "business_error", "operation": "Audit", "code": "12"})
    outcome = bench.complete(posting, Stage.AUDITED, "auditor")
    assert isinstance(outcome, Rejected)
    assert outcome.problems[0].code == "KINGDEE_12"


LOST = [
    {"fault": "reset_after_work"},
    {"fault": "truncate"},
    {"fault": "wrong_content_type"},
    {"fault": "status_after_work", "status": 429},
    {"fault": "status_after_work", "status": 500},
    {"fault": "status_after_work", "status": 401},
]


@pytest.mark.parametrize("login", ["signature", "password"])
@pytest.mark.parametrize("fault", LOST, ids=str)
def test_after_a_lost_answer_of_save_the_voucher_is_found_and_there_once(sandbox, bench_for, item_for, fault, login):
    bench, item = bench_for(sandbox.url, login=login), item_for("R-1")
    sandbox.call("/faults", {**fault, "operation": "Save", "count": 1})
    assert isinstance(bench.push(item), Unknown)
    (found,) = bench.find(item)
    assert isinstance(found, Found)
    assert (found.posting.total, found.posting.reference) == (Decimal("128.50"), item.reference_text)
    assert len(sandbox.postings()) == 1


def test_an_answer_that_comes_twice_is_read_once_and_never_taken_for_the_next_ones(bench, sandbox, item_for):
    sandbox.call("/faults", {"fault": "duplicate_answer", "operation": "Save", "count": 1})
    first, second = bench.saved(item_for("R-1")), bench.saved(item_for("R-2", "7.00"))
    assert first.erp_key != second.erp_key
    assert {p["id"]: p["total"] for p in sandbox.postings()} == {first.erp_key: "128.50", second.erp_key: "7.00"}


def test_nothing_happened_is_absent_and_unknown_until_then(bench, sandbox, item_for):
    sandbox.call("/faults", {"fault": "reset_before_work", "operation": "Save", "count": 1})
    assert isinstance(bench.push(item_for("R-1")), Unknown)
    (absent,) = bench.find(item_for("R-1"))
    assert isinstance(absent, Absent)
    assert "all books" in absent.searched


def test_a_dripping_answer_is_cut_at_the_deadline(bench, sandbox, item_for):
    item = item_for("R-1")
    sandbox.call("/faults", {"fault": "drip", "operation": "Save", "count": 1, "seconds": 30})
    started = time.monotonic()
    assert isinstance(bench.push(item, deadline=0.5), Unknown)
    assert time.monotonic() - started < 2
    assert isinstance(bench.find(item)[0], Found)


def test_an_erp_that_is_down_has_done_nothing(bench_for, item_for):
    bench = bench_for("http://127.0.0.1:9/k3cloud/")
    assert isinstance(bench.push(item_for("R-1")), NotDone)
    assert isinstance(bench.find(item_for("R-1"))[0], CannotTell)


@pytest.mark.parametrize("login", LOGINS)
def test_a_session_that_the_erp_forgot_is_renewed_without_a_second_voucher(sandbox, bench_for, item_for, login):
    bench = bench_for(sandbox.url, login=login)
    bench.saved(item_for("R-1"))
    sandbox.call("/faults", {"fault": "expire_session", "operation": "Save", "count": 1})
    bench.saved(item_for("R-2"))
    assert len(sandbox.postings()) == 2


def test_wrong_secrets_send_nothing_and_say_so(sandbox, bench_for, item_for):
    refused = bench_for(sandbox.url, login="password", password="Secret#77").push(item_for("R-1"))
    assert isinstance(refused, NotDone)
    assert "demo" in refused.reason
    assert "Secret#77" not in refused.reason
    bench = bench_for(sandbox.url, app_secret="0" * 32)
    signed = [bench.push(item_for(name)) for name in ("R-2", "R-3")]
    assert all(isinstance(outcome, NotDone) and "LOGIN_REFUSED" in outcome.reason for outcome in signed)
    assert len(sandbox.call("/requests")) == 2  # a login and a signed Save, neither of them twice
    assert sandbox.postings() == []


def test_what_people_do_to_a_voucher_does_not_hide_it(bench, sandbox, item_for):
    item = item_for("R-1")
    key = bench.saved(item).erp_key
    sandbox.call("/hand", {"action": "edit", "id": key, "set": {"date": "2026-11-20", "period": "2026-11"}})
    (found,) = bench.find(item)
    assert (found.posting.erp_key, found.posting.date) == (key, dt.date(2026, 11, 20))


def test_two_vouchers_with_one_reference_are_both_found(bench, item_for):
    item = item_for("R-1")
    keys = {bench.saved(item).erp_key, bench.saved(item).erp_key}
    assert {found.posting.erp_key for found in bench.find(item)} == keys


def test_several_are_looked_for_at_once_and_each_gets_its_answer(bench, item_for):
    there, gone = item_for("R-1"), item_for("R-2")
    bench.saved(there)
    found, absent = bench.find(there, gone)
    assert (found.item, absent.item) == ("R-1", "R-2")
    assert isinstance(absent, Absent)


def test_a_listing_goes_over_pages_of_any_size_and_keeps_every_line(bench, item_for, monkeypatch):
    sizes = [1, 2, 4, 1, 3, 1]
    for number, count in enumerate(sizes):
        bench.saved(item_for(f"R-{number}", f"{number + 1}.01", count=count))
    bench.saved(item_for("other period", date="2026-02-01"))
    session = bench.session()
    original = session.query
    monkeypatch.setattr(session, "query", lambda *a, **k: original(*a, **{**k, "most": 5}))
    listed = list(bench.connector.list_postings("2026-01", session, bench.call))
    assert [len(posting.lines) for posting in listed] == [2 * count for count in sizes]
    assert [posting.total for posting in listed] == [Decimal(f"{n + 1}.01") * count for n, count in enumerate(sizes)]
    assert listed[0].lines[0].dimensions == {"department": "BM000001"}
    assert [p.reference for p in listed] == [item_for(f"R-{n}").reference_text for n in range(len(sizes))]


def test_the_customers_own_field_can_hold_the_reference(sandbox, bench_for, item_for):
    sandbox.call("/seed", {"native": {"header_fields": ["F_DG_REF"]}})
    bench, item = bench_for(sandbox.url, reference_field="F_DG_REF"), item_for("R-1", field="F_DG_REF")
    bench.saved(item)
    (found,) = bench.find(item)
    assert found.posting.reference == item.reference_text
    assert isinstance(bench.find(item_for("R-2"))[0], Absent)


def test_a_reference_field_that_is_not_there_cannot_tell(sandbox, bench_for, item_for):
    (answer,) = bench_for(sandbox.url, reference_field="F_NOT_THERE").find(item_for("R-1"))
    assert isinstance(answer, CannotTell)
    assert "F_NOT_THERE" in answer.reason


def test_it_is_looked_for_in_the_field_that_it_was_written_into(sandbox, bench_for, item_for):
    sandbox.call("/seed", {"native": {"header_fields": ["F_DG_REF"]}})
    own, text = bench_for(sandbox.url, reference_field="F_DG_REF"), bench_for(sandbox.url)
    first, second = item_for("R-1", field="F_DG_REF"), item_for("R-2")
    own.saved(first)
    text.saved(second)
    assert isinstance(text.find(first)[0], Absent)
    (found,) = text.find(first, reference_field="F_DG_REF")
    assert found.posting.reference == first.reference_text
    (found,) = own.find(second, reference_field="FEntity[0].FEXPLANATION")
    assert found.posting.reference == second.reference_text
    listed = own.connector.list_postings("2026-01", own.session(), own.call)
    assert [posting.reference for posting in listed] == [first.reference_text, second.reference_text]


def test_what_was_written_into_a_field_that_is_gone_is_never_absent(bench, item_for):
    (answer,) = bench.find(item_for("R-1"), reference_field="F_GONE")
    assert isinstance(answer, CannotTell)
    assert "F_GONE" in answer.reason


def test_what_is_known_by_its_id_is_found_without_the_field(bench, item_for):
    item = item_for("R-1")
    key = bench.saved(item).erp_key
    (found,) = bench.find(item, reference_field="F_GONE", erp_key=key)
    assert found.posting.erp_key == key
    assert isinstance(bench.find(item, reference_field="F_GONE", erp_key="99999")[0], CannotTell)


def test_nothing_is_sent_that_could_not_be_found_again(sandbox, bench_for, item_for):
    """Kingdee ignores unknown keys of a Save without a word."""
    bench, item = bench_for(sandbox.url, reference_field="F_NOPE_REF"), item_for("R-1", field="F_NOPE_REF")
    for _ in range(3):
        (problem,) = bench.connector.check_payload(item.payload, item.booking, bench.session(), bench.call)
        assert (problem.code, problem.path) == ("REFERENCE_FIELD_MISSING", "F_NOPE_REF")
    assert "F_NOPE_REF" in problem.message.en
    assert len(sandbox.requests("ExecuteBillQuery")) == 1
    assert isinstance(bench.push(item), Rejected)
    assert sandbox.requests("Save") == []


def test_a_reference_field_that_is_there_is_asked_for_once(sandbox, bench_for, item_for):
    sandbox.call("/seed", {"native": {"header_fields": ["F_DG_REF"]}})
    bench = bench_for(sandbox.url, reference_field="F_DG_REF")
    for number in ("R-1", "R-2"):
        item = item_for(number, field="F_DG_REF")
        assert bench.connector.check_payload(item.payload, item.booking, bench.session(), bench.call) == ()
        bench.saved(item)
    assert len(sandbox.requests("ExecuteBillQuery")) == 1


def test_an_erp_that_does_not_answer_about_the_field_has_nothing_sent_to_it(sandbox, bench_for, item_for):
    sandbox.call("/seed", {"native": {"header_fields": ["F_DG_REF"]}})
    sandbox.call("/faults", {"fault": "status_before_work", "status": 503, "operation": "ExecuteBillQuery"})
    bench, item = bench_for(sandbox.url, reference_field="F_DG_REF"), item_for("R-1", field="F_DG_REF")
    assert bench.connector.check_payload(item.payload, item.booking, bench.session(), bench.call) == ()
    assert isinstance(bench.push(item), NotDone)
    assert sandbox.requests("Save") == []
    sandbox.call("/faults", method="DELETE")
    assert isinstance(bench.push(item), Done)


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"FDate": dt.date(2019, 12, 31), "FYEAR": 2019, "FPERIOD": 12}, "PERIOD_CLOSED", "FDate"),
        ({"FVOUCHERGROUPID": {"FNumber": "PRE999"}}, "KINGDEE_9", "FVOUCHERGROUPID"),
    ],
    ids=["closed period", "unknown code"],
)
def test_a_refused_voucher_is_rejected_with_the_field_and_leaves_nothing(bench, sandbox, item_for, change, code, field):
    item = item_for("R-1")
    item = attrs.evolve(item, payload=attrs.evolve(item.payload, body={**item.payload.body, **change}))
    outcome = bench.push(item)
    assert isinstance(outcome, Rejected)
    assert (outcome.problems[0].code, outcome.problems[0].path) == (code, field)
    assert outcome.problems[0].hint.zh
    assert sandbox.postings() == []


def test_late_work_is_found_when_it_is_done(bench, sandbox, item_for):
    item = item_for("R-1")
    sandbox.call("/faults", {"fault": "work_late", "operation": "Save", "count": 1, "seconds": "0.3"})
    assert isinstance(bench.push(item), Unknown)
    deadline = Deadline.after(10)
    while isinstance(bench.find(item)[0], Absent) and deadline.remaining():
        pass
    assert isinstance(bench.find(item)[0], Found)


def test_a_busy_voucher_is_tried_again_later(bench, sandbox, item_for):
    for code in ("13", "14"):
        sandbox.call("/faults", {"fault": "business_error", "operation": "Save", "code": code, "count": 1})
        outcome = bench.push(item_for("R-1"))
        assert isinstance(outcome, NotDone)
        assert outcome.after > 0
        sandbox.call("/faults", method="DELETE")
    assert isinstance(bench.push(item_for("R-1")), Done)


def test_a_period_that_closes_meanwhile_is_told_with_book_and_period(bench, sandbox, item_for):
    draft = bench.saved(item_for("R-1"))
    submitted = bench.complete(bench.saved(item_for("R-2")), Stage.SUBMITTED).posting
    sandbox.call("/hand", {"action": "close_period", "book": "001", "period": "2026-01"})
    told = [
        bench.push(item_for("R-3")),
        bench.complete(draft, Stage.SUBMITTED),
        bench.complete(submitted, Stage.AUDITED, "auditor"),
    ]
    for outcome in told:
        (problem,) = outcome.problems
        assert problem.code == "PERIOD_CLOSED"
        assert (problem.facts["book"], problem.facts["period"]) == ("001", "2026-01")
    assert [outcome.problems[0].facts["erp_code"] for outcome in told] == ["11", "11", "12"]
    assert len(sandbox.postings()) == 2
