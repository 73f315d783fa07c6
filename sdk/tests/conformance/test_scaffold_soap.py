"""A connector that is rendered for a SOAP target is certified bronze at once, and its error codes are all sorted."""

from __future__ import annotations

import pytest

from dougong_sdk.conformance.rules import RULES, Level

BRONZE = [rule.id for rule in RULES.values() if rule.level is Level.BRONZE]


@pytest.mark.parametrize("rule", [*BRONZE, "ERR-001"])
def test_it_keeps(soap, try_rule, rule):
    try_rule(soap, rule)
