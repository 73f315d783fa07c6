"""From tried rules to a level: what `conformance.json` says (interfaces.md §6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import attrs

from dougong import CONTRACT_VERSION
from dougong_sdk.conformance.rules import Level, Rule

__all__ = ["Certificate", "Verdict", "Verdicts", "level_of"]


class Verdicts(StrEnum):
    """What may be said of a rule."""

    PASSED = "passed"
    FAILED = "failed"
    EXEMPT = "exempt"
    NOT_APPLICABLE = "not_applicable"


@attrs.frozen
class Verdict:
    """What was found of one rule.

    :param reason: what was seen, why it is let off, or why it does not apply.
    :param cells: in how many ways it was tried.
    """

    rule: Rule
    verdict: Verdicts
    reason: str = ""
    cells: int = 1
    seconds: float = 0.0


@attrs.frozen
class Certificate:
    """Everything that a certification found.

    :param without: what the product cannot do. :param seed: of whatever is random.
    :param whole: whether every rule was tried. :param date: when it ended, UTC.

    .. versionadded:: 0.1
    """

    connector: str
    version: str
    without: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    documents: int
    lost: int
    doubled: int
    seconds: float
    seed: int
    whole: bool = True
    date: str = attrs.field(factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    @property
    def level(self) -> Level | None:
        """The highest level whose rules all hold; none where some were not tried."""
        return level_of(self.verdicts) if self.whole else None

    @property
    def title(self) -> str:
        """`gold, without find`."""
        untried = not self.whole and level_of(self.verdicts) is not None
        name = self.level.value if self.level else ("not all rules tried" if untried else "none")
        return f"{name}, without {', '.join(self.without)}" if self.level and self.without else name

    def to_json(self) -> Mapping[str, Any]:
        """The content of `conformance.json`."""
        return {
            "connector": self.connector,
            "version": self.version,
            "contract": CONTRACT_VERSION,
            "level": self.level.value if self.level else None,
            "without": list(self.without),
            "rules": [
                {"id": one.rule.id, "level": one.rule.level.value, "verdict": one.verdict.value, "reason": one.reason}
                for one in self.verdicts
            ],
            "documents": self.documents,
            "lost": self.lost,
            "doubled": self.doubled,
            "seconds": round(self.seconds, 1),
            "seed": self.seed,
            "whole": self.whole,
            "date": self.date,
        }


def level_of(verdicts: Sequence[Verdict]) -> Level | None:
    """The highest level of which a rule is kept, while no rule of it or below has failed or is exempt.

    A level none of whose rules applies proves nothing: nobody reaches it by having nothing to show.
    """
    reached = None
    for level in Level:
        found = {one.verdict for one in verdicts if one.rule.level is level}
        if found & {Verdicts.FAILED, Verdicts.EXEMPT}:
            break
        if Verdicts.PASSED in found:
            reached = level
    return reached
