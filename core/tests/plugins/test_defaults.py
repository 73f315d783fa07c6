from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dougong.plugins import exact_json


def test_exact_json():
    value = {"a": Decimal("10.00"), "b": [1, None, True, "差旅"], "c": dt.date(2026, 11, 20), "d": {"e": Decimal(0)}}
    assert exact_json(value).decode() == '{"a":10.00,"b":[1,null,true,"差旅"],"c":"2026-11-20","d":{"e":0}}'


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**17), max_value=10**17, places=12))
def test_no_digit_is_lost(amount):
    assert json.loads(exact_json({"amount": amount}), parse_float=Decimal)["amount"] == amount


@pytest.mark.parametrize("value", [1.5, float("nan"), Decimal("NaN"), object(), {1, 2}])
def test_what_has_no_exact_form_is_refused(value):
    with pytest.raises(TypeError):
        exact_json({"x": value})
