"""Invoice entities of Hesi (发票主体, 发票明细, 火车票, 航空行程单 …) as reference data (expense-side.md §1.5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from dougong.model.masterdata import MasterRecord
from dougong.model.money import plain
from dougong_hesi.values import day, exact, rate_of

__all__ = ["invoice", "is_invoice"]

_MAIN, _LINE = "发票主体", "发票明细"
_PREFIX = "E_system_"
#: Our name → the entity's field names; which of them exist depends on the entity.
_TEXTS = {
    "type": ("发票类别",),
    "code": ("发票代码",),
    "number": ("发票号码", "电子客票号码", "号码"),
    "buyer": ("购买方名称",),
    "buyer_tax_number": ("购买方纳税人识别号",),
    "seller": ("销售方名称",),
    "traveller": ("乘车人姓名", "乘机人姓名"),
}
_AMOUNTS = {
    "gross": ("价税合计", "金额"),
    "net": ("发票金额",),
    "tax": ("税额",),
    "fare": ("票价",),
    "fuel": ("燃油附加费",),
    "fund": ("民航发展基金",),
    "other_taxes": ("税费",),
    "insurance": ("保险费",),
}
_DATES = ("发票日期", "乘车时间", "乘机时间")


def is_invoice(item: Mapping[str, Any]) -> bool:
    """Whether an item is an invoice entity or one of its lines."""
    return str(item.get("entityId") or "").startswith("system_") or any(key.startswith(_PREFIX) for key in item)


def invoice(item: Mapping[str, Any], zone: ZoneInfo) -> Iterator[MasterRecord]:
    """One invoice, ticket or invoice line, with the facts that accounting needs and nothing else.

    The traveller's name stays, since only own staff's tickets are deductible; addresses and bank accounts go.

    :raises InputError: `AMOUNT_INVALID` when an amount is none.
    """
    entity = _entity(item)
    fields = {key.removeprefix(f"{_PREFIX}{entity}_"): value for key, value in item.items()}
    if entity == _LINE:
        yield _line(item, fields)
        return
    data: dict[str, Any] = {"entity": entity, "currency": _currency(fields)}
    for name, labels in _TEXTS.items():
        data[name] = next((str(fields[label]) for label in labels if fields.get(label) not in (None, "")), None)
    for name, labels in _AMOUNTS.items():
        data[name] = next((amount for label in labels if (amount := _amount(fields.get(label))) is not None), None)
    date = next((date for label in _DATES if (date := day(fields.get(label), zone)) is not None), None)
    verified = fields.get("验真")
    data |= {
        "date": None if date is None else date.isoformat(),
        "verified": verified if isinstance(verified, bool) else None,
        "deductible": item.get("E_是否抵扣"),
        "deductible_tax": _amount(item.get("E_税额")),
        "rate": _rate(item.get("E_税率")),
    }
    known = {name: value for name, value in data.items() if value is not None}
    yield MasterRecord("invoice", item["id"], data.get("number") or "", entity, True, known)


def _line(item: Mapping[str, Any], fields: Mapping[str, Any]) -> MasterRecord:
    data = {
        "invoice": item.get("masterId"),
        "net": _amount(fields.get("金额")),
        "tax": _amount(fields.get("税额")),
        "rate": _rate(fields.get("税率")),
    }
    known = {name: value for name, value in data.items() if value is not None}
    return MasterRecord("invoice_line", item["id"], "", str(fields.get("name") or ""), True, known)


def _entity(item: Mapping[str, Any]) -> str:
    """The entity's name: as stated, else the prefix of its fields (others may mix in, 发票主体 above all)."""
    stated = str(item.get("entityId") or "").removeprefix("system_")
    if stated:
        return stated
    prefixes = [key.removeprefix(_PREFIX).partition("_")[0] for key in item if key.startswith(_PREFIX)]
    return next((prefix for prefix in prefixes if prefix != _MAIN), _MAIN)


def _currency(fields: Mapping[str, Any]) -> str | None:
    codes = (value.get("standardStrCode") for value in fields.values() if isinstance(value, Mapping))
    return next((str(code) for code in codes if code), None)


def _amount(value: object) -> str | None:
    stated = value.get("standard") if isinstance(value, Mapping) else value
    return None if stated in (None, "") else plain(exact(stated))


def _rate(value: object) -> str | None:
    rate: Decimal | None = rate_of(value)
    return None if rate is None else plain(rate)
