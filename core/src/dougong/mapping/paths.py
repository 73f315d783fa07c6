"""Concrete paths in a payload's body: `FEntity[0].FEXPLANATION`; read, and written into a copy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["get_at", "parse_path", "set_at"]

_STEP = re.compile(r"(?:^|\.)([^.\[\]\s]+)|\[(\d{1,6})\]")

Step = str | int


def parse_path(path: str) -> tuple[Step, ...]:
    """`FEntity[0].FEXPLANATION` → ("FEntity", 0, "FEXPLANATION").

    :raises ValueError: not such a path.
    """
    steps: list[Step] = []
    at = 0
    while at < len(path):
        match = _STEP.match(path, at)
        if not match or (match[2] and not steps):
            break
        steps.append(match[1] or int(match[2]))
        at = match.end()
    if not steps or at != len(path):
        raise ValueError(f"{path!r} is no path in a payload")
    return tuple(steps)


def get_at(body: Any, steps: tuple[Step, ...]) -> Any:
    """The value there, or `None`.

    :raises LookupError: the path goes through something that is neither an object nor a list.
    """
    for step in steps:
        if body is None:
            return None
        body = _child(body, step)
    return body


def _child(body: Any, step: Step) -> Any:
    if isinstance(step, str) and isinstance(body, Mapping):
        return body.get(step)
    if isinstance(step, int) and isinstance(body, list):
        return body[step] if step < len(body) else None
    raise LookupError(step)


def set_at(body: Any, steps: tuple[Step, ...], value: Any) -> Any:
    """A copy of `body` with `value` there; objects on the way are made, list items are not.

    :raises LookupError: a list item that is missing, or a value where an object or list should be.
    """
    if not steps:
        return value
    step, *rest = steps
    if isinstance(step, int):
        if not isinstance(body, list) or step >= len(body):
            raise LookupError(step)
        return [*body[:step], set_at(body[step], tuple(rest), value), *body[step + 1 :]]
    if body is not None and not isinstance(body, Mapping):
        raise LookupError(step)
    return {**(body or {}), step: set_at((body or {}).get(step), tuple(rest), value)}
