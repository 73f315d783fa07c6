"""A session with 云星空: logging in three ways, one call, one query (kingdee.md §1, §2)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from dougong.formats import json_text
from dougong.hookspecs import Deadline
from dougong_kingdee.envelope import Failure, KingdeeRefused, Reply, read_reply
from dougong_kingdee.settings import KingdeeSettings
from dougong_kingdee.signature import Signer
from dougong_sdk.auth import Token, TokenCache
from dougong_sdk.rest import Answer, BadAnswer, LoginRefused, RestError, RestSession

__all__ = ["PAGE", "KingdeeSession"]

#: Rows of one page of a query (kingdee.md §4.1: at most 2000).
PAGE = 2000

_FORM = "Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.{}.common.kdsvc"
_AUTH = "Kingdee.BOS.WebApi.ServicesStub.AuthService.{}.common.kdsvc"
_COOKIE = "kdservice-sessionid"
_LOGOUT_SECONDS = 3.0
#: What the ERP refused, a signature or a field to query, is shown again after so many seconds: it may be mended.
_REFUSED_SECONDS = 30.0


class KingdeeSession:
    """One user's calls, for one thread at a time.

    Signed requests log in by themselves; the session id of the first reply goes with the later ones, so that the
    server does not open a session for each call. The two other kinds log in before the first call and once again when
    the server has forgotten them.

    :param settings: with the credential to use. :param rest: the wire.

    .. versionadded:: 0.1
    """

    def __init__(self, settings: KingdeeSettings, rest: RestSession) -> None:
        self.settings = settings
        self.signed = settings.login == "signature"
        self._rest = rest
        self._signer = Signer(
            settings.acct_id, settings.user, settings.app_id, settings.app_secret, settings.lcid, settings.org_number
        )
        self._tokens = TokenCache(self._log_in)
        self._session_id = ""
        self._refusal: tuple[Any, float] = (None, 0.0)  # a signed call's, and until when it is believed
        self._paths: dict[str, str] = {}
        self._asked: dict[str, tuple[float, KingdeeRefused | None]] = {}

    def __repr__(self) -> str:
        return f"<KingdeeSession {self.settings.user} {self._rest!r}>"

    # -- calls --------------------------------------------------------------------------------------------------

    def save(self, body: bytes, deadline: Deadline, *, batch: bool = False) -> Reply:
        """Send a frozen Save, or with `batch` a BatchSave, once."""
        return read_reply(self._call("BatchSave" if batch else "Save", body, deadline, repeatable=False))

    def operate(self, operation: str, form: str, data: Mapping[str, Any], deadline: Deadline) -> Reply:
        """An operation with form id and data: View, Submit, Audit, Delete and others."""
        body = json_text.dumps({"formid": form, "data": data}, numbers=True).encode()
        return read_reply(self._call(operation, body, deadline, repeatable=operation == "View"))

    def business_info(self, form: str, deadline: Deadline) -> Mapping[str, Any]:
        """Entities and fields of a form. :raises KingdeeRefused: the ERP does not tell."""
        body = json_text.dumps({"data": {"FormId": form}}).encode()
        reply = read_reply(self._call("QueryBusinessInfo", body, deadline, repeatable=True))
        if reply.failure:
            raise KingdeeRefused(reply.failure)
        return dict(reply.result.get("NeedReturnData") or {})

    def query(
        self,
        form: str,
        keys: Sequence[str],
        where: str,
        deadline: Deadline,
        *,
        order: str = "",
        start: int = 0,
        most: int = PAGE,
    ) -> list[list[Any]]:
        """One page of a bill query, at most `most` rows, values in the order of `keys`.

        :raises KingdeeRefused: the ERP refuses it. :raises BadAnswer: the answer has another shape.
        """
        data = {
            "FormId": form,
            "FieldKeys": ",".join(keys),
            "FilterString": where,
            "OrderString": order,
            "TopRowCount": 0,
            "StartRow": start,
            "Limit": most,
        }
        answer = self._call("ExecuteBillQuery", json_text.dumps({"data": data}).encode(), deadline, repeatable=True)
        if isinstance(answer, list) and all(_is_row(row, len(keys)) for row in answer):
            return answer
        failure = _refusal(answer)
        if failure:
            raise KingdeeRefused(failure)
        raise BadAnswer("查询应答不是行的数组", "the answer to a query is not an array of rows")

    def report(self, form: str, data: Mapping[str, Any], width: int, deadline: Deadline) -> list[list[Any]]:
        """Rows of a report (GetSysReportData) with `width` values each.

        :raises KingdeeRefused: the ERP refuses it. :raises BadAnswer: the answer has another shape.
        """
        body = json_text.dumps({"formid": form, "data": data}).encode()
        answer = self._call("GetSysReportData", body, deadline, repeatable=True)
        failure = _refusal(answer)
        if failure:
            raise KingdeeRefused(failure)
        result = answer.get("Result") if isinstance(answer, dict) else None
        rows = result.get("Rows") if isinstance(result, dict) and result.get("IsSuccess") is not False else None
        if not isinstance(rows, list) or not all(_is_row(row, width) for row in rows):
            raise BadAnswer("报表应答没有行", "the answer to a report has no rows")
        return rows

    def expect_field(self, form: str, field: str, deadline: Deadline) -> None:
        """Make sure that a form can be searched by a field; asked once, not once per document.

        Save ignores keys that it does not know without a word, so only a query tells.

        :raises KingdeeRefused: it cannot. :raises RestError: the ERP did not say.
        """
        until, refusal = self._asked.get(field, (0.0, None))
        if time.monotonic() >= until:
            try:
                self.query(form, ("FVOUCHERID", field), "", deadline, most=1)
                until, refusal = float("inf"), None
            except KingdeeRefused as error:
                if error.failure.kind in ("busy", "session"):
                    raise BadAnswer("金蝶暂时无法查询", "Kingdee cannot be queried just now") from error
                until, refusal = time.monotonic() + _REFUSED_SECONDS, error
            self._asked[field] = (until, refusal)
        if refusal is not None:
            raise refusal

    def close(self) -> None:
        """Log out, where somebody has logged in (sessions count against the licence), and close the connections."""
        session_id = self._tokens.held()
        if session_id:
            with suppress(RestError):  # the server ends a forgotten session by itself
                self._post(_AUTH.format("Logout"), b"{}", session_id, Deadline.after(_LOGOUT_SECONDS))
        self._rest.close()

    # -- logging in ---------------------------------------------------------------------------------------------

    def _call(self, operation: str, body: bytes, deadline: Deadline, *, repeatable: bool) -> Any:
        """Send one call; after a lost session log in and send it once more, since the ERP says that it did nothing.

        A bare HTTP 401 says less: it may come from something in between, so only calls without effect are repeated
        after it.
        """
        path = _FORM.format(operation)
        if self.signed:
            return self._call_signed(path, body, deadline)
        session_id = self._tokens.get(deadline)
        answer = self._post(path, body, session_id, deadline)
        if answer.status == 401:
            self._tokens.forget(session_id)
            if repeatable:
                answer = self._post(path, body, self._tokens.get(deadline), deadline)
        content = answer.expect(200, 206).json()
        if _is_lost(content):
            self._tokens.forget(session_id)
            content = self._post(path, body, self._tokens.get(deadline), deadline).expect(200, 206).json()
        return content

    def _call_signed(self, path: str, body: bytes, deadline: Deadline) -> Any:
        """Send one call. A refused authorisation is not shown again for a while: a storm of them may lock the user."""
        content, until = self._refusal
        if time.monotonic() < until:
            return content
        shown = self._session_id
        content = self._post(path, body, shown, deadline).expect(200, 206).json()
        if _is_lost(content) and shown:
            self._session_id = ""
            content = self._post(path, body, "", deadline).expect(200, 206).json()
        if _is_lost(content):
            self._refusal = (content, time.monotonic() + _REFUSED_SECONDS)
        return content

    def _post(self, path: str, body: bytes, session_id: str, deadline: Deadline) -> Answer:
        headers = {_COOKIE: session_id, "Cookie": f"{_COOKIE}={session_id}"} if session_id else {}
        if self.signed:
            headers |= self._signer.headers(self._path(path), int(time.time()))
        answer = self._rest.post(path, body, deadline=deadline, headers=headers)
        if self.signed:
            self._session_id = _given(answer) or self._session_id
        return answer

    def _path(self, path: str) -> str:
        """The whole path of the address, as it is signed."""
        if path not in self._paths:
            self._paths[path] = self._rest.url(path).path
        return self._paths[path]

    def _log_in(self, deadline: Deadline) -> Token:
        """`ValidateUser` or `LoginByAppSecret` (kingdee.md §2.1)."""
        s = self.settings
        if s.login == "password":
            name, parameters = "ValidateUser", [s.acct_id, s.user, s.password, s.lcid]
        else:
            name, parameters = "LoginByAppSecret", [s.acct_id, s.user, s.app_id, s.app_secret, s.lcid]
        body = json_text.dumps({"parameters": parameters}).encode()
        reply = self._rest.post(_AUTH.format(name), body, deadline=deadline).expect(200, 206).json()
        # -5 is tolerated by clients in use (password about to expire); the session id is what counts
        if (
            not isinstance(reply, dict)
            or reply.get("LoginResultType") not in (1, -5)
            or not reply.get("KDSVCSessionId")
        ):
            message = reply.get("Message") if isinstance(reply, dict) else None
            reason = self._rest.redact(str(message or "?"))
            raise LoginRefused(
                f"金蝶拒绝用户 {s.user} 登录账套 {s.acct_id}: {reason}",
                f"Kingdee refuses user {s.user} for data centre {s.acct_id}: {reason}",
            )
        return Token(str(reply["KDSVCSessionId"]))


def _is_row(row: Any, length: int) -> bool:
    """Whether it is a row of values: a refusal comes as an object in two brackets."""
    return isinstance(row, list) and len(row) == length and not isinstance(row[0], dict)


def _refusal(content: Any) -> Failure | None:
    """What an answer refuses, if it is an envelope that does. Only an envelope's own words count, never data."""
    try:
        return read_reply(content).failure
    except BadAnswer:
        return None


def _is_lost(content: Any) -> bool:
    """Whether the ERP says that it knows no such session and has done nothing, not even one document of several."""
    try:
        reply = read_reply(content)
    except BadAnswer:
        return False
    return reply.failure is not None and reply.failure.kind == "session" and not reply.entities


def _given(answer: Answer) -> str:
    """The session id that an answer sets, or nothing."""
    for cookie in answer.headers.get_list("set-cookie"):
        name, _, value = cookie.partition(";")[0].partition("=")
        if name.strip().lower() == _COOKIE:
            return value.strip()
    return ""
