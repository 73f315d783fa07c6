"""What a customer decides about their Hesi tenant; everything has a default that guesses nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from zoneinfo import ZoneInfo

import attrs

from dougong.model.money import is_currency

__all__ = ["HesiSettings"]

CodeOrId = Literal["code", "id"]
FeeTypeWord = Literal["code", "name", "id"]
MissingInvoice = Literal["hold", "none"]


def _one_of(*choices: str) -> Any:
    def check(_: Any, attribute: attrs.Attribute[str], value: str) -> None:
        if value not in choices:
            raise ValueError(f"{attribute.name}: {value!r} is none of {', '.join(choices)}")

    return check


def _zone(_: Any, attribute: attrs.Attribute[str], value: str) -> None:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f"{attribute.name}: unknown time zone {value!r}, write Asia/Shanghai (a system without zones needs tzdata)"
        ) from None


def _currency(_: Any, attribute: attrs.Attribute[str], value: str) -> None:
    if not is_currency(value):
        raise ValueError(f"{attribute.name}: {value!r} is no ISO 4217 code")


@attrs.frozen(kw_only=True)
class HesiSettings:
    """Settings of one Hesi connection.

    :param zone: the tenant's time zone; epoch milliseconds become business dates in it (canonical-model.md §2).
    :param currency: functional currency of a flow that states no amount at all.
    :param entities: id of a legal entity or tenant (`corporationId`) → our entity. List a tenant only when all of it is
        one entity. A flow's own legal entity is looked up first.
    :param suppliers: payee id (`payeeInfos`) → supplier code, since a Hesi payee has no code.
    :param company_payer: supplier code of whoever paid what the company paid itself (企业统付: `companyRealPay`).
    :param invoice_kinds: Hesi's invoice type code or entity → the customer's word; adds to the defaults.
    :param employee: `code` (工号) or `id`, for tenants that leave 工号 empty or use it twice.
    :param department: `code` or `id`.
    :param fee_type: which word the tables use for a fee type: `code`, `name` or `id`.
    :param project_fields: form fields that hold a project, by their name in Hesi.
    :param entity_fields: form fields that hold the legal entity.
    :param supplier_fields: form fields that hold the supplier.
    :param missing_invoice: `hold` a line whose invoice is promised but not there (待开发票, only a picture), or book it
        as having `none`.

    .. versionadded:: 0.1
    """

    zone: str = attrs.field(default="Asia/Shanghai", validator=_zone)
    currency: str = attrs.field(default="CNY", validator=_currency)
    entities: Mapping[str, str] = attrs.field(factory=dict)
    suppliers: Mapping[str, str] = attrs.field(factory=dict)
    company_payer: str = ""
    invoice_kinds: Mapping[str, str] = attrs.field(factory=dict)
    employee: CodeOrId = attrs.field(default="code", validator=_one_of("code", "id"))
    department: CodeOrId = attrs.field(default="code", validator=_one_of("code", "id"))
    fee_type: FeeTypeWord = attrs.field(default="code", validator=_one_of("code", "name", "id"))
    project_fields: tuple[str, ...] = ("项目",)
    entity_fields: tuple[str, ...] = ("legalEntity", "法人实体")
    supplier_fields: tuple[str, ...] = ("供应商",)
    missing_invoice: MissingInvoice = attrs.field(default="hold", validator=_one_of("hold", "none"))
