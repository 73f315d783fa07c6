"""Exchange rates as people keep them in `tables/rates.csv` (interfaces.md §3): no fallback to another day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from dougong.model.money import CONTEXT, is_currency, parse_decimal, plain
from dougong.model.problems import InputError, Problem, Text
from dougong.tables.cells import DAY_HINT, no_day, read_day
from dougong.tables.decision_rows import row_problem
from dougong.tables.decisions import TableError

if TYPE_CHECKING:
    from dougong.tables.files import Row, Table

__all__ = ["Rate", "Rates"]

#: The rate type that counts for a whole month; its rows are dated on the 1st.
MONTH_START = "month_start"
#: From, to, type, date; of a row that is wrong, `None` for what cannot be read.
_KEY = tuple[str | None, str | None, str | None, dt.date | None]
_COLUMNS = ("from", "to", "type", "date", "per", "rate")
_HINT = Text(
    "列: from,to,type,date,per,→rate,note; 汇率写成文本, 如 0.9125",
    "columns: from,to,type,date,per,→rate,note; rates as text such as 0.9125",
)


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

    :param problems: rows that are wrong and rows that contradict each other, for `dougong check`.

    .. versionadded:: 0.1
    """

    path: str = "tables/rates.csv"
    _rows: Mapping[_KEY, Rate] = attrs.field(factory=dict, repr=False, hash=False)
    _faults: Mapping[_KEY, tuple[Problem, ...]] = attrs.field(factory=dict, repr=False, hash=False)

    @classmethod
    def unreadable(cls, path: str, problems: Sequence[Problem]) -> Rates:
        """A file of which no row can be read: whoever asks for a rate is told why."""
        return cls(path, {}, {(None, None, None, None): tuple(problems)})

    @classmethod
    def from_table(cls, table: Table, path: str) -> Rates:
        """Read `from,to,type,date,per,→rate,note`; what is wrong with a row is among the `problems`.

        :raises TableError: a column is missing.
        """
        columns = {cell.strip().removeprefix("→").strip(): cell for cell in table.header}
        if absent := ", ".join(name for name in _COLUMNS if name not in columns):
            told = Text(f"缺少列 {absent}", f"columns missing: {absent}")
            raise TableError(row_problem("RATE_TABLE", path, 1, told, _HINT))
        rows: dict[_KEY, Rate] = {}
        faults: dict[_KEY, tuple[Problem, ...]] = {}
        for row in table.rows:
            cells = {name: row.cells.get(raw, "").strip() for name, raw in columns.items()}
            if not row.problems and not any(cells.values()):
                continue
            key, rate, problems = _read_row(row, cells, path)
            known = rows.get(key)
            if rate is not None and known is not None and known.value != rate.value:
                problems = [_twice(path, key, known, rate)]
            if problems:
                faults[key] = (*faults.get(key, ()), *problems)
            elif rate is not None:
                rows.setdefault(key, rate)
        return cls(path, rows, faults)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """In the order of the file, as far as one row is concerned."""
        return tuple(problem for problems in self._faults.values() for problem in problems)

    def find(self, currency: str, functional: str, kind: str, on: dt.date) -> Rate | None:
        """The rate of `kind` for a business date, or `None`.

        :param kind: `month_start` is the row of the 1st of the month of `on`; any other (`spot`) that day's row.
        :raises TableError: rows contradict each other, or the one that is missing may be one that cannot be read.
        """
        key: _KEY = (currency, functional, kind, on.replace(day=1) if kind == MONTH_START else on)
        found = self._rows.get(key)
        wrong = [
            problem
            for said, problems in self._faults.items()
            if said == key or (found is None and _may_be(said, key))
            for problem in problems
        ]
        if wrong:
            raise TableError(wrong)
        return found


def _may_be(said: _KEY, key: _KEY) -> bool:
    return all(one in (None, other) for one, other in zip(said, key, strict=True))


def _read_row(row: Row, cells: Mapping[str, str], path: str) -> tuple[_KEY, Rate | None, list[Problem]]:
    """What a row is about, its rate, and what is wrong with it."""
    problems = [attrs.evolve(one, facts={"file": path, "row": str(row.number)}) for one in row.problems]
    doubtful = {column.removeprefix("→").strip() for column in row.doubtful}
    known = {name: None if name in doubtful else cells[name] for name in ("from", "to", "type")}
    day, wrong = (None, None) if "date" in doubtful else _day(cells)
    kind = known["type"]
    told = [wrong, *(_unknown_currency(cells[name]) for name in ("from", "to") if name not in doubtful)]
    if kind == MONTH_START and day is not None and day.day != 1:
        told.append(
            Text(
                f"{MONTH_START} 的日期须为当月 1 日, 不是 {day}: 其他日期不会被用到",
                f"{MONTH_START} stands on the 1st of a month, not on {day}: any other day is never looked up",
            )
        )
        day = day.replace(day=1)
    rate = None
    if doubtful.isdisjoint(("per", "rate")):
        rate, bad = _rate(cells, row.number)
        told.append(bad)
    hint = DAY_HINT if wrong else _HINT
    problems += (row_problem("RATE_TABLE", path, row.number, one, hint) for one in told if one is not None)
    return (known["from"], known["to"], kind, day), rate, problems


def _day(cells: Mapping[str, str]) -> tuple[dt.date | None, Text | None]:
    if not cells["date"]:
        return None, Text("缺少日期", "the date is blank")
    try:
        return read_day(cells["date"]), None
    except ValueError:
        return None, no_day("date", cells["date"])


def _unknown_currency(code: str) -> Text | None:
    return None if is_currency(code) else Text(f"未知币种 {code!r}", f"unknown currency {code!r}")


def _rate(cells: Mapping[str, str], row: int) -> tuple[Rate | None, Text | None]:
    try:
        per, rate = parse_decimal(cells["per"] or "1"), parse_decimal(cells["rate"])
    except InputError as error:
        return None, error.problems[0].message
    if per <= 0 or rate <= 0:
        return None, Text("per 与 rate 须为正数", "per and rate must be positive")
    return Rate(CONTEXT.divide(rate, per), row), None


def _twice(path: str, key: _KEY, first: Rate, second: Rate) -> Problem:
    """Two rates for one day: which one counts, nobody has said."""
    what = f"{key[0]}→{key[1]} {key[2]} {key[3]}"
    values = f"{plain(first.value)}, {plain(second.value)}"
    return Problem.of(
        "RATE_TWICE",
        f"{path} 第 {first.row} 行与第 {second.row} 行都是 {what}, 汇率不同: {values}",
        f"{path} rows {first.row} and {second.row} both give {what}, with different rates: {values}",
        path=f"{path}:{second.row}",
        hint_zh="请删去其中一行",
        hint_en="remove one of them",
        file=path,
        first=str(first.row),
        second=str(second.row),
    )
