"""What a connection to a Kingdee account set (账套, data centre) needs to know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import attrs

from dougong.model.problems import DougongError, Problem

__all__ = ["BALANCE_FIELDS", "DEFAULT_SLOTS", "PERIOD_FIELDS", "KingdeeSettings", "Login"]

Login = Literal["signature", "app_secret", "password"]

#: Our dimension → slot of `FDetailID` (kingdee.md §6.1). The FF slots differ per data centre: they are set by each
#: customer.
DEFAULT_SLOTS: Mapping[str, str] = {
    "supplier": "FFLEX4",
    "department": "FFLEX5",
    "customer": "FFLEX6",
    "employee": "FFLEX7",
    "expense_item": "FFLEX9",
    "project": "FF100002",
    "bank": "FF100003",
    "company": "FF100004",
}

#: Fields of BD_AccountBook that tell the period that a book began with and the one that it stands at. The WebAPI's
#: documentation does not name them; they are the columns of its table in public copies.
PERIOD_FIELDS: Mapping[str, str] = {
    "start_year": "FSTARTYEAR",
    "start_period": "FSTARTPERIOD",
    "year": "FCURRENTYEAR",
    "period": "FCURRENTPERIOD",
}

#: What the report of account balances calls its columns and filters; from public clients of it.
BALANCE_FIELDS: Mapping[str, str] = {
    "account": "FBALANCEID",
    "debit": "FDEBITLOCAL",
    "credit": "FCREDITLOCAL",
    "book": "FACCTBOOKID",
    "currency": "FCURRENCY",
    "start_year": "FSTARTYEAR",
    "start_period": "FSTARTPERIOD",
    "end_year": "FENDYEAR",
    "end_period": "FENDPERIOD",
    "level": "FBALANCELEVEL",
    "full_name": "FSHOWFULLNAME",
    "unposted": "FNOTPOSTVOUCHER",
}

_NEEDS: Mapping[str, tuple[str, ...]] = {
    "signature": ("app_id", "app_secret"),
    "app_secret": ("app_id", "app_secret"),
    "password": ("password",),
}


def _names(defaults: Mapping[str, str]) -> Any:
    """Names in this data centre for what we ask for; those that are not given keep their default."""

    def known_only(_: object, attribute: Any, value: Mapping[str, str]) -> None:
        if unknown := set(value) - set(defaults):
            zh, en = f"没有 {', '.join(sorted(unknown))}", f"there is no {', '.join(sorted(unknown))}"
            raise DougongError(Problem.of("SETTINGS_INVALID", zh, en, path=attribute.name))

    return attrs.field(factory=dict, converter=lambda given: {**defaults, **given}, validator=known_only)


@attrs.frozen(kw_only=True)
class KingdeeSettings:
    """Settings of one connection; the second credential (`auditor_…`) audits what the first has made.

    :param base_url: address up to and with `/k3cloud/`.
    :param acct_id: id of the data centre (账套).
    :param user: integration user that makes vouchers.
    :param login: `signature` (third-party app, signed headers), `app_secret` (LoginByAppSecret) or `password`
        (ValidateUser).
    :param app_id: id of the app, for the first two; `app_secret` its secret.
    :param password: for the third.
    :param auditor_user: the user that audits; `auditor_app_id` and the secrets default to those of the first
        credential where the same app acts for both users.
    :param lcid: language of the ERP's messages: 2052 zh-CN, 1033 en-US, 3076 traditional Chinese.
    :param org_number: organisation of signed calls; `0` is the user's own.
    :param reference_field: where our reference goes: `FEXPLANATION` = behind the first line's text (摘要), else the key
        of a text field that the customer added to the voucher's head, e.g. `F_DG_REF`.
    :param dimension_slots: our dimension → slot (弹性域) of this data centre.
    :param rate_type: number of the exchange rate type.
    :param batch: most vouchers of one BatchSave; 1 = each by itself with Save.
    :param rate_tolerance: most by which original amount × rate may differ from the amount in functional currency. What
        Kingdee takes is not documented: more is held before it is sent.
    :param period_fields: fields of the account book (账簿) with its first and its current period.
    :param balance_report: form id of the balance report (科目余额表); `balance_fields` its columns and filters.
    :param balance_scheme: id of a saved filter scheme of that report (`SchemeId`), where the server asks for one.
    :param ca_file: PEM with the authorities to trust; `client_certificate`: PEM with certificate and key.

    .. versionadded:: 0.1
    """

    base_url: str
    acct_id: str
    user: str
    login: Login = attrs.field(default="signature")
    app_id: str = ""
    app_secret: str = attrs.field(default="", repr=False)
    password: str = attrs.field(default="", repr=False)
    auditor_user: str = ""
    auditor_password: str = attrs.field(default="", repr=False)
    auditor_app_id: str = ""
    auditor_app_secret: str = attrs.field(default="", repr=False)
    lcid: int = 2052
    org_number: str = "0"
    reference_field: str = attrs.field(default="FEXPLANATION")
    dimension_slots: Mapping[str, str] = attrs.field(factory=lambda: dict(DEFAULT_SLOTS))
    rate_type: str = attrs.field(default="HLTX01_SYS")
    batch: int = attrs.field(default=1)
    rate_tolerance: Decimal = Decimal("0.05")
    period_fields: Mapping[str, str] = _names(PERIOD_FIELDS)
    balance_report: str = attrs.field(default="GL_RPT_AccountBalance")
    balance_fields: Mapping[str, str] = _names(BALANCE_FIELDS)
    balance_scheme: str = ""
    ca_file: Path | None = None
    client_certificate: Path | None = None

    @login.validator
    def _has_secrets(self, _: object, login: Login) -> None:
        missing = [name for name in _NEEDS[login] if not getattr(self, name)]
        if missing:
            zh, en = f"登录方式 {login} 需要 {', '.join(missing)}", f"login {login} needs {', '.join(missing)}"
            raise DougongError(Problem.of("SETTINGS_INVALID", zh, en, path=missing[0]))

    @reference_field.validator
    @rate_type.validator
    @dimension_slots.validator
    @period_fields.validator
    @balance_report.validator
    @balance_fields.validator
    def _is_a_key(self, attribute: Any, value: str | Mapping[str, str]) -> None:
        """These stand in queries and in the mapping: letters, digits and underscores only."""
        for text in [value] if isinstance(value, str) else [*value.keys(), *value.values()]:
            if not re.fullmatch(r"[A-Za-z0-9_]+", text, re.ASCII):
                zh, en = f"{text!r} 不是字段标识或编码", f"{text!r} is no key or code"
                raise DougongError(Problem.of("SETTINGS_INVALID", zh, en, path=attribute.name))

    @batch.validator
    def _is_a_number_of_vouchers(self, _: object, batch: int) -> None:
        if batch < 1:
            zh, en = f"batch 应至少为 1, 而不是 {batch}", f"batch is at least 1, not {batch}"
            raise DougongError(Problem.of("SETTINGS_INVALID", zh, en, path="batch"))

    @property
    def reference_in_text(self) -> bool:
        """Whether the reference shares a field with the first line's text."""
        return self.reference_field.upper() == "FEXPLANATION"

    def for_auditor(self) -> KingdeeSettings:
        """The same connection with the second credential.

        :raises DougongError: `AUDITOR_MISSING` when there is none, `SAME_MAKER_AND_CHECKER` when it is the same user.
        """
        if not self.auditor_user:
            raise DougongError(_auditor("AUDITOR_MISSING", "未配置第二凭据(审核人)", "there is no second credential"))
        if self.auditor_user == self.user:
            raise DougongError(_auditor("SAME_MAKER_AND_CHECKER", "审核人与制单人相同", "the auditor is the maker"))
        return attrs.evolve(
            self,
            user=self.auditor_user,
            password=self.auditor_password,
            app_id=self.auditor_app_id or self.app_id,
            app_secret=self.auditor_app_secret or self.app_secret,
        )

    def secrets(self) -> tuple[str, ...]:
        """Every text that must not be shown."""
        return self.app_secret, self.password, self.auditor_app_secret, self.auditor_password


def _auditor(code: str, zh: str, en: str) -> Problem:
    return Problem.of(
        code,
        zh,
        en,
        path="auditor.user",
        hint_zh="请为该连接的 auditor 配置另一个有审核权限的用户",
        hint_en="give the connection's auditor another user who may audit",
    )
