"""A partner's first hour: a package is made, built, installed beside ours in a fresh environment, and passes its tests.

What is installed comes from uv's cache where it can: the environment that runs this was filled from there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from dougong.cli import main

ROOT = Path(__file__).resolve().parents[2]
UV = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))

pytestmark = [pytest.mark.slow, pytest.mark.skipif(UV is None, reason="uv is not installed here")]


@pytest.fixture(scope="module")
def uv():
    """Runs uv, without the network if that is enough; a failure shows what it said."""

    def run(*arguments, cwd=ROOT):
        env = {**os.environ, "UV_NO_SOURCES": "1", "UV_PYTHON_DOWNLOADS": "never"}
        env.pop("VIRTUAL_ENV", None)
        for more in (["--offline"], []):
            done = subprocess.run(
                [UV, *map(str, arguments), *more], cwd=cwd, env=env, capture_output=True, text=True, check=False
            )
            if done.returncode == 0:
                return
        raise AssertionError(f"uv {arguments[0]}: {done.stderr}")

    return run


@pytest.fixture(scope="module")
def environment(uv, tmp_path_factory):
    """A fresh environment with our wheels, which no connector has been installed into yet."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    uv("venv", "--quiet", "--python", sys.executable, folder)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    ours = ["./core", "./sdk[pytest,soap]"]
    uv("pip", "install", "--quiet", "--python", python, "--constraint", "constraints.txt", *ours)
    return python


@pytest.mark.parametrize("kind", ["rest", "soap"])
def test_a_new_connector_passes_its_own_tests_where_it_is_installed(uv, environment, tmp_path, kind):
    name = f"acme-{kind}"
    assert main(["new-connector", name, "--kind", kind, "--dir", str(tmp_path), "--defaults"]) == 0
    folder = tmp_path / f"dougong-{name}"
    module = folder / "src" / f"dougong_acme_{kind}"
    (module / "conformance.toml").write_text("", "utf-8")  # exemptions: part of the package, unlike the reports
    uv("build", "--quiet", "--wheel", "--out-dir", tmp_path / "wheels", folder)
    (wheel,) = (tmp_path / "wheels").glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        assert f"{module.name}/conformance.toml" in packed.namelist()
    uv("pip", "install", "--quiet", "--python", environment, "--no-deps", wheel)
    shutil.rmtree(folder / "src")  # what is tested is the wheel

    command = [environment, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
