"""Which Kingdee code stands for which of ours, for the code tables of a new project."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

from attrs import frozen

__all__ = ["CodeRow", "default_codes", "default_seed"]


@frozen
class CodeRow:
    """One row of a code table: in ``table`` our code ``ours`` is Kingdee's ``theirs``.

    .. versionadded:: 0.1
    """

    table: str
    ours: str
    theirs: str


def default_seed() -> dict[str, Any]:
    """The sandbox's default master data, as it stands in ``seed.toml``.

    .. versionadded:: 0.1
    """
    return tomllib.loads(files(__package__).joinpath("seed.toml").read_text("utf-8"))


def default_codes() -> list[CodeRow]:
    """Rows for the code tables of a project that talks to a sandbox with its default seed.

    Tables: account_book, entity, voucher_type, account (``*`` = ``*``), department, employee, supplier, project,
    bank, company, currency, settlement.

    .. versionadded:: 0.1
    """
    tables = default_seed()["native"]["codes"]
    return [CodeRow(table, ours, theirs) for table, codes in tables.items() for ours, theirs in codes.items()]
