"""Reconcile: what we believe beside what the ERP holds, document by document or account by account.

`compare` and `accounts` are pure. `step` asks the ERP, compares, and notes in the ledger what a person did there
(deleted, edited, re-numbered); `by_account` asks and compares.
"""

from __future__ import annotations

from dougong.reconcile.accounts import AccountRow
from dougong.reconcile.by_account import Translate, by_account
from dougong.reconcile.compare import Ours, Row, Verdict, compare
from dougong.reconcile.step import step

__all__ = ["AccountRow", "Ours", "Row", "Translate", "Verdict", "by_account", "compare", "step"]
