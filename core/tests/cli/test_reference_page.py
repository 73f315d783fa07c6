from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[3] / "docs" / "reference"


@pytest.mark.skipif(not PAGES.is_dir(), reason="the documentation is not beside the tests")
def test_the_page_of_commands_is_what_the_commands_say():
    spec = importlib.util.spec_from_file_location("docs_reference_commands", PAGES / "command_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = (PAGES / "commands.md").read_text("utf-8")
    assert module.page(text) == text, "run: python docs/reference/command_page.py"
