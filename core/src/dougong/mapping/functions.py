"""Functions that only mappings have: code tables, dimensions, and texts that must fit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from dougong.expressions import STANDARD, Function, Kind, Parameter, fit
from dougong.expressions.errors import failed, refused
from dougong.expressions.functions import same
from dougong.expressions.kinds import NUMBER, TEXT, members
from dougong.model.codes import Codes
from dougong.model.problems import Problem, Text

__all__ = ["FUNCTIONS"]


def _code(value: str | None, table: str, codes: Codes, on: dt.date) -> str | None:
    if value is None:
        return None
    found = codes.lookup(table, value, on)
    if found is None:
        raise unmapped(table, value, codes, on)
    return found


def unmapped(table: str, value: str, codes: Codes, on: dt.date) -> Exception:
    """The error for a code without a row; it says which row is missing and where it may stand."""
    scopes = ", ".join(getattr(codes, "scopes", ())) or "*"
    error = failed(
        f"码表 {table} 中没有 {value} 在 {on} 的编码",
        f"table {table} has no row for {value} on {on}",
        code="CODE_UNMAPPED",
        hint_zh=f"在码表中加一行: table={table}, scope={scopes} 之一, ours={value}; 然后 dougong codes import",
        hint_en=f"add a row: table={table}, scope one of {scopes}, ours={value}; then dougong codes import",
    )
    only = error.problems[0]
    facts = {"table": table, "code": value, "date": on.isoformat(), "scopes": scopes}
    error.problems = (Problem(only.code, only.message, only.path, only.hint, facts),)
    return error


def _dimension(line: Any, name: str) -> str | None:
    found: str | None = line.dimensions.get(name) if line is not None else None
    return found


def _has_dimensions(kinds: Sequence[Kind]) -> Kind:
    if not all("dimensions" in members(cls) for cls in kinds[0].classes):
        zh, en = kinds[0].title
        raise refused(f"{zh} 没有辅助核算", f"{en} has no dimensions", code="EXPRESSION_TYPE")
    return TEXT.or_none()


def _summary(text: str | None, max: int, keep: Any = ()) -> str | None:
    if text is None:
        return None
    parts = (keep,) if isinstance(keep, str) else tuple(keep or ())
    fitting = fit(text, max, parts)
    if fitting is None:
        shown = ", ".join(parts)
        raise failed(
            f"摘要须保留的部分 ({shown}) 超过 {max} 字",
            f"the parts of the summary that must stay ({shown}) do not fit into {max} characters",
            code="SUMMARY_TOO_LONG",
            hint_zh="减少 keep 中的内容",
            hint_en="keep less",
        )
    return fitting


def _room(value: Any) -> Text | None:
    if type(value) is int and 1 <= value <= 4_000:
        return None
    return Text("max 须为 1 至 4000 的整数", "max is a whole number from 1 to 4000")


_OWN = (
    Function(
        "code",
        _code,
        (Parameter("value", (TEXT,)), Parameter("table", (TEXT,), literal=True)),
        same,
        Text("ERP 的编码, 按码表和凭证日期; 无行则 CODE_UNMAPPED", "the ERP's code by table and voucher date"),
        context=("_codes", "_on"),
    ),
    Function(
        "dimension",
        _dimension,
        (Parameter("line", (Kind("object"),)), Parameter("name", (TEXT,), literal=True)),
        _has_dimensions,
        Text("分录的一个辅助核算, 如 'department'", "one dimension of a line, such as 'department'"),
    ),
    Function(
        "summary",
        _summary,
        (
            Parameter("text", (TEXT,)),
            Parameter("max", (NUMBER,), literal=True, verify=_room),
            Parameter("keep", (TEXT, Kind("list", item=TEXT)), ()),
        ),
        same,
        Text("摘要截短到 max 字, keep 的部分保持完整", "the text in max characters, the parts in keep whole"),
    ),
)

#: Every function of a mapping, by name.
FUNCTIONS: Mapping[str, Function] = {**STANDARD, **{function.name: function for function in _OWN}}
