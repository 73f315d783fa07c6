"""Imported once in the server that processes are forked from: does all that a push does first, and keeps it."""

from __future__ import annotations

import gc
import os
from pathlib import Path

from dougong_sdk.conformance import jobs

_FOLDER = os.environ.get("DOUGONG_CONFORMANCE_TEMPLATE")
if _FOLDER:
    # nothing is sent: there are no documents; connector, rules, tables and mappings are read
    jobs.push(Path(_FOLDER), [])
# what is here stays: a child that only reads it shares it
gc.collect()
gc.freeze()
