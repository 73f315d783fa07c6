"""The emulated S/4HANA: who is let in, which service a request is for, its ledger in the plane's words."""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from functools import partial
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
)

from .csrf import Csrf
from .edm import SERVICES
from .entries import Malformed
from .envelope import SoapIn, read_soap
from .invoices import INVOICES, SERVICE, change
from .journal import REQUEST, is_test, post_all, refusal, strange, try_all
from .later import confirmations, events, take, work_off
from .oauth import TOKEN_PATH, OAuth, name_and_password
from .odata import Address, answer, read_address, refused
from .rows import rows_of
from .rules import CODES

__all__ = ["SapSandbox"]

_JOURNAL = "/sap/bc/srt/scs_ext/sap/journalentrycreaterequestconfi"
_ONE_WAY = "/sap/bc/srt/scs_ext/sap/journalentrybulkcreationreques"
#: Entity set → what faults and the request log call reading it; every other one is master data.
_READS = {
    "A_OperationalAcctgDocItemCube": "items",
    **dict.fromkeys((INVOICES, "A_SupplierInvoiceItemGLAcct", "A_SupplierInvoiceTax"), "invoices"),
}
#: A person's doings that SAP's screens do not offer: a posted entry has no further stage, and keeps its number.
_NOT_OFFERED = ("audit", "unaudit", "renumber")
_PLACES = ("tax_code", "tax_rate", "tax_base")


class SapSandbox(VoucherSandbox):
    """SAP S/4HANA: journal entries over SOAP, read back over OData V2.

    .. versionadded:: 0.1
    """

    name = "sap-s4"
    title = "SAP S/4HANA"
    ledger_kinds: ClassVar = (*VoucherSandbox.ledger_kinds, "message", "job")
    pushes: ClassVar = ("confirmation",)
    settings_declared: ClassVar[Sequence[Setting]] = (
        Setting("user", "DOUGONG", "通信用户", "communication user"),
        Setting("password", "Dougong-S4-2026", "密码", "password", "secret"),
        Setting("client_id", "DOUGONG_OAUTH", "OAuth 客户端", "OAuth client"),
        Setting("client_secret", "Dougong-OAuth-2026", "OAuth 客户端密钥", "its secret", "secret"),
        Setting("saml_audience", "S4H_100", "SAML 断言的受众", "audience of SAML assertions"),
        Setting("idempotent", "true", "UUID 重复时返回首次应答", "a repeated UUID gets its first answer", "switch"),
        Setting("release", "2024", "发布年份; 2020 的应答元素较少", "year; 2020 answers with fewer elements", "number"),
        Setting("cancel_if_match", "true", "冲销发票须带 If-Match", "cancelling an invoice takes If-Match", "switch"),
        Setting("callback_user", "SAP", "回调用户", "user that SAP shows when it calls back"),
        Setting("callback_password", "Back-2026", "回调密码", "its password", "secret"),
        Setting("page_limit", "5000", "一页最多的行数", "most rows of one page", "number"),
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.jobs = Jobs(self, partial(work_off, self))

    @classmethod
    def project_defaults(cls) -> ProjectDefaults:
        """The communication user, and the codes of the seed."""
        known, codes = Settings(cls.settings_declared), cls.seed_file()["native"]["codes"]
        return ProjectDefaults(
            ca_setting="ca_file",
            settings={"user": known["user"]},
            secrets={"password": known["password"]},
            codes=[(table, ours, theirs) for table, rows in codes.items() for ours, theirs in rows.items()],
            standard_tables=("currency", "special_gl", "project"),
        )

    def default_seed(self) -> Mapping[str, Any]:
        """``seed.toml``, and the communication user of the settings with the other ways in."""
        s, user = self.settings, self.settings["user"]
        rows = [
            {"kind": "basic", "user": user, "password": s["password"]},
            {"kind": "oauth_client", "id": s["client_id"], "secret": s["client_secret"], "acts_as": user},
            {"kind": "client_certificate", "user": user},
        ]
        return {**self.seed_file(), "credentials": rows}

    def seed_changed(self) -> None:
        """Also who gives out tokens, once."""
        super().seed_changed()
        if not hasattr(self, "oauth"):
            self.oauth, self.csrf = OAuth(self), Csrf()

    def expire_sessions(self) -> None:
        """Every token dies with its session, those against forged requests, too."""
        super().expire_sessions()
        self.csrf.forget()

    def rows(self, entity_set: str) -> Sequence[Mapping[str, Any]]:
        """Every row of a set."""
        return rows_of(self, entity_set)

    def endpoints(self) -> Mapping[str, str]:
        """Paths of the services."""
        return {
            "base": "/",
            "journal_entry": _JOURNAL,
            "journal_entry_async": _ONE_WAY,
            "odata": "/sap/opu/odata/sap/",
            "token": TOKEN_PATH,
        }

    # what a request asks for

    def operations(self) -> Collection[str]:
        """What faults and the request log go by."""
        return ("post", "send", "invoice", "cancel", "invoices", "items", "master", "metadata", "token")

    def operation(self, request: Request) -> str:
        """Which of them a request is; the path itself where it is none."""
        if request.path in (_JOURNAL, _ONE_WAY):
            return "post" if request.path == _JOURNAL else "send"
        if request.path == TOKEN_PATH:
            return "token"
        at = read_address(request.path)
        if at is None or at.service not in SERVICES:
            return request.path
        if at.service == SERVICE and request.method == "POST":
            return "cancel" if at.set == "Cancel" else "invoice"
        return "metadata" if at.set in ("", "$metadata") else _READS.get(at.set, "master")

    def handle(self, request: Request) -> Response:
        """Who is let in first, then the service."""
        if request.path == TOKEN_PATH:
            return self.oauth.answer(request)
        user = self._user(request)
        if user is None:
            way = "Bearer" if request.headers.get("authorization", "").startswith("Bearer ") else "Basic"
            said = [("www-authenticate", f'{way} realm="SAP NetWeaver Application Server [S4H/100]"')]
            return Response(b"<html><body>Logon failed</body></html>", 401, "text/html; charset=utf-8", said)
        if not self.tokens.may_work(user):
            return Response(b"<html><body>Forbidden</body></html>", 403, "text/html; charset=utf-8")
        if request.path in (_JOURNAL, _ONE_WAY):
            return self._soap(request)
        at = read_address(request.path)
        if at is None:
            return Response(b"<html><body>Not found</body></html>", 404, "text/html; charset=utf-8")
        return self._odata(request, at)

    def _user(self, request: Request) -> str | None:
        """Who shows name and password, or a token, or has shown a certificate in the handshake and nothing since."""
        way, _, shown = request.headers.get("authorization", "").partition(" ")
        if way == "Bearer":
            return self.tokens.user(shown)
        if not way and self.settings["tls"] and self.settings["client_ca"]:
            return next((str(row["user"]) for row in self.tokens.rows("client_certificate")), None)
        user, password = name_and_password(request)
        return user if self.tokens.knows(user, password) else None

    def loggable(self, request: Request, operation: str) -> str:
        """Of a request for a token only what kind of right is asked for."""
        if operation == "token":
            return f"grant_type={request.form.get('grant_type', '')}"
        return super().loggable(request, operation)

    def _soap(self, request: Request) -> Response:
        if request.method != "POST":
            return Response(b"", 405, "text/html; charset=utf-8", [("allow", "POST")])
        call = read_soap(request)
        if call.name != REQUEST:
            return call.fault()
        return self._journal(call) if request.path == _JOURNAL else take(self, call)

    def _journal(self, call: SoapIn) -> Response:
        if is_test(call.body):
            return self._tried(call)
        uuid = (call.body.findtext("MessageHeader/UUID") or "").strip().lower()
        known = self.store.get("message", uuid) if uuid and self.settings["idempotent"] else None
        if known is not None:
            return Response(known["answer"].encode(), 200, known["content_type"])
        try:
            response = call.answer(self._of_release(post_all(self, call.body)))
        except Malformed:
            return call.fault()
        if uuid:
            self.store.put("message", uuid, {"answer": response.body.decode(), "content_type": response.content_type})
        return response

    def _tried(self, call: SoapIn) -> Response:
        try:
            return call.answer(try_all(self, call.body))
        except Malformed:
            return call.fault()

    def _of_release(self, confirmation: Any) -> Any:
        """An older system lacks an element: clients that read strictly by its own description depend on that."""
        newer = confirmation.find("ConfirmationInterfaceOrignName")
        if self.settings["release"] < 2021 and newer is not None:
            confirmation.remove(newer)
        return confirmation

    def _odata(self, request: Request, at: Address) -> Response:
        if at.service not in SERVICES:
            text = f"No service found for namespace '', name '{at.service}', version '0001'"
            return refused(at.service, 403, "/IWFND/MED/170", text)
        if (forged := self.csrf.refusal(request)) is not None:
            return forged
        if request.method not in ("GET", "HEAD"):
            return change(self, request, at)
        found = answer(request, at, self.rows, int(self.settings["page_limit"]))
        found = evolve(found, headers=[*found.headers, *self.csrf.handed_out(request)])
        return evolve(found, body=b"") if request.method == "HEAD" else found

    def compose(self, kind: str, *, forge: bool) -> Sequence[Outgoing]:
        """Confirmations of what was handed over and worked on; an event for each entry."""
        password = "somebody else's" if forge else self.settings["callback_password"]
        pair = base64.b64encode(f"{self.settings['callback_user']}:{password}".encode()).decode()
        shown = {"Authorization": f"Basic {pair}"}
        made = confirmations(self) if kind == "confirmation" else events(self) if kind == "event" else ()
        return [evolve(one, headers={**one.headers, **shown}) for one in made]

    # what the plane shows

    def business_error(self, request: Request, code: str) -> Response:
        """Any message in a confirmation (`F5 702`); of OData, in Gateway's envelope."""
        kind, _, number = code.partition(" ")
        at = read_address(request.path)
        if at is not None:
            known = code in CODES  # what nobody has described is no refusal
            return refused(at.service, 400 if known else 500, code.replace(" ", "/"), f"Error {code}")
        call: SoapIn = read_soap(request)
        if call.name != REQUEST:
            return call.fault()
        said = (f"{number}({kind})" if number else code, f"Error {code}")
        return call.answer(self._of_release((refusal if code in CODES else strange)(call.body, said)))

    def error_codes(self) -> Sequence[str]:
        """Every message that an entry may be refused with."""
        return CODES

    def as_posting(self, voucher: Record) -> dict[str, Any]:
        """One entry in the shape of interfaces.md §4; the facts of SAP's own stay out."""
        functional = voucher["currency"]
        lines = [self._line(line, functional) for line in voucher["lines"]]
        total = sum((Decimal(line["base_amount"]) for line in voucher["lines"] if line["side"] == "D"), Decimal(0))
        names = ("id", "number", "reference", "stage", "company", "book", "date", "period", "voucher_type", "currency")
        head = {name: voucher[name] for name in (*names, "attachments", "reverses")}
        kind = "supplier_invoice" if "invoice" in voucher else "journal_entry"
        return {**head, "type": kind, "total": self._text(total, functional), "lines": lines}

    def _line(self, line: Mapping[str, Any], functional: str) -> dict[str, Any]:
        shown = super()._line(line, functional)
        names = ("account", "side", "amount", "currency", "base_amount", "rate", "summary", "dimensions")
        kept = {name: shown[name] for name in (*names, "cash_flow", "coordination")}
        told = {name: None if line.get(name) is None else str(line[name]) for name in _PLACES}
        return {**kept, **told, "clears": line.get("assignment") or None}

    def hand(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """A person in SAP's own screens; what they do not offer leaves the entry as it is."""
        if order.get("action") in _NOT_OFFERED:
            order = {**{name: value for name, value in order.items() if name != "to"}, "action": "edit", "set": {}}
        return super().hand(order)
