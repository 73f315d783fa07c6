"""What add-ons propose, folded into the payload in the order of the configuration."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import attrs

from dougong.hookspecs.addon import Change
from dougong.mapping.errors import MappingError
from dougong.mapping.paths import parse_path, set_at
from dougong.model.messages import Payload
from dougong.model.problems import Problem

__all__ = ["apply_changes"]


def apply_changes(payload: Payload, changes: Iterable[Change]) -> Payload:
    """The payload with every change made, a later one over an earlier; `sources` tells the reason of each.

    :raises MappingError: `CHANGE_INVALID` for every path that the payload lacks and every value that it cannot hold.

    .. versionadded:: 0.1
    """
    body, sources = payload.body, dict(payload.sources)
    problems = []
    for change in changes:
        if not _sendable(change.value):
            zh, en = f"不能发送 {type(change.value).__name__} 值", f"a {type(change.value).__name__} cannot be sent"
            problems.append(_problem(change, zh, en))
            continue
        try:
            body = set_at(body, parse_path(change.path), change.value)
        except (LookupError, ValueError):
            problems.append(_problem(change, "凭证中没有该路径", "the payload has no such path"))
            continue
        sources[change.path] = f"change: {change.reason}"
    if problems:
        raise MappingError(problems)
    return attrs.evolve(payload, body=body, sources=sources)


def _sendable(value: Any) -> bool:
    """What a payload may hold: exact and plain, no float."""
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _sendable(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_sendable, value))
    return value is None or isinstance(value, (str, int, Decimal, dt.date))


def _problem(change: Change, zh: str, en: str) -> Problem:
    return Problem.of(
        "CHANGE_INVALID",
        f"插件的修改 ({change.reason}) 无效: {zh}",
        f"the add-on's change ({change.reason}) is invalid: {en}",
        path=change.path,
    )
