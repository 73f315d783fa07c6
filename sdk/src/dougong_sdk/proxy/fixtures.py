"""A pytest fixture that ends its proxies with the test: `pytest_plugins = ["dougong_sdk.proxy.fixtures"]`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from .server import Proxy

__all__ = ["proxy_to"]


@pytest.fixture
def proxy_to() -> Iterator[Callable[[str, int], Proxy]]:
    """A proxy in front of `proxy_to(host, port)`; ends with the test.

    .. versionadded:: 0.1
    """
    with ExitStack() as stack:
        yield lambda host, port: stack.enter_context(Proxy(host, port))
