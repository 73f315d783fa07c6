"""What counts as one cause of what waits."""

from __future__ import annotations

import pytest

from dougong.ledger.causes import _key
from dougong.model.problems import Problem


def _refused(code: str, text: str, **facts: str) -> Problem:
    return Problem.of(code, text, text, **facts)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (_refused("ERP_9", "no X", erp_code="9"), _refused("ERP_9", "no Y", erp_code="9"), False),
        (_refused("ERP_9", "no X", erp_code="9"), _refused("ERP_9", "no X", erp_code="9"), True),
        (
            _refused("PERIOD_CLOSED", "a", period="2026-01", erp_code="11"),
            _refused("PERIOD_CLOSED", "b", period="2026-01", erp_code="12"),
            True,
        ),
    ],
)
def test_the_erps_own_code_neither_joins_nor_parts_causes(one, other, same):
    assert (_key(one) == _key(other)) is same
