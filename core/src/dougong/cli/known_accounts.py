"""Accounts of the rules that an ERP does not have: found before the first document that needs one is held for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs

from dougong.accounting import account_unknown, named_accounts
from dougong.flow import load_inputs
from dougong.flow.working import accounts_not_read, refresh_master_data
from dougong.model.problems import Problem, Text

if TYPE_CHECKING:
    from dougong.flow import Project

__all__ = ["unknown_accounts"]

#: Places that are named of an account that many rows have.
_MOST = 3


def unknown_accounts(project: Project, name: str) -> tuple[list[Problem], list[Problem]]:
    """Ask a connection for its accounts anew, and look for those of the rules of its books among them.

    Rules whose `account_needs` is a table say themselves what an account takes; the ERP is not asked about theirs.

    :returns: `ACCOUNT_UNKNOWN` for each account of a book; `ACCOUNTS_NOT_READ`, or why the ERP could not be asked.
        Apart from them, `ACCOUNT_UNKNOWN` for those that no voucher can come to.
    :raises DougongError: a file of the project is wrong.
    """
    troubles = refresh_master_data(project, [name], age_ms=0)
    inputs = load_inputs(project)
    if troubles or name in inputs.blind:
        return troubles or [accounts_not_read(name)], []
    missing: list[Problem] = []
    unused: list[Problem] = []
    for book, rules in inputs.rules.items():
        if inputs.books.get(book) != name or rules.needs is not None:
            continue
        today = inputs.today(book)
        for account, named in named_accounts(rules, today).items():
            if inputs.account_needs(book, account, today) is None:
                (missing if named.used else unused).append(account_unknown(account, book, _shown(named.places)))
    return missing, [_told_only(problem) for problem in unused]


def _told_only(problem: Problem) -> Problem:
    """A note on an account that nothing can use."""
    zh, en = f"{problem.message.zh}; 目前没有分录会用到它", f"{problem.message.en}; no entry can use it at present"
    return attrs.evolve(problem, message=Text(zh, en))


def _shown(places: Sequence[str]) -> str:
    return ", ".join(places[:_MOST]) + ", …" * (len(places) > _MOST)
