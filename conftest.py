"""Settings that the tests of every dist share."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# Machines that run tests are busy: how long an example takes says nothing about it. Continuous integration tries the
# same examples each time, so that its verdict is about the change; everywhere else every run looks for new ones.
settings.register_profile(
    "dougong",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
# `tox -e property`: many more, and new ones each time, wherever it runs.
settings.register_profile("property", settings.get_profile("dougong"), max_examples=10_000, derandomize=False)
settings.load_profile("dougong")


@pytest.fixture(autouse=True)
def log_as_found() -> Iterator[None]:
    """A command sets up the log of its process; the next test in this one finds it as it was."""
    yield
    logger = logging.getLogger("dougong")
    for handler in logger.handlers:
        handler.close()
    logger.handlers = []
    logger.propagate = True
    logger.setLevel(logging.NOTSET)
