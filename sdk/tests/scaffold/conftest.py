"""Packages as the template makes them, one per kind and session; and one of them to import and push through."""

from __future__ import annotations

import importlib

import pytest

from dougong_sdk.sandbox.fixtures import borrow_sandbox, sandbox_pool  # noqa: F401
from dougong_sdk.scaffold import KINDS, Wanted, render

#: Name → title: a plain one, one with dashes, one as long as may be, one in Chinese.
# Not "acme": the tests of certification have a connector of that name.
NAMES = {
    "globex": "Acme",
    "acme-erp-2": "Acme ERP 2",
    "an-erp-with-the-longest-name-x": "An ERP With the Longest Name That Anybody Would Give to One!",
    "shili": "示例企业版",
}


def _wanted(name, kind="rest", **more):
    texts = {"title": NAMES.get(name, "Acme"), "vendor": "Acme 有限公司", "author": "A. Partner"}
    return Wanted(name=name, kind=kind, **{**texts, **more})


@pytest.fixture
def wanted():
    return _wanted


@pytest.fixture(scope="session", params=[(name, kind) for kind in KINDS for name in NAMES], ids="-".join)
def rendered(request, tmp_path_factory):
    name, kind = request.param
    return _wanted(name, kind), render(_wanted(name, kind), tmp_path_factory.mktemp(f"{name}-{kind}"))


@pytest.fixture(scope="session", params=KINDS)
def package(request, tmp_path_factory):
    """Imports a module of a rendered package, in this process; those that it starts can import it, too."""
    wish = _wanted(f"fresh-{request.param}", request.param)
    source = render(wish, tmp_path_factory.mktemp("package")) / "src"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(source))
        patch.setenv("PYTHONPATH", str(source), prepend=":")
        yield lambda module: importlib.import_module(f"{wish.module}.{module}")
