"""Rows that tables lack, grouped by their keys with count and money (`dougong tables todo`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import attrs

from dougong.model.problems import Problem

__all__ = ["MissingRow", "missing_rows"]

#: Problems that a table row solves; their facts are the table, its key values and the amount that waits.
_CODES = ("ACCOUNT_NOT_DETERMINED", "TAX_USE_NOT_DETERMINED", "BUYER_UNKNOWN")


@attrs.frozen
class MissingRow:
    """One combination of keys without a row.

    :param table: name of the table in the rules.
    :param keys: key column → value, blank for none.
    :param count: problems that it would solve; `amount` the money that waits, functional currency.
    """

    table: str
    keys: Mapping[str, str]
    count: int
    amount: Decimal


def missing_rows(problems: Iterable[Problem]) -> tuple[MissingRow, ...]:
    """The rows that would solve `problems`, most money first.

    .. versionadded:: 0.1
    """
    found: dict[tuple[tuple[str, str], ...], list[Problem]] = {}
    for problem in problems:
        if problem.code in _CODES:
            key = tuple((name, value) for name, value in problem.facts.items() if name != "amount")
            found.setdefault(key, []).append(problem)
    rows = []
    for key, group in found.items():
        keys = dict(key)
        amount = sum((Decimal(one.facts.get("amount", "0")) for one in group), Decimal(0))
        rows.append(MissingRow(keys.pop("table"), keys, len(group), amount))
    return tuple(sorted(rows, key=lambda row: (-abs(row.amount), row.table, tuple(row.keys.values()))))
