"""What the ledger keeps of a delivery as plain JSON: bookings, facts, postings, payloads, problems. Exact both ways."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dougong.formats import exact
from dougong.formats.converter import converter
from dougong.model.bookings import Voucher
from dougong.model.messages import Payload
from dougong.model.postings import Facts, Posting
from dougong.model.problems import Problem

__all__ = [
    "facts_from_json",
    "facts_to_json",
    "payload_from_json",
    "payload_to_json",
    "posting_from_json",
    "posting_to_json",
    "problems_from_json",
    "problems_to_json",
    "voucher_from_json",
    "voucher_to_json",
]


def voucher_to_json(voucher: Voucher) -> dict[str, Any]:
    """Plain JSON of a voucher; values of `why` and `extensions` keep their types (`dougong.formats.exact`).

    .. versionadded:: 0.1
    """
    data: dict[str, Any] = converter().unstructure(voucher)
    return data


def voucher_from_json(data: Any) -> Voucher:
    """The voucher that `voucher_to_json` wrote. :raises InputError: for anything else.

    .. versionadded:: 0.1
    """
    return converter().structure(data, Voucher)


def facts_to_json(facts: Facts) -> dict[str, Any]:
    """Plain JSON of the facts that are frozen with an attempt.

    .. versionadded:: 0.1
    """
    data: dict[str, Any] = converter().unstructure(facts)
    return data


def facts_from_json(data: Any) -> Facts:
    """The facts that `facts_to_json` wrote. :raises InputError: for anything else.

    .. versionadded:: 0.1
    """
    return converter().structure(data, Facts)


def posting_to_json(posting: Posting) -> dict[str, Any]:
    """Plain JSON of what an ERP holds.

    .. versionadded:: 0.1
    """
    data: dict[str, Any] = converter().unstructure(posting)
    return data


def posting_from_json(data: Any) -> Posting:
    """The posting that `posting_to_json` wrote. :raises InputError: for anything else.

    .. versionadded:: 0.1
    """
    return converter().structure(data, Posting)


def payload_to_json(payload: Payload) -> dict[str, Any]:
    """Plain JSON of a payload: decimals and dates stay apart from texts (`dougong.formats.exact`).

    .. versionadded:: 0.1
    """
    return {"body": exact.write(payload.body), "sources": dict(payload.sources)}


def payload_from_json(data: Any) -> Payload:
    """The payload that `payload_to_json` wrote; sequences in it are lists. :raises InputError: for anything else.

    .. versionadded:: 0.1
    """
    return converter().structure(data, Payload)


def problems_to_json(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Plain JSON of problems, in both languages.

    .. versionadded:: 0.1
    """
    return [problem.to_json() for problem in problems]


def problems_from_json(data: Iterable[Any]) -> tuple[Problem, ...]:
    """The problems that `problems_to_json` wrote.

    .. versionadded:: 0.1
    """
    return tuple(Problem.from_json(item) for item in data)
