"""What is concluded from jobs, reports, files and batches, about what waits and what is unknown."""

from __future__ import annotations

import json
import time

import attrs
import pytest

from dougong.hookspecs import Deadline
from dougong.model.messages import Correlation, ItemId, Wanted
from dougong.model.outcomes import Absent, CannotTell, Done, Found, NotDone, Rejected, Unknown
from dougong.model.postings import Facts
from dougong_oracle.imports import Imports
from dougong_oracle.settings import OracleSettings

GROUP = "123456789012345678"
LOADER = {"JOBPATH": "/interfaceLoader", "STATUS": "SUCCEEDED"}


def tree(state):
    journals = {"JOBPATH": "/generalLedger/programs/common", "STATUS": state}
    return json.dumps({"JOBS": [LOADER, journals], "SUMMARYSTATUS": state})


def batch(number, reference):
    line = {"AccountCombination": "101.6602020000.1001", "Description": ""}
    amounts = {"EnteredDr": 5, "EnteredCr": None, "AccountedDr": 5, "AccountedCr": None}
    head = {"LedgerName": "L", "EffectiveDate": "2026-11-18", "UserJeCategoryName": "A", "CurrencyCode": "CNY"}
    return {
        "JeBatchId": number,
        "BatchName": f"{reference} Spreadsheet A {GROUP} 99 N",
        "Status": "U",
        "journalHeaders": [{**head, "journalLines": [{**line, **amounts}]}],
    }


@attrs.define
class Pod:
    """A session, as far as it is asked here."""

    tree: str = ""
    report: str = ""
    files: bool = False
    batches: list = attrs.field(factory=list)
    settings: OracleSettings = OracleSettings(base_url="https://pod/", user="u", password="p")
    currencies: dict = attrs.field(factory=lambda: {"L": "CNY"})
    asked: list = attrs.field(factory=list)

    @property
    def imports(self):
        return self

    def details(self, request, deadline):
        self.asked.append(request)
        return self.tree

    def logs(self, request, deadline):
        return [self.report]

    def has_file(self, name, deadline):
        return self.files

    def rows(self, resource, key, deadline, **query):
        return iter(self.batches)


def wanted(*references, request="7", sent=1.0):
    known = [Correlation("group", GROUP), Correlation("file", "F.zip")]
    known += [Correlation("request", request)] if request else []
    return [Wanted(ItemId(one), one, Facts(), known, first_sent=sent) for one in references]


def polled(pod, *references):
    updates = Imports(pod, Deadline.after(5.0)).poll(wanted(*references))
    return {update.item: update.outcome for update in updates}


def found(pod, *references, **how):
    return list(Imports(pod, Deadline.after(5.0)).find(wanted(*references, **how)))


def test_while_it_is_at_work_one_question_tells_nothing():
    pod = Pod(tree("RUNNING"))
    assert polled(pod, "DGA", "DGB") == {}
    assert pod.asked == ["7"]


def test_what_the_pod_has_forgotten_is_unknown():
    assert isinstance(polled(Pod(), "DGA")["DGA"], Unknown)


def test_what_is_there_is_done():
    outcomes = polled(Pod(tree("SUCCEEDED"), batches=[batch(1, "DGA"), batch(2, "DGB")]), "DGA", "DGB")
    assert {name: one.posting.erp_key for name, one in outcomes.items()} == {"DGA": "1", "DGB": "2"}
    assert all(isinstance(one, Done) for one in outcomes.values())


def test_of_two_with_one_name_nothing_is_believed():
    outcomes = polled(Pod(tree("SUCCEEDED"), batches=[batch(1, "DGA"), batch(2, "DGA")]), "DGA")
    assert isinstance(outcomes["DGA"], Unknown)


def test_whom_the_report_names_is_rejected_and_the_others_go_again():
    report = "Error Lines\nEF04  Spreadsheet  DGB  101.9\nError Key\nEF04  This is an invalid account combination.\n"
    outcomes = polled(Pod(tree("ERROR"), report), "DGA", "DGB", "DGC")
    assert {name: type(one) for name, one in outcomes.items()} == {"DGA": NotDone, "DGB": Rejected, "DGC": NotDone}
    assert outcomes["DGA"].after == 0.0


def test_where_it_names_nobody_all_are_rejected():
    outcomes = polled(Pod(tree("ERROR"), "Error Lines\nEP01  2026/11/18\n"), "DGA", "DGB")
    assert {one.problems[0].code for one in outcomes.values()} == {"PERIOD_CLOSED"}


def test_an_end_without_batch_and_report_is_no_answer():
    assert isinstance(polled(Pod(tree("ERROR"), "SQL*Loader-350"), "DGA")["DGA"], Unknown)


@pytest.mark.parametrize(
    ("pod", "how", "answer"),
    [
        (Pod(tree("RUNNING")), {}, CannotTell),
        (Pod(tree("SUCCEEDED")), {}, CannotTell),
        (Pod(tree("ERROR")), {}, Absent),
        (Pod(), {}, Absent),
        (Pod(files=True), {"request": "", "sent": time.time()}, CannotTell),
        (Pod(files=True), {"request": "", "sent": time.time() - 3601}, Absent),
        (Pod(files=False), {"request": ""}, Absent),
        (Pod(files=True), {"request": "", "sent": None}, Absent),
        (Pod(tree("RUNNING"), batches=[batch(1, "DGA")]), {}, Found),
    ],
)
def test_nothing_is_absent_that_may_still_come(pod, how, answer):
    (told,) = found(pod, "DGA", **how)
    assert isinstance(told, answer)


def test_each_of_a_file_has_its_own_answer():
    answers = found(Pod(tree("ERROR"), batches=[batch(1, "DGA"), batch(2, "DGA")]), "DGA", "DGB")
    assert [(type(one), one.item) for one in answers] == [(Found, "DGA"), (Found, "DGA"), (Absent, "DGB")]


def test_a_search_that_answers_with_others_tells_nothing():
    (told,) = found(Pod(tree("ERROR"), batches=[batch(1, "DGB")]), "DGA")
    assert isinstance(told, CannotTell)
