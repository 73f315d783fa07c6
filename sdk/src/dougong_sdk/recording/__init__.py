"""Record what passes between sessions and a real ERP, without its secrets and people; play it back without the ERP.

Inside `with record(DIR):` every session that was given no transport of its own writes its exchanges into DIR, one
readable file each; inside `with replay(DIR):` it gets its answers from there. Processes that are forked meanwhile do
the same. What is hidden, and how: `dougong_sdk.recording.schema` and `.hiding`.
"""

from __future__ import annotations

from .recorder import Recorder, record
from .replay import Replay, replay
from .schema import Schema

__all__ = ["Recorder", "Replay", "Schema", "record", "replay"]
