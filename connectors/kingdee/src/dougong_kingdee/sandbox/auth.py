"""Logins, signed headers and sessions (kingdee.md §2)."""

from __future__ import annotations

import base64
import binascii
import hmac
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import define, evolve

from dougong_sdk.sandbox import Request, Response, Seed, Settings

from . import signatures
from .body import Parameters
from .envelope import json_response

__all__ = ["Authority", "Session", "WrongDataCentre"]

_WINDOW = 300  # seconds that a client's clock may be off; our choice (kingdee.md §2.3)
_MILLISECONDS = 10**11  # a greater timestamp counts milliseconds
_SESSION_COOKIE = "kdservice-sessionid"
_LOCALES = {"2052": "zh-CN", "1033": "en-US", "3076": "zh-TW"}

_QUERY_OPERATIONS = {
    "GetSysReportData",
    "View",
    "ExecuteBillQuery",
    "BillQuery",
    "QueryBusinessInfo",
    "SwitchOrg",
    "QueryAsyncResult",
}
_AUDIT_OPERATIONS = {"Audit", "UnAudit", "WorkflowAudit"}


class WrongDataCentre(Exception):
    """The account set is not ours; reported to be answered without HTTP 200 (kingdee.md §1)."""


@define
class Session:
    """Who is calling.

    :param roles: what they may do: ``reader``, ``maker``, ``auditor``; names that we do not know allow everything.
    :param expires: monotonic time in seconds.
    """

    id: str
    user: str
    roles: Sequence[str]
    org: str
    lcid: str
    expires: float
    app_id: str = ""

    def may(self, operation: str) -> bool:
        """May this user do that?"""
        needed = "reader" if operation in _QUERY_OPERATIONS else "maker"
        needed = "auditor" if operation in _AUDIT_OPERATIONS else needed
        return any(role == needed or role not in ("reader", "maker", "auditor") for role in self.roles)


class Authority:
    """Checks credentials and keeps sessions, in memory as an application server does."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sessions: dict[str, Session] = {}
        self.seed: Seed = {}

    def forget_sessions(self) -> None:
        """Everybody has to log in again."""
        self._sessions.clear()

    # sessions

    def identify(self, request: Request) -> tuple[Session | None, bool]:
        """The session of a call, and whether it is new (its cookies must be set).

        A valid session id counts before any credential; signed headers open a session silently.
        """
        for sent in (
            request.headers.get(_SESSION_COOKIE),
            request.cookies.get(_SESSION_COOKIE),
            request.headers.get("sid"),
        ):
            session = self._sessions.get(sent or "")
            if session is not None and session.expires > time.monotonic():
                return session, False
        session = self._signed(request)
        return session, session is not None

    def _open(self, user: str, credential: Mapping[str, Any], lcid: str, org: str = "", app_id: str = "") -> Session:
        now = time.monotonic()
        for old in [key for key, session in self._sessions.items() if session.expires <= now]:
            del self._sessions[old]
        orgs = {company["code"] for company in self.seed["companies"]}
        session = Session(
            id=str(uuid.uuid4()),
            user=user,
            roles=credential.get("roles", ("reader", "maker", "auditor")),
            org=org if org in orgs else next(iter(company["code"] for company in self.seed["companies"]), ""),
            lcid=lcid,
            expires=now + float(self._settings["token_seconds"]),
            app_id=app_id,
        )
        self._sessions[session.id] = session
        return session

    def switch_org(self, session: Session, org: str) -> None:
        """Go on in another organisation."""
        self._sessions[session.id] = evolve(session, org=org)

    def close(self, request: Request) -> None:
        """Log out."""
        session, _ = self.identify(request)
        if session is not None:
            self._sessions.pop(session.id, None)

    # credentials

    def _credential(self, kind: str, **wanted: str) -> Mapping[str, Any] | None:
        for row in self.seed["credentials"]:
            if row["kind"] == kind and all(row.get(key) == value for key, value in wanted.items()):
                return dict(row)
        return None

    def _app_for(self, app_id: str, user: str) -> Mapping[str, Any] | None:
        app = self._credential("app", id=app_id)
        if app is None:
            return None
        allowed = app.get("acts_as", user)
        return app if user in ([allowed] if isinstance(allowed, str) else allowed) else None

    def _check_account(self, account: str) -> None:
        if account != self._settings["tenant"]:
            raise WrongDataCentre(account)

    def _signed(self, request: Request) -> Session | None:
        headers = request.headers
        app_id, timestamp = headers.get("x-kd-appkey", ""), headers.get("x-api-timestamp", "")
        if not app_id or not _fresh(timestamp):
            return None
        try:
            data = base64.b64decode(headers.get("x-kd-appdata", ""), validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            return None
        account, user, lcid, org, *rest = [*data.split(","), "", "", "", ""]
        app = self._app_for(app_id, user)
        if app is None or any(rest) or headers.get("x-api-clientid") != signatures.split_app_id(app_id)[0]:
            return None
        expected = (
            signatures.api_signature(app_id, request.raw_path, headers.get("x-api-nonce", ""), timestamp),
            signatures.app_signature(app_id, app["secret"], data),
        )
        sent = (headers.get("x-api-signature", ""), headers.get("x-kd-signature", ""))
        if not all(hmac.compare_digest(a.encode(), b.encode("latin-1")) for a, b in zip(expected, sent, strict=True)):
            return None
        self._check_account(account)
        for session in self._sessions.values():  # a client without cookies would open one at each call
            same = session.app_id == app_id and session.user == user and org in ("", "0", session.org)
            if same and session.expires > time.monotonic():
                return session
        return self._open(user, app, lcid, org, app_id)

    # AuthService

    def login(self, method: str, parameters: Parameters) -> Response:
        """Any login of kingdee.md §2.1; HTTP 200 whatever the outcome."""
        match method:
            case "ValidateUser" | "ValidateUser2" | "ValidateUserEnDeCode":
                account, user, password, lcid = parameters.values("acctID", "username", "password", "lcid")
                if method == "ValidateUserEnDeCode":
                    user, password = _decoded(user), _decoded(password)
                self._check_account(account)
                credential = self._credential("basic", user=user)
                valid = credential is not None and credential["password"] == password
            case "LoginByAppSecret":
                names = ("acctID", "username", "appId", "appSecret", "lcid")
                account, user, app_id, secret, lcid = parameters.values(*names)
                self._check_account(account)
                credential = self._app_for(app_id, user)
                valid = credential is not None and credential["secret"] == secret
            case "LoginBySign":
                names_of_sign = ("acctID", "username", "appId", "timestamp", "sign", "lcid")
                account, user, app_id, timestamp, sign, lcid = parameters.values(*names_of_sign)
                self._check_account(account)
                credential = self._app_for(app_id, user)
                valid = (
                    credential is not None
                    and _fresh(timestamp)
                    and sign in signatures.login_signatures(account, user, app_id, credential["secret"], timestamp)
                )
            case _:
                passport, lcid = parameters.values("passportForBase64", "lcid")
                user = self.seed["native"].get("passports", {}).get(passport, "")
                credential = self._credential("basic", user=user)
                valid = credential is not None
        if not valid or credential is None:
            return json_response(_login_reply(0, "用户名或密码错误", None, self._settings["tenant"], {}))
        session = self._open(user, credential, lcid or "2052")
        organisation = {"ID": 1, "Number": session.org, "Name": self._org_name(session.org)}
        reply = _login_reply(1, "", session, self._settings["tenant"], organisation)
        return json_response(reply, headers=session_cookies(session))

    def _org_name(self, code: str) -> str:
        return next((row.get("name", code) for row in self.seed["companies"] if row["code"] == code), code)


def session_cookies(session: Session) -> list[tuple[str, str]]:
    """The two cookies of a new session."""
    return [
        ("set-cookie", f"{_SESSION_COOKIE}={session.id}; path=/"),
        ("set-cookie", f"ASP.NET_SessionId={session.id[:24].replace('-', '')}; path=/; HttpOnly"),
    ]


def _fresh(timestamp: str) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit()):
        return False
    seconds = int(timestamp) / 1000 if int(timestamp) >= _MILLISECONDS else int(timestamp)
    return abs(time.time() - seconds) <= _WINDOW


def _decoded(text: str) -> str:
    try:
        return signatures.decode_des(text)
    except ValueError:
        return ""


def _login_reply(
    result: int, message: str, session: Session | None, tenant: str, organisation: Mapping[str, Any]
) -> dict[str, Any]:
    context = None
    if session is not None:
        context = {
            "UserLocale": _LOCALES.get(session.lcid, "zh-CN"),
            "DBid": tenant,
            "DatabaseType": 3,
            "SessionId": session.id[:24].replace("-", ""),
            "UserId": 100001,
            "UserName": session.user,
            "CurrentOrganizationInfo": organisation,
            "DataCenterName": "demo",
        }
    return {
        "Message": message,
        "MessageCode": "CheckPasswordPolicy",
        "LoginResultType": result,
        "Context": context,
        "KDSVCSessionId": session.id if session else None,
        "FormId": None,
        "RedirectFormParam": None,
        "FormInputObject": None,
        "ErrorStackTrace": None,
        "Lcid": 0,
        "AccessToken": None,
        "KdAccessResult": None,
        "IsSuccessByAPI": session is not None,
        "CustomParam": None,
    }
