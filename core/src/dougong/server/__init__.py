"""The HTTP side: documents come in, ERPs call back; what the steps do all day runs beside it (extra `server`).

`serve` binds, runs and stops all of it; `build_application` is the ASGI application alone.
"""

from __future__ import annotations

from dougong.server.application import Door, build_application
from dougong.server.running import serve

__all__ = ["Door", "build_application", "serve"]
