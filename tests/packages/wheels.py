"""Packages of other people: wheels that are built here, in an environment that can have them and be rid of them."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import site
import subprocess
import sys
import sysconfig
import textwrap
import venv
import zipfile
from pathlib import Path

import attrs
import pytest

#: What every connector of these packages begins with.
HEAD = """
import json
from decimal import Decimal
from pathlib import Path

import attrs

from dougong import hookimpl
from dougong.hookspecs import About
from dougong.model.masterdata import MasterRecord
from dougong.model.operations import Ambiguity, Operation, Reference, Safety
from dougong.model.outcomes import Absent, Done, Found
from dougong.model.postings import Posting, Stage
from dougong.model.problems import Text

@attrs.frozen
class Settings:
    file: str = ""

@attrs.frozen(eq=False)
class Connector:
    settings: Settings
    about = About(product="{name}", title=Text("示例", "Example"), settings=Settings)

    @hookimpl
    def operations(self):
        return [Operation("V", "create", Safety(Ambiguity.D, Reference("reference")), (Stage.DRAFT,))]
"""


@attrs.frozen
class Wheel:
    """A package with one module and one connector.

    :param name: product. :param body: goes on in its class. :param more: behind it. :param source: instead of all that.
    :param module: by default named after the package.
    """

    name: str
    dist: str
    body: str = ""
    more: str = ""
    source: str | None = None

    @property
    def module(self) -> str:
        return self.dist.replace("-", "_")

    def build(self, folder: Path) -> Path:
        """The wheel as a file: an archive with metadata (PEP 427)."""
        body = textwrap.indent(textwrap.dedent(self.body), "    ")
        source = HEAD.replace("{name}", self.name) + body + "\n" + textwrap.dedent(self.more)
        info = f"{self.module}-1.0.dist-info"
        files = {
            f"{self.module}.py": source if self.source is None else self.source,
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {self.dist}\nVersion: 1.0\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/entry_points.txt": f"[dougong.connectors]\n{self.name} = {self.module}:Connector\n",
        }
        record = [f"{name},sha256={_digest(text)},{len(text.encode())}" for name, text in files.items()]
        files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""])
        path = folder / f"{self.module}-1.0-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
        return path


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@attrs.frozen
class Ran:
    """What one command did, as the customer of `tests/conftest.py` has it."""

    status: int
    out: str
    err: str

    @property
    def printed(self) -> list[dict]:
        """Standard output as JSON Lines."""
        return [json.loads(line) for line in self.out.splitlines()]


class Environment:
    """A virtual environment that sees this one, with an installer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        venv.create(folder / "venv", with_pip=False)
        self.installed: list[Wheel] = []
        paths = sysconfig.get_paths(vars={"base": str(folder / "venv"), "platbase": str(folder / "venv")})
        self.python = Path(paths["scripts"], "python")
        lines = [f"import site; site.addsitedir({path!r})" for path in site.getsitepackages()]
        self.site = Path(paths["purelib"])
        (self.site / "ours.pth").write_text("\n".join(lines) + "\n", "utf-8")

    def install(self, *wheels: Wheel) -> None:
        files = [str(wheel.build(self.folder)) for wheel in wheels]
        self.installed += wheels
        self._installer("install", "--no-index", "--no-deps", *files)

    def uninstall_all(self) -> None:
        if self.installed:
            self._installer("uninstall", *(wheel.dist for wheel in self.installed))
        self.installed.clear()

    def _installer(self, verb: str, *arguments: str) -> None:
        if shutil.which("uv"):
            command = ["uv", "pip", verb, "--quiet", "--python", str(self.python), *arguments]
        else:
            sure = ["-y"] if verb == "uninstall" else []
            command = [sys.executable, "-m", "pip", "--quiet", "--python", str(self.python), verb, *sure, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if "No module named pip" in done.stderr:
            pytest.skip("neither uv nor pip is here to install a wheel")
        assert done.returncode == 0, done.stderr

    def dougong(self, folder: Path, *arguments: str, lang: str = "en") -> Ran:
        """Run the command in this environment, in a process of its own."""
        command = [str(self.python), "-m", "dougong", "--project", str(folder), "--lang", lang, *arguments]
        surroundings = {**os.environ, "PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings, timeout=60)
        return Ran(done.returncode, done.stdout, done.stderr)

    def connectors(self, folder: Path) -> dict[str, list[dict]]:
        """Rows of `dougong connectors --json` by name."""
        done = self.dougong(folder, "connectors", "--json")
        assert done.status == 0, done.err
        rows: dict[str, list[dict]] = {}
        for row in done.printed:
            rows.setdefault(row["name"], []).append(row)
        return rows
