"""What is installed is what the environment is meant to prove: wheels of the named dists, and no other dist of ours.

tox names the dists in DOUGONG_INSTALLED. A development environment links to the source tree and skips this file.
"""

from __future__ import annotations

import importlib
import os
import sysconfig
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WANTED = os.environ.get("DOUGONG_INSTALLED", "").split()
GROUPS = ("dougong.connectors", "dougong.sandboxes", "dougong.addons")

pytestmark = pytest.mark.skipif(not WANTED, reason="DOUGONG_INSTALLED is not set: not a tox environment")


def dists_of_ours() -> set[str]:
    names = {dist.metadata["Name"].lower() for dist in metadata.distributions()}
    return {name for name in names if name == "dougong" or name.startswith("dougong-")}


def test_only_the_named_dists_are_installed():
    assert dists_of_ours() == set(WANTED)


@pytest.mark.parametrize("dist", WANTED)
def test_module_is_imported_from_a_wheel(dist):
    module = importlib.import_module(dist.replace("-", "_"))
    assert module.__file__ is not None
    assert Path(module.__file__).resolve().is_relative_to(Path(sysconfig.get_path("purelib")).resolve())


@pytest.mark.parametrize("dist", WANTED)
def test_types_are_shipped(dist):
    assert any(file.name == "py.typed" for file in metadata.files(dist) or ())


@pytest.mark.parametrize("group", GROUPS)
def test_entry_points_come_from_the_named_dists_and_load(group):
    for entry in metadata.entry_points(group=group):
        assert entry.dist is not None
        assert entry.dist.name in WANTED
        assert entry.load() is not None


def test_each_connector_announces_itself_and_nobody_else():
    announced = {entry.dist.name for entry in metadata.entry_points(group="dougong.connectors") if entry.dist}
    assert announced == set(WANTED) - {"dougong", "dougong-sdk"}


@pytest.mark.parametrize("dist", WANTED)
def test_every_file_of_the_source_is_shipped(dist):
    package = dist.replace("-", "_")
    (source,) = [path for path in (*ROOT.glob("*/src"), *ROOT.glob("connectors/*/src")) if (path / package).is_dir()]
    wanted = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    shipped = {file.as_posix() for file in metadata.files(dist) or ()}
    assert {path for path in wanted - shipped if "__pycache__" not in path} == set()
