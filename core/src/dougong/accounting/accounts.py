"""Which account a line takes: a role, a decision table, the tax account of the timing, or one by kind of payee."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

import attrs

from dougong.accounting import refusals
from dougong.accounting.messages import masked
from dougong.accounting.rulefile import Entry, RuleSet
from dougong.model.problems import Problem
from dougong.model.settled import Fact, SettledReport

__all__ = ["Chosen", "choose"]


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
) -> Chosen | Problem:
    """The account of one line.

    :param on: posting date, for the validity of table rows.
    :param amount: of the line, so that missing rows can be shown with the money that waits for them.
    """
    if not isinstance(entry.account, str):
        role = entry.account.get(getattr(fact, "kind", None) or "")
        if role is None:
            return refusals.payee_kind_unknown(str(getattr(fact, "payee", None) or getattr(fact, "code", "")), where)
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
) -> Chosen | Problem:
    table = rules.tables[name]
    keys = {key: _text(getattr(fact, key, None) or getattr(report, key, None)) for key in table.keys}
    found = table.lookup(keys, on)
    if found is None or not found.values["account"]:
        return refusals.account_not_determined(table, masked(keys), where, amount)
    shown = {key: value or "" for key, value in masked(keys).items()}
    return Chosen(found.values["account"], f"table:{name}", table.path, found.row, shown)


def _text(value: object) -> str | None:
    return str(value) if value else None
