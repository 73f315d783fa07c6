"""Reports that a lab pushes: each with an amount of its own, so that a voucher is known by its total alone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from dougong.cli.project_files import ENTITY

__all__ = ["amount_of", "report"]

_CENT = Decimal("0.01")


def amount_of(number: int) -> Decimal:
    """The amount of the n-th report: no other has it."""
    return Decimal("318.00") + number * _CENT


def report(number: int, **changes: Any) -> dict[str, Any]:
    """An approved expense report in canonical form.

    :param number: which one. :param changes: other members.

    .. versionadded:: 0.1
    """
    amount = format(amount_of(number), "f")
    return {
        "source": "conformance",
        "tenant": "T1",
        "type": "expense",
        "id": f"R-{number}",
        "number": f"CT26{number:06}",
        "state": "approved",
        "updated_at": "2026-11-18T10:00:00+08:00",
        "entity": ENTITY,
        "submitter": "E002",
        "submitter_name": "李四",
        "department": "D01",
        "currency": "CNY",
        "reason": "上海客户拜访",
        "lines": [{"id": "1", "fee_type": "差旅费", "gross": amount, "expense_date": "2026-11-12"}],
        "payees": [{"kind": "employee", "code": "E002", "amount": amount}],
        "events": [{"id": "a1", "type": "approved", "on": "2026-11-18"}],
        **changes,
    }
