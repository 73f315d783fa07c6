"""What a connection to an Oracle Fusion pod needs to know."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import attrs

from dougong.model.problems import DougongError, Problem, Text

__all__ = ["ACCOUNT_DIMENSIONS", "SEGMENTS", "TITLE", "OracleSettings"]

#: What people call the ERP, in Chinese and English.
TITLE = Text("Oracle Fusion Cloud ERP", "Oracle Fusion Cloud ERP")

#: What each segment of the chart of accounts holds: `entity`, `account`, or a dimension, by our names.
SEGMENTS = ("entity", "account", "department", "employee", "supplier", "project", "bank", "company")

#: Beginning of an account's number → dimensions that its lines take; the longest that fits counts. Fusion keeps it in
#: cross-validation rules, which no public API tells, so this is the usual Chinese chart, for each customer to correct.
ACCOUNT_DIMENSIONS: Mapping[str, tuple[str, ...]] = {
    "1002": ("bank",),
    "1221": ("employee",),
    "122109": ("company",),
    "2202": ("supplier",),
    "2241": ("employee",),
    "224109": ("company",),
    "5101": ("department",),
    "5301": ("department", "project"),
    "6601": ("department",),
    "6602": ("department",),
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MOST_SEGMENTS = 30

Login = Literal["basic", "oauth", "assertion", "jwt"]
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "basic": ("user", "password"),
    "oauth": ("token_url", "client_id", "client_secret"),
    "assertion": ("token_url", "client_id", "client_secret", "user", "private_key"),
    "jwt": ("user", "issuer", "private_key", "certificate"),
}


def _invalid(name: str, zh: str, en: str) -> DougongError:
    return DougongError(Problem.of("SETTINGS_INVALID", zh, en, path=name))


def _are_segments(_: object, attribute: Any, value: tuple[str, ...]) -> None:
    """Each stands in the mapping between quotes, and once."""
    named = all(re.fullmatch(r"[a-z][a-z_]*", one, re.ASCII) for one in value)
    if not named or len(set(value)) < len(value) or "account" not in value or len(value) > _MOST_SEGMENTS:
        zh = "段结构应为至多 30 个不重复的名称, 其中含 account"
        raise _invalid(attribute.name, zh, "segments are at most 30 different names, account among them")


def _is_plain(_: object, attribute: Any, value: str) -> None:
    """Stands in the mapping between quotes."""
    if not re.fullmatch(r"[^'\"\\{}\r\n]{1,25}", value):
        zh, en = f"{value!r} 应为 1 至 25 个字符, 不含引号", f"{value!r} should be 1 to 25 characters without quotes"
        raise _invalid(attribute.name, zh, en)


@attrs.frozen(kw_only=True)
class OracleSettings:
    """Settings of one connection.

    :param base_url: address of the pod, `https://example.fa.us2.oraclecloud.com/`.
    :param login: `basic` (user and password), `oauth` (client credentials), `assertion` (a user's right, by an
        assertion that the client signs), `jwt` (a token of our own, where the pod trusts our certificate).
    :param user: integration user; not for `oauth`. :param password: its secret, for `basic`.
    :param token_url: address of the token endpoint, for `oauth` and `assertion`.
    :param client_id: of the client there. :param client_secret: its secret.
    :param scope: what is asked for there.
    :param audience: what that server is called in an assertion.
    :param issuer: who signs (`iss`), for `jwt` and `assertion`; by default the client.
    :param private_key: RSA key in PEM to sign with. :param certificate: PEM file with the certificate of that key.
    :param source: name of the journal source that our journals have.
    :param data_access_set: id of the data access set that Import Journals runs with; `#NULL` = the user's own.
    :param target: what vouchers become: `journals`, or payables `invoices` (of a supplier each).
    :param business_unit: name of the one that invoices are made in. :param business_unit_id: its id.
    :param ledger_id: id of its ledger. :param site: of the suppliers. :param terms: of payment.
    :param segments: what each segment of the chart of accounts holds, in order: `entity`, `account`, or a dimension.
    :param separator: between the segments of an account combination.
    :param unused: value of a segment that a line has nothing for.
    :param period_name: how the calendar names its periods: `MMM` = `Nov`, `MM` = `11`, `YYYY` = `2026`, `YY` = `26`.
    :param value_sets: kind of master data → code of the value set that holds it.
    :param batch: most vouchers in one file.
    :param poll_after: seconds until a job is asked for first.
    :param import_seconds: longest that an import is at work. Where its answer was lost nobody knows its job, and
        nothing of it is taken for absent before.
    :param account_dimensions: beginning of an account's number → dimensions that its lines take; the longest counts.
    :param account_currencies: likewise, foreign currencies that an account is kept in. A journal has one currency, so
        a voucher with lines of both kinds is held; without this setting each is booked in functional currency.
    :param transport: of imports and their jobs: `rest` (erpintegrations) or `soap` (ErpIntegrationService).
    :param soap_path: path of ErpIntegrationService.
    :param rest_path: path of the REST resources, with their version.
    :param import_account: account of the content server that files for Import Journals are put into.
    :param notify_url: address that the pod calls when an import has ended; empty = none.
    :param pod_certificate: PEM of the certificate that its calls are signed with.
    :param ca_file: PEM with the authorities to trust, instead of the system's.

    .. versionadded:: 0.1
    """

    base_url: str
    login: Login = "basic"
    user: str = ""
    password: str = attrs.field(default="", repr=False)
    token_url: str = ""
    client_id: str = ""
    client_secret: str = attrs.field(default="", repr=False)
    scope: str = ""
    audience: str = "https://identity.oraclecloud.com/"
    issuer: str = ""
    private_key: str = attrs.field(default="", repr=False)
    certificate: Path | None = None
    source: str = attrs.field(default="Spreadsheet", validator=_is_plain)
    data_access_set: str = "#NULL"
    target: Literal["journals", "invoices"] = "journals"
    business_unit: str = ""
    business_unit_id: str = ""
    ledger_id: str = ""
    site: str = "MAIN"
    terms: str = "Immediate"
    segments: tuple[str, ...] = attrs.field(default=SEGMENTS, validator=_are_segments)
    separator: str = "."
    unused: str = attrs.field(default="0", validator=_is_plain)
    period_name: str = "MMM-YY"
    value_sets: Mapping[str, str] = attrs.field(factory=lambda: {"account": "Account", "department": "Cost Center"})
    batch: int = attrs.field(default=200, validator=attrs.validators.ge(1))
    poll_after: float = attrs.field(default=15.0, validator=attrs.validators.gt(0))
    import_seconds: float = attrs.field(default=3600.0, validator=attrs.validators.ge(0))
    account_dimensions: Mapping[str, tuple[str, ...]] = attrs.field(factory=lambda: dict(ACCOUNT_DIMENSIONS))
    account_currencies: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    transport: Literal["rest", "soap"] = "rest"
    soap_path: str = "fscmService/ErpIntegrationService"
    rest_path: str = "fscmRestApi/resources/11.13.18.05"
    import_account: str = "fin$/generalLedger$/import$"
    notify_url: str = ""
    pod_certificate: str = ""
    ca_file: Path | None = None

    def __attrs_post_init__(self) -> None:
        self._demand(f"登录方式 {self.login}", f"login {self.login}", _NEEDS[self.login])
        if self.target == "invoices":
            self._demand("发票", "target invoices", ("business_unit", "business_unit_id", "ledger_id"))

    def _demand(self, zh: str, en: str, names: Sequence[str]) -> None:
        missing = [name for name in names if not getattr(self, name)]
        if missing:
            named = ", ".join(missing)
            raise _invalid(missing[0], f"{zh} 需要 {named}", f"{en} needs {named}")

    def dimensions_of(self, account: str) -> tuple[str, ...]:
        """What the lines of an account take, by our names."""
        return _longest(self.account_dimensions, account)

    def currencies_of(self, account: str) -> tuple[str, ...]:
        """Foreign currencies that an account is kept in."""
        return _longest(self.account_currencies, account)

    def name_of(self, period: str) -> str:
        """How the calendar names a period (`2026-11`)."""
        year, month = period.split("-")
        words = {"MMM": _MONTHS[int(month) - 1], "MM": month, "YYYY": year, "YY": year[2:]}
        return re.sub("MMM|MM|YYYY|YY", lambda found: words[found[0]], self.period_name)

    def read_combination(self, text: str) -> dict[str, str]:
        """What an account combination holds, by the names of `segments`; nothing for a segment that is unused."""
        values = dict(zip(self.segments, text.split(self.separator), strict=False))
        return {name: value for name, value in values.items() if not self.is_unused(value)}

    def is_unused(self, value: str) -> bool:
        """Whether a segment's value stands for nothing."""
        return not value.strip("0") or value == self.unused


def _longest(table: Mapping[str, tuple[str, ...]], account: str) -> tuple[str, ...]:
    """The row whose beginning fits best."""
    fitting = [start for start in table if account.startswith(start)]
    return tuple(table[max(fitting, key=len)]) if fitting else ()
