"""Accounts that rules name: which of them a voucher may come to carry, and which nothing can use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import attrs

from dougong.accounting.dates import PRIOR_YEAR
from dougong.accounting.moments import OPENED
from dougong.accounting.rulefile import Entry, Moment, RuleSet

__all__ = ["Named", "named_accounts"]

_TABLE = "table:"


@attrs.define
class Named:
    """An account of the rules.

    :param places: roles and table rows that name it. :param used: whether any voucher can come to one of them.
    """

    places: list[str] = attrs.field(factory=list)
    used: bool = False


def named_accounts(rules: RuleSet, since: dt.date) -> dict[str, Named]:
    """Every account that the rules name.

    :param since: rows that ended before are left out.
    """
    wanted = set(_wanted(rules))
    found: dict[str, Named] = {}
    for place, name, account in _places(rules, since):
        one = found.setdefault(account, Named())
        one.places.append(place)
        one.used |= name in wanted
    return found


def _places(rules: RuleSet, since: dt.date) -> Iterator[tuple[str, str, str]]:
    """(place, what entries call it, account)."""
    for role, account in rules.accounts.items():
        yield f"{rules.path} accounts.{role}", role, account
    for name, table in rules.tables.items():
        for row in table.decisions(since) if "account" in table.results else ():
            if row.values["account"]:
                yield f"{table.path}:{row.row}", f"{_TABLE}{name}", row.values["account"]


def _wanted(rules: RuleSet) -> Iterator[str]:
    """Roles and tables that a voucher of ours may ask for."""
    for moment in rules.moments.values():
        if moment.name in OPENED and moment.owner == "dougong":
            yield from _of_moment(rules, moment)
    if rules.dates.prior_year == "account":
        yield PRIOR_YEAR


def _of_moment(rules: RuleSet, moment: Moment) -> Iterator[str]:
    if moment.over_limit == "split" and moment.clearing is not None:
        yield moment.clearing
    for entry in moment.entry:
        yield from _of_entry(rules, entry)


def _of_entry(rules: RuleSet, entry: Entry) -> Iterator[str]:
    if not isinstance(entry.account, str):
        yield from entry.account.values()
        return
    role = entry.account.removeprefix("tax:")
    if role == entry.account:
        yield role
    else:
        yield f"{role}_pending" if rules.tax.timing == "on_confirmation" else role
