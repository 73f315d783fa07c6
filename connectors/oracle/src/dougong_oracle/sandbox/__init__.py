"""An emulated Oracle Fusion pod: imports of journals with their jobs, journal batches and master data over REST."""

from __future__ import annotations

from .product import OracleSandbox

__all__ = ["OracleSandbox"]
