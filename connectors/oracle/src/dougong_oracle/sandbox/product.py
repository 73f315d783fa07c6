"""The emulated Fusion pod: who is let in, which resource a request is for, its ledger in the plane's words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from attrs import evolve

from dougong_sdk.sandbox import (
    Jobs,
    Outgoing,
    ProjectDefaults,
    Record,
    Request,
    Response,
    Setting,
    Settings,
    VoucherSandbox,
    exact_json,
)

from .callbacks import certificate_of, completions, without_assertion
from .integrations import Unreadable, asked, asked_soap, echoed, hand_in, hand_in_soap, job_tree, read_import, work
from .invoices import REJECTIONS, create_invoice, shown_invoice
from .journals import CODES, batch_name
from .login import TOKENS, Logins
from .resources import ROOT, collection, finder, refused
from .rows import BATCHES, INVOICES, rows_of, shown_batch
from .soap import PATH, answered, fault_of, read_soap

__all__ = ["OracleSandbox"]

_IMPORT = "importBulkData"
_VERSIONS = ("11.13.18.05", "latest")
_INTEGRATIONS = "erpintegrations"
#: Finder → what faults and the request log call reading by it.
_FINDERS = {
    "ESSJobStatusRF": "status",
    "ESSExecutionDetailsRF": "status",
    "ESSJobExecutionDetailsRF": "logs",
    "DocumentIdsByFilePrefixRF": "files",
}
#: The same of SOAP's operations.
_CALLS = {
    "importBulkData": "import",
    "getESSJobStatus": "status",
    "getESSExecutionDetails": "status",
    "downloadESSJobExecutionDetails": "logs",
    "getDocumentIdsForFilePrefix": "files",
}
#: What REST itself says no with; other codes are those of the report.
_REST_CODES = ("REQSTID_-1", "FUN-720397", "JBO-27014", "JBO-27024", "HTTP_403")
#: A person's doings that Oracle's screens do not offer: what is posted stays so, and batches have no numbers.
_NOT_OFFERED = ("unaudit", "renumber")


class OracleSandbox(VoucherSandbox):
    """Oracle Fusion Cloud ERP: journals by file-based data import, read back over REST.

    .. versionadded:: 0.1
    """

    name = "oracle-fusion"
    title = "Oracle Fusion Cloud ERP"
    ledger_kinds: ClassVar = (*VoucherSandbox.ledger_kinds, "document")
    pushes: ClassVar = ("job",)
    steps: ClassVar = {"audit": ("submitted", "posted")}
    settings_declared: ClassVar[Sequence[Setting]] = (
        Setting("user", "DOUGONG_INT", "集成用户", "integration user"),
        Setting("password", "Dougong-Fusion-2026", "密码", "password", "secret"),
        Setting("client_id", "dougong", "机密应用的标识", "id of the confidential application"),
        Setting("client_secret", "Dougong-IDCS-2026", "机密应用的密钥", "its secret", "secret"),
        Setting(
            "callback_secret",
            "Dougong-Callback-2026",
            "回调签名密钥的来源",
            "what the key of its calls is made of",
            "secret",
        ),
        Setting("page_limit", "499", "一页最多的行数", "most rows of one page", "number"),
    )

    @classmethod
    def project_defaults(cls) -> ProjectDefaults:
        """The integration user, the codes of the seed, and a pause between questions that fits a fast pod."""
        known, codes = Settings(cls.settings_declared), cls.seed_file()["native"]["codes"]
        return ProjectDefaults(
            ca_setting="ca_file",
            settings={
                "user": known["user"],
                "poll_after": 0.1,
                "import_seconds": 1.0,
                "pod_certificate": certificate_of(known["callback_secret"]),
            },
            secrets={"password": known["password"]},
            codes=[(table, ours, theirs) for table, rows in codes.items() for ours, theirs in rows.items()],
            standard_tables=("currency", "project"),
            book_tables=("account_book", "ledger_id"),
        )

    def default_seed(self) -> Mapping[str, Any]:
        """``seed.toml``, the user and the client of the settings."""
        s = self.settings
        user = {"kind": "basic", "user": s["user"], "password": s["password"]}
        client = {"kind": "oauth_client", "id": s["client_id"], "secret": s["client_secret"], "acts_as": s["user"]}
        return {**self.seed_file(), "credentials": [user, client]}

    def seed_changed(self) -> None:
        """Beside the master data, the ledgers by their ids, the segments, and the jobs."""
        super().seed_changed()
        self.segments = [str(row["code"]) for row in self.seed["native"]["segments"]]
        self._ledgers = {str(row["id"]): str(row["code"]) for row in self.seed["books"] if "id" in row}
        if not hasattr(self, "_logins"):
            self._logins = Logins(self)
        if self.jobs is None:
            self.jobs = Jobs(self, lambda content: work(self, content))

    def expire_sessions(self) -> None:
        """Every token is stale; who shows a password, or signs, has no session."""
        super().expire_sessions()
        self._logins.forget()

    def ledger_of(self, identity: str) -> str | None:
        """The name of a ledger by its id."""
        return self._ledgers.get(identity)

    def is_combination(self, held: Mapping[str, str]) -> bool:
        """Whether segments hold values that exist, no more and no fewer than the account takes."""
        account = self.master.rows("accounts").get(held.get("account", ""))
        kinds = {"entity": "companies", "account": "accounts"}
        if account is None or not all(code in self.master.rows(kinds.get(name, name)) for name, code in held.items()):
            return False
        return set(held) == {"entity", "account", *account.get("dimensions", ())}

    def endpoints(self) -> Mapping[str, str]:
        """Paths of the services."""
        return {"base": "/", "rest": f"{ROOT}{_VERSIONS[0]}/", "soap": PATH, "token": TOKENS}

    # what a request asks for

    def public_keys(self) -> Mapping[str, str]:
        """The certificate that its calls are signed with."""
        return {"callback": certificate_of(self.settings["callback_secret"])}

    def compose(self, kind: str, *, forge: bool) -> Sequence[Outgoing]:
        """That the jobs of each import have ended, or how far they are."""
        secret = "somebody else's" if forge else self.settings["callback_secret"]
        known = self.jobs.all() if self.jobs and kind == "job" else []
        return completions(map(job_tree, known), self.settings["user"], secret)

    def stripped(self, message: Outgoing) -> Outgoing:
        """Without the assertion, which stands in the envelope."""
        return evolve(message, body=without_assertion(message.body))

    def operations(self) -> Collection[str]:
        """What faults and the request log go by."""
        return ("import", "status", "logs", "files", "batches", "master", "token")

    def operation(self, request: Request) -> str:
        """Which of them a request is; the path itself where it is none."""
        resource = _resource(request)
        if request.path == TOKENS:
            return "token"
        if request.path == PATH:
            call = read_soap(request)
            return _CALLS.get(call.operation, PATH) if call else PATH
        if resource == _INTEGRATIONS:
            return "import" if request.method == "POST" else _FINDERS.get(finder(request)[0], request.path)
        if resource in (BATCHES, INVOICES):
            return "batches"
        return "master" if resource and rows_of(self, resource) is not None else request.path

    def handle(self, request: Request) -> Response:
        """Who is let in first, then the resource."""
        if request.path == TOKENS:
            return self._logins.token(request)
        user = self._logins.user(request)
        if user is None:
            said = [("www-authenticate", 'Basic realm="oracle-fusion"')]
            return Response(b"<html><body>401 Authorization Required</body></html>", 401, "text/html", said)
        if not self._logins.may_work(user):
            return refused(403, "HTTP_403", "The user is not authorized to perform this operation")
        if request.path == PATH:
            return self._soap(request)
        resource = _resource(request)
        if resource == _INTEGRATIONS:
            return hand_in(self, request) if request.method == "POST" else asked(self, request)
        if resource == INVOICES and request.method == "POST":
            with self.store.unit():
                return create_invoice(self, request)
        if request.method != "GET":
            return Response(b"", 405, "text/plain", [("allow", "GET")])
        return self._rows(request, resource)

    def _soap(self, request: Request, refuses: tuple[str, str] = ("", "")) -> Response:
        call = read_soap(request)
        if call is None:
            return fault_of("JBO-29000", "Unknown method")
        return hand_in_soap(self, request, call, refuses) if call.operation == _IMPORT else asked_soap(self, call)

    def _rows(self, request: Request, resource: str) -> Response:
        found = rows_of(self, resource) if resource else None
        if found is None:
            return refused(404, "JBO-29114", f"The requested resource {resource or request.path} was not found")
        rows, known = found
        expand = request.parameters.get("expand", "")
        children = {BATCHES: shown_batch, INVOICES: shown_invoice}.get(resource)
        shown = (lambda row: children(row, expand)) if children else dict
        return collection(request, rows, known, int(self.settings["page_limit"]), shown)

    # what the plane shows

    def business_error(self, request: Request, code: str) -> Response:
        """A code of the report refuses every line when the job is worked on; any other is REST's own answer."""
        return self.business_error_of(request, code, "")

    def business_error_of(self, request: Request, code: str, match: str) -> Response:
        """The same of the vouchers of a file that hold a text."""
        if self.operation(request) == "import" and code in (*CODES, *REJECTIONS):
            with self.store.unit():
                refuses = (code, match)
                return self._soap(request, refuses) if request.path == PATH else hand_in(self, request, refuses)
        call = read_soap(request) if request.path == PATH else None
        if code == "REQSTID_-1" and self.operation(request) == "import":
            return answered(call, ["-1"]) if call else echoed(exact_json.loads(request.body), "-1")
        if call:
            return fault_of(code, f"Error {code}")
        return refused(403 if code == "HTTP_403" else 400, code, f"Error {code}")

    def error_codes(self) -> Sequence[str]:
        """Every code that an import may be refused with, at once or when it is worked on."""
        return (*_REST_CODES, *CODES)

    def readable(self, request: Request) -> str:
        """The body of an import, and the rows in its zip."""
        text = super().readable(request)
        if self.operation(request) != "import":
            return text
        try:
            return "\n".join((text, *read_import(request)["files"].values()))
        except Unreadable:
            return text

    def as_posting(self, voucher: Record) -> dict[str, Any]:
        """One batch in the shape of interfaces.md §4; the facts of Oracle's own stay out."""
        functional = voucher["currency"]
        lines = [self._line(line, functional) for line in voucher["lines"]]
        total = sum((Decimal(line["base_amount"]) for line in voucher["lines"] if line["side"] == "D"), Decimal(0))
        names = ("id", "reference", "stage", "company", "book", "date", "period", "voucher_type", "currency")
        head = {name: voucher[name] for name in (*names, "attachments", "reverses")}
        told = {
            "number": batch_name(voucher),
            "type": voucher.get("kind", "journal"),
            "total": self._text(total, functional),
        }
        return {**head, **told, "lines": lines}

    def _line(self, line: Mapping[str, Any], functional: str) -> dict[str, Any]:
        shown = super()._line(line, functional)
        return {name: value for name, value in shown.items() if name not in ("entity", "combination")}

    def hand(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """A person in Oracle's own screens; what they do not offer leaves the batch as it is."""
        if order.get("action") in _NOT_OFFERED:
            order = {**{name: value for name, value in order.items() if name != "to"}, "action": "edit", "set": {}}
        return super().hand(order)


def _resource(request: Request) -> str:
    """What stands behind the version of the resources, still encoded; empty for any other path."""
    version, _, resource = request.raw_path.removeprefix(ROOT).partition("/")
    return resource if request.raw_path.startswith(ROOT) and version in _VERSIONS else ""
