"""Decision tables: several keys, `*`, validity dates; the most specific row wins (posting-rules.md §4).

Key columns stand left of the first `→`, result columns right of it, then `valid_from`, `valid_to`, `note`.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from dougong.model.problems import DougongError, Problem, Text

if TYPE_CHECKING:
    from dougong.tables.files import Row, Table

__all__ = [
    "ANY",
    "EMPTY",
    "EMPTY_WORDS",
    "KEY_TITLES",
    "Decision",
    "DecisionTable",
    "TableError",
    "is_empty",
    "key_text",
    "read_date",
]

ANY = "*"
#: An input method writes the second one, and no fee type is called so.
_ANY = (ANY, "＊")
#: How a table and a message write "no value"; a blank key cell is refused: it could mean either.
EMPTY = "(空)"
#: The same in the words of who fills a table in, zh and en; whatever is written means no value.
EMPTY_WORDS = (EMPTY, "(empty)")
_EMPTY = (*EMPTY_WORDS, "（空）")
_FREE = ("valid_from", "valid_to", "note")
#: Answers remembered per table.
_MOST_FOUND = 10_000
#: What people call the key columns.
KEY_TITLES: Mapping[str, str] = {
    "fee_type": "费用类型",
    "department": "部门",
    "department_kind": "部门性质",
    "project": "项目",
    "project_kind": "项目性质",
    "invoice_kind": "票种",
    "payment_account": "付款账户",
    "currency": "币种",
    "account": "科目",
    "buyer": "抬头",
}


class TableError(DougongError):
    """A table cannot be used as it is: columns, dates, blank keys or ties; every problem names file and row."""


def is_empty(cell: str) -> bool:
    """Whether a key cell says that there is no value."""
    return cell in _EMPTY


def key_text(keys: Mapping[str, str | None]) -> Text:
    """The key values as people read them: `费用类型=差旅费 部门性质=研发 项目性质=(空)`."""
    return Text(
        " ".join(f"{KEY_TITLES.get(name, name)}={value or EMPTY}" for name, value in keys.items()),
        " ".join(f"{name}={value or EMPTY_WORDS[1]}" for name, value in keys.items()),
    )


def read_date(text: str) -> dt.date | None:
    """A validity date `2026-01-01`; blank means without limit.

    :raises ValueError: for anything else.
    """
    return dt.date.fromisoformat(text) if text else None


@attrs.frozen
class Decision:
    """The row that a lookup has found.

    :param row: its number in the file, as a person counts (header = 1).
    :param values: result columns, without arrow.
    """

    row: int
    values: Mapping[str, str] = attrs.field(hash=False)


@attrs.frozen
class _Rule:
    """A row, read. `named` are the keys that are not `*`."""

    number: int
    named: Mapping[str, str]
    values: Mapping[str, str]
    valid_from: dt.date
    valid_to: dt.date

    def holds(self, on: dt.date) -> bool:
        return self.valid_from <= on <= self.valid_to

    def meets(self, other: _Rule) -> bool:
        """Whether some keys and some day fit both rows."""
        shared = self.named.keys() & other.named.keys()
        return (
            all(self.named[key] == other.named[key] for key in shared)
            and self.valid_from <= other.valid_to
            and other.valid_from <= self.valid_to
        )


@attrs.frozen
class DecisionTable:
    """A decision table, ready for lookups.

    :param name: its name in the rules (`expense_account`); `path` the file, for messages.
    :param keys: key columns; `results` result columns.

    .. versionadded:: 0.1
    """

    name: str
    path: str
    keys: tuple[str, ...]
    results: tuple[str, ...]
    _patterns: Mapping[tuple[str, ...], Mapping[tuple[str, ...], Sequence[_Rule]]] = attrs.field(repr=False, hash=False)
    #: What was looked up before: most documents of a company ask the same few questions.
    _found: dict[tuple[object, ...], Decision] = attrs.field(factory=dict, init=False, repr=False, eq=False)

    @classmethod
    def from_table(cls, table: Table, name: str, path: str) -> DecisionTable:
        """Read and check a table.

        :raises TableError: with every problem of the file: no arrow, bad dates, blank keys, ties with both row numbers.
        """
        columns = [cell.strip() for cell in table.header]
        arrow = next((at for at, cell in enumerate(columns) if cell.startswith("→")), 0)
        if not arrow:
            raise TableError(_no_arrow(path))
        keys = tuple(columns[:arrow])
        named = {raw: cell.removeprefix("→").strip() for raw, cell in zip(table.header, columns, strict=True)}
        results = tuple(named[raw] for raw in table.header[arrow:] if named[raw] not in _FREE)
        problems: list[Problem] = []
        rules: list[_Rule] = []
        for row in table.rows:
            cells = {named[raw]: value.strip() for raw, value in row.cells.items() if raw in named}
            rules += _read_row(row, cells, keys, results, path, problems)
        problems += _ties(rules, path)
        if problems:
            raise TableError(problems)
        return cls(name, path, keys, results, _by_pattern(rules))

    def lookup(self, keys: Mapping[str, str | None], on: dt.date) -> Decision | None:
        """The most specific row that fits.

        :param keys: value per key column; `None` or blank = no value, which only `*` and `(空)` fit.
        :param on: business date.
        """
        given = {key: keys.get(key) or EMPTY for key in self.keys}
        question = (on, *given.values())
        found = self._found.get(question)
        if found is None and (found := self._search(given, on)) is not None:
            if len(self._found) >= _MOST_FOUND:
                self._found.clear()
            self._found[question] = found
        return found

    def _search(self, given: Mapping[str, str], on: dt.date) -> Decision | None:
        for pattern, rows in self._patterns.items():
            for rule in rows.get(tuple(given[key] for key in pattern), ()):
                if rule.holds(on):
                    return Decision(rule.number, rule.values)
        return None

    def decisions(self, since: dt.date = dt.date.min) -> Iterator[Decision]:
        """What the table may answer, from a business date on, in the order of the file."""
        rules = (rule for rows in self._patterns.values() for rule in itertools.chain.from_iterable(rows.values()))
        for rule in sorted(rules, key=lambda rule: rule.number):
            if rule.valid_to >= since:
                yield Decision(rule.number, rule.values)

    def entries(self) -> Iterator[tuple[tuple[str, ...], Mapping[str, str]]]:
        """Every row as its key values (`*` where it names none) and its results, in no particular order."""
        for rows in self._patterns.values():
            for rule in itertools.chain.from_iterable(rows.values()):
                yield tuple(rule.named.get(key, ANY) for key in self.keys), rule.values


def _read_row(
    row: Row,
    cells: Mapping[str, str],
    keys: tuple[str, ...],
    results: tuple[str, ...],
    path: str,
    problems: list[Problem],
) -> Iterator[_Rule]:
    """The row as a rule; nothing for a row without any value."""
    if not any(cells.values()):
        return
    blank = [key for key in keys if not cells.get(key)]
    if blank:
        problems.append(_blank_key(path, row.number, blank))
        return
    try:
        valid_from = read_date(cells.get("valid_from", "")) or dt.date.min
        valid_to = read_date(cells.get("valid_to", "")) or dt.date.max
    except ValueError as error:
        problems.append(_bad_date(path, row.number, str(error)))
        return
    if valid_from > valid_to:
        problems.append(_bad_date(path, row.number, f"{valid_from} > {valid_to}"))
        return
    named = {key: EMPTY if is_empty(cells[key]) else cells[key] for key in keys if cells[key] not in _ANY}
    yield _Rule(row.number, named, {name: cells.get(name, "") for name in results}, valid_from, valid_to)


def _by_pattern(rules: Sequence[_Rule]) -> dict[tuple[str, ...], dict[tuple[str, ...], list[_Rule]]]:
    """Rules by which keys they name, most specific first, then by the values of those keys."""
    out: dict[tuple[str, ...], dict[tuple[str, ...], list[_Rule]]] = {}
    for rule in sorted(rules, key=lambda rule: (-len(rule.named), rule.number)):
        out.setdefault(tuple(rule.named), {}).setdefault(tuple(rule.named.values()), []).append(rule)
    return out


def _ties(rules: Sequence[_Rule], path: str) -> Iterator[Problem]:
    """Equally specific rows that overlap with different results, joined on the keys that both patterns name."""
    patterns: dict[tuple[str, ...], list[_Rule]] = {}
    for rule in rules:
        patterns.setdefault(tuple(rule.named), []).append(rule)
    for one, two in itertools.combinations_with_replacement(patterns, 2):
        if len(one) != len(two):
            continue
        shared = [key for key in one if key in two]
        index: dict[tuple[str, ...], list[_Rule]] = {}
        for rule in patterns[one]:
            index.setdefault(tuple(rule.named[key] for key in shared), []).append(rule)
        for right in patterns[two]:
            for left in index.get(tuple(right.named[key] for key in shared), ()):
                ordered = left.number < right.number or one != two
                if ordered and left.values != right.values and left.meets(right):
                    yield _tie(path, *sorted((left.number, right.number)))


def _no_arrow(path: str) -> Problem:
    return Problem.of(
        "TABLE_COLUMNS",
        f"{path}: 表头没有 → 列, 分不清条件与结果",
        f"{path}: no column of the header starts with →, so keys and results cannot be told apart",
        path=path,
        hint_zh="条件列在左, 结果列名前加 →, 如 fee_type,→account,valid_from,valid_to,note",
        hint_en="keys left, results right with an arrow, e.g. fee_type,→account,valid_from,valid_to,note",
    )


def _blank_key(path: str, row: int, blank: Sequence[str]) -> Problem:
    names = ", ".join(blank)
    return Problem.of(
        "TABLE_KEY_BLANK",
        f"{path} 第 {row} 行: 条件列 {names} 为空",
        f"{path} row {row}: key {names} is blank",
        path=f"{path}:{row}",
        hint_zh=f"任意值写 {ANY}, 没有值写 {EMPTY}",
        hint_en=f"write {ANY} for any value, {EMPTY_WORDS[1]} for no value",
    )


def _bad_date(path: str, row: int, detail: str) -> Problem:
    return Problem.of(
        "TABLE_DATE",
        f"{path} 第 {row} 行: 有效期有误: {detail}",
        f"{path} row {row}: validity dates are wrong: {detail}",
        path=f"{path}:{row}",
        hint_zh="写成 2026-01-01, valid_from 不晚于 valid_to",
        hint_en="write 2026-01-01, valid_from not after valid_to",
    )


def _tie(path: str, first: int, second: int) -> Problem:
    return Problem.of(
        "TABLE_TIE",
        f"{path} 第 {first} 行与第 {second} 行同样具体, 有重叠而结果不同",
        f"{path} rows {first} and {second} are equally specific, overlap and give different results",
        path=f"{path}:{first}",
        hint_zh="补一行更具体的条件不够: 请改其中一行的条件或有效期",
        hint_en="change the keys or the validity of one of them",
        first=str(first),
        second=str(second),
    )
