"""The report of account balances, out of the sandbox's ledger."""

from __future__ import annotations

import pytest

REPORT = "GL_RPT_AccountBalance"
KEYS = "FBALANCEID,FBALANCENAME,FBEGINDEBITLOCAL,FDEBITLOCAL,FCREDITLOCAL,FYTDDEBITLOCAL,FENDDEBITLOCAL,FENDCREDITLOCAL"


@pytest.fixture
def balances(caller):
    def ask(period=1, keys=KEYS, limit=0, start=0, **filters):
        model = {
            "FACCTBOOKID": {"FNumber": "001"},
            "FSTARTYEAR": "2026",
            "FSTARTPERIOD": str(period),
            "FENDYEAR": "2026",
            "FENDPERIOD": str(period),
            "FBALANCELEVEL": "0",
            "FSHOWFULLNAME": True,
            "FNOTPOSTVOUCHER": "true",
            **filters,
        }
        data = {"FieldKeys": keys, "StartRow": start, "Limit": limit, "Model": model}
        return caller.call("GetSysReportData", REPORT, data)["Result"]

    return ask


@pytest.fixture
def booked(caller, make):
    trip = (make.line("6602.02", 1208.85, FFLEX5="BM000001"), make.line("2241.01", 0, 1208.85, FFLEX7="E0001"))
    caller.saved(make.voucher(*trip))
    red = (make.line("6602.02", -8.85, FFLEX5="BM000001"), make.line("2241.01", 0, -8.85, FFLEX7="E0001"))
    caller.saved(make.voucher(*red, FDate="2026-02-01"))


def test_accounts_with_their_summaries_and_a_total(booked, balances):
    result = balances(2)
    assert (result["IsSuccess"], result["RowCount"]) == (True, 4)
    assert result["Rows"] == [
        ["2241.01", "员工报销", "", "", "-8.85", "", "", "1,200.00"],
        ["6602", "管理费用", "1,208.85", "-8.85", "", "1,200.00", "1,200.00", ""],
        ["6602.02", "差旅费", "1,208.85", "-8.85", "", "1,200.00", "1,200.00", ""],
        ["", "合计", "", "-8.85", "-8.85", "1,200.00", "", ""],
    ]


def test_levels_pages_other_books_and_what_is_not_posted(booked, balances):
    assert [row[0] for row in balances(FBALANCELEVEL=1)["Rows"]] == ["6602", ""]
    assert [row[0] for row in balances(start=1, limit=2)["Rows"]] == ["6602", "6602.02"]
    assert [row[0] for row in balances(FACCTBOOKID={"FNumber": "002"})["Rows"]] == [""]
    assert [row[0] for row in balances(FNOTPOSTVOUCHER=False)["Rows"]] == [""]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"keys": "FBALANCEID,FAMOUNT"}, 4),
        ({"FSHOWFULLNAME": False}, 4),
        ({"FACCTBOOKID": {"FNumber": "9"}}, 8),
        ({"FENDPERIOD": ""}, 8),
        ({"FSHOWDETAIL": True}, 12),
    ],
    ids=str,
)
def test_questions_that_are_refused(balances, asked, code):
    assert balances(**asked)["ResponseStatus"]["MsgCode"] == code


def test_another_report_is_unknown(caller):
    assert caller.call("GetSysReportData", "GL_AgingSchedule", {})["Result"]["ResponseStatus"]["MsgCode"] == 4
