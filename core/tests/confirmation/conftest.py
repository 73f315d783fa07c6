"""The shared ledger and its scripted ERP."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "ledger"))

from ledger_kit import *  # noqa: F403 - fixtures
