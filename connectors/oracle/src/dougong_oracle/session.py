"""A session with a Fusion pod: imports and their jobs through `erpintegrations`, all else as rows of resources."""

from __future__ import annotations

import base64
import binascii
import io
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from dougong.hookspecs import Deadline
from dougong_oracle.login import identity_server, way_in
from dougong_oracle.settings import TITLE, OracleSettings
from dougong_sdk.refusals import ErrorDictionary, Refused
from dougong_sdk.rest import Answer, BadAnswer, RestSession

__all__ = ["OracleSession"]

#: Rows of one page; a server that gives fewer says so.
_PAGE = 499
#: Bytes of a log that are read.
_LONGEST_LOG = 16 * 1024 * 1024
#: Version 2: conditions joined by `and`, children of an expanded row as a plain list.
_HEADERS = {"Accept": "application/json", "REST-Framework-Version": "2"}


class OracleSession:
    """One user's calls, for one thread at a time.

    .. versionadded:: 0.1
    """

    def __init__(self, settings: OracleSettings) -> None:
        self.settings = settings
        self._identity = identity_server(settings)
        way = way_in(settings, self._identity)
        self._rest = RestSession(settings.base_url, auth=way, ca_file=settings.ca_file)
        self._root = settings.rest_path.strip("/")
        #: Ledger → its currency, filled by `documents`: ledgers do not change while a session lives.
        self.currencies: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"<OracleSession {self.settings.user or self.settings.client_id} {self._rest!r}>"

    def submit(self, body: bytes, deadline: Deadline) -> str:
        """Hand in a frozen import, once; the id of the job that loads it.

        :raises Refused: the pod says no. :raises RestError: what became of it is not known, or it was not sent.
        """
        answer = self._rest.post(f"{self._root}/erpintegrations", body, deadline=deadline, headers=_HEADERS)
        if answer.status in (400, 403):
            raise _refused(answer)
        told = answer.expect(200, 201).json()
        request = str(told.get("ReqstId") or "") if isinstance(told, dict) else ""
        if request == "-1":  # no such job, or no right to it: nothing was submitted, under a good status
            said = str(told.get("StatusCode") or "ReqstId -1: the job was not submitted")
            raise ErrorDictionary.of("dougong_oracle", TITLE).refusal("REQSTID_-1", said)
        if not request.isdecimal():
            raise BadAnswer("应答中没有作业号", "the answer names no job")
        return request

    def details(self, request: str, deadline: Deadline) -> str:
        """The tree of a job as JSON; empty where the pod knows of none."""
        row = self._found("ESSExecutionDetailsRF", deadline, requestId=request)
        return str(row.get("RequestStatus") or "")

    def logs(self, request: str, deadline: Deadline) -> list[str]:
        """The logs and reports of a job and of those below it. :raises BadAnswer: they cannot be unpacked."""
        row = self._found("ESSJobExecutionDetailsRF", deadline, requestId=request, fileType="ALL")
        try:
            content = base64.b64decode(row.get("DocumentContent") or "", validate=True)
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                return [archive.open(one).read(_LONGEST_LOG).decode("utf-8", "replace") for one in archive.infolist()]
        except (binascii.Error, zipfile.BadZipFile, NotImplementedError) as error:
            raise BadAnswer("作业日志不可读", "the logs of the job cannot be unpacked") from error

    def has_file(self, name: str, deadline: Deadline) -> bool:
        """Whether the content server has a file of ours: then its import was handed in."""
        found = {"filePrefix": name, "docAccount": self.settings.import_account, "comment": "#NULL"}
        return bool(self._found("DocumentIdsByFilePrefixRF", deadline, **found).get("DocumentId"))

    def _found(self, finder: str, deadline: Deadline, **values: str) -> Mapping[str, Any]:
        asked = f"{finder};" + ",".join(f"{name}={value}" for name, value in values.items())
        page = self._page("erpintegrations", {"finder": asked}, deadline)
        return page["items"][0] if page["items"] else {}

    def rows(self, resource: str, key: str, deadline: Deadline, **query: str) -> Iterator[dict[str, Any]]:
        """Every row of a resource, whatever the size of a page.

        :param key: attribute that orders the rows. :param query: `q`, `expand`, `fields`, `finder`.
        :raises BadAnswer: a page that nothing can be concluded from. :raises BadStatus: the pod does not answer.
        """
        offset, more = 0, True
        while more:
            asked = {**query, "orderBy": key, "onlyData": "true", "limit": str(_PAGE), "offset": str(offset)}
            page = self._page(resource, asked, deadline)
            rows, more = page["items"], page.get("hasMore") is True
            if more and not rows:
                raise BadAnswer("Oracle 应答少于其声明的行数", "Oracle answers fewer rows than it says there are")
            offset += len(rows)
            yield from rows

    def _page(self, resource: str, query: Mapping[str, str], deadline: Deadline) -> dict[str, Any]:
        path = f"{self._root}/{resource}?{urlencode(query, quote_via=quote)}"
        page: Any = self._rest.send("GET", path, deadline=deadline, headers=_HEADERS).expect(200).json()
        items = page.get("items") if isinstance(page, dict) else None
        if not isinstance(items, list) or not all(isinstance(row, dict) for row in items):
            raise BadAnswer("应答不是 Oracle 的行集", "the answer is no page of rows of Oracle")
        return dict(page)

    def close(self) -> None:
        """Close the connections."""
        self._rest.close()
        if self._identity is not None:
            self._identity.close()


def _refused(answer: Answer) -> Refused:
    """What an answer of status 400 or 403 says, by its first error that has a code."""
    told = answer.json()
    errors = told.get("o:errorDetails") if isinstance(told, dict) else None
    first = next((one for one in errors or () if isinstance(one, dict)), told if isinstance(told, dict) else {})
    code = str(first.get("o:errorCode") or f"HTTP_{answer.status}")
    said = str(first.get("detail") or first.get("title") or code)
    return ErrorDictionary.of("dougong_oracle", TITLE).refusal(code, said[:300], str(first.get("o:errorPath") or ""))
