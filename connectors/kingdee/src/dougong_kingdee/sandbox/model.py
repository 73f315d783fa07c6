"""``Model`` of a Save, read into a voucher record (kingdee.md §4 save options, §6.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from attrs import frozen

from dougong_sdk.sandbox import Record

from .basedata import BaseData
from .body import truth
from .envelope import KingdeeError, Problem
from .fields import VOUCHER_ENTRY, VOUCHER_HEAD, Field

__all__ = ["Model", "new_line", "new_voucher"]

_DECIMAL = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?", re.ASCII)
_DIMENSION_PREFIX = "FDETAILID__"
_ENTITY = "FENTITY"
_MAX_DIGITS = 23  # digits before the point; more is no amount but a mistake
_ALIASES = {"FNUMBER": "FBILLNO"}  # sources differ on the name of the number (kingdee.md §6.1)


def new_voucher(identity: int, user: str, now: str) -> Record:
    """An empty voucher."""
    made = {"id": identity, "status": "A", "creator": user, "created": now, "system": "GL"}
    return {**_EMPTY_HEAD, **made, "custom": {}, "lines": []}


def new_line(identity: int) -> Record:
    """An empty entry line."""
    return {**_EMPTY_LINE, "entry_id": identity, "dims": {}}


_EMPTY: dict[str, Any] = {
    "text": "",
    "int": 0,
    "money": Decimal(0),
    "decimal": Decimal(0),
    "flag": False,
    "date": "",
    "time": None,
    "ref": None,
}
_EMPTY_HEAD, _EMPTY_LINE = (
    {spec.name: _EMPTY[spec.kind.partition(":")[0]] for spec in fields} for fields in (VOUCHER_HEAD, VOUCHER_ENTRY)
)
_HEAD = {spec.upper: spec for spec in VOUCHER_HEAD if spec.given}
_ENTRY = {spec.upper: spec for spec in VOUCHER_ENTRY}


@frozen
class Model:
    """One document of a Save request.

    Keys count whatever their letter case; unknown ones, also those without the leading F, are ignored in silence,
    as the real server does.

    :param raw: the JSON object.
    :param data: base data that references are looked up in.
    :param by_number: references by number (else by internal id).
    :param only: upper-case keys of NeedUpDateFields; empty = all fields count.
    """

    raw: Mapping[str, Any]
    data: BaseData
    by_number: bool = True
    only: frozenset[str] = frozenset()

    @property
    def identity(self) -> int:
        """FVOUCHERID; 0 = new."""
        value = _upper(self.raw).get("FVOUCHERID")
        return _int(value, "FVOUCHERID") if value not in (None, "") else 0

    def head_of(self, voucher: Record) -> Record:
        """``voucher`` with the head fields that are given."""
        given = self._chosen(_upper(self.raw))
        for alias, key in _ALIASES.items():
            if alias in given:
                given.setdefault(key, given[alias])
        changed = dict(voucher)
        if "FDATE" in given:
            changed["year"] = changed["period"] = 0  # of the new date, unless they are given too
        for key, value in given.items():
            if (spec := _HEAD.get(key)) is not None:
                changed[spec.name] = self._value(spec, value)
        custom = {key: given[key.upper()] for key in self.data.native.get("header_fields", []) if key.upper() in given}
        changed["custom"] = {**voucher["custom"], **{key: str(value or "") for key, value in custom.items()}}
        return changed

    def lines_of(self, voucher: Record, new_id: Callable[[], int], *, delete_missing: bool) -> list[Record]:
        """The entry lines after this Save: given ones replace or follow those with the same FEntryID."""
        given = _upper(self.raw).get(_ENTITY)
        if given is None or (self.only and _ENTITY not in self.only):
            return list(voucher["lines"])
        if not isinstance(given, list) or not all(isinstance(line, Mapping) for line in given):
            raise KingdeeError(8, Problem("参数 FEntity 必须是对象数组", "FEntity"))
        old = {line["entry_id"]: line for line in voucher["lines"]}
        lines: list[Record] = []
        for raw in given:
            entry_id = _int(_upper(raw).get("FENTRYID") or 0, "FEntryID")
            base = old.pop(entry_id, None)
            if entry_id and base is None:
                raise KingdeeError(10, Problem(f"分录 {entry_id} 在系统中不存在", "FEntryID"))
            lines.append(self._line(raw, base or new_line(new_id())))
        return lines if delete_missing else [*old.values(), *lines]

    def _line(self, raw: Mapping[str, Any], line: Record) -> Record:
        given = _upper(raw)
        changed = dict(line)
        for key, value in given.items():
            if (spec := _ENTRY.get(key)) is not None:
                changed[spec.name] = self._value(spec, value)
        if "FDETAILID" in given:
            changed["dims"] = self._dimensions(given["FDETAILID"])
        return changed

    def _chosen(self, given: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in given.items() if key in self.only} if self.only else given

    def _dimensions(self, value: Any) -> dict[str, str]:
        """``FDetailID`` as slots and codes; values may still be unknown, the rules look at them."""
        if value in (None, "", {}):
            return {}
        if not isinstance(value, Mapping):
            raise KingdeeError(4, Problem("无法将类型为“JSONArray”的对象强制转换为类型“JSONObject”", "FDetailID"))
        found = {}
        for key, reference in _upper(value).items():
            slot = key.removeprefix(_DIMENSION_PREFIX)
            if not key.startswith(_DIMENSION_PREFIX) or slot not in self.data.slots:
                continue
            code = self._reference(Field(key, slot, "ref:" + self.data.slots[slot], slot), reference)
            if code is not None:
                found[slot] = code
        return found

    def _value(self, spec: Field, value: Any) -> Any:
        if spec.ref:
            return self._reference(spec, value)
        match spec.kind:
            case "money" | "decimal":
                return Decimal(0) if value in (None, "") else _decimal(value, spec.key)
            case "int":
                return 0 if value in (None, "") else _int(value, spec.key)
            case "flag":
                return truth(value)
            case "date":
                return "" if value in (None, "") else _date(value, spec.key)
        return "" if value is None else str(value)

    def _reference(self, spec: Field, value: Any) -> str | None:
        """The code that a reference names, known or not; the rules judge it."""
        if value in (None, "", {}):
            return None
        if not isinstance(value, Mapping):
            raise KingdeeError(8, Problem(f"字段“{spec.title}”必须是带 FNumber 的对象", spec.key))
        members = {str(key).upper().removeprefix("F"): item for key, item in value.items()}
        if not self.by_number or ("ID" in members and "NUMBER" not in members):
            item = self.data.find_id(spec.ref, _int(members.get("ID", 0), spec.key))
            if item is None:
                raise KingdeeError(9, Problem(f"内码[{members.get('ID')}]不存在", spec.key))
            return item.code
        named = next((members[key] for key in ("NUMBER", "STAFFNUMBER", "USERID", "NAME") if key in members), None)
        return None if named in (None, "") else str(named)


def _upper(mapping: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key).upper(): value for key, value in mapping.items()}


def _decimal(value: Any, key: str) -> Decimal:
    text = str(value)
    number = Decimal(text) if not isinstance(value, bool) and _DECIMAL.fullmatch(text) else None
    if number is None or number.adjusted() >= _MAX_DIGITS:
        raise KingdeeError(9, Problem(f"字段 {key} 的值 {text[:40]} 不是数字", key))
    return number


def _int(value: Any, key: str) -> int:
    number = _decimal(value, key)
    if number != number.to_integral_value():
        raise KingdeeError(9, Problem(f"字段 {key} 的值 {value} 不是整数", key))
    return int(number)


def _date(value: Any, key: str) -> str:
    match = _DATE.fullmatch(str(value))
    try:
        return date.fromisoformat(match.group(1) if match else "").isoformat()
    except ValueError:
        raise KingdeeError(9, Problem(f"字段 {key} 的值 {value} 不是日期", key)) from None
