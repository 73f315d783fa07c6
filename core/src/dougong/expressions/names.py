"""Names: the singular that a row's item takes, and what somebody probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["did_you_mean", "singular"]

#: Plural endings and what stands for them in the singular, the first that fits.
_ENDINGS = (("ies", "y"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("sses", "ss"), ("s", ""))


def singular(plural: str) -> str | None:
    """The name of one item of a list: `lines` → `line`, `taxes` → `tax`; `None` where there is no rule (`due_back`).

    .. versionadded:: 0.1
    """
    for ending, instead in _ENDINGS:
        if plural.endswith(ending) and len(plural) > len(ending):
            return plural.removesuffix(ending) + instead
    return None


def did_you_mean(name: str, known: Iterable[str]) -> tuple[str, str]:
    """A hint in both languages: near matches of `name`, else everything that is known (twelve at most)."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    if near:
        return f"是否为 {'、'.join(near)}?", f"did you mean {' or '.join(near)}?"
    shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return (f"可用: {shown}", f"known: {shown}") if names else ("", "")
