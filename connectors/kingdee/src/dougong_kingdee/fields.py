"""The fields of GL_VOUCHER: those that the documentation names, or those that the account set itself reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dougong.hookspecs import TargetField
from dougong_kingdee.settings import KingdeeSettings

__all__ = ["documented", "from_business_info"]

#: kingdee.md §6.1: path, required, length, Chinese name.
_DOCUMENTED: tuple[tuple[str, bool, int | None, str], ...] = (
    ("FVOUCHERID", False, None, "凭证内码"),
    ("FAccountBookID.FNumber", True, None, "账簿"),
    ("FDate", True, None, "日期"),
    ("FBUSDATE", False, None, "业务日期"),
    ("FYEAR", False, None, "会计年度"),
    ("FPERIOD", False, None, "期间"),
    ("FVOUCHERGROUPID.FNumber", True, None, "凭证字"),
    ("FVOUCHERGROUPNO", False, None, "凭证号"),
    ("FATTACHMENTS", False, None, "附件数"),
    ("FISADJUSTVOUCHER", False, None, "是否调整期凭证"),
    ("FACCBOOKORGID.FNumber", False, None, "核算组织"),
    ("FSourceBillKey", False, None, "业务类型"),
    ("FSystemID", False, None, "来源系统"),
    ("FEntity.FEXPLANATION", False, 250, "摘要"),
    ("FEntity.FACCOUNTID.FNumber", True, None, "科目"),
    ("FEntity.FCURRENCYID.FNumber", True, None, "币别"),
    ("FEntity.FEXCHANGERATETYPE.FNumber", True, None, "汇率类型"),
    ("FEntity.FEXCHANGERATE", False, None, "汇率"),
    ("FEntity.FUnitId.FNumber", False, None, "单位"),
    ("FEntity.FPrice", False, None, "单价"),
    ("FEntity.FQty", False, None, "数量"),
    ("FEntity.FAMOUNTFOR", False, None, "原币金额"),
    ("FEntity.FDEBIT", False, None, "借方金额"),
    ("FEntity.FCREDIT", False, None, "贷方金额"),
    ("FEntity.FSettleTypeID.FNumber", False, None, "结算方式"),
    ("FEntity.FSETTLENO", False, None, "结算号"),
    ("FEntity.FBUSNO", False, None, "业务编号"),
    ("FEntity.FEXPORTENTRYID", False, None, "导出分录内码"),
)


def documented(settings: KingdeeSettings) -> Sequence[TargetField]:
    """The fields of the documentation, the slots of the settings and the customer's own reference field."""
    own = [] if settings.reference_in_text else [TargetField(settings.reference_field, "text", title="业务参考号")]
    named = [
        TargetField(path, required=required, max_length=length, title=title)
        for path, required, length, title in _DOCUMENTED
    ]
    return (*named, *own, *_dimensions(settings))


def from_business_info(info: Mapping[str, Any], settings: KingdeeSettings) -> Sequence[TargetField]:
    """The fields of QueryBusinessInfo's `NeedReturnData` (kingdee.md §4); references are given by number."""
    return (*_reported(info), *_dimensions(settings))


def _reported(info: Mapping[str, Any]) -> Iterator[TargetField]:
    if info.get("PkFieldName"):  # the key need not be among the fields
        yield TargetField(str(info["PkFieldName"]))
    for entry in info.get("Entrys") or ():
        prefix = "" if entry.get("Key") == "FBillHead" else f"{entry.get('Key')}."
        for field in entry.get("Fields") or ():
            if str(field.get("Key", "")).upper() == "FDETAILID":
                continue  # one object with a member per slot, told apart below
            path = f"{prefix}{field['Key']}" + (".FNumber" if field.get("LookUpObjectFormId") else "")
            required = str(field.get("MustInput")).lower() in ("1", "true")
            yield TargetField(path, str(field.get("ElementType") or ""), required, title=_title(field.get("Name")))


def _dimensions(settings: KingdeeSettings) -> Iterator[TargetField]:
    for name, slot in settings.dimension_slots.items():
        yield TargetField(f"FEntity.FDetailID.FDETAILID__{slot}.FNumber", title=name)


def _title(names: Any) -> str:
    """The Chinese name (2052) of a list of names, or a plain text as it is."""
    if isinstance(names, str):
        return names
    found = {str(item.get("Key")): str(item.get("Value") or "") for item in names or () if isinstance(item, dict)}
    return found.get("2052", next(iter(found.values()), ""))
