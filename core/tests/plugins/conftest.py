"""Made-up distributions on disk, and a made-up ERP whose connector every test can bend."""

from __future__ import annotations

import importlib
import sys
import textwrap

import attrs
import pytest

from dougong import config, hookimpl, plugins
from dougong.hookspecs import About
from dougong.model.messages import ItemId, Message
from dougong.model.operations import Ambiguity, Operation, Safety
from dougong.model.postings import Posting, Stage
from dougong.model.problems import Text

#: The source of a connector that works; `{name}` is its product.
GOOD = """
import attrs
from dougong import hookimpl
from dougong.hookspecs import About
from dougong.model.operations import Ambiguity, Operation, Safety
from dougong.model.postings import Stage
from dougong.model.problems import Text

@attrs.frozen
class Settings:
    url: str = "https://erp.example"

@attrs.frozen(eq=False)
class Connector:
    settings: Settings
    about = About(product="{name}", title=Text("示例", "Example"), settings=Settings)

    @hookimpl
    def operations(self):
        return [Operation("V", "create", Safety(Ambiguity.C), (Stage.DRAFT,))]
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a made-up distribution: metadata and modules on disk, gone after the test."""
    site = tmp_path / "site-packages"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    before = set(sys.modules)

    def make(dist: str, points: str, *, version: str = "1.0", metadata: bool = True, **modules: str):
        folder = site / f"{dist.replace('-', '_')}-{version}.dist-info"
        folder.mkdir()
        if metadata:
            (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: {version}\n", "utf-8")
        (folder / "entry_points.txt").write_text(textwrap.dedent(points), "utf-8")
        for name, source in modules.items():
            (site / f"{name}.py").write_text(textwrap.dedent(source), "utf-8")
        importlib.invalidate_caches()
        return site

    yield make
    for name in set(sys.modules) - before:
        if str(site) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def install_good(install):
    """Installs a connector that works, as `dougong-NAME`; `body` goes on in its class, `more` behind it."""

    def make(name: str, *, dist: str = "", module: str = "", body: str = "", more: str = "", **how: str):
        module = module or f"made_up_{name}"
        points = f"[dougong.connectors]\n{name} = {module}:Connector\n"
        source = GOOD.format(name=name) + f"\n{body}\n" + textwrap.dedent(more)
        return install(dist or f"dougong-{name}", points, **{module: source}, **how)

    return make


@attrs.frozen
class AcmeSettings:
    url: str = "https://erp.example"
    app_secret: str = attrs.field(default="", repr=False)
    auditor_user: str = ""
    auditor_password: str = attrs.field(default="", repr=False)


ABOUT = About(
    product="acme",
    title=Text("示例", "Acme"),
    settings=AcmeSettings,
    secrets=("app_secret",),
    auditor_secrets=("password",),
)
OPERATION = Operation("V", "create", Safety(Ambiguity.D), (Stage.DRAFT, Stage.SUBMITTED))


@attrs.frozen(eq=False)
class Acme:
    """A connector with one operation and nothing else."""

    settings: AcmeSettings
    about = ABOUT

    @hookimpl
    def operations(self):
        return [OPERATION]


def connector(**methods) -> type:
    """A connector class with further attributes; functions become hooks unless they are decorated or start with `_`."""
    made = {name: value if hasattr(value, "dougong_impl") else hookimpl(value) for name, value in methods.items()}
    return attrs.frozen(eq=False)(type("Acme", (Acme,), {"__module__": "acme_module", **made}))


def parse(text: str, folder) -> config.Config:
    return config.parse(textwrap.dedent(text), folder)


@pytest.fixture
def acme():
    return connector


@pytest.fixture
def configured(tmp_path):
    """A configuration with the connection `erp` to acme, and the rest of its table."""
    return lambda rest="": parse(f'[connections.erp]\nconnector = "acme"\n{textwrap.dedent(rest)}', tmp_path)


@pytest.fixture
def door(configured):
    """The door to a connector made of the given hooks, with the given add-ons."""

    def make(*addons, rest: str = "", **hooks):
        made = configured(rest)
        entry = plugins.Entry(name="acme", distribution="dougong-acme", version="1.0")
        plugged = [plugins.Plugged(f"addon{n}", f"acme-addon{n} 2.0", addon) for n, addon in enumerate(addons, 1)]
        return plugins.build_door(made.connection("erp"), made, connector(**hooks), entry=entry, addons=plugged)

    return make


@pytest.fixture
def message():
    return Message(items=(ItemId("one"), ItemId("two")), body=b"{}")


@pytest.fixture
def posting():
    return Posting(erp_key="100", stage=Stage.DRAFT, reference="DG1")
