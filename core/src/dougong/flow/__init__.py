"""Who follows whom: the only place, beside `plan`, that knows more than one step.

`Project` opens a project's folder; `take_in` reads files and accepts what they hold; `work` runs the steps until
everything rests; `Service` does it day and night.
"""

from __future__ import annotations

from dougong.flow.callbacks import callback_door, take_callback
from dougong.flow.cases import run_case
from dougong.flow.deriving import Deriver
from dougong.flow.inputs import Inputs, load_inputs
from dougong.flow.opening import open_documents
from dougong.flow.project import Project
from dougong.flow.reading import Read, read_files, take_in
from dougong.flow.scope import Progress, Trouble, waiting
from dougong.flow.service import Service
from dougong.flow.settling import settled_views
from dougong.flow.trying import Impact, Tried, compare_inputs, try_deliveries, try_documents, with_tables
from dougong.flow.working import work

__all__ = [
    "Deriver",
    "Impact",
    "Inputs",
    "Progress",
    "Project",
    "Read",
    "Service",
    "Tried",
    "Trouble",
    "callback_door",
    "compare_inputs",
    "load_inputs",
    "open_documents",
    "read_files",
    "run_case",
    "settled_views",
    "take_callback",
    "take_in",
    "try_deliveries",
    "try_documents",
    "waiting",
    "with_tables",
    "work",
]
