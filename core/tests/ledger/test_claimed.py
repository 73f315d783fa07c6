"""The amount of what no booking tells the amount of."""

from __future__ import annotations

import pytest

from dougong.ledger.claimed import claimed


@pytest.mark.parametrize(
    ("content", "total"),
    [
        ({"currency": "CNY", "lines": [{"gross": "100.10"}, {"gross": "0.90", "currency": "CNY"}]}, "101.00"),
        ({"currency": "CNY", "lines": [{"gross": "100.00", "approved": "80.00"}]}, "80.00"),
        ({"currency": "CNY", "lines": [{"gross": "10.00", "currency": "USD", "base": "70.80"}]}, "70.80"),
        ({"currency": "CNY", "lines": [{"gross": "10.00", "currency": "USD"}, {"gross": "5.00"}]}, None),
        ({"currency": "CNY", "lines": [{"gross": "10.00", "approved": "0.00"}]}, "0.00"),
        ({"currency": "CNY", "lines": [], "payees": [{"amount": "2000.00"}]}, "2000.00"),
        ({"currency": "CNY"}, None),
    ],
)
def test_claimed(content, total):
    assert claimed(content) == total
