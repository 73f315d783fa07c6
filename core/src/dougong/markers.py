"""The two markers of the contract; kept apart so that `import dougong` stays light."""

from __future__ import annotations

import pluggy

__all__ = ["PROJECT", "hookimpl", "hookspec"]

#: pluggy's project name: plugins that carry another project's markers are invisible here.
PROJECT = "dougong"

hookspec = pluggy.HookspecMarker(PROJECT)
#: Decorates each method of a connector or add-on that implements a hook.
hookimpl = pluggy.HookimplMarker(PROJECT)
