"""Reconcile: what we believe beside what the ERP holds, document by document.

`compare` is pure; `step` asks the ERP, compares, and notes in the ledger what a person did there (deleted, edited,
re-numbered).
"""

from __future__ import annotations

from dougong.reconcile.compare import Ours, Row, Verdict, compare
from dougong.reconcile.step import step

__all__ = ["Ours", "Row", "Verdict", "compare", "step"]
