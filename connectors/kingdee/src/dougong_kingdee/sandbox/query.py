"""ExecuteBillQuery, BillQuery and QueryBusinessInfo over any form (kingdee.md §4, §4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from .body import whole_number
from .envelope import KingdeeError, operation_result, status
from .fields import Column, Form, Row
from .filters import read_filter, read_order

__all__ = ["business_info", "query"]


def query(form: Form, data: Mapping[str, Any], page_limit: int) -> tuple[list[Column], list[list[Any]]]:
    """The columns asked for and the rows: one per bill, or one per entry line once an entry field is involved.

    :param page_limit: the most rows that one call answers.
    :raises KingdeeError: MsgCode 9 for an unknown field, 8 without FieldKeys.
    """
    keys = data.get("FieldKeys") or ""
    names = [str(key) for key in keys] if isinstance(keys, list) else str(keys).split(",")
    columns = [form.column(name) for name in names if name.strip()]
    if not columns:
        raise KingdeeError(8, "参数 FieldKeys 不能为空")
    wanted = read_filter(data.get("FilterString"), form)
    orders = read_order(data.get("OrderString"), form)
    entries = wanted.entry or any(column.entry for column in (*columns, *(order.column for order in orders)))
    rows = [row for row in form.rows(entries) if wanted.accepts(*row)]
    for order in reversed(orders):  # sorting is stable: the first term counts most
        rows.sort(key=partial(_sort_key, order.column), reverse=order.descending)
    top = whole_number(data.get("TopRowCount"))
    start, limit = whole_number(data.get("StartRow")), whole_number(data.get("Limit"))
    if min(top, start, limit) < 0:
        raise KingdeeError(8, "StartRow、Limit、TopRowCount 不能为负数")
    page = rows[: top or None][start : start + min(limit or page_limit, page_limit)]
    return columns, [[column.get(*row) for column in columns] for row in page]


def _sort_key(column: Column, row: Row) -> tuple[bool, Any]:
    value = column.get(*row)
    return (value is not None, 0 if value is None else value)


def business_info(form: Form) -> dict[str, Any]:
    """The answer of QueryBusinessInfo."""
    entries = [(False, "FBillHead", "单据头")]
    if form.entry_key:
        entries.append((True, form.entry_key, form.entry_title))
    described = [
        {
            "Key": key,
            "EntryName": key,
            "ParentKey": "" if key == "FBillHead" else "FBillHead",
            "Name": [{"Key": 2052, "Value": title}],
            "Fields": [_field_info(column) for column in form.columns.values() if column.entry == entry],
        }
        for entry, key, title in entries
    ]
    info = {
        "Id": form.id,
        "Name": [{"Key": 2052, "Value": form.title}],
        "PkFieldName": form.key,
        "Entrys": described,
        "Operations": [],
    }
    return operation_result(status(), NeedReturnData=info)


def _field_info(column: Column) -> dict[str, Any]:
    return {
        "Key": column.key,
        "Name": [{"Key": 2052, "Value": column.title}],
        "FieldType": column.kind,
        "ElementType": 0,
        "MustInput": int(column.must),
        "LookUpObjectFormId": column.ref or None,
        "IsViewVisible": True,
        "Extends": None,
    }
