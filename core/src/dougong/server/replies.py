"""What the door answers by itself: problems in the caller's language, and nothing that it need not know."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dougong.ledger.views import problem_view
from dougong.model.outcomes import Reply
from dougong.model.problems import Problem

__all__ = ["language_of", "plain", "told"]

_PLAIN = {
    404: "not found",
    405: "method not allowed",
    408: "the body did not come in time",
    413: "the body is too large",
    500: "internal error",
    503: "not available, try again",
}


def language_of(accepted: str | None, default: str) -> str:
    """The one of our two languages that an `Accept-Language` header prefers.

    :param default: where it names neither.
    """
    wishes: list[tuple[float, str]] = []
    for part in (accepted or "").split(",")[:20]:
        name, _, weight = part.partition(";")
        language = name.strip().lower().partition("-")[0]
        if language in ("zh", "en"):
            wishes.append((_weight(weight), language))
    best = max(wishes, key=lambda wish: wish[0], default=(0.0, default))
    return best[1] if best[0] > 0 else default


def _weight(text: str) -> float:
    name, _, value = text.strip().partition("=")
    try:
        return float(value) if name == "q" else 1.0
    except ValueError:
        return 0.0


def told(
    status: int,
    problems: Sequence[Problem],
    language: str,
    *,
    document: str | None = None,
    revision: int | None = None,
    state: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """An answer about a document (interfaces.md §5).

    :param document: its number. :param state: of the document, as contract.md §5 names it.
    """
    content: dict[str, Any] = {
        "document": document,
        "revision": revision,
        "state": state,
        "problems": [problem_view(problem, language) for problem in problems],
    }
    head = {"Content-Language": language, "Vary": "Accept-Language", **(headers or {})}
    return Reply(status, json.dumps(content, ensure_ascii=False).encode(), headers=tuple(head.items()))


def plain(status: int, headers: Mapping[str, str] | None = None) -> Reply:
    """An answer that says no more than its status."""
    return Reply(status, _PLAIN[status].encode(), "text/plain", tuple((headers or {}).items()))
