"""One environment for all tests of this process, and clean again after each."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from wheels import Environment


@pytest.fixture(scope="session")
def shared_environment(tmp_path_factory):
    return Environment(tmp_path_factory.mktemp("environment"))


@pytest.fixture
def environment(shared_environment):
    yield shared_environment
    shared_environment.uninstall_all()


@pytest.fixture
def here(environment, monkeypatch):
    """What is installed in the environment can be used in this process, too, which has loaded everything already."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(environment.site))
    yield
    for name in set(sys.modules) - before:
        if str(environment.site) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]
