"""Lists within reference pages are as the code says."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest

from dougong.ledger.states import DeliveryState, DocumentState, ParkReason


@pytest.fixture(scope="module")
def reference(root):
    return root / "docs" / "reference"


@pytest.fixture(scope="module")
def lists(reference) -> ModuleType:
    """The program that writes them."""
    spec = importlib.util.spec_from_file_location("docs_reference_lists", reference / "lists.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_lists_are_as_the_program_writes_them(lists, reference):
    for name in lists.PAGES:
        page = (reference / name).read_text("utf-8")
        assert page == lists.page(page), "run: python docs/reference/lists.py"


def test_every_list_stands_on_a_page(lists, reference):
    pages = "".join((reference / name).read_text("utf-8") for name in lists.PAGES)
    assert [name for name in lists.LISTS if f"<!-- list {name} -->" not in pages] == []


def test_every_state_and_reason_is_explained(reference):
    page = (reference / "states.md").read_text("utf-8").partition("### Every transition")[0]
    words = [*DocumentState, *DeliveryState, *ParkReason]
    assert [word for word in words if f"`{word}`" not in page] == []


def test_every_reference_page_is_listed(reference):
    index = (reference / "README.md").read_text("utf-8")
    pages = {page.name for page in reference.glob("*.md")} - {"README.md"}
    assert [name for name in sorted(pages) if f"]({name})" not in index] == []
