"""Imports and their jobs: `erpintegrations` over REST, or `ErpIntegrationService` over SOAP (oracle.md §2, §4)."""

from __future__ import annotations

import base64
import binascii
import io
import re
import zipfile
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from dougong.hookspecs import Deadline
from dougong_oracle.orders import IMPORT, service
from dougong_oracle.settings import TITLE
from dougong_sdk.refusals import ErrorDictionary, Refused
from dougong_sdk.rest import Answer, BadAnswer, Fault, RestSession

__all__ = ["Integration", "RestIntegration", "SoapIntegration", "logs_of"]

#: Bytes of a log that are read.
_LONGEST_LOG = 16 * 1024 * 1024
_MOST_WORDS = 300
#: What a fault calls itself, somewhere in its text.
_FAULT_CODE = re.compile(r"\b((?:FUN|FND|JBO)-(?:\d+|FND))")


class Integration(Protocol):
    """What both protocols do."""

    def submit(self, body: bytes, deadline: Deadline) -> str:
        """Hand in a frozen import, once; the id of the job that loads it.

        :raises Refused: the pod says no. :raises RestError: what became of it is not known, or it was not sent.
        """

    def details(self, request: str, deadline: Deadline) -> str:
        """The tree of a job as JSON; empty where the pod knows of none."""

    def logs(self, request: str, deadline: Deadline) -> list[str]:
        """The logs and reports of a job and of those below it. :raises BadAnswer: they cannot be unpacked."""

    def has_file(self, name: str, deadline: Deadline) -> bool:
        """Whether the content server has a file of ours: then its import was handed in."""


class RestIntegration:
    """`erpintegrations`. :param page: reads a page of a resource."""

    def __init__(
        self, rest: RestSession, root: str, account: str, page: Callable[[str, Mapping[str, str], Deadline], Any]
    ) -> None:
        self._rest, self._path, self._account, self._page = rest, f"{root}/erpintegrations", account, page

    def submit(self, body: bytes, deadline: Deadline) -> str:
        """By `OperationName`."""
        answer = self._rest.post(self._path, body, deadline=deadline, headers={"Accept": "application/json"})
        if answer.status in (400, 403):
            raise _refused(answer)
        told = answer.expect(200, 201).json()
        return _request_id(told.get("ReqstId") if isinstance(told, dict) else None)

    def details(self, request: str, deadline: Deadline) -> str:
        """By finder."""
        return str(self._found("ESSExecutionDetailsRF", deadline, requestId=request).get("RequestStatus") or "")

    def logs(self, request: str, deadline: Deadline) -> list[str]:
        """By finder."""
        row = self._found("ESSJobExecutionDetailsRF", deadline, requestId=request, fileType="ALL")
        return logs_of(str(row.get("DocumentContent") or ""))

    def has_file(self, name: str, deadline: Deadline) -> bool:
        """By finder; what is not used has to be `#NULL`."""
        found = {"filePrefix": name, "docAccount": self._account, "comment": "#NULL"}
        return bool(self._found("DocumentIdsByFilePrefixRF", deadline, **found).get("DocumentId"))

    def _found(self, finder: str, deadline: Deadline, **values: str) -> Mapping[str, Any]:
        asked = f"{finder};" + ",".join(f"{name}={value}" for name, value in values.items())
        rows = self._page("erpintegrations", {"finder": asked}, deadline)["items"]
        return rows[0] if rows else {}


class SoapIntegration:
    """`ErpIntegrationService`; answers come in several parts (MTOM), and are read as they come."""

    def __init__(self, rest: RestSession, path: str, account: str) -> None:
        from dougong_sdk.soap import SoapSession

        self._soap, self._account = SoapSession(rest, path, service()), account

    def submit(self, body: bytes, deadline: Deadline) -> str:
        """The operation `importBulkData`."""
        try:
            told = self._soap.call(IMPORT, body, deadline=deadline, as_it_came=True)
        except Fault as fault:
            raise _refused_by(fault) from fault
        return _request_id(None if told is None else told.findtext("{*}result"))

    def details(self, request: str, deadline: Deadline) -> str:
        """The operation `getESSExecutionDetails`."""
        return next(iter(self._ask("getESSExecutionDetails", deadline, requestId=request)), "")

    def logs(self, request: str, deadline: Deadline) -> list[str]:
        """The operation `downloadESSJobExecutionDetails`."""
        values = {"requestId": request, "fileType": "ALL"}
        found = self._ask("downloadESSJobExecutionDetails", deadline, below="{*}Content", **values)
        return [log for content in found for log in logs_of(content)]

    def has_file(self, name: str, deadline: Deadline) -> bool:
        """The operation `getDocumentIdsForFilePrefix`."""
        return any(self._ask("getDocumentIdsForFilePrefix", deadline, prefix=name, account=self._account))

    def _ask(self, operation: str, deadline: Deadline, below: str = "", **values: str) -> list[str]:
        """The texts of an answer's results. :param below: of an element in each."""
        body = service().envelope(operation, values)
        told: Any = self._soap.call(operation, body, deadline=deadline, repeatable=True, as_it_came=True)
        results = [] if told is None else told.findall("{*}result")
        return [str((one.findtext(below) if below else one.text) or "").strip() for one in results]


def logs_of(content: str) -> list[str]:
    """The files of a zip in base64, as text. :raises BadAnswer: it is none."""
    try:
        packed = base64.b64decode("".join(content.split()), validate=True)
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            return [archive.open(one).read(_LONGEST_LOG).decode("utf-8", "replace") for one in archive.infolist()]
    except (binascii.Error, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise BadAnswer("作业日志不可读", "the logs of the job cannot be unpacked") from error


def _request_id(told: Any) -> str:
    """The job's number. `-1`: no such job, or no right to it; nothing was submitted, under a good status."""
    request = str(told or "").strip()
    if request == "-1":
        raise _errors().refusal("REQSTID_-1", "ReqstId -1: the job was not submitted")
    if not request.isdecimal():
        raise BadAnswer("应答中没有作业号", "the answer names no job")
    return request


def _errors() -> ErrorDictionary:
    return ErrorDictionary.of("dougong_oracle", TITLE)


def _refused(answer: Answer) -> Refused:
    """What an answer of status 400 or 403 says, by its first error that has a code."""
    told = answer.json()
    errors = told.get("o:errorDetails") if isinstance(told, dict) else None
    first = next((one for one in errors or () if isinstance(one, dict)), told if isinstance(told, dict) else {})
    code = str(first.get("o:errorCode") or f"HTTP_{answer.status}")
    said = str(first.get("detail") or first.get("title") or code)
    return _errors().refusal(code, said[:_MOST_WORDS], str(first.get("o:errorPath") or ""))


def _refused_by(fault: Fault) -> Refused:
    """A fault is Oracle's word, by the code in its text; one that nobody has described proves nothing."""
    found = _FAULT_CODE.search(fault.text)
    return _errors().refusal(found[1] if found else fault.fault_code, fault.text[:_MOST_WORDS])
