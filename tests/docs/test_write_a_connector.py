"""The connector that the tutorial writes: its blocks are the package, and the package is certified silver."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from commands import blocks, missing, run

from dougong_sdk.conformance import checks  # noqa: F401 - registers the rules
from dougong_sdk.conformance.rules import RULES, Level

PAGES = {"write-a-connector.md": "en", "write-a-connector.zh-CN.md": "zh"}
#: A fenced block with the name of a file behind its language is that file.
_FILE = re.compile(r"^```\w+ (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_GOAL = 100
UV = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))


def files(page: Path) -> list[tuple[str, str]]:
    """Name and content of every file of a page."""
    return _FILE.findall(page.read_text("utf-8"))


@pytest.fixture(scope="module")
def package(root, tmp_path_factory):
    """The folder that a reader has in the end."""
    folder = tmp_path_factory.mktemp("tutorial") / "dougong-pebble"
    for name, content in files(root / "docs" / "tutorial" / "write-a-connector.md"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, "utf-8")
    return folder


@pytest.fixture(scope="module")
def installed(package):
    """A folder with the package built and installed, and nothing else; as variables for processes that import it."""
    site = package.parent / "site"
    with zipfile.ZipFile(_wheel(package)) as archive:
        archive.extractall(site)
    return {"PYTHONPATH": str(site), "PYTEST_ADDOPTS": "-p no:cacheprovider"}


def _wheel(package: Path) -> Path:
    """Built as a reader builds it; without the network, if uv's cache is enough for the build's backend."""
    if UV is None:
        pytest.skip("uv is not installed here")
    env = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    for more in (["--offline"], []):
        command = [UV, "build", "--quiet", "--wheel", "--out-dir", str(package.parent / "wheels"), str(package), *more]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            (wheel,) = (package.parent / "wheels").glob("*.whl")
            return wheel
    raise AssertionError(done.stderr)


def test_both_languages_write_the_same_package_and_run_the_same_commands(root):
    english, chinese = (root / "docs" / "tutorial" / page for page in PAGES)
    names = [name for name, _ in files(english)]
    assert len(names) == len(set(names)) > 0
    assert files(english) == files(chinese)
    assert [block.commands for block in blocks(english)] == [block.commands for block in blocks(chinese)]


def test_it_is_as_short_as_it_says(root, package):
    spec = importlib.util.spec_from_file_location("bench_size", root / "bench" / "size.py")
    size = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(size)
    assert 0 < size.sizes_below(package)["pebble"]["lines"] <= _GOAL


@pytest.mark.slow
@pytest.mark.parametrize(("page", "language"), PAGES.items())
def test_what_it_says_is_printed(root, package, installed, page, language):
    found = blocks(root / "docs" / "tutorial" / page)
    results = run(found, package, language, more=installed)
    assert len(results) == len(found), results[-1:]
    for block, (status, output) in zip(found, results, strict=True):
        assert missing(block.printed, output) == [], output
        assert status == block.status, output


@pytest.mark.slow
def test_it_is_certified_silver(installed, tmp_path):
    wanted = [rule.id for rule in RULES.values() if rule.level in (Level.BRONZE, Level.SILVER)]
    command = [sys.executable, "-m", "pytest", "--connector", "pebble", "-q", "-k", " or ".join(wanted)]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("DOUGONG_", "PYTEST_"))}
    done = subprocess.run(
        command, cwd=tmp_path, env={**env, **installed}, capture_output=True, text=True, check=False, timeout=1200
    )
    assert done.returncode == 0, done.stdout[-6000:]
    told = json.loads((tmp_path / "conformance.json").read_text("utf-8"))
    verdicts = {one["id"]: one["verdict"] for one in told["rules"]}
    assert sorted(verdicts) == sorted(wanted)
    assert set(verdicts.values()) <= {"passed", "not_applicable"}
    assert (told["lost"], told["doubled"], told["without"]) == (0, 0, [])
