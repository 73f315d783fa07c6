"""The page about problem codes names every code that the source raises, and no other."""

from __future__ import annotations

import re

import pytest

#: Made of other words where they are raised: a verdict of reconciliation, and Kingdee's own numbers.
COMPOSED = {"AMOUNT_IN_ERP", "KINGDEE_ERROR"}


@pytest.fixture(scope="module")
def codes_on_page(root) -> list[str]:
    page = (root / "docs" / "reference" / "problems.md").read_text("utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    found = [code for row in rows for code in re.findall(r"`([A-Z][A-Z0-9_]+)`", row)]
    return found + [code for code in COMPOSED if f"`{code}`" in page and code not in found]


def test_every_code_is_explained(codes_in_source, codes_on_page):
    assert sorted(codes_in_source - set(codes_on_page)) == []


def test_nothing_is_explained_that_nothing_raises(codes_in_source, codes_on_page):
    assert sorted(set(codes_on_page) - codes_in_source - COMPOSED) == []


def test_each_code_is_explained_once(codes_on_page):
    assert sorted({code for code in codes_on_page if codes_on_page.count(code) > 1}) == []
