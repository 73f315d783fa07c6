"""The emulated pod by itself, as a client of erpintegrations sees it."""

from __future__ import annotations

import base64
import io
import json
import zipfile

import httpx
import pytest

ROOT = "fscmRestApi/resources/11.13.18.05"
IMPORT = "/oracle/apps/ess/financials/generalLedger/programs/common,JournalImportLauncher"
LEDGER = "300000046975971"


@pytest.fixture
def pod(sandbox):
    with httpx.Client(base_url=sandbox.url, auth=("DOUGONG_INT", "Dougong-Fusion-2026"), trust_env=False) as client:
        yield client


def row(account="6602020000", department="1001", employee="0", debit="", credit="", **changes):
    """The minimal line of public clients: positions only."""
    cells = [""] * 149
    told = {
        1: "NEW",
        3: "2026/04/01",
        4: "Spreadsheet",
        5: "Adjustment",
        6: "CNY",
        7: "2026/04/18",
        8: "A",
        **dict(enumerate(("101", account, department, employee, "0", "0", "0", "0"), 9)),
        39: debit,
        40: credit,
        43: "EXP-1",
        46: "EXP-1",
        52: "taxi",
        67: "100000294",
        92: "CN Primary Ledger",
        **{int(name[1:]): value for name, value in changes.items()},
    }
    for at, value in told.items():
        cells[at - 1] = value
    return ",".join(cells)


def both(**changes):
    credit = row("2241010000", "0", "90001", credit="5000")
    return f"{row(debit='5000', **changes)},END\n{credit}\n"


def order(content, **changes):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(changes.pop("file", "GlInterface.csv"), content)
    return {
        "OperationName": "importBulkData",
        "DocumentContent": base64.b64encode(out.getvalue()).decode(),
        "ContentType": "zip",
        "FileName": "EXP20260630.zip",
        "DocumentAccount": "fin/generalLedger/import",
        "JobName": IMPORT,
        "ParameterList": f"#NULL,Spreadsheet,{LEDGER},100000294,N,N,N",
        "JobOptions": "ExtractFileType=ALL",
        "NotificationCode": "10",
        "CallbackURL": "#NULL",
        **changes,
    }


def handed_in(pod, content, **changes):
    answer = pod.post(f"{ROOT}/erpintegrations", json=order(content, **changes))
    assert answer.status_code == 201
    return answer.json()["ReqstId"]


def found(pod, finder):
    return pod.get(f"{ROOT}/erpintegrations?finder={finder}").json()["items"]


def report(pod, request):
    (item,) = found(pod, f"ESSJobExecutionDetailsRF;requestId={request},fileType=ALL")
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(item["DocumentContent"]))) as archive:
        return "\n".join(archive.read(name).decode() for name in archive.namelist())


def test_a_journal_is_imported(pod, sandbox):
    request = handed_in(pod, both())
    assert found(pod, f"ESSJobStatusRF;requestId={request}") == [{"RequestStatus": "SUCCEEDED"}]
    (posting,) = sandbox.postings()
    assert (posting["reference"], posting["total"], posting["stage"]) == ("EXP-1", "5000.00", "submitted")


@pytest.mark.parametrize("finder", ["ESSExecutionDetailsRF;requestId={}", "ESSExecutionDetailsRF%3BrequestId%3D{}"])
def test_the_tree_is_told_to_raw_and_to_encoded_finders(pod, finder):
    request = handed_in(pod, both())
    (item,) = found(pod, finder.format(request))
    tree = json.loads(item["RequestStatus"])
    assert [job["JOBNAME"] for job in tree["JOBS"]] == ["Load Interface File for Import", "Import Journals"]
    assert tree["SUMMARYSTATUS"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"c10": "99999"}, "EF04"),
        ({"c11": "0"}, "EF04"),
        ({"c3": "2030/01/01"}, "EP01"),
        ({"c5": "Nothing"}, "EM01"),
        ({"c6": "ZZZ"}, "EC08"),
        ({"c8": "B"}, "EM04"),
        ({"c1": "OLD"}, "ES02"),
        ({"c39": "4000"}, "EU02"),
    ],
)
def test_one_bad_line_refuses_the_group(pod, sandbox, changes, code):
    request = handed_in(pod, both(**changes))
    assert sandbox.postings() == []
    said = report(pod, request)
    assert code in said
    assert "Error Key" in said


@pytest.mark.parametrize("parameters", ["#NULL,Spreadsheet,{},7,N,N,N", "#NULL,Other,{},100000294,N,N,N"])
def test_what_is_not_selected_is_not_imported_and_the_job_succeeds(pod, sandbox, parameters):
    request = handed_in(pod, both(), ParameterList=parameters.format(LEDGER))
    assert found(pod, f"ESSJobStatusRF;requestId={request}") == [{"RequestStatus": "SUCCEEDED"}]
    assert sandbox.postings() == []


def test_an_unknown_job_is_minus_one_under_a_good_status(pod):
    assert handed_in(pod, both(), JobName="/oracle/apps/nothing,Nothing") == "-1"


def test_a_file_of_another_name_cannot_be_loaded(pod, sandbox):
    request = handed_in(pod, both(), file="glinterface.csv")
    assert found(pod, f"ESSJobStatusRF;requestId={request}") == [{"RequestStatus": "ERROR"}]
    assert sandbox.postings() == []


def test_of_a_job_that_nobody_knows_nothing_is_told(pod):
    assert found(pod, "ESSJobStatusRF;requestId=12") == [{"RequestStatus": ""}]


def test_files_are_found_by_their_beginning(pod):
    handed_in(pod, both())
    finder = "DocumentIdsByFilePrefixRF;filePrefix={},docAccount=fin$/generalLedger$/import$,comment=#NULL"
    assert len(found(pod, finder.format("EXP2026").replace("#", "%23"))) == 1
    assert found(pod, finder.format("OTHER").replace("#", "%23")) == []


def test_batches_are_queried_in_both_manners(pod):
    for _ in range(2):
        handed_in(pod, both())
    path = f"{ROOT}/journalBatches"
    one = pod.get(path, params={"q": "BatchName LIKE 'EXP-1 *';Status='U'", "limit": "1"}).json()
    assert (one["count"], one["hasMore"], "journalHeaders" in one["items"][0]) == (1, True, False)
    two = {"q": "BatchName LIKE '%100000294%' and Status = 'U'", "expand": "journalHeaders.journalLines"}
    told = pod.get(path, params=two, headers={"REST-Framework-Version": "2"}).json()
    assert len(told["items"]) == 2
    assert len(told["items"][0]["journalHeaders"][0]["journalLines"]) == 2


@pytest.mark.parametrize("query", ["Nothing = 1", "Status ~ 'U'", "Status='U';BatchName='x'"])
def test_a_condition_that_is_none_is_refused(pod, query):
    handed_in(pod, both())
    answer = pod.get(f"{ROOT}/journalBatches", params={"q": query}, headers={"REST-Framework-Version": "2"})
    assert answer.status_code == 400
    assert answer.json()["o:errorDetails"][0]["o:errorCode"]


def test_who_is_not_known_is_not_let_in(sandbox):
    answer = httpx.get(f"{sandbox.url}{ROOT}/ledgersLOV", auth=("DOUGONG_INT", "wrong"), trust_env=False)
    assert answer.status_code == 401
