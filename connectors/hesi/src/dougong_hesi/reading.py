"""The flow that is being read: its parts, checked for their shape, and what its readers share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from dougong.model.money import is_currency
from dougong.model.problems import InputError, Problem
from dougong.model.sources import ReferenceData
from dougong_hesi.findings import Findings
from dougong_hesi.lookup import Lookup
from dougong_hesi.settings import HesiSettings
from dougong_hesi.values import HesiMoney, instant, money

__all__ = ["Fields", "Reading", "fields", "first_text", "items", "texts"]

Fields = Mapping[str, Any]


def fields(value: object, path: str) -> Fields:
    """An object of the flow; nothing at all is an empty one.

    :raises InputError: `FLOW_MALFORMED` for anything else.
    """
    if value is None or value == "":
        return {}
    if not isinstance(value, Mapping):
        raise InputError(_malformed(path, "object"))
    return value


def items(value: object, path: str) -> tuple[Fields, ...]:
    """An array of objects of the flow; nothing at all is an empty one.

    :raises InputError: `FLOW_MALFORMED` for anything else.
    """
    if value is None or value == "":
        return ()
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise InputError(_malformed(path, "array of objects"))
    return tuple(value)


def texts(value: object, path: str) -> tuple[str, ...]:
    """An array of ids of the flow; nothing at all is an empty one.

    :raises InputError: `FLOW_MALFORMED` for anything else.
    """
    if value is None or value == "":
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InputError(_malformed(path, "array of texts"))
    return tuple(value)


def first_text(form: Fields, names: tuple[str, ...]) -> tuple[str, str]:
    """Name and value of the first of these members that holds a text; two empty texts when none does."""
    return next(((name, form[name]) for name in names if isinstance(form.get(name), str) and form[name]), ("", ""))


def _malformed(path: str, wanted: str) -> Problem:
    return Problem.of(
        "FLOW_MALFORMED",
        f"合思单据的 {path} 不是 {wanted}",
        f"{path} of the flow is no {wanted}",
        path=path,
        hint_zh="请原样保存接口返回, 不要改写",
        hint_en="save the API's answer as it is",
    )


@attrs.frozen
class Reading:
    """One flow, its form and the means to explain it.

    :param flow: as Hesi answers it. :param currency: functional currency of the document.
    """

    flow: Fields
    form: Fields
    settings: HesiSettings
    zone: ZoneInfo
    findings: Findings
    lookup: Lookup
    currency: str

    @classmethod
    def of(cls, flow: Fields, settings: HesiSettings, reference: ReferenceData, connection: str) -> Reading:
        """Begin to read `flow`.

        :raises InputError: `FLOW_MALFORMED` when it does not tell which it is and whose.
        """
        form = fields(flow.get("form"), "form")
        findings = Findings(connection)
        amounts = (form.get(name) for name in ("expenseMoney", "loanMoney", "payMoney"))
        stated = (str(amount.get("standardStrCode")) for amount in amounts if isinstance(amount, Mapping))
        currency = next(filter(is_currency, stated), settings.currency)
        found = cls(flow, form, settings, ZoneInfo(settings.zone), findings, Lookup(reference, findings), currency)
        for name, value in (("id", flow.get("id")), ("corporationId", found.tenant)):
            if not isinstance(value, str) or not value:
                raise InputError(_malformed(name, "text"))
        return found

    @property
    def tenant(self) -> str:
        """The customer that the flow belongs to: as stated, else the front of its people's ids (`corp:ID`)."""
        ids = (str(key or "").partition(":") for key in (self.form.get("submitterId"), self.flow.get("ownerId")))
        return str(self.flow.get("corporationId") or next((corp for corp, colon, _ in ids if colon), ""))

    def money(self, value: object, path: str) -> HesiMoney | None:
        """A money object in the document's functional currency; anything else becomes a problem."""
        found = money(value, path, self.findings, self.currency)
        if found is not None and found.currency != self.currency:
            self.findings.add(_mixed(found.currency, self.currency).at(path))
            return None
        return found

    def amount(self, name: str) -> Decimal:
        """Functional amount of a money member of the form; zero where it is not stated."""
        found = self.money(self.form.get(name), f"form.{name}")
        return Decimal(0) if found is None else found.standard

    def instant(self, value: object) -> dt.datetime | None:
        """Epoch milliseconds as an instant in the tenant's zone."""
        return instant(value, self.zone)


def _mixed(found: str, wanted: str) -> Problem:
    return Problem.of(
        "CURRENCY_MIXED",
        f"本位币为 {found}, 而单据本位币为 {wanted}",
        f"its functional currency is {found}, the document's is {wanted}",
        hint_zh="一张单据只能有一个本位币, 请在合思中更正",
        hint_en="a document has one functional currency: correct it in Hesi",
    )
