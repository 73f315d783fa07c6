"""What a connection to an S/4HANA system needs to know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import attrs

from dougong.model.problems import DougongError, Problem, Text

__all__ = ["ACCOUNT_DIMENSIONS", "TITLE", "SapSettings", "WayIn"]

#: How we let ourselves in.
WayIn = Literal["basic", "certificate", "oauth", "saml"]
#: What each way needs.
_NEEDS: Mapping[WayIn, tuple[str, ...]] = {
    "basic": ("user", "password"),
    "certificate": ("certificate",),
    "oauth": ("client_id", "client_secret"),
    "saml": ("user", "client_id", "client_secret", "certificate", "saml_issuer", "saml_audience"),
}

#: What people call the ERP, in Chinese and English.
TITLE = Text("SAP S/4HANA", "SAP S/4HANA")

_SFIN = "http://sap.com/xi/SAPSCORE/SFIN"
#: Beginning of an account's number → dimensions that its lines take; the longest that fits counts. No public API tells
#: it (SAP keeps it in field status groups), so this is the usual Chinese chart, for each customer to correct.
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


def _is_a_name(_: object, attribute: Any, value: str) -> None:
    """Stands in the mapping between quotes."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,12}", value, re.ASCII):
        zh, en = f"{value!r} 应为 1 至 12 位字母或数字", f"{value!r} should be 1 to 12 letters or digits"
        raise DougongError(Problem.of("SETTINGS_INVALID", zh, en, path=attribute.name))


@attrs.frozen(kw_only=True)
class SapSettings:
    """Settings of one connection.

    :param base_url: address of the API host, `https://my300000-api.s4hana.cloud.sap/`.
    :param target: what a voucher becomes: `JOURNAL_ENTRY` or `SUPPLIER_INVOICE`. Who wants both makes two connections
        to the same system, and routes by document type and moment.
    :param auth: `basic` (user and password), `certificate` (X.509, in the TLS handshake), `oauth` (client credentials)
        or `saml` (a user's right, by a signed assertion).
    :param user: communication user; with `saml` the business user in whose name we post. :param password: of `basic`.
    :param certificate: PEM with a certificate and its private key: what the handshake shows, or with `saml` what
        assertions are signed with (RSA). :param certificate_password: of an encrypted key.
    :param client_id: OAuth client. :param client_secret: its secret.
    :param scope: what is asked for, where SAP wants it.
    :param token_path: path of the token endpoint.
    :param saml_issuer: what the trusted identity provider is called in SAP, whose key `certificate` holds.
    :param saml_audience: SAP's local provider name, e.g. `S4H_100`.
    :param saml_recipient: address of the token endpoint as SAP knows it, where that is not `base_url` + `token_path`.
    :param saml_name_format: last part of the format of `NameID`, with its version.
    :param created_by: who is written into each entry as its creator (CreatedByUser), at most 12 characters.
    :param client: `sap-client` of an on-premise system; empty = its default.
    :param sender: our business system (SenderBusinessSystemID), as the communication system names it.
    :param journal_path: path of "Journal Entry - Post"; on premise it is what SOAMANAGER says.
    :param odata_path: path that the OData services stand below.
    :param wsdl: the file that your own system exports, for fields that the shipped one lacks.
    :param binding: name of its binding; by default its first.
    :param batch: most entries in one message; with `mode = "async"` always one.
    :param mode: `sync` = posted while we wait; `async` = handed over, and confirmed at our door.
    :param async_path: path of the asynchronous "Journal Entry - Post". :param async_action: its SOAP action.
    :param exactly_once: SAP takes a message once by its id, so it may be sent again; else it is searched for first.
    :param poll_after: seconds after which SAP is asked for an entry that it has not confirmed yet.
    :param callback_user: who SAP's confirmations and events come from. :param callback_password: its secret.
    :param simulate: have SAP try each entry as a test (TestDataIndicator) in `plan` and before it is sent.
    :param reversal_reason: SAP's reason for reversals (Customizing); empty = a voucher is taken back by an ordinary
        entry on the other side.
    :param account_dimensions: beginning of an account's number → dimensions that its lines take; the longest counts.
    :param account_currencies: likewise, foreign currencies that an account is kept in. An entry has one currency, so a
        voucher with lines of both kinds is held; without this setting each is booked in functional currency.
    :param ca_file: PEM with the authorities to trust, instead of the system's.

    .. versionadded:: 0.1
    """

    base_url: str
    target: Literal["JOURNAL_ENTRY", "SUPPLIER_INVOICE"] = "JOURNAL_ENTRY"
    auth: WayIn = attrs.field(default="basic")
    user: str = ""
    password: str = attrs.field(default="", repr=False)
    certificate: Path | None = None
    certificate_password: str = attrs.field(default="", repr=False)
    client_id: str = ""
    client_secret: str = attrs.field(default="", repr=False)
    scope: str = ""
    token_path: str = "sap/bc/sec/oauth2/token"  # noqa: S105 - where tokens are asked for
    saml_issuer: str = ""
    saml_audience: str = ""
    saml_recipient: str = ""
    saml_name_format: str = "1.1:nameid-format:unspecified"
    created_by: str = attrs.field(default="DOUGONG", validator=_is_a_name)
    client: str = ""
    sender: str = "DOUGONG"
    journal_path: str = "sap/bc/srt/scs_ext/sap/journalentrycreaterequestconfi"
    odata_path: str = "sap/opu/odata/sap"
    wsdl: Path | None = None
    binding: str = ""
    batch: int = attrs.field(default=1, validator=attrs.validators.ge(1))
    mode: Literal["sync", "async"] = "sync"
    async_path: str = "sap/bc/srt/scs_ext/sap/journalentrybulkcreationreques"
    async_action: str = f"{_SFIN}/JournalEntryBulkCreationRequest_In/JournalEntryBulkCreationRequest_InRequest"
    exactly_once: bool = True
    poll_after: float = attrs.field(default=30.0, validator=attrs.validators.gt(0))
    callback_user: str = "SAP"
    callback_password: str = attrs.field(default="", repr=False)
    simulate: bool = False
    reversal_reason: str = attrs.field(default="01", validator=attrs.validators.max_len(2))
    account_dimensions: Mapping[str, tuple[str, ...]] = attrs.field(factory=lambda: dict(ACCOUNT_DIMENSIONS))
    account_currencies: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    ca_file: Path | None = None

    @auth.validator
    def _has_what_it_needs(self, _: object, auth: WayIn) -> None:
        missing = [name for name in _NEEDS[auth] if not getattr(self, name)]
        if missing:
            zh, en = f"登录方式 {auth} 需要 {', '.join(missing)}", f"auth {auth} needs {', '.join(missing)}"
            raise DougongError(Problem.of("SETTINGS_INVALID", zh, en, path=missing[0]))

    def dimensions_of(self, account: str) -> tuple[str, ...]:
        """What the lines of an account take, by our names."""
        return _longest(self.account_dimensions, account)

    def currencies_of(self, account: str) -> tuple[str, ...]:
        """Foreign currencies that an account is kept in."""
        return _longest(self.account_currencies, account)


def _longest(table: Mapping[str, tuple[str, ...]], account: str) -> tuple[str, ...]:
    """The row whose beginning fits best; SAP writes numbers with or without leading zeros."""
    fitting = [start for start in table if account.lstrip("0").startswith(start)]
    return tuple(table[max(fitting, key=len)]) if fitting else ()
