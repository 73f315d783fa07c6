"""What is missing or contradictory in one flow, gathered while it is read."""

from __future__ import annotations

from collections.abc import Iterable

from dougong.model.problems import Problem

__all__ = ["Findings"]


class Findings:
    """Problems of one flow, in the order in which they were met.

    :param connection: that reads it. `settings` is where its settings stand, for hints.
    """

    def __init__(self, connection: str) -> None:
        self.settings = f"[connections.{connection}.settings]"
        self._found: list[Problem] = []

    def add(self, problem: Problem) -> None:
        """Remember one problem."""
        if problem not in self._found:
            self._found.append(problem)

    def add_cause(self, problem: Problem) -> None:
        """Remember a problem whose facts name its cause: told once, where it was met first."""
        if all((known.code, known.facts) != (problem.code, problem.facts) for known in self._found):
            self._found.append(problem)

    def extend(self, problems: Iterable[Problem]) -> None:
        """Remember several."""
        for problem in problems:
            self.add(problem)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All of them."""
        return tuple(self._found)
