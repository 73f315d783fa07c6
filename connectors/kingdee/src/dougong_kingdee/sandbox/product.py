"""The sandbox class: which path and operation means what."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from dougong_sdk.sandbox import ProjectDefaults, Request, Response, Sandbox, Setting, Settings

from .auth import Authority, Session, WrongDataCentre, session_cookies
from .basedata import BaseData
from .body import BodyRefused, FormCall, Parameters, read_parameters
from .codes import default_codes, default_seed
from .envelope import MESSAGES, KingdeeError, json_response, nested, operation_result, status
from .fields import BASE_FORMS, Form, base_form
from .postings import KingdeeHand, as_posting
from .query import business_info, query
from .reports import BALANCE_REPORT, account_balances
from .view import voucher_view
from .vouchers import Vouchers

__all__ = ["KingdeeSandbox"]

_PATH = re.compile(
    r"/k3cloud/(?P<service>[\w.]+)\.(?P<method>\w+)(?:,[\w.]+)?\.common\.kdsvc", re.IGNORECASE | re.ASCII
)
_ONE_PARAMETER = {"ExecuteBillQuery", "BillQuery", "QueryBusinessInfo", "WorkflowAudit", "SwitchOrg"}
_VOUCHER = "GL_VOUCHER"
_POLL = "QueryAsyncResult"
_NOT_EMULATED = {
    *("Allocate", "CancelAllocate", "Push", "FlexSave", "GroupSave", "GroupDelete", "QueryGroupInfo", "Disassembly"),
    *("SendMsg", "AttachmentUpLoad", "AttachmentDownLoad"),
}
"""Operations of the real service that answer MsgCode 12 here: GL_VOUCHER offers none of them (kingdee.md §5)."""

_APP = "210001_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
_AUDITOR_APP = "210002_GBkaGxwdHh8gISIjJCUmJygpKissLS4v"


class KingdeeSandbox(Sandbox):
    """Kingdee 云星空 over HTTP.

    .. versionadded:: 0.1
    """

    name = "kingdee"
    title = "金蝶云星空 (K/3 Cloud)"
    base_path = "/k3cloud/"
    ledger_kinds = ("voucher", "deleted", "series", "packet", "period", "task", "counter")
    page_setting = "page_limit"
    settings_declared: ClassVar = (
        Setting("tenant", "65a0c1d2e3f4a5", "账套 (数据中心) ID", "id of the data centre"),
        Setting("user", "demo", "用户", "user"),
        Setting("password", "Demo@123", "密码", "password", "secret"),
        Setting("app_key", _APP, "第三方应用的 AppID", "AppID of the third-party application"),
        Setting("app_secret", "0123456789abcdef0123456789abcdef", "应用密钥", "its AppSecret", "secret"),
        Setting("auditor", "auditor", "审核用户", "second user, who audits"),
        Setting("auditor_password", "Audit@123", "审核用户的密码", "password of the second user", "secret"),
        Setting("auditor_app_key", _AUDITOR_APP, "审核用户的 AppID", "AppID of the second user"),
        Setting("auditor_app_secret", "fedcba9876543210fedcba9876543210", "其密钥", "its AppSecret", "secret"),
        Setting("page_limit", "2000", "一次查询最多返回的行数", "most rows of one query", "number"),
        Setting(
            "rate_tolerance",
            "0.05",
            "原币 × 汇率与本位币之差的上限",
            "most by which rate × amount may be off",
            "number",
        ),
    )

    @classmethod
    def project_defaults(cls) -> ProjectDefaults:
        """Both users with their applications, and the codes of ``seed.toml``."""
        known = Settings(cls.settings_declared)
        return ProjectDefaults(
            ca_setting="ca_file",
            settings={"acct_id": known["tenant"], "user": known["user"], "app_id": known["app_key"]},
            secrets={"app_secret": known["app_secret"]},
            auditor={"user": known["auditor"], "app_id": known["auditor_app_key"]},
            auditor_secrets={"app_secret": known["auditor_app_secret"]},
            codes=[(row.table, row.ours, row.theirs) for row in default_codes()],
            standard_tables=("account", "currency", "voucher_type"),
        )

    def default_seed(self) -> Mapping[str, Any]:
        """``seed.toml``, and the two users with their applications from the settings."""
        s = self.settings
        credentials = []
        for prefix, user, password in (("", "user", "password"), ("auditor_", "auditor", "auditor_password")):
            app, secret = s[f"{prefix}app_key"], s[f"{prefix}app_secret"]
            credentials += [
                {"kind": "basic", "user": s[user], "password": s[password]},
                {"kind": "app", "id": app, "secret": secret, "acts_as": s[user]},
            ]
        return {**default_seed(), "credentials": credentials}

    def seed_changed(self) -> None:
        """Index the master data again."""
        if not hasattr(self, "authority"):
            self.authority = Authority(self.settings)
        self.authority.seed = self.seed
        self.data = BaseData(self.seed, self.store)
        self.vouchers = Vouchers(self.store, self.settings, self.data)
        forms = [self.vouchers.form, *(base_form(spec, self.data) for spec in BASE_FORMS)]
        self.forms: dict[str, Form] = {form.id.upper(): form for form in forms}

    # the plane

    def operation(self, request: Request) -> str:
        """The method of the path, in its canonical spelling."""
        match = _PATH.fullmatch(request.path)
        return _canonical(match["method"]) if match else request.path

    def operations(self) -> Collection[str]:
        """Every method, in its canonical spelling."""
        return _SPELLINGS.values()

    def postings(self, *, deleted: bool = False) -> list[dict[str, Any]]:
        """All vouchers; with ``deleted`` also those that are gone."""
        gone = self.store.all("deleted").values() if deleted else ()
        return [
            *({**as_posting(voucher, self.data), "deleted": False} for voucher in self.vouchers.all()),
            *({**as_posting(voucher, self.data), "deleted": True} for voucher in gone),
        ]

    def hand(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """A person in Kingdee's client."""
        return KingdeeHand(self.vouchers).do(order)

    def expire_sessions(self) -> None:
        """Everybody has to log in again."""
        self.authority.forget_sessions()

    def business_error(self, request: Request, code: str) -> Response:
        """Any MsgCode in its envelope; one that nobody has documented, too."""
        msg_code = int(code) if code.isdigit() else 4
        error = KingdeeError(msg_code, MESSAGES.get(msg_code, f"错误 {msg_code}"))
        return json_response(_failure(self.operation(request), error))

    def error_codes(self) -> Sequence[str]:
        """The MsgCodes of kingdee.md §3."""
        return [str(code) for code in MESSAGES]

    def endpoints(self) -> Mapping[str, str]:
        """Prefixes of the services."""
        services = "Kingdee.BOS.WebApi.ServicesStub"
        return {
            "base": self.base_path,
            "business": f"{self.base_path}{services}.DynamicFormService.",
            "auth": f"{self.base_path}{services}.AuthService.",
        }

    def loggable(self, request: Request, operation: str) -> str:
        """Logins are logged without their parameters: passwords and signs stand in any place and encoding."""
        return "***" if operation in _LOGINS else super().loggable(request, operation)

    # the wire

    def handle(self, request: Request) -> Response:
        """One call."""
        match = _PATH.fullmatch(request.path)
        if match is None:
            return _text("Not Found", 404)
        if request.method != "POST":
            return _text("Method Not Allowed", 405)
        try:
            parameters = read_parameters(request)
            answer = self._call(match["service"].lower(), _canonical(match["method"]), parameters, request)
        except WrongDataCentre as error:
            return _text(f"response_error:数据中心 {error} 不存在", 500)
        except BodyRefused as error:
            return _text(f"response_error:{error}", 500)
        return answer or _text(f"response_error:服务 {match['service']}.{match['method']} 不存在", 500)

    def _call(self, service: str, method: str, parameters: Parameters, request: Request) -> Response | None:
        """The answer of a service's method, ``None`` if there is no such thing."""
        match service.rpartition(".")[2], method:
            case "accountservice", "GetDataCenterList":
                return json_response([{"Id": self.settings["tenant"], "Number": "demo", "Name": "demo"}])
            case "authservice", "Logout":
                self.authority.close(request)
                return json_response(True)
            case "authservice", login if login in _LOGINS:
                return self.authority.login(login, parameters)
            case "dynamicformservice", operation if operation in {*_OPERATIONS, *_NOT_EMULATED, _POLL}:
                return self._dynamic(operation, parameters, request)
        return None

    def _dynamic(self, method: str, parameters: Parameters, request: Request) -> Response:
        session, is_new = self.authority.identify(request)
        try:
            answer = self._operate(method, parameters, session)
        except KingdeeError as error:
            answer = _failure(method, error)
        return json_response(answer, headers=session_cookies(session) if session and is_new else [])

    def _operate(self, method: str, parameters: Parameters, session: Session | None) -> Any:
        if session is None:
            raise KingdeeError(1)
        if not session.may(method):
            raise KingdeeError(2)
        if method == _POLL:
            return self._task_result(parameters)
        if "beginmethod" in parameters.named:
            return self._begin_task(method, parameters, session)
        return self._work(method, parameters, session)

    def _work(self, method: str, parameters: Parameters, session: Session) -> Any:
        if method in _NOT_EMULATED:
            raise KingdeeError(12, f"沙箱不提供操作 {method}")
        call = parameters.data_call() if method in _ONE_PARAMETER else parameters.form_call()
        return _OPERATIONS[method](self, call, session)

    # asynchronous variant: the work is done at once, its result is shown after `work_seconds`

    def _begin_task(self, method: str, parameters: Parameters, session: Session) -> dict[str, Any]:
        try:
            result = self._work(method, parameters, session)
        except KingdeeError as error:
            result = _failure(method, error)
        task = str(self.store.next_number("task"))
        due = time.time() + float(self.settings["work_seconds"])
        self.store.put("task", task, {"due": str(due), "result": result})
        return self._task_state(task)

    def _task_result(self, parameters: Parameters) -> dict[str, Any]:
        info = Parameters([], {"data": parameters.named.get("queryinfo", {})}).data_call().data
        return self._task_state(str(info.get("TaskId", "")))

    def _task_state(self, task: str) -> dict[str, Any]:
        record = self.store.get("task", task)
        if record is None:
            raise KingdeeError(10, f"任务 {task} 不存在")
        if float(record["due"]) > time.time():
            return {"Status": 1, "TaskId": task, "Result": None}
        return {"Status": 2, "TaskId": task, "Result": record["result"]}

    # operations

    def _need_voucher_form(self, call: FormCall) -> None:
        if call.form.upper() != _VOUCHER:
            if call.form.upper() in self.forms:
                raise KingdeeError(12, f"沙箱中的业务对象 {call.form} 只能查询")
            raise KingdeeError(4, "业务对象不存在")

    def _form(self, call: FormCall) -> Form:
        if not call.form:
            raise KingdeeError(5)
        form = self.forms.get(call.form.upper())
        if form is None:
            raise KingdeeError(4, "业务对象不存在")
        return form

    def save(self, call: FormCall, session: Session) -> Any:
        """Save."""
        self._need_voucher_form(call)
        return self.vouchers.save(call.data, session.user)

    def batch_save(self, call: FormCall, session: Session) -> Any:
        """BatchSave."""
        self._need_voucher_form(call)
        return self.vouchers.save(call.data, session.user, batch=True)

    def draft(self, call: FormCall, session: Session) -> Any:
        """Draft."""
        self._need_voucher_form(call)
        return self.vouchers.save(call.data, session.user, draft=True)

    def view(self, call: FormCall, session: Session) -> Any:
        """View."""
        self._need_voucher_form(call)
        name, voucher = self.vouchers.selected(call.data)[0]
        if voucher is None:
            raise KingdeeError(10, f"编码或内码为“{name}”的数据在系统中不存在")
        return operation_result(None, Result=voucher_view(voucher, self.data))

    def execute_bill_query(self, call: FormCall, session: Session) -> Any:
        """ExecuteBillQuery: rows as arrays."""
        return query(self._form(call), call.data, int(self.settings["page_limit"]))[1]

    def bill_query(self, call: FormCall, session: Session) -> Any:
        """BillQuery: rows as objects."""
        columns, rows = query(self._form(call), call.data, int(self.settings["page_limit"]))
        return [dict(zip((column.key for column in columns), row, strict=True)) for row in rows]

    def business_info(self, call: FormCall, session: Session) -> Any:
        """QueryBusinessInfo."""
        return business_info(self._form(call))

    def workflow_audit(self, call: FormCall, session: Session) -> Any:
        """WorkflowAudit."""
        self._need_voucher_form(call)
        return self.vouchers.workflow_audit(call.data, session.user)

    def excute_operation(self, call: FormCall, session: Session) -> Any:
        """ExcuteOperation (sic)."""
        self._need_voucher_form(call)
        operation = {name.lower(): name for name in _CHANGES}.get(call.op_number.lower())
        if not call.op_number:
            raise KingdeeError(3)
        if operation is None:
            raise KingdeeError(12, f"凭证不支持操作 {call.op_number}")
        return self.vouchers.change_all(operation, call.data, session.user)

    @staticmethod
    def change(operation: str, sandbox: KingdeeSandbox, call: FormCall, session: Session) -> Any:
        """Submit, CancelAssign, Audit, UnAudit, Delete."""
        sandbox._need_voucher_form(call)
        return sandbox.vouchers.change_all(operation, call.data, session.user)

    def report_data(self, call: FormCall, session: Session) -> Any:
        """GetSysReportData."""
        if call.form.upper() != BALANCE_REPORT.upper():
            raise KingdeeError(4, "业务对象不存在")
        return account_balances(call.data, self.vouchers.all(), self.data)

    def switch_org(self, call: FormCall, session: Session) -> Any:
        """SwitchOrg."""
        org = str(call.data.get("OrgNumber", ""))
        if self.data.find("company_org", org) is None:
            raise KingdeeError(9, f'编码值["{org}"]不存在')
        self.authority.switch_org(session, org)
        return operation_result(status())


_STAGES = ("Submit", "CancelAssign", "Audit", "UnAudit", "Delete")
_CHANGES = (*_STAGES, "Cancel", "UnCancel")
_LOGINS = {
    "ValidateUser",
    "ValidateUser2",
    "ValidateUserEnDeCode",
    "LoginByAppSecret",
    "LoginBySign",
    "LoginBySimplePassport",
}
_OPERATIONS: dict[str, Callable[[KingdeeSandbox, FormCall, Session], Any]] = {
    "Save": KingdeeSandbox.save,
    "BatchSave": KingdeeSandbox.batch_save,
    "Draft": KingdeeSandbox.draft,
    "View": KingdeeSandbox.view,
    "ExecuteBillQuery": KingdeeSandbox.execute_bill_query,
    "BillQuery": KingdeeSandbox.bill_query,
    "QueryBusinessInfo": KingdeeSandbox.business_info,
    "WorkflowAudit": KingdeeSandbox.workflow_audit,
    "ExcuteOperation": KingdeeSandbox.excute_operation,
    "ExecuteOperation": KingdeeSandbox.excute_operation,
    "GetSysReportData": KingdeeSandbox.report_data,
    "SwitchOrg": KingdeeSandbox.switch_org,
    **{name: partial(KingdeeSandbox.change, name) for name in _STAGES},
}
_SPELLINGS = {
    name.lower(): name for name in (*_OPERATIONS, *_NOT_EMULATED, *_LOGINS, _POLL, "Logout", "GetDataCenterList")
}


def _canonical(method: str) -> str:
    """Paths are matched whatever their letter case."""
    return _SPELLINGS.get(method.lower(), method)


def _failure(method: str, error: KingdeeError) -> Any:
    answer = operation_result(status(error.msg_code, error.problems))
    if method == "ExecuteBillQuery":
        return nested(answer)
    if method in ("Save", "Draft"):
        answer["Result"] |= {"Id": "", "Number": "", "NeedReturnData": [{}]}
    return answer


def _text(text: str, status_code: int) -> Response:
    return Response(text.encode(), status_code, "text/plain; charset=utf-8")
