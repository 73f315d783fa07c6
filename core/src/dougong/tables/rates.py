"""Exchange rates as people keep them in `tables/rates.csv` (interfaces.md §3): no fallback to another day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from dougong.model.money import CONTEXT, is_currency, parse_decimal
from dougong.model.problems import InputError, Problem
from dougong.tables.decisions import TableError, read_date

if TYPE_CHECKING:
    from dougong.tables.files import Table

__all__ = ["Rate", "Rates"]

#: The rate type that counts for a whole month; its rows are dated on the 1st.
MONTH_START = "month_start"
_KEY = tuple[str, str, str, dt.date]
_COLUMNS = ("from", "to", "type", "date", "per", "rate")


@attrs.frozen
class Rate:
    """A rate from the table.

    :param value: functional units per one foreign unit: the quotation divided by its unit (`per` = 100 for JPY).
    :param row: its row in the file.
    """

    value: Decimal
    row: int


@attrs.frozen
class Rates:
    """All rates of a project.

    .. versionadded:: 0.1
    """

    path: str = "tables/rates.csv"
    _rows: Mapping[_KEY, Rate] = attrs.field(factory=dict, repr=False, hash=False)

    @classmethod
    def from_table(cls, table: Table, path: str) -> Rates:
        """Read `from,to,type,date,per,→rate,note`.

        :raises TableError: with every problem: a missing column, an unknown currency, a rate that is no plain positive
            decimal, a row that stands twice.
        """
        columns = {cell.strip().removeprefix("→").strip(): cell for cell in table.header}
        absent = [name for name in _COLUMNS if name not in columns]
        if absent:
            raise TableError(_problem(path, 1, f"缺少列 {', '.join(absent)}", f"columns missing: {', '.join(absent)}"))
        rows: dict[_KEY, Rate] = {}
        problems: list[Problem] = []
        for row in table.rows:
            cells = {name: row.cells.get(raw, "").strip() for name, raw in columns.items()}
            if not any(cells.values()):
                continue
            try:
                key, value = _read_row(cells)
            except InputError as error:
                (wrong,) = error.problems
                problems.append(_problem(path, row.number, wrong.message.zh, wrong.message.en))
                continue
            if key in rows:
                other = rows[key].row
                problems.append(_problem(path, row.number, f"与第 {other} 行重复", f"same rate as row {other}"))
            rows[key] = Rate(value, row.number)
        if problems:
            raise TableError(problems)
        return cls(path, rows)

    def find(self, currency: str, functional: str, kind: str, on: dt.date) -> Rate | None:
        """The rate of `kind` for a business date, or `None`.

        :param kind: `month_start` is the row of the 1st of the month of `on`; any other (`spot`) that day's row.
        """
        day = on.replace(day=1) if kind == MONTH_START else on
        return self._rows.get((currency, functional, kind, day))


def _read_row(cells: Mapping[str, str]) -> tuple[_KEY, Decimal]:
    """:raises InputError: the first thing that is wrong with the row."""
    try:
        day = read_date(cells["date"])
    except ValueError:
        raise _wrong(f"日期 {cells['date']!r} 有误", f"{cells['date']!r} is no date") from None
    if day is None:
        raise _wrong("缺少日期", "the date is blank")
    if cells["type"] == MONTH_START and day.day != 1:
        raise _wrong(
            f"{MONTH_START} 的日期须为当月 1 日, 不是 {day}: 其他日期不会被用到",
            f"{MONTH_START} stands on the 1st of a month, not on {day}: any other day is never looked up",
        )
    for name in ("from", "to"):
        if not is_currency(cells[name]):
            raise _wrong(f"未知币种 {cells[name]!r}", f"unknown currency {cells[name]!r}")
    per, rate = parse_decimal(cells["per"] or "1"), parse_decimal(cells["rate"])
    if per <= 0 or rate <= 0:
        raise _wrong("per 与 rate 须为正数", "per and rate must be positive")
    return (cells["from"], cells["to"], cells["type"], day), CONTEXT.divide(rate, per)


def _wrong(zh: str, en: str) -> InputError:
    return InputError(Problem.of("RATE_TABLE", zh, en))


def _problem(path: str, row: int, zh: str, en: str) -> Problem:
    return Problem.of(
        "RATE_TABLE",
        f"{path} 第 {row} 行: {zh}",
        f"{path} row {row}: {en}",
        path=f"{path}:{row}",
        hint_zh="列: from,to,type,date,per,→rate,note; 汇率写成文本, 如 0.9125",
        hint_en="columns: from,to,type,date,per,→rate,note; rates as text such as 0.9125",
    )
