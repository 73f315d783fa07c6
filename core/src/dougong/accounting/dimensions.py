"""Which dimensions (辅助核算) a line carries: exactly those that its account takes (posting-rules.md §1.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from dougong.accounting import refusals
from dougong.accounting.paths import NamePath
from dougong.accounting.rulefile import RuleSet
from dougong.model.masterdata import AccountNeeds
from dougong.model.problems import Problem

__all__ = ["Filled", "fill"]

CASH_FLOW = "cash_flow"


@attrs.frozen
class Filled:
    """The dimensions of a line; 现金流量 has a field of its own."""

    dimensions: Mapping[str, str]
    cash_flow: str | None = None
    problems: tuple[Problem, ...] = ()


def fill(needs: AccountNeeds, account: str, rules: RuleSet, names: Mapping[str, Any], where: str) -> Filled:
    """Values for what the account takes.

    :param names: `item`, `report`, `moment`.
    :param where: the line, for refusals.
    """
    values: dict[str, str] = {}
    problems = []
    wanted = needs.dimensions | needs.optional | ({CASH_FLOW} if needs.cash else frozenset())
    for dimension in sorted(wanted):
        value = _first(rules.dimensions.get(dimension, ()), names)
        if value is not None:
            values[dimension] = value
        elif dimension in needs.dimensions:
            known = dimension in rules.dimensions
            problems.append(refusals.dimension_missing(account, dimension, where, known=known))
    return Filled(values, values.pop(CASH_FLOW, None), tuple(problems))


def _first(paths: tuple[str, ...], names: Mapping[str, Any]) -> str | None:
    for text in paths:
        value = NamePath.of(text).value(names)
        if value:
            return str(value)
    return None
