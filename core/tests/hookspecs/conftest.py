"""The contract as meta-tests see it: its hooks, the page about them, the tests that name them."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import pytest

from dougong.hookspecs import AddonSpec, ConnectorSpec

ROOT = Path(__file__).resolve().parents[3]
HOOKS = {
    name: hook
    for spec in (ConnectorSpec, AddonSpec)
    for name, hook in vars(spec).items()
    if not name.startswith("_") and callable(hook)
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `hook` runs once for each."""
    if "hook" in metafunc.fixturenames:
        metafunc.parametrize("hook", HOOKS)


@pytest.fixture
def method(hook):
    """The hook's specification."""
    return HOOKS[hook]


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder with the reference pages."""
    return ROOT / "docs" / "reference"


@pytest.fixture(scope="session")
def generator(reference):
    """The program that writes the pages."""
    spec = importlib.util.spec_from_file_location("docs_reference_generate", reference / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def called_in_tests() -> dict[str, set[str]]:
    """Names of methods that tests of plugins call, each with the tests that do."""
    found: dict[str, set[str]] = {}
    for file in (ROOT / "core" / "tests" / "plugins").glob("test_*.py"):
        for function in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(function, ast.FunctionDef) and function.name.startswith("test_"):
                calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
                for call in calls:
                    if isinstance(call, ast.Attribute):
                        found.setdefault(call.attr, set()).add(function.name)
    return found
