"""Decision tables: several keys, `*`, validity dates; the most specific row wins (posting-rules.md §4).

Key columns stand left of the first `→`, result columns right of it, then `valid_from`, `valid_to`, `note`. A row that
cannot be told for certain, or two that contradict each other, stop those alone who would have been answered by them.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from dougong.model.problems import DougongError, Problem, Text
from dougong.tables.decision_rows import ANY, EMPTY, EMPTY_WORDS, Rule, is_empty, read_row, tie, ties

if TYPE_CHECKING:
    from dougong.tables.files import Table

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
]

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
    """A table, or the rows that were asked for, cannot be used as they are; every problem names file and row."""


def key_text(keys: Mapping[str, str | None]) -> Text:
    """The key values as people read them: `费用类型=差旅费 部门性质=研发 项目性质=(空)`."""
    return Text(
        " ".join(f"{KEY_TITLES.get(name, name)}={value or EMPTY}" for name, value in keys.items()),
        " ".join(f"{name}={value or EMPTY_WORDS[1]}" for name, value in keys.items()),
    )


@attrs.frozen
class Decision:
    """The row that a lookup has found.

    :param row: its number in the file, as a person counts (header = 1).
    :param values: result columns, without arrow.
    """

    row: int
    values: Mapping[str, str] = attrs.field(hash=False)


@attrs.frozen
class DecisionTable:
    """A decision table, ready for lookups.

    :param name: its name in the rules (`expense_account`); `path` the file, for messages.
    :param keys: key columns; `results` result columns.
    :param faults: row → what is wrong with it. :param contradictions: rows of which neither comes first, pair by pair.
    :param unreadable: why nothing of the file can be read; whoever asks the table is told.

    .. versionadded:: 0.1
    """

    name: str
    path: str
    keys: tuple[str, ...]
    results: tuple[str, ...]
    _rules: tuple[Rule, ...] = attrs.field(repr=False, hash=False)
    faults: Mapping[int, tuple[Problem, ...]] = attrs.field(factory=dict, repr=False, hash=False)
    contradictions: tuple[Problem, ...] = attrs.field(default=(), repr=False)
    unreadable: tuple[Problem, ...] = attrs.field(default=(), repr=False)
    _patterns: Mapping[tuple[int, tuple[str, ...]], Mapping[tuple[str, ...], Sequence[Rule]]] = attrs.field(
        init=False, repr=False, hash=False, eq=False
    )
    #: What was looked up before: most documents of a company ask the same few questions.
    _found: dict[tuple[object, ...], Decision] = attrs.field(factory=dict, init=False, repr=False, eq=False)

    @_patterns.default
    def _by_pattern(self) -> dict[tuple[int, tuple[str, ...]], dict[tuple[str, ...], list[Rule]]]:
        """Rules by which keys they name, most specific first, then by the values of those keys."""
        out: dict[tuple[int, tuple[str, ...]], dict[tuple[str, ...], list[Rule]]] = {}
        for rule in sorted(self._rules, key=lambda rule: (-rule.rank, rule.number)):
            kind = (rule.rank, tuple(rule.named))
            out.setdefault(kind, {}).setdefault(tuple(rule.named.values()), []).append(rule)
        return out

    @classmethod
    def from_table(cls, table: Table, name: str, path: str) -> DecisionTable:
        """Read a table; rows that are wrong, and ties, are among its `problems`.

        :raises TableError: no column of the header is a result.
        """
        columns = [cell.strip() for cell in table.header]
        arrow = next((at for at, cell in enumerate(columns) if cell.startswith("→")), 0)
        if not arrow:
            raise TableError(_no_arrow(path))
        keys = tuple(columns[:arrow])
        named = {raw: cell.removeprefix("→").strip() for raw, cell in zip(table.header, columns, strict=True)}
        results = tuple(named[raw] for raw in table.header[arrow:] if named[raw] not in _FREE)
        rules: list[Rule] = []
        faults: dict[int, tuple[Problem, ...]] = {}
        for row in table.rows:
            cells = {named[raw]: value.strip() for raw, value in row.cells.items() if raw in named}
            doubtful = frozenset(named[raw] for raw in row.doubtful)
            made, wrong = read_row(row, cells, keys, results, doubtful, path)
            rules += made
            if wrong:
                faults[row.number] = tuple(wrong)
        certain = [rule for rule in rules if rule.number not in faults]
        return cls(name, path, keys, results, tuple(rules), faults, tuple(ties(certain, path)))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that is wrong with its rows, for `dougong check`."""
        return (*self.unreadable, *itertools.chain.from_iterable(self.faults.values()), *self.contradictions)

    def with_faults(self, found: Mapping[int, tuple[Problem, ...]]) -> DecisionTable:
        """The same table, of which these rows cannot be used either. :param found: row → why."""
        return attrs.evolve(self, faults={**self.faults, **found}) if found else self

    def lookup(self, keys: Mapping[str, str | None], on: dt.date) -> Decision | None:
        """The most specific row that fits.

        :param keys: value per key column; `None` or blank = no value, which only `*` and `(空)` fit.
        :param on: business date.
        :raises TableError: that row is wrong, or another one contradicts it; or no row can be read at all.
        """
        if self.unreadable:
            raise TableError(self.unreadable)
        given = {key: keys.get(key) or EMPTY for key in self.keys}
        question = (on, *given.values())
        found = self._found.get(question)
        if found is None and (found := self._search(given, on)) is not None:
            if len(self._found) >= _MOST_FOUND:
                self._found.clear()
            self._found[question] = found
        return found

    def _search(self, given: Mapping[str, str], on: dt.date) -> Decision | None:
        fitting: list[Rule] = []
        for (rank, pattern), rows in self._patterns.items():
            if fitting and rank < fitting[0].rank:
                break
            same = rows.get(tuple(given[key] for key in pattern), ())
            fitting += (rule for rule in same if rule.holds(on))
        if not fitting:
            return None
        wrong = [problem for rule in fitting for problem in self.faults.get(rule.number, ())]
        first = fitting[0]
        wrong = wrong or [tie(self.path, first.number, one.number) for one in fitting if one.values != first.values]
        if wrong:
            raise TableError(dict.fromkeys(wrong))
        return Decision(first.number, first.values)

    def decisions(self, since: dt.date = dt.date.min) -> Iterator[Decision]:
        """What the table may answer, from a business date on, in the order of the file; without rows that are wrong."""
        for rule in sorted(self._certain(), key=lambda rule: rule.number):
            if rule.valid_to >= since:
                yield Decision(rule.number, rule.values)

    def entries(self) -> Iterator[tuple[tuple[str, ...], Mapping[str, str]]]:
        """Every row as its key values (`*` where it names none) and its results; without rows that are wrong."""
        for rule in self._certain():
            yield tuple(rule.named.get(key, ANY) for key in self.keys), rule.values

    def _certain(self) -> Iterator[Rule]:
        return (rule for rule in self._rules if rule.number not in self.faults)


def _no_arrow(path: str) -> Problem:
    return Problem.of(
        "TABLE_COLUMNS",
        f"{path}: 表头没有 → 列, 分不清条件与结果",
        f"{path}: no column of the header starts with →, so keys and results cannot be told apart",
        path=path,
        hint_zh="条件列在左, 结果列名前加 →, 如 fee_type,→account,valid_from,valid_to,note",
        hint_en="keys left, results right with an arrow, e.g. fee_type,→account,valid_from,valid_to,note",
    )
