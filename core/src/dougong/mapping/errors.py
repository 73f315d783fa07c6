"""What is wrong with a mapping, or with a booking that it cannot map."""

from __future__ import annotations

from dougong.model.problems import DougongError, Problem, Text

__all__ = ["MappingError", "at_field"]


class MappingError(DougongError):
    """A mapping that cannot be compiled, or a booking that it cannot map; with every problem, not only the first.

    When compiling, a problem's path is `file:line`; when mapping, it is the target's (`FEntity[3].FACCOUNTID.FNumber`).

    .. versionadded:: 0.1
    """


def at_field(problem: Problem, place: str, field: str) -> Problem:
    """A compile problem at its place, with the field in the words of the message."""
    said = problem.message
    message = Text(f"{field}: {said.zh}", f"{field}: {said.en}") if field else said
    return Problem(problem.code, message, place, problem.hint, {**problem.facts, **({"field": field} if field else {})})
