"""Right-hand sides of rules: names such as `slice.cost`, never arithmetic (posting-rules.md §4)."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import attrs

from dougong.accounting.rulefile import Moment
from dougong.config.errors import did_you_mean
from dougong.expressions.kinds import members
from dougong.model.problems import Problem, Text
from dougong.model.settled import FACTS, SINGULAR, Amount, SettledReport

__all__ = ["NamePath", "Roots", "entry_roots", "is_amount", "read_path", "roots"]

#: First part of a path → classes that the value behind it may have.
Roots = Mapping[str, tuple[type, ...]]


@attrs.frozen
class NamePath:
    """A path of two names, checked against the model."""

    root: str
    name: str

    @classmethod
    @functools.cache
    def of(cls, text: str) -> NamePath:
        """The path of a text that `read_path` has checked before."""
        root, _, name = text.partition(".")
        return cls(root, name)

    def value(self, names: Mapping[str, Any]) -> Any:
        """What the path leads to; `None` when this item has no such attribute."""
        return getattr(names.get(self.root), self.name, None)


def roots() -> Roots:
    """What any path may start with, whatever the entry."""
    return {"item": tuple(FACTS.values()), "report": (SettledReport,), "moment": (Moment,)}


def entry_roots(each: str) -> Roots:
    """What a path of an entry over `each` may start with: `item`, its singular name, `report`, `moment`."""
    return {**roots(), "item": (FACTS[each],), SINGULAR[each]: (FACTS[each],)}


def read_path(text: str, known: Roots) -> NamePath | Problem:
    """The path behind `text`, or what is wrong with it."""
    root, dot, name = text.partition(".")
    if not dot or "." in name:
        zh, en = f"{text!r} 不是形如 item.department 的名称", f"{text!r} is not a name such as item.department"
        return Problem("RULES_NAME", Text(zh, en), hint=did_you_mean(root, [f"{word}." for word in known]))
    if root not in known:
        zh, en = f"{text!r}: 这里没有 {root!r}", f"{text!r}: there is no {root!r} here"
        return Problem("RULES_NAME", Text(zh, en), hint=did_you_mean(root, known))
    if not any(name in members(cls) for cls in known[root]):
        names = {member for cls in known[root] for member in members(cls)}
        zh, en = f"{text!r}: {root} 没有 {name!r}", f"{text!r}: {root} has no {name!r}"
        return Problem("RULES_NAME", Text(zh, en), hint=did_you_mean(name, names))
    return NamePath.of(text)


def is_amount(path: NamePath, known: Roots) -> bool:
    """Whether the path leads to an amount."""
    kinds = (members(cls).get(path.name) for cls in known[path.root])
    return any(kind is not None and Amount in kind.classes for kind in kinds)
