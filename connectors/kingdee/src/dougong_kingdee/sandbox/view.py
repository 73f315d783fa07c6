"""View's answer: the same voucher under ORM property names (kingdee.md §4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .basedata import BaseData
from .fields import VOUCHER_ENTRY, VOUCHER_HEAD, Field

__all__ = ["voucher_view"]


def voucher_view(voucher: Mapping[str, Any], data: BaseData) -> dict[str, Any]:
    """``Result.Result`` of View: keys without their leading F, references as objects beside ``X_Id``."""
    view: dict[str, Any] = {"Id": voucher["id"], "FFormId": "GL_VOUCHER", "DocumentStatus": voucher["status"]}
    for spec in VOUCHER_HEAD:
        if spec.name not in ("id", "status"):
            view |= _member(spec, voucher, data)
    view |= voucher["custom"]
    view["GL_VOUCHERENTRY"] = [_entry(line, seq, data) for seq, line in enumerate(voucher["lines"], 1)]
    return view


def _entry(line: Mapping[str, Any], seq: int, data: BaseData) -> dict[str, Any]:
    view: dict[str, Any] = {"Id": line["entry_id"], "Seq": seq}
    for spec in VOUCHER_ENTRY:
        view |= _member(spec, line, data)
    view["DC"] = 1 if line["debit"] else -1
    slots = {slot: _reference(data.slots[slot], code, data) for slot, code in line["dims"].items()}
    ids = {f"{slot}_Id": item["Id"] for slot, item in slots.items() if item}
    view["DetailID_Id"] = line["entry_id"] if slots else 0
    view["DetailID"] = {"Id": line["entry_id"], **ids, **slots} if slots else None
    return view


def _member(spec: Field, record: Mapping[str, Any], data: BaseData) -> dict[str, Any]:
    name, value = spec.key[1:], record[spec.name]
    if spec.ref:
        item = _reference(spec.ref, value, data)
        return {f"{name}_Id": item["Id"] if item else 0, name: item}
    return {name: f"{value}T00:00:00" if spec.kind == "date" and value else value}


def _reference(kind: str, code: str | None, data: BaseData) -> dict[str, Any] | None:
    item = data.find(kind, code) if code else None
    if item is None:
        return None
    name = [{"Key": 2052, "Value": item.name}]
    texts = [{"LocaleId": 2052, "Name": item.name}]
    return {"Id": item.id, "Number": item.code, "Name": name, "MultiLanguageText": texts}
