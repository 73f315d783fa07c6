"""Errors of plugins: always with the names of connector, connection, hook, document and distribution that are known."""

from __future__ import annotations

import traceback
from pathlib import Path

from dougong.model.problems import DougongError, Problem, Text

__all__ = ["PluginError", "cause_of", "refused"]

_LONGEST_CAUSE = 500


class PluginError(DougongError):
    """A plugin cannot be used, or failed in a hook.

    Codes: `PLUGIN_UNKNOWN` (not installed), `PLUGIN_REFUSED` (does not keep the contract), `PLUGIN_BROKEN` (import or
    construction failed), `PLUGIN_FAILED` and `ADDON_FAILED` (raised in a hook or answered nonsense), `HOOK_MISSING`
    (cannot do this).

    .. versionadded:: 0.1
    """


def refused(who: str, zh: str, en: str, *, hint_zh: str = "", hint_en: str = "") -> Problem:
    """A plugin that does not keep the contract; `who` names class or method and distribution."""
    return Problem(
        "PLUGIN_REFUSED", Text(f"{who}: {zh}", f"{who}: {en}"), hint=Text(hint_zh, hint_en), facts={"plugin": who}
    )


def cause_of(error: BaseException, plugin: object = None) -> str:
    """`ValueError: what it says`, on one line and of bounded length.

    :param plugin: whose file and line it came from last, `ValueError: what it says (session.py:57)`, where it did.
    """
    text = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
    text = text if len(text) <= _LONGEST_CAUSE else text[:_LONGEST_CAUSE] + "…"
    return text + _place_in(error, plugin)


def _place_in(error: BaseException, plugin: object) -> str:
    package = type(plugin).__module__.partition(".")[0]
    frames = [
        (frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if str(frame.f_globals.get("__name__", "")).partition(".")[0] == package
    ]
    return f" ({Path(frames[-1][0]).name}:{frames[-1][1]})" if frames else ""
