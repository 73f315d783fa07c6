"""Rules of certification: what each demands, why, and what to do where a connector falls short.

A rule is a function with a name that stays: `PUSH-003` means the same in every report. It takes the lab and, where it
is tried in several ways, the way; it raises `Violation` where the connector does not keep it, and says what it saw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

import attrs

from dougong.model.problems import Text

if TYPE_CHECKING:
    from dougong_sdk.conformance.lab import Lab
    from dougong_sdk.conformance.subject import Subject

__all__ = ["RULES", "Level", "Rule", "Violation", "applies_always", "expect", "once", "rule"]


class Level(StrEnum):
    """How much is proved, lowest first."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"


class Violation(AssertionError):
    """A rule that a connector does not keep; the text is what was seen, with no secret in it.

    .. versionadded:: 0.1
    """


Check = Callable[["Lab", str], None]
Needs = Callable[["Subject"], str]
Cells = Callable[["Subject"], Iterable[str]]


def applies_always(_subject: Subject) -> str:
    """For a rule that every connector has to keep."""
    return ""


def once(_subject: Subject) -> Sequence[str]:
    """For a rule that is tried in one way."""
    return ("",)


@attrs.frozen
class Rule:
    """One rule.

    :param id: area and number, never used for anything else again.
    :param level: the lowest level that needs it.
    :param title: what it demands; `why` what goes wrong in the books without it; `todo` what the author does.
    :param check: raises `Violation`, given the lab and the name of a way to try it.
    :param needs: why it does not apply to a connector; empty where it does.
    :param cells: names of the ways in which it is tried, e.g. one per fault.

    .. versionadded:: 0.1
    """

    id: str
    level: Level
    title: Text
    why: Text
    todo: Text
    check: Check
    needs: Needs = applies_always
    cells: Cells = once


#: Every rule by its id, in the order in which they are tried and printed.
RULES: dict[str, Rule] = {}


def rule(
    id: str,
    level: Level,
    *,
    title: tuple[str, str],
    why: tuple[str, str],
    todo: tuple[str, str],
    needs: Needs = applies_always,
    cells: Cells = once,
) -> Callable[[Check], Check]:
    """Make a function the check of a new rule. Texts come as (Chinese, English).

    :raises ValueError: the id is taken.

    .. versionadded:: 0.1
    """

    def enter(check: Check) -> Check:
        if id in RULES:
            raise ValueError(f"{id} is a rule already")
        RULES[id] = Rule(id, level, Text(*title), Text(*why), Text(*todo), check, needs, cells)
        return check

    return enter


def expect(condition: object, seen: str) -> None:
    """The demand of a rule.

    :param seen: what was seen instead.
    :raises Violation: it is not met.
    """
    if not condition:
        raise Violation(seen)
