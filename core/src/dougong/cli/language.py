"""Which language a person is spoken to in: `--lang`, else the environment; chosen once per process."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

__all__ = ["choose", "chosen", "say", "wanted"]

_chosen = "en"


def wanted(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> str:
    """The language that a command line asks for: `--lang`, wherever it stands, else that of the environment.

    :returns: `zh` or `en`.
    """
    asked = ""
    for at, argument in enumerate(arguments):
        if argument == "--lang":
            asked = "".join(arguments[at + 1 : at + 2])
        elif argument.startswith("--lang="):
            asked = argument.removeprefix("--lang=")
    # the order in which a C library looks
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    asked = asked or next((environment[name] for name in names if environment.get(name)), "")
    return "zh" if asked.lower().startswith("zh") else "en"


def choose(language: str) -> None:
    """Speak `language` from now on; before any command is loaded, for their help texts are written in it."""
    global _chosen  # noqa: PLW0603 - one process speaks one language
    _chosen = language


def chosen() -> str:
    """`zh` or `en`."""
    return _chosen


def say(zh: str, en: str) -> str:
    """The one of two sentences that the reader understands."""
    return zh if _chosen == "zh" else en
