"""What accounting asks of a voucher: red lines, foreign currency, attachments, and a way back from every stage."""

from __future__ import annotations

import json
from decimal import Decimal

import attrs
import pytest

from dougong.model.outcomes import Done, Rejected, Unknown
from dougong.model.postings import Stage
from dougong.model.problems import DougongError
from dougong_sdk.rest import BadAnswer


@pytest.fixture
def changed():
    """An item whose lines have other values: one mapping of changes per line."""

    def make(item, *lines, **head):
        entries = [{**line, **change} for line, change in zip(item.payload.body["FEntity"], lines, strict=True)]
        body = {**item.payload.body, **head, "FEntity": entries}
        return attrs.evolve(item, payload=attrs.evolve(item.payload, body=body))

    return make


@pytest.fixture
def at(bench, sandbox, item_for):
    """A voucher in a stage, as a person or the connector brought it there."""

    def make(start):
        posting = bench.saved(item_for("R-1"))
        if start in ("submitted", "audited", "reopened", "withdrawn"):
            posting = bench.complete(posting, Stage.SUBMITTED).posting
        if start in ("audited", "reopened"):
            posting = bench.complete(posting, Stage.AUDITED, "auditor").posting
        if start == "reopened":
            sandbox.call("/hand", {"action": "unaudit", "id": posting.erp_key})
        if start == "withdrawn":
            bench.session().operate("CancelAssign", "GL_VOUCHER", {"Ids": posting.erp_key}, bench.call.deadline)
        if start == "invalid":  # a person makes it invalid (作废) in the client
            body = {"formid": "GL_VOUCHER", "opNumber": "Cancel", "data": {"Ids": posting.erp_key}}
            bench.session()._call("ExcuteOperation", json.dumps(body).encode(), bench.call.deadline, repeatable=False)
        return posting

    return make


STEPS = {
    "draft": ["void"],
    "submitted": ["draft", "void"],
    "withdrawn": ["void"],
    "audited": ["draft", "void"],
    "reopened": ["void"],
    "invalid": ["void"],
}


@pytest.mark.parametrize("start", STEPS)
def test_a_void_goes_down_from_every_stage_one_step_at_a_time(bench, sandbox, at, start):
    posting, seen = at(start), []
    for _ in STEPS[start]:
        posting = bench.complete(posting, Stage.VOID, "auditor" if start == "audited" else "main").posting
        seen.append(str(posting.stage))
    assert seen == STEPS[start]
    left = [held["stage"] for held in sandbox.postings()]
    assert left == (["void"] if start == "invalid" else [])  # made invalid by a person: there, and counts for nothing
    assert bench.complete(posting, Stage.VOID).posting.stage is Stage.VOID


@pytest.mark.parametrize(
    ("start", "operation"), [("draft", "Delete"), ("submitted", "CancelAssign"), ("audited", "UnAudit")]
)
def test_a_lost_answer_on_the_way_down_is_unknown_and_the_next_step_goes_on_from_there(
    bench, sandbox, at, start, operation
):
    posting = at(start)
    sandbox.call("/faults", {"fault": "reset_after_work", "operation": operation, "count": 1})
    assert isinstance(bench.complete(posting, Stage.VOID), Unknown)
    assert bench.complete(posting, Stage.VOID).posting.stage is Stage.VOID
    assert len(sandbox.requests(operation)) == 1
    assert sandbox.postings() == []


def test_an_audited_voucher_of_a_closed_period_cannot_be_taken_back(bench, sandbox, at):
    posting = at("audited")
    sandbox.call("/hand", {"action": "close_period", "period": "2026-01"})
    outcome = bench.complete(posting, Stage.VOID, "auditor")
    assert isinstance(outcome, Rejected)
    assert outcome.problems[0].code == "PERIOD_CLOSED"
    assert sandbox.postings()[0]["stage"] == "audited"


def test_red_lines_keep_their_side_to_the_cent(bench, sandbox, item_for, changed, call):
    value = Decimal("-128.53")
    red = changed(
        item_for("R-1"), {"FDEBIT": value, "FAMOUNTFOR": value}, {"FCREDIT": value, "FAMOUNTFOR": value}, FATTACHMENTS=7
    )
    assert list(bench.connector.check_payload(red.payload, red.booking, bench.session(), call)) == []
    posting = bench.complete(bench.saved(red), Stage.SUBMITTED).posting
    assert posting.total == value
    assert [(line.side, line.amount, line.original) for line in posting.lines] == [
        ("D", value, value),
        ("C", value, value),
    ]
    (held,) = sandbox.postings()
    assert (held["total"], held["attachments"]) == ("-128.53", 7)
    assert [(line["side"], line["base_amount"]) for line in held["lines"]] == [("D", "-128.53"), ("C", "-128.53")]


USD = {"FCURRENCYID": {"FNumber": "PRE003"}, "FEXCHANGERATE": Decimal("7.1234"), "FAMOUNTFOR": Decimal("100.00")}


def test_a_line_in_foreign_currency_carries_its_original_amount_and_rate(bench, sandbox, item_for, changed):
    bench.saved(changed(item_for("R-1", "712.34"), USD, {}))
    foreign, functional = sandbox.postings()[0]["lines"]
    assert (foreign["currency"], foreign["amount"], foreign["rate"], foreign["base_amount"]) == (
        "PRE003", "100.00", "7.1234", "712.34",
    )  # fmt: skip
    assert (functional["currency"], functional["amount"], functional["rate"]) == ("PRE001", "712.34", "1")
    (posting,) = bench.connector.list_postings("2026-01", bench.session(), bench.call)
    assert [(line.currency, line.original, line.amount) for line in posting.lines] == [
        ("USD", Decimal("100.00"), Decimal("712.34")),
        ("CNY", Decimal("712.34"), Decimal("712.34")),
    ]
    assert posting.currency == "CNY"


@pytest.mark.parametrize(("amount", "held"), [("712.34", False), ("712.39", False), ("712.40", True), ("712.28", True)])
def test_original_times_rate_is_the_amount_within_the_tolerance_of_both(bench, item_for, changed, call, amount, held):
    item = changed(item_for("R-1", amount), USD, {})
    problems = bench.connector.check_payload(item.payload, item.booking, bench.session(), call)
    assert [(problem.code, problem.path) for problem in problems] == (
        [("RATE_MISMATCH", "FEntity[0].FAMOUNTFOR")] if held else []
    )
    outcome = bench.push(item)
    assert isinstance(outcome, Rejected if held else Done)
    assert not held or outcome.problems[0].path == "FEntity[0].FAMOUNTFOR"


def test_an_account_that_keeps_no_foreign_currency_refuses_it(bench, item_for, changed):
    tax = {"FACCOUNTID": {"FNumber": "2221.01.01"}, "FDetailID": {}}
    outcome = bench.push(changed(item_for("R-1", "712.34"), {**USD, **tax}, {}))
    assert outcome.problems[0].path == "FEntity[0].FCURRENCYID"


def balances(bench, period="2026-01"):
    rows = bench.connector.list_balances(period, bench.session(), bench.call)
    return {(row["book"], row["account"]): (row["debit"], row["credit"]) for row in rows}


def test_balances_of_a_period_by_book_and_account_without_summaries(bench, item_for):
    bench.complete(bench.saved(item_for("R-1", "1208.85")), Stage.SUBMITTED)
    bench.saved(item_for("R-2", "0.15"))
    bench.saved(item_for("R-3", "7.00", date="2026-02-01"))
    assert balances(bench) == {("001", "2241.01"): ("0", "1209.00"), ("001", "6602.01"): ("1209.00", "0")}
    assert balances(bench, "2026-03") == {("001", "2241.01"): ("0", "0"), ("001", "6602.01"): ("0", "0")}


def test_balances_come_in_pages(bench, item_for, monkeypatch):
    bench.saved(item_for("R-1", "1.00"))
    whole = balances(bench)
    monkeypatch.setattr("dougong_kingdee.balances.PAGE", 1)
    assert balances(bench) == whole


def test_a_data_centre_without_the_report_says_so(sandbox, bench_for):
    with pytest.raises(DougongError, match="业务对象不存在"):
        balances(bench_for(sandbox.url, balance_report="GL_NO_SUCH"))
    with pytest.raises(DougongError):
        balances(bench_for(sandbox.url, balance_fields={"debit": "FNOSUCH"}))


@pytest.mark.parametrize(
    "answer",
    [{}, [], {"Result": None}, {"Result": {"IsSuccess": False}}, {"Result": {"Rows": [["1002", "1"]]}},
     {"Result": {"Rows": [["6602.01", "many", ""]]}}],
    ids=str,
)  # fmt: skip
def test_an_answer_that_is_no_report_is_never_taken_for_zero(bench, monkeypatch, answer):
    session = bench.session()
    call = session._call
    monkeypatch.setattr(
        session, "_call", lambda name, *a, **k: answer if name == "GetSysReportData" else call(name, *a, **k)
    )
    with pytest.raises(BadAnswer):
        balances(bench)
