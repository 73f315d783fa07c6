"""Accounts of the rules that an ERP does not have: found before the first document that needs one is held for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dougong.accounting import account_unknown, named_accounts
from dougong.flow import load_inputs
from dougong.flow.working import accounts_not_read, refresh_master_data

if TYPE_CHECKING:
    from dougong.flow import Project
    from dougong.model.problems import Problem

__all__ = ["unknown_accounts"]

#: Places that are named of an account that many rows have.
_MOST = 3


def unknown_accounts(project: Project, name: str) -> list[Problem]:
    """Ask a connection for its accounts anew, and look for those of the rules of its books among them.

    Rules whose `account_needs` is a table say themselves what an account takes; the ERP is not asked about theirs.

    :returns: `ACCOUNT_UNKNOWN` for each account of a book; `ACCOUNTS_NOT_READ`, or why the ERP could not be asked.
    :raises DougongError: a file of the project is wrong.
    """
    troubles = refresh_master_data(project, [name], age_ms=0)
    inputs = load_inputs(project)
    if troubles or name in inputs.blind:
        return troubles or [accounts_not_read(name)]
    found: list[Problem] = []
    for book, rules in inputs.rules.items():
        if inputs.books.get(book) != name or rules.needs is not None:
            continue
        today = inputs.today(book)
        found += (
            account_unknown(account, book, _shown(places))
            for account, places in named_accounts(rules, today).items()
            if inputs.account_needs(book, account, today) is None
        )
    return found


def _shown(places: Sequence[str]) -> str:
    return ", ".join(places[:_MOST]) + ", …" * (len(places) > _MOST)
