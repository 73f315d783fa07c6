"""Dougong (斗拱): joins expense-reimbursement systems to ERPs.

Importing this package is light on purpose: it loads neither an HTTP client nor a database nor any connector. What an
author of plugins needs is here; everything else lives in the subpackages named after the steps of the flow.
"""

from __future__ import annotations

from dougong.markers import hookimpl

__all__ = ["CONTRACT_VERSION", "__version__", "hookimpl"]

__version__ = "0.1.0"

#:  Version of the connector contract (`dougong.hookspecs`). A connector names the version it was written for in its
#: `about`.
CONTRACT_VERSION = 1
