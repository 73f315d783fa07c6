"""pytest fixtures that start sandboxes and end them with the test, or lend one that all tests share.

Use them with ``pytest_plugins = ["dougong_sdk.sandbox.fixtures"]`` in the top-level ``conftest.py``, or import them
into any other one.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from .launch import RunningSandbox, launch

__all__ = ["borrow_sandbox", "launch_sandbox", "npm_package", "sandbox_pool"]


@pytest.fixture
def launch_sandbox() -> Iterator[Callable[..., RunningSandbox]]:
    """:func:`~dougong_sdk.sandbox.launch`, except that the process ends with the test.

    .. versionadded:: 0.1
    """
    with ExitStack() as stack:
        yield lambda *args, **options: stack.enter_context(launch(*args, **options))


@pytest.fixture(scope="session")
def sandbox_pool() -> Iterator[Callable[..., RunningSandbox]]:
    """A sandbox per name and settings, started at the first use and kept to the end of the session.

    .. versionadded:: 0.1
    """
    running: dict[tuple[Any, ...], RunningSandbox] = {}
    with ExitStack() as stack:

        def get(name: str, **settings: str) -> RunningSandbox:
            key = (name, *sorted(settings.items()))
            if key not in running:
                running[key] = stack.enter_context(launch(name, settings=settings))
            return running[key]

        yield get


@pytest.fixture
def borrow_sandbox(sandbox_pool: Callable[..., RunningSandbox]) -> Callable[..., RunningSandbox]:
    """A shared sandbox with an empty ledger, ``borrow_sandbox("kingdee", tenant="…")``: much faster than a new one.

    Master data that a test adds with :meth:`~dougong_sdk.sandbox.RunningSandbox.seed` stays; use codes of your own,
    or launch a sandbox for yourself.

    .. versionadded:: 0.1
    """

    def borrow(name: str, **settings: str) -> RunningSandbox:
        sandbox = sandbox_pool(name, **settings)
        sandbox.reset()
        return sandbox

    return borrow


@pytest.fixture(scope="session")
def npm_package(pytestconfig: pytest.Config) -> Callable[[str], Path]:
    """A public client from npm, for tests that let it talk to a sandbox: ``npm_package("soap@1.13.0")``.

    :returns: takes a package with its version; returns the folder to resolve it from, kept in pytest's cache. Skips
        the test where there is no Node.js, or the package cannot be fetched.

    .. versionadded:: 0.1
    """

    def fetch(package: str) -> Path:
        npm = shutil.which("npm")
        if npm is None or shutil.which("node") is None:
            pytest.skip(f"no node and npm on PATH: install Node.js 20 or later to let {package} talk to the sandbox")
        cache = Path(pytestconfig.cache.mkdir("npm"))
        kept = cache / package.strip("@").replace("/", "-").replace("@", "-")
        if kept.is_dir():
            return kept
        fresh = Path(tempfile.mkdtemp(dir=cache))
        options = ("--prefix", str(fresh), "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0")
        done = subprocess.run([npm, "install", *options, package], capture_output=True, text=True, check=False)
        if done.returncode:
            shutil.rmtree(fresh)
            pytest.skip(f"npm cannot fetch {package}; `npm install --prefix {kept} {package}` gets it: {done.stderr}")
        try:
            fresh.rename(kept)
        except OSError:  # another process was quicker
            shutil.rmtree(fresh)
        return kept

    return fetch
