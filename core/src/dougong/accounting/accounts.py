"""Which account a line takes: a role, a decision table, the tax account of the timing, or one by kind of payee."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from decimal import Decimal

import attrs

from dougong.accounting import refusals
from dougong.accounting.messages import masked
from dougong.accounting.rulefile import Entry, RuleSet
from dougong.model.problems import Problem
from dougong.model.settled import Fact, SettledReport
from dougong.tables.decisions import ANY, DecisionTable

__all__ = ["KINDS", "Chosen", "choose"]

#: Key of an account table → the table that feeds it (column `kind`), and that table's key.
KINDS: Mapping[str, tuple[str, str]] = {
    "department_kind": ("departments", "department"),
    "project_kind": ("projects", "project"),
}


@attrs.frozen
class Chosen:
    """An account and what chose it.

    :param reason: role or table; `table`, `row` and `keys` when a table row did.
    """

    account: str
    reason: str
    table: str = ""
    row: int = 0
    keys: Mapping[str, str] = attrs.field(factory=dict, hash=False)


def choose(
    entry: Entry, fact: Fact, report: SettledReport, rules: RuleSet, on: dt.date, where: str, amount: Decimal
) -> Chosen | tuple[Problem, ...]:
    """The account of one line, or why there is none.

    :param on: posting date, for the validity of table rows.
    :param amount: of the line, so that missing rows can be shown with the money that waits for them.
    :raises TableError: the row that would choose it is wrong, or another one contradicts it.
    """
    if not isinstance(entry.account, str):
        role = entry.account.get(getattr(fact, "kind", None) or "")
        if role is None:
            code = str(getattr(fact, "payee", None) or getattr(fact, "code", ""))
            return (refusals.payee_kind_unknown(code, where),)
        return Chosen(rules.accounts[role], role)
    form, colon, name = entry.account.partition(":")
    if colon and form == "tax":
        role = f"{name}_pending" if rules.tax.timing == "on_confirmation" else name
        return Chosen(rules.accounts[role], role)
    if colon and form == "table":
        return _from_table(name, fact, report, rules, on, where, amount)
    return Chosen(rules.accounts[entry.account], entry.account)


def _from_table(
    name: str, fact: Fact, report: SettledReport, rules: RuleSet, on: dt.date, where: str, amount: Decimal
) -> Chosen | tuple[Problem, ...]:
    table = rules.tables[name]
    keys = {key: _text(getattr(fact, key, None) or getattr(report, key, None)) for key in table.keys}
    found = table.lookup(keys, on)
    if found is None or not found.values["account"]:
        return _refused(table, keys, fact, rules, on, where, amount)
    shown = {key: value or "" for key, value in masked(keys).items()}
    return Chosen(found.values["account"], f"table:{name}", table.path, found.row, shown)


def _refused(
    table: DecisionTable,
    keys: Mapping[str, str | None],
    fact: Fact,
    rules: RuleSet,
    on: dt.date,
    where: str,
    amount: Decimal,
) -> tuple[Problem, ...]:
    """The table that lacks a row: one that gives a kind, where that kind would do, else the account table itself."""
    unfed = {kind: known for kind in table.keys if not keys[kind] and (known := _unfed(kind, fact, rules, on))}
    needed = _needed(table, keys, tuple(unfed), on)
    if needed:
        return tuple(refusals.kind_not_determined(*unfed[kind], where, amount) for kind in needed)
    # No kind helps, so none is asked for: the row that is missing is one for any kind.
    given = {**keys, **dict.fromkeys(unfed, ANY)}
    return (refusals.account_not_determined(table, masked(given), where, amount),)


def _unfed(kind: str, fact: Fact, rules: RuleSet, on: dt.date) -> tuple[DecisionTable, dict[str, str]] | None:
    """The table that should give a kind and does not know the fact's department or project, with that key."""
    name, key = KINDS.get(kind, ("", ""))
    code, feeding = _text(getattr(fact, key, None)), rules.tables.get(name)
    if not code or feeding is None or feeding.lookup({key: code}, on) is not None:
        return None
    return feeding, {key: code}


def _needed(table: DecisionTable, keys: Mapping[str, str | None], unfed: Sequence[str], on: dt.date) -> Sequence[str]:
    """The fewest kinds with which some row would fit; empty when none would, whatever they were."""
    rows = [dict(zip(table.keys, named, strict=True)) for named, _ in table.entries()] if unfed else []
    for count in range(1, len(unfed) + 1):
        for kinds in itertools.combinations(unfed, count):
            if any(table.lookup({**keys, **{kind: row[kind] for kind in kinds}}, on) for row in rows):
                return kinds
    return ()


def _text(value: object) -> str | None:
    return str(value) if value else None
