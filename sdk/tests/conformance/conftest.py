"""The connector that `dougong new-connector` renders, and copies of it with one defect planted in each."""

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

sys.path.insert(0, str(Path(__file__).parent))  # the tables of defects

_METADATA = "Metadata-Version: 2.1\nName: {dist}\nVersion: 0.1.0\n"
_POINTS = """[dougong.connectors]
{name} = {module}.connector:{cls}Connector
[dougong.sandboxes]
{name} = {module}.sandbox:{cls}Sandbox
"""


@attrs.define
class Site:
    """A folder on `sys.path`, of this process and of those that it starts, with packages put there by hand."""

    folder: Path
    source: Path
    count: int = 0

    def install(self, name: str, source: Path, cls: str = "Acme") -> str:
        """A package and its metadata, as an installer leaves them."""
        module = source.name
        shutil.copytree(source, self.folder / module, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        info = self.folder / f"{module}-0.1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(_METADATA.format(dist=module.replace("_", "-")), "utf-8")
        (info / "entry_points.txt").write_text(_POINTS.format(name=name, module=module, cls=cls), "utf-8")
        return name

    def plant(self, file: str, old: str, new: str) -> str:
        """A copy of the good connector under a name of its own, with one text replaced; returns the name."""
        self.count += 1
        name, module = f"acme-{self.count}", f"dougong_acme_{self.count}"
        copy = self.folder.parent / "copies" / module
        shutil.copytree(self.source, copy)
        for path in copy.rglob("*.*"):
            if path.suffix in (".py", ".toml", ".json"):
                text = path.read_text("utf-8").replace("dougong_acme", module).replace('"acme"', f'"{name}"')
                if path.relative_to(copy).as_posix() == file:
                    assert text.count(old) == 1, f"{file} holds {old!r} {text.count(old)} times"
                    text = text.replace(old, new)
                path.write_text(text, "utf-8")
        return self.install(name, copy)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The good connector, installed as `acme`."""
    from dougong_sdk.scaffold import Wanted, render

    base = tmp_path_factory.mktemp("site")
    wanted = Wanted(name="acme", kind="rest", title="Acme ERP", vendor="Acme", author="Somebody")
    source = render(wanted, base / "rendered") / "src" / wanted.module
    made = Site(base / "installed", source)
    made.folder.mkdir()
    made.install("acme", source)
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
def soap(site, tmp_path_factory):
    """A lab with the connector that is rendered for a SOAP target."""
    from dougong_sdk.scaffold import Wanted, render

    wanted = Wanted(name="soapy", kind="soap", title="Soapy ERP", vendor="Acme", author="Somebody")
    source = render(wanted, tmp_path_factory.mktemp("soap")) / "src" / wanted.module
    with Lab(site.install(wanted.name, source, "Soapy"), tmp_path_factory.mktemp("soapy")) as lab:
        yield lab


@pytest.fixture
def planted(site, tmp_path):
    """A lab with a copy in which one text is replaced by another."""
    opened = []

    def plant(file, old, new):
        opened.append(Lab(site.plant(file, old, new), tmp_path / "lab"))
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
