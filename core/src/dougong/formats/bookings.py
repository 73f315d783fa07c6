"""What the ledger keeps of a delivery as plain JSON: its booking, and the facts to compare. Exact both ways."""

from __future__ import annotations

from typing import Any

from dougong.formats.converter import converter
from dougong.model.bookings import Voucher
from dougong.model.postings import Facts

__all__ = ["facts_from_json", "facts_to_json", "voucher_from_json", "voucher_to_json"]


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
