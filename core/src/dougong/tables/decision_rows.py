"""Rows of decision tables: what each says, and what is wrong with it; a bad row is told and stays, with its doubt."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from dougong.model.problems import Problem, Text
from dougong.tables.cells import DAY_HINT, no_day, read_day

if TYPE_CHECKING:
    from dougong.tables.files import Row

__all__ = ["ANY", "EMPTY", "EMPTY_WORDS", "Rule", "is_empty", "read_row", "row_problem", "tie", "ties"]

ANY = "*"
#: An input method writes the second one, and no fee type is called so.
_ANY = (ANY, "＊")
#: How a table and a message write "no value"; a blank key cell is refused: it could mean either.
EMPTY = "(空)"
#: The same in the words of who fills a table in, zh and en; whatever is written means no value.
EMPTY_WORDS = (EMPTY, "(empty)")
_EMPTY = (*EMPTY_WORDS, "（空）")


def is_empty(cell: str) -> bool:
    """Whether a cell says that there is no value."""
    return cell in _EMPTY


@attrs.frozen
class Rule:
    """A row, read. A row that cannot be told for certain is several: everything that it may mean.

    :param named: keys that are not `*`. :param rank: how specific it is, or may be.
    """

    number: int
    named: Mapping[str, str]
    values: Mapping[str, str]
    valid_from: dt.date
    valid_to: dt.date
    rank: int

    def holds(self, on: dt.date) -> bool:
        """Whether it counts on a business date."""
        return self.valid_from <= on <= self.valid_to

    def meets(self, other: Rule) -> bool:
        """Whether some keys and some day fit both rows."""
        shared = self.named.keys() & other.named.keys()
        return (
            all(self.named[key] == other.named[key] for key in shared)
            and self.valid_from <= other.valid_to
            and other.valid_from <= self.valid_to
        )


def read_row(
    row: Row, cells: Mapping[str, str], keys: Sequence[str], results: Sequence[str], doubtful: frozenset[str], path: str
) -> tuple[list[Rule], list[Problem]]:
    """What a row may mean, and why that is not certain; nothing for a row without any value.

    :param cells: by column, without arrow. :param doubtful: columns whose cells may mean something else.
    """
    problems = [attrs.evolve(one, facts={"file": path, "row": str(row.number)}) for one in row.problems]
    if not problems and not any(cells.values()):
        return [], []
    blank = [key for key in keys if not cells.get(key) and key not in doubtful]
    if blank:
        problems.append(_blank_key(path, row.number, blank))
    days, wrong = _days(cells, doubtful)
    problems += (row_problem("TABLE_DATE", path, row.number, told, DAY_HINT) for told in wrong)
    valid_from, valid_to = days
    if valid_from > valid_to:
        told = Text(f"valid_from {valid_from} 晚于 valid_to {valid_to}", f"valid_from {valid_from} is after {valid_to}")
        hint = Text("valid_from 须不晚于 valid_to", "valid_from is not after valid_to")
        problems.append(row_problem("TABLE_DATE", path, row.number, told, hint))
        valid_from, valid_to = dt.date.min, dt.date.max
    values = {name: "" if is_empty(cell) else cell for name in results for cell in (cells.get(name, ""),)}
    meanings = (_meanings(cells.get(key, ""), doubtful=key in doubtful) for key in keys)
    made = []
    for one in itertools.product(*meanings):
        named = {key: value for key, value in zip(keys, one, strict=True) if value not in _ANY and value != ""}
        rank = len(named) + one.count("")
        made.append(Rule(row.number, named, values, valid_from, valid_to, rank))
    return made, problems


def _meanings(cell: str, *, doubtful: bool) -> tuple[str, ...]:
    """What a key cell may mean: a blank one is `*` or `(空)`; one that cannot be read is some value, which is ''."""
    if doubtful:
        return ("",)
    if not cell:
        return (ANY, EMPTY)
    return (EMPTY if is_empty(cell) else cell,)


def _days(cells: Mapping[str, str], doubtful: frozenset[str]) -> tuple[tuple[dt.date, dt.date], list[Text]]:
    """First and last day, and what is wrong with them; a day that cannot be read limits nothing."""
    found, wrong = [], []
    for name, unlimited in (("valid_from", dt.date.min), ("valid_to", dt.date.max)):
        text = cells.get(name, "")
        day = unlimited
        if text and name not in doubtful:
            try:
                day = read_day(text)
            except ValueError:
                wrong.append(no_day(name, text))
        found.append(day)
    return (found[0], found[1]), wrong


def ties(rules: Sequence[Rule], path: str) -> Iterator[Problem]:
    """Equally specific rows that overlap with different results, joined on the keys that both patterns name."""
    patterns: dict[tuple[str, ...], list[Rule]] = {}
    for rule in rules:
        patterns.setdefault(tuple(rule.named), []).append(rule)
    for one, two in itertools.combinations_with_replacement(patterns, 2):
        if len(one) != len(two):
            continue
        shared = [key for key in one if key in two]
        index: dict[tuple[str, ...], list[Rule]] = {}
        for rule in patterns[one]:
            index.setdefault(tuple(rule.named[key] for key in shared), []).append(rule)
        for right in patterns[two]:
            for left in index.get(tuple(right.named[key] for key in shared), ()):
                ordered = left.number < right.number or one != two
                if ordered and left.values != right.values and left.meets(right):
                    yield tie(path, left.number, right.number)


def row_problem(code: str, path: str, row: int, told: Text, hint: Text) -> Problem:
    """What is wrong with one row of a file."""
    message = Text(f"{path} 第 {row} 行: {told.zh}", f"{path} row {row}: {told.en}")
    return Problem(code, message, path=f"{path}:{row}", hint=hint, facts={"file": path, "row": str(row)})


def _blank_key(path: str, row: int, blank: Sequence[str]) -> Problem:
    names = ", ".join(blank)
    told = Text(f"条件列 {names} 为空", f"key {names} is blank")
    hint = Text(f"任意值写 {ANY}, 没有值写 {EMPTY}", f"write {ANY} for any value, {EMPTY_WORDS[1]} for no value")
    return row_problem("TABLE_KEY_BLANK", path, row, told, hint)


def tie(path: str, one: int, two: int) -> Problem:
    """Two rows of which neither comes before the other."""
    first, second = sorted((one, two))
    return Problem.of(
        "TABLE_TIE",
        f"{path} 第 {first} 行与第 {second} 行同样具体, 有重叠而结果不同",
        f"{path} rows {first} and {second} are equally specific, overlap and give different results",
        path=f"{path}:{first}",
        hint_zh="补一行更具体的条件不够: 请改其中一行的条件或有效期",
        hint_en="change the keys or the validity of one of them",
        file=path,
        first=str(first),
        second=str(second),
    )
