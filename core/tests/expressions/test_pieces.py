from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dougong.expressions import Kind, fit, singular
from dougong.expressions.kinds import kind_of, members
from dougong.model import bookings, documents


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("lines", "line"),
        ("taxes", "tax"),
        ("slices", "slice"),
        ("payees", "payee"),
        ("invoices", "invoice"),
        ("entries", "entry"),
        ("advances", "advance"),
        ("differences", "difference"),
        ("addresses", "address"),
        ("batches", "batch"),
        ("due_back", None),
        ("s", None),
    ],
)
def test_the_singular_of_a_list(plural, one):
    assert singular(plural) == one


def test_a_text_is_cut_where_it_may_be_cut():
    text = "张三报差旅费 去上海参加产品发布会 B26110001"
    cut = fit(text, 20, keep=["B26110001", "张三"])
    assert cut == "张三报差旅费 去上海 B26110001"
    assert fit(text, 200) == text
    assert fit(text, 5, keep=["B26110001"]) is None


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("张三 去上海参加 B1", 9, "张三 去上海 B1"),
        ("张三 去上海参加 B1", 5, "张三 B1"),
        ("张三 去上海参加 B1", 4, "张三B1"),
        ("去上海参加 B1", 4, "去 B1"),
        ("去上海参加 B1", 3, "B1"),
        ("张三 ab cd B1", 8, "张三 ab B1"),
        ("张三去上海参加B1", 6, "张三去上B1"),
        ("张三 B1 去上海参加", 8, "张三 B1 去上"),
    ],
)
def test_a_blank_parts_what_was_cut_from_what_is_kept(text, limit, cut):
    assert fit(text, limit, keep=["张三", "B1"]) == cut


@given(st.text(max_size=40), st.integers(1, 40), st.lists(st.text(min_size=1, max_size=5), max_size=3))
def test_what_is_kept_stays_and_the_rest_fits(text, limit, keep):
    cut = fit(text, limit, keep)
    if cut is not None:
        assert len(cut) <= max(limit, 0) or cut == text
        assert all(part in cut for part in keep if part in text)
        characters = iter(text)
        assert all(character in characters for character in cut)  # in order: only left out, nothing added


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Plain:
    pass


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (str, Kind("text")),
        (Decimal | None, Kind("number", optional=True)),
        (bool, Kind("boolean")),
        (dt.date, Kind("date")),
        (dt.datetime, Kind("instant")),
        (Literal["D", "C"], Kind("text", choices=("D", "C"))),
        (Colour, Kind("text", choices=("red", "blue"))),
        (tuple[str, ...], Kind("list", item=Kind("text"))),
        (Sequence[int], Kind("list", item=Kind("number"))),
        (frozenset[str], Kind("list", item=Kind("text"))),
        (Mapping[str, Decimal], Kind("map", item=Kind("number"))),
        (dt.date | dt.datetime, Kind("any")),
        (Any, Kind("any", optional=True)),
        (tuple[str, int], Kind("opaque")),
        (Plain, Kind("opaque")),
        (Literal[1, 2], Kind("opaque")),
    ],
)
def test_kinds_come_from_annotations(annotation, kind):
    assert kind_of(annotation) == kind


@pytest.mark.parametrize("module", [bookings, documents])
def test_every_model_class_can_be_read(module):
    classes = [value for value in vars(module).values() if isinstance(value, type) and attrs.has(value)]
    assert classes
    for cls in classes:
        found = members(cls)
        assert {field.name for field in attrs.fields(cls)} <= set(found)
        assert all(kind.base != "opaque" for kind in found.values()), cls


def test_properties_are_members_and_methods_are_not():
    found = members(bookings.Voucher)
    assert found["total"] == Kind("number")
    assert found["lines"].item == Kind("object", classes=(bookings.VoucherLine,))
    assert "__init__" not in found
