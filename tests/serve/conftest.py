"""A process `dougong serve` in front of fake ERPs; see `serve_kit`."""

from __future__ import annotations

import sys
from pathlib import Path

for _folder in (Path(__file__).parent, Path(__file__).parents[1] / "contract"):
    sys.path.insert(0, str(_folder))

from serve_kit import *  # noqa: E402, F403 - fixtures
