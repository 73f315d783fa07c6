"""Our reference in the payload: core's own, written after mapping and changes (contract.md §7)."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from dougong.expressions import fit
from dougong.mapping.errors import MappingError
from dougong.mapping.paths import get_at, parse_path, set_at
from dougong.model.messages import Payload
from dougong.model.operations import Reference
from dougong.model.problems import Problem

__all__ = ["place_reference"]


def place_reference(
    payload: Payload,
    reference: Reference | None,
    text: str,
    *,
    max_summary: int | None = None,
    keep: Iterable[str] = (),
) -> Payload:
    """The payload with our reference in the field that the operation declares.

    With `append` the field also holds a text for people: the reference goes behind it, whole, and the text gives way.

    :param reference: where and how; `None` or an empty field: the message carries it, the payload stays as it is.
    :param text: the reference as text.
    :param max_summary: characters that the field takes, for `append`; `None` = no limit.
    :param keep: parts of the text that must not be cut, the document numbers.
    :raises MappingError: `REFERENCE_NOT_PLACED`: no such place, or no room.

    .. versionadded:: 0.1
    """
    if reference is None or not reference.field:
        return payload
    if len(text) > reference.max_length:
        zh, en = (
            f"引用 {text} 超过 {reference.max_length} 字",
            f"{text} has more than {reference.max_length} characters",
        )
        raise MappingError(_problem(reference, zh, en))
    try:
        steps = parse_path(reference.field)
        before = get_at(payload.body, steps)
        value = _behind(reference, before, text, max_summary, keep) if reference.append else text
        body = set_at(payload.body, steps, value)
    except (LookupError, ValueError):
        zh, en = "凭证中没有该位置", "the payload has no such place"
        raise MappingError(_problem(reference, zh, en)) from None
    return attrs.evolve(payload, body=body, sources={**payload.sources, reference.field: "reference"})


def _behind(reference: Reference, before: object, text: str, limit: int | None, keep: Iterable[str]) -> str:
    """The text for people and, behind a blank, the reference; placing it again changes nothing."""
    if before is not None and not isinstance(before, str):
        raise MappingError(_problem(reference, "该字段不是文本", "the field does not hold a text"))
    words = (before or "").removesuffix(text).rstrip()
    if not words:
        return text
    room = (limit - len(text) - 1) if limit is not None else len(words)
    fitting = fit(words, max(room, 0), keep)
    if fitting is None:
        zh, en = "须保留的部分和引用放不下", "the parts that must stay and the reference do not fit together"
        raise MappingError(_problem(reference, zh, en))
    return f"{fitting.rstrip()} {text}".lstrip()


def _problem(reference: Reference, zh: str, en: str) -> Problem:
    return Problem.of(
        "REFERENCE_NOT_PLACED",
        f"无法写入引用: {zh}",
        f"our reference cannot be written: {en}",
        path=reference.field,
        hint_zh="在映射中填写该字段, 或在连接设置中另选字段",
        hint_en="fill that field in the mapping, or name another one in the connection's settings",
    )
