"""The search for what must not be in a recording, as the SDK's own tests have it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

_SHARED = Path(__file__).resolve().parents[2] / "sdk" / "tests" / "recording" / "conftest.py"
_spec = importlib.util.spec_from_file_location("recording_of_the_sdk", _SHARED)
assert _spec
assert _spec.loader
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)

leaks = _module.leaks
