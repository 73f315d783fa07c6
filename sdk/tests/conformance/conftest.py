"""Connectors to certify, and copies of them with one defect planted in each.

`acme` is what `dougong new-connector` renders. `relay` is the same with `relay/` laid over it: vouchers in batches that
are worked on later, asked for, and told by callback.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from dougong_sdk.conformance import checks  # noqa: F401 - registers the rules
from dougong_sdk.conformance.lab import Lab
from dougong_sdk.conformance.rules import RULES
from dougong_sdk.scaffold import Wanted, render

sys.path.insert(0, str(Path(__file__).parent))  # the tables of defects

#: Connector → the class of its connector and sandbox, by module.
_CLASSES = {"acme": ("connector:AcmeConnector", "sandbox:AcmeSandbox")}
_CLASSES["relay"] = ("relaying:RelayingConnector", "relaying_sandbox:RelayingSandbox")
_CLASSES["soapy"] = ("connector:SoapyConnector", "sandbox:SoapySandbox")
_METADATA = "Metadata-Version: 2.1\nName: {dist}\nVersion: 0.1.0\n"
_POINTS = """[dougong.connectors]
{name} = {module}.{connector}
[dougong.sandboxes]
{name} = {module}.{sandbox}
"""


@attrs.define
class Site:
    """A folder on `sys.path`, of this process and of those that it starts, with packages put there by hand.

    :param sources: connector → its package.
    """

    folder: Path
    sources: dict[str, Path] = attrs.field(factory=dict)
    count: int = 0

    def render(self, name: str, kind: str, folder: Path, overlay: Path | None = None) -> str:
        """Make a connector, lay modules over it, and install it."""
        wanted = Wanted(name=name, kind=kind, title=f"{name.capitalize()} ERP", vendor="Acme", author="Somebody")
        source = render(wanted, folder) / "src" / wanted.module
        if overlay:
            shutil.copytree(overlay, source, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        self.sources[name] = source
        return self.install(name, source, name)

    def install(self, name: str, source: Path, like: str) -> str:
        """A package and its metadata, as an installer leaves them."""
        module = source.name
        shutil.copytree(source, self.folder / module, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        info = self.folder / f"{module}-0.1.0.dist-info"
        info.mkdir()
        connector, sandbox = _CLASSES[like]
        points = _POINTS.format(name=name, module=module, connector=connector, sandbox=sandbox)
        (info / "METADATA").write_text(_METADATA.format(dist=module.replace("_", "-")), "utf-8")
        (info / "entry_points.txt").write_text(points, "utf-8")
        return name

    def plant(self, file: str, old: str, new: str, *, like: str = "acme") -> str:
        """A copy of a good connector under a name of its own, with one text replaced; returns the name."""
        self.count += 1
        source = self.sources[like]
        name, module = f"{like}-{self.count}", f"{source.name}_{self.count}"
        copy = self.folder.parent / "copies" / module
        shutil.copytree(source, copy)
        for path in copy.rglob("*.*"):
            if path.suffix in (".py", ".toml", ".json"):
                text = path.read_text("utf-8").replace(source.name, module).replace(f'"{like}"', f'"{name}"')
                if path.relative_to(copy).as_posix() == file:
                    assert text.count(old) == 1, f"{file} holds {old!r} {text.count(old)} times"
                    text = text.replace(old, new)
                path.write_text(text, "utf-8")
        return self.install(name, copy, like)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The good connectors, installed as `acme` and `relay`."""
    base = tmp_path_factory.mktemp("site")
    made = Site(base / "installed")
    made.folder.mkdir()
    made.render("acme", "rest", base / "rendered")
    made.render("relay", "rest", base / "rendered", Path(__file__).parent / "relay")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(made.folder)
        patch.setenv("PYTHONPATH", str(made.folder))
        yield made


@pytest.fixture(scope="session")
def good(site, tmp_path_factory):
    """A lab with the good connector."""
    with Lab("acme", tmp_path_factory.mktemp("good")) as lab:
        yield lab


@pytest.fixture(scope="session")
def relay(site, tmp_path_factory):
    """A lab with the connector that sends batches, asks for them, and hears of them."""
    with Lab("relay", tmp_path_factory.mktemp("relay")) as lab:
        yield lab


@pytest.fixture(scope="session")
def soap(site, tmp_path_factory):
    """A lab with the connector that is rendered for a SOAP target."""
    name = site.render("soapy", "soap", tmp_path_factory.mktemp("soap"))
    with Lab(name, tmp_path_factory.mktemp("soapy")) as lab:
        yield lab


@pytest.fixture
def planted(site, tmp_path):
    """A lab with a copy in which one text is replaced by another."""
    opened = []

    def plant(file, old, new, like="acme"):
        opened.append(Lab(site.plant(file, old, new, like=like), tmp_path / "lab"))
        return opened[0]

    yield plant
    for lab in opened:
        lab.__exit__(None, None, None)


@pytest.fixture(scope="session")
def try_rule():
    """A rule in one of its ways, or in all."""

    def run(lab, rule, cell=None):
        for way in rule_cells(lab, rule) if cell is None else [cell]:
            RULES[rule].check(lab, way)

    def rule_cells(lab, rule):
        assert RULES[rule].needs(lab.subject) == ""
        return RULES[rule].cells(lab.subject)

    return run


@pytest.fixture
def certify(site, tmp_path):
    """Run it in an empty folder; returns exit status, output, and the result, if there is one."""

    def run(name, *arguments):
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--connector", name, *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        out = tmp_path / "conformance.json"
        return done.returncode, done.stdout + done.stderr, json.loads(out.read_text("utf-8")) if out.exists() else None

    return run
