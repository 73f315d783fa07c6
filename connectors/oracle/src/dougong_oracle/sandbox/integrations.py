"""`erpintegrations`: imports handed in as jobs, and what is told of them (oracle.md §2, §3, §6.1)."""

from __future__ import annotations

import base64
import binascii
import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dougong_sdk.sandbox import Request, Response, exact_json

from .journals import Run, import_journals, read_rows, refused_report
from .resources import finder, refused
from .soap import PATH, SoapCall, answered, downloaded, fault_of, order_in, read_soap

if TYPE_CHECKING:
    from .product import OracleSandbox

__all__ = ["Unreadable", "asked", "asked_soap", "echoed", "hand_in", "hand_in_soap", "job_tree", "read_import", "work"]

_JOB = "oracle/apps/ess/financials/generalLedger/programs/common,JournalImportLauncher"
_LOADER = "/oracle/apps/ess/financials/commonModules/shared/common/interfaceLoader"
_IMPORT = "/oracle/apps/ess/financials/generalLedger/programs/common"
#: Ids of jobs begin here; each import takes ten: the loader, its two children, Import Journals.
_FIRST, _EACH = 9_762_900, 10
_DOWNLOAD = "downloadESSJobExecutionDetails"
_ECHOED = ("OperationName", "FileName", "ContentType", "DocumentAccount", "JobName", "ParameterList", "CallbackURL")


class Unreadable(Exception):
    """The body of a request is no import."""


def read_import(request: Request) -> Mapping[str, Any]:
    """What an import says, its zip unpacked: `body`, `rows` as text, `name` of the file, `parameters`.

    :raises Unreadable: it cannot be read.
    """
    try:
        call = read_soap(request) if request.path == PATH else None
        body = order_in(call) if call else exact_json.loads(request.body)
        with zipfile.ZipFile(io.BytesIO(base64.b64decode(body["DocumentContent"], validate=True))) as archive:
            content = {name: archive.read(name).decode("utf-8") for name in archive.namelist()}
        (parameters,) = csv.reader([body["ParameterList"]])
        return {"body": body, "files": content, "name": str(body["FileName"]), "parameters": parameters}
    except (ValueError, KeyError, TypeError, binascii.Error, zipfile.BadZipFile) as error:
        raise Unreadable(str(error)) from error


def hand_in(sandbox: OracleSandbox, request: Request, refuses: tuple[str, str] = ("", "")) -> Response:
    """Take an import over REST; a read may be posted, too. :param refuses: as of `take`."""
    if (job := _asked_by_post(request)) is not None:
        found = _job(sandbox, job)
        body = {"OperationName": _DOWNLOAD, "ReqstId": job, "DocumentContent": _logs(found) if found else None}
        return Response(exact_json.dumps(body).encode(), 201, "application/vnd.oracle.adf.resourceitem+json")
    try:
        told = read_import(request)
    except Unreadable as error:
        return refused(400, "JBO-27024", f"Failed to validate a row: {error}")
    return echoed(told["body"], take(sandbox, told, refuses))


def hand_in_soap(sandbox: OracleSandbox, request: Request, call: SoapCall, refuses: tuple[str, str]) -> Response:
    """Take an import over SOAP. :param refuses: as of `take`."""
    try:
        told = read_import(request)
    except Unreadable as error:
        return fault_of("JBO-27024", f"Failed to validate a row: {error}")
    return answered(call, [take(sandbox, told, refuses)])


def take(sandbox: OracleSandbox, told: Mapping[str, Any], refuses: tuple[str, str]) -> str:
    """An import: its file goes to the content server, its jobs into the queue; the id of the first.

    :param refuses: code and text: vouchers that hold the text are refused with it when the job is worked on.
    """
    known = told["body"]["JobName"].lstrip("/") == _JOB and len(told["parameters"]) == 7
    number, account = sandbox.store.next_number("document", 1_000_001), told["body"]["DocumentAccount"]
    sandbox.store.put("document", str(number), {"name": told["name"], "account": account.replace("$", "").lower()})
    request_id = "-1"
    if known:
        content = {"files": told["files"], "name": told["name"], "parameters": told["parameters"], "refuses": refuses}
        assert sandbox.jobs is not None  # noqa: S101 - for the type checker
        request_id = _request(sandbox.jobs.take(content)["id"])
    return request_id


def _asked_by_post(request: Request) -> str | None:
    """The job whose logs are asked for by an operation instead of a finder."""
    try:
        body = exact_json.loads(request.body)
    except ValueError:
        return None
    return str(body.get("ReqstId")) if isinstance(body, dict) and body.get("OperationName") == _DOWNLOAD else None


def echoed(body: Mapping[str, Any], request_id: str) -> Response:
    """What was handed in comes back, with the id of the job."""
    kept = {name: body.get(name) for name in (*_ECHOED, "NotificationCode", "JobOptions")}
    answer: dict[str, Any] = {**kept, "DocumentId": None, "ReqstId": request_id, "RequestStatus": None, "links": []}
    return Response(exact_json.dumps(answer).encode(), 201, "application/vnd.oracle.adf.resourceitem+json")


def work(sandbox: OracleSandbox, content: Mapping[str, Any]) -> dict[str, Any]:
    """Load the file and run Import Journals over it; what the jobs then say."""
    access, source, ledger_id, group = content["parameters"][:4]
    file = content["files"].get("GlInterface.csv")
    try:
        rows = read_rows(file.encode()) if file is not None else None
    except ValueError as error:
        return {"load": "ERROR", "import": "", "report": "", "log": f"SQL*Loader-350: {error}"}
    if rows is None:
        return {"load": "ERROR", "import": "", "report": "", "log": "The file cannot be loaded."}
    code, text = content["refuses"]
    if code:
        report = refused_report(rows, code, text)
    else:
        request = str(sandbox.store.next_number("import", _FIRST + 3))
        run = Run(source, sandbox.ledger_of(ledger_id) or "", group, request)
        report = import_journals(sandbox, run, rows)
    state = "ERROR" if report else "SUCCEEDED"
    return {
        "load": "SUCCEEDED",
        "import": state,
        "report": report,
        "log": f"Data access set {access}. Rows {len(rows)}.",
    }


# -- what is asked ----------------------------------------------------------------------------------------------------


def _request(job: str) -> str:
    return str(_FIRST + _EACH * int(job))


def _job(sandbox: OracleSandbox, request_id: str) -> Mapping[str, Any] | None:
    if not request_id.isdigit() or sandbox.jobs is None:
        return None
    number, rest = divmod(int(request_id) - _FIRST, _EACH)
    return sandbox.jobs.get(str(number)) if rest == 0 else None


def asked(sandbox: OracleSandbox, request: Request) -> Response:
    """A read with a finder."""
    name, values = finder(request)
    job = _job(sandbox, values.get("requestId", ""))
    match name:
        case "ESSJobStatusRF":
            items: Sequence[Mapping[str, Any]] = [{"RequestStatus": _state(job)}]
        case "ESSExecutionDetailsRF":
            items = [{"RequestStatus": exact_json.dumps(job_tree(job)) if job else ""}]
        case "ESSJobExecutionDetailsRF":
            items = [{"DocumentContent": _logs(job)}] if job else []
        case "DocumentIdsByFilePrefixRF":
            found = _files(sandbox, values.get("filePrefix", ""), values.get("docAccount", ""))
            items = [{"DocumentId": number} for number in found]
        case _:
            return refused(400, "JBO-25005", f"Finder {name} is not defined")
    body = {"items": items, "count": len(items), "hasMore": False, "limit": 25, "offset": 0, "links": []}
    return Response(exact_json.dumps(body).encode(), 200, "application/vnd.oracle.adf.resourcecollection+json")


def asked_soap(sandbox: OracleSandbox, call: SoapCall) -> Response:
    """The same over SOAP."""
    told = call.members
    job = _job(sandbox, str(told.get("requestId", "")))
    match call.operation:
        case "getESSJobStatus":
            return answered(call, [_state(job)])
        case "getESSExecutionDetails":
            return answered(call, [exact_json.dumps(job_tree(job)) if job else ""])
        case "downloadESSJobExecutionDetails":
            return downloaded(call, f"{told['requestId']}.zip", _logs(job)) if job else answered(call, [])
        case "getDocumentIdsForFilePrefix":
            return answered(call, _files(sandbox, str(told.get("prefix", "")), str(told.get("account", ""))))
    return fault_of("JBO-29000", f"Unknown method {call.operation}")


def _files(sandbox: OracleSandbox, prefix: str, account: str) -> list[str]:
    """Ids of files; accounts are the same with and without `$`."""
    wanted = account.replace("$", "").lower()
    rows = sandbox.store.all("document").items()
    return [number for number, row in rows if row["account"] == wanted and row["name"].startswith(prefix)]


def _state(job: Mapping[str, Any] | None) -> str:
    if job is None:
        return ""
    return "PAUSED" if job["result"] is None else str(job["result"]["load"])


def job_tree(job: Mapping[str, Any]) -> dict[str, Any]:
    """The jobs of an import, as the execution details and the callback tell them."""
    result, parent = job["result"], int(_request(job["id"]))
    load = "PAUSED" if result is None else result["load"]
    below = "RUNNING" if result is None else result["load"]
    children = [
        {"JOBNAME": "Transfer File", "JOBPATH": _LOADER, "REQUESTID": str(parent + 1), "STATUS": "SUCCEEDED"},
        {"JOBNAME": "Load File to Interface", "JOBPATH": _LOADER, "REQUESTID": str(parent + 2), "STATUS": below},
    ]
    loader = {
        "JOBNAME": "Load Interface File for Import",
        "JOBPATH": _LOADER,
        "DOCUMENTNAME": job["content"]["name"],
        "REQUESTID": str(parent),
        "STATUS": load,
        "CHILD": children,
    }
    jobs = [loader]
    if result is not None and result["import"]:
        started = {"JOBNAME": "Import Journals", "JOBPATH": _IMPORT, "REQUESTID": str(parent + 3)}
        jobs.append({**started, "STATUS": result["import"]})
    return {"JOBS": jobs, "SUMMARYSTATUS": str(jobs[-1]["STATUS"]) if result else "RUNNING"}


def _logs(job: Mapping[str, Any]) -> str:
    """A zip with a log per job, and the report of Import Journals where there is one."""
    parent, result = int(_request(job["id"])), job["result"] or {"log": "", "report": ""}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{parent}.log", result["log"])
        if result["report"]:
            archive.writestr(f"{parent + 3}.txt", result["report"])
    return base64.b64encode(out.getvalue()).decode()
