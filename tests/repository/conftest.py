"""The repository as tests see it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Dist(NamedTuple):
    """One installable dist of the workspace."""

    folder: Path
    project: dict[str, Any]

    @property
    def name(self) -> str:
        return self.project["project"]["name"]

    @property
    def package(self) -> str:
        return self.name.replace("-", "_")


def read_dists() -> list[Dist]:
    folders = [ROOT / "core", ROOT / "sdk", *sorted(path.parent for path in ROOT.glob("connectors/*/pyproject.toml"))]
    return [Dist(folder, tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))) for folder in folders]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def workspace(root) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text("utf-8"))


@pytest.fixture(scope="session")
def dists() -> list[Dist]:
    return read_dists()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `dist` runs once for each."""
    if "dist" in metafunc.fixturenames:
        found = read_dists()
        metafunc.parametrize("dist", found, ids=[dist.name for dist in found])
