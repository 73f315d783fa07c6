"""Good canonical documents, to be spoilt."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import resources
from typing import Any

import pytest


def report(number: str = "B26110101", amount: str = "100.00", **more: Any) -> dict[str, Any]:
    """An approved report of one line without an invoice."""
    return {
        "source": "test",
        "tenant": "t1",
        "type": "expense",
        "id": f"id-{number}",
        "number": number,
        "state": "approved",
        "entity": "A01",
        "submitter": "E001",
        "department": "D01",
        "currency": "CNY",
        "reason": "出差",
        "lines": [{"id": "l1", "fee_type": "差旅费", "gross": amount, "expense_date": "2026-11-10"}],
        "payees": [{"kind": "employee", "code": "E001", "amount": amount}],
        "events": [{"id": "e1", "type": "approved", "on": "2026-11-18T10:00:00+08:00"}],
        **more,
    }


@pytest.fixture(scope="session")
def good() -> Callable[..., dict[str, Any]]:
    """Makes a good document: `good("B1", "100.00", reason="…")`."""
    return report


@pytest.fixture
def example() -> Callable[[str], str]:
    """Text of one of the Hesi answers that ship for the demo, on one line: `example("travel-B26110001")`."""
    folder = resources.files("dougong_hesi.examples")
    return lambda name: json.dumps(json.loads((folder / f"{name}.json").read_text("utf-8")), ensure_ascii=False)
