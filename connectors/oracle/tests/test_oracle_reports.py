"""What Oracle tells of an import: the tree of its jobs, the report of Import Journals."""

from __future__ import annotations

import json

import pytest

from dougong.model.outcomes import Rejected, Unknown
from dougong_oracle.reports import read_report, state_of

REPORT = """Import Journals: Child

Unbalanced Journal Entries
EU02  Spreadsheet  Adjustment  DGAAA  2026/06/30

Error Lines
---------------------------
EF04,EP01   Spreadsheet  Adjustment  CNY  DGBBB  2026/06/30  101.10.99999  5000
EG99        Spreadsheet  Adjustment  CNY  DGBBB1

Error Key
---------
EF04   This is an invalid account combination.
EP01   This date is not in any open or future enterable period.
"""


GL = "/oracle/apps/ess/financials/generalLedger/programs/common"


def tree(summary="SUCCEEDED", load="SUCCEEDED", child="SUCCEEDED", journals="SUCCEEDED"):
    jobs = [{"STATUS": load, "JOBPATH": "/loader", "CHILD": [{"STATUS": child}]}]
    jobs += [{"STATUS": journals, "JOBPATH": GL}] if journals else []
    return json.dumps({"JOBS": jobs, "SUMMARYSTATUS": summary})


def test_when_every_job_has_succeeded_the_import_is_done():
    assert state_of(tree()) == "done"


@pytest.mark.parametrize("state", ["WARNING", "ERROR", "CANCELLED", "EXPIRED", "VALIDATION_FAILED"])
def test_when_one_has_ended_otherwise_it_has_failed(state):
    assert state_of(tree(summary=state, journals=state)) == "failed"
    assert state_of(tree(summary=state, child=state, journals="")) == "failed"


@pytest.mark.parametrize("state", ["WAIT", "PAUSED", "RUNNING", "BLOCKED", "COMPLETED", "NEWS"])
@pytest.mark.parametrize("job", ["summary", "load", "child", "journals"])
def test_while_one_is_at_work_nothing_has_ended(job, state):
    assert state_of(tree(**{job: state})) == "at work"


def test_between_loading_and_import_journals_nothing_has_ended():
    assert state_of(tree(journals="")) == "at work"


def test_a_tree_without_jobs_has_not_ended():
    assert state_of('{"JOBS": [], "SUMMARYSTATUS": "SUCCEEDED"}') == "at work"


def test_each_voucher_has_its_own_codes():
    report = read_report(["a log of the loader", REPORT])
    assert {one.code for one in report.problems("DGBBB")} == {"ORACLE_EF04", "PERIOD_CLOSED"}
    assert [one.code for one in report.problems("DGAAA")] == ["ORACLE_EU02"]
    told = {one.facts["erp_code"]: one.message.en for one in report.problems("DGBBB")}
    assert "This is an invalid account combination. (EF04: " in told["EF04"]


def test_a_reference_that_begins_like_another_is_another():
    report = read_report([REPORT])
    assert [one.facts["erp_code"] for one in report.problems("DGBBB1")] == ["EG99"]
    assert not report.names(["DGBB", "GAAA"])


def test_a_code_that_nobody_has_described_is_refused_with_what_to_do():
    (problem,) = read_report([REPORT]).problems("DGBBB1")
    assert problem.hint.en
    assert isinstance(read_report([REPORT]).outcome("DGBBB1"), Rejected)


def test_without_a_report_nothing_is_known():
    assert isinstance(read_report(["Rows 12."]).outcome(), Unknown)
