"""The script behind the two commands: what it says when something is missing, and when it installs again."""

from __future__ import annotations

import ast
import importlib.util
import os
import sys
import types
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in for pip is a shell script")


@pytest.fixture
def bootstrap(root):
    spec = importlib.util.spec_from_file_location("bootstrap_under_test", root / "bootstrap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def environment(tmp_path):
    """A stand-in for a virtual environment: its `python` writes down its arguments, then does what `pip` says."""
    folder = tmp_path / "venv"
    (folder / "bin").mkdir(parents=True)
    python = folder / "bin" / "python"
    python.write_text(f'#!/bin/sh\necho "$@" >> {folder}/calls\n. {folder}/pip\n', "utf-8")
    python.chmod(0o755)
    (folder / "pip").write_text("exit 0\n", "utf-8")
    return folder


def calls(environment) -> int:
    path = environment / "calls"
    return len(path.read_text("utf-8").splitlines()) if path.exists() else 0


def pretend_version(bootstrap, monkeypatch, version):
    old = types.SimpleNamespace(version_info=version, version=".".join(map(str, version)), argv=["bootstrap.py"])
    monkeypatch.setattr(bootstrap, "sys", old)


def test_old_pythons_can_read_it(root):
    tree = ast.parse((root / "bootstrap.py").read_text("utf-8"), feature_version=(3, 4))
    newer = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Starred, ast.Nonlocal, ast.AsyncFunctionDef)
    assert [node.lineno for node in ast.walk(tree) if isinstance(node, newer)] == []
    assert [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.cause] == []


def test_old_python_without_a_newer_one_is_told(bootstrap, monkeypatch):
    pretend_version(bootstrap, monkeypatch, (3, 9, 18))
    monkeypatch.setattr(bootstrap, "newer_python", lambda: None)
    with pytest.raises(bootstrap.Missing, match=r"(?s)需要 Python 3\.11.*3\.9\.18.*Python 3\.11 or newer is needed"):
        bootstrap.check_python()


def test_old_python_hands_over_to_a_newer_one(bootstrap, monkeypatch):
    ran = []
    pretend_version(bootstrap, monkeypatch, (3, 9, 18))
    bootstrap.sys.exit = sys.exit
    monkeypatch.setattr(bootstrap, "newer_python", lambda: "python3.13")
    monkeypatch.setattr(bootstrap.subprocess, "call", lambda command: ran.append(command) or 7)
    with pytest.raises(SystemExit) as stop:
        bootstrap.check_python()
    assert stop.value.code == 7
    assert ran == [["python3.13", "bootstrap.py"]]


def test_a_shim_that_does_not_answer_is_passed_over(bootstrap, monkeypatch, tmp_path):
    for name, script in {"python3.14": "exit 127", "python3.12": "exit 0", "python3.11": "exit 0"}.items():
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bootstrap.newer_python() == "python3.12"


def test_missing_venv_module_is_told(bootstrap, monkeypatch):
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(bootstrap.Missing, match=r"(?s)没有 venv.*apt install python3-venv"):
        bootstrap.check_python()


def test_missing_network_is_told(bootstrap, environment, capfd):
    (environment / "pip").write_text("echo 'broken by NewConnectionError' >&2; exit 1\n", "utf-8")
    with pytest.raises(bootstrap.Missing, match=r"(?s)无法连接软件包索引.*cannot be reached.*PIP_INDEX_URL"):
        bootstrap.run_pip(str(environment / "bin" / "python"), ["x"])
    assert "NewConnectionError" in capfd.readouterr().err


def test_any_other_failure_shows_what_pip_said(bootstrap, environment, capfd):
    (environment / "pip").write_text("echo 'No space left on device'; exit 1\n", "utf-8")
    with pytest.raises(bootstrap.Missing, match="Installing failed"):
        bootstrap.run_pip(str(environment / "bin" / "python"), ["x"])
    assert "No space left on device" in capfd.readouterr().err


def test_installs_once_and_again_when_a_source_changed(bootstrap, environment, tmp_path):
    source = tmp_path / "module.py"
    source.write_text("one\n", "utf-8")
    for _ in range(2):
        bootstrap.install(str(environment), ["x"], [str(source)])
    assert calls(environment) == 1
    source.write_text("two\n", "utf-8")
    bootstrap.install(str(environment), ["x"], [str(source)])
    assert calls(environment) == 2


def test_a_failed_install_is_tried_again(bootstrap, environment, tmp_path):
    source = tmp_path / "module.py"
    source.write_text("one\n", "utf-8")
    bootstrap.install(str(environment), ["x"], [str(source)])
    source.write_text("two\n", "utf-8")
    (environment / "pip").write_text("exit 1\n", "utf-8")
    with pytest.raises(bootstrap.Missing):
        bootstrap.install(str(environment), ["x"], [str(source)])
    source.write_text("one\n", "utf-8")
    (environment / "pip").write_text("exit 0\n", "utf-8")
    bootstrap.install(str(environment), ["x"], [str(source)])
    assert calls(environment) == 3


@pytest.mark.parametrize(
    ("environ", "configured", "index"),
    [
        ({}, "", None),
        ({"PIP_INDEX_URL": "http://127.0.0.1:1/a"}, "http://127.0.0.1:1/b", "http://127.0.0.1:1/a"),
        ({}, "http://127.0.0.1:1/b", "http://127.0.0.1:1/b"),
        ({"UV_DEFAULT_INDEX": "http://127.0.0.1:1/c"}, "http://127.0.0.1:1/b", "http://127.0.0.1:1/c"),
    ],
)
def test_tox_installs_from_the_index_that_pip_uses(bootstrap, environment, monkeypatch, environ, configured, index):
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_SYSTEM_CERTS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    (environment / "pip").write_text(f"echo {configured}\n", "utf-8")
    env = bootstrap.uv_settings(str(environment / "bin" / "python"))
    assert env.get("UV_DEFAULT_INDEX") == index
    assert env["UV_PYTHON_DOWNLOADS"] == "never"
    assert env["UV_SYSTEM_CERTS"] == "true"


def test_sources_leave_out_what_running_writes(bootstrap, tmp_path):
    (tmp_path / "src" / "package" / "__pycache__").mkdir(parents=True)
    (tmp_path / "src" / "package" / "module.py").touch()
    (tmp_path / "src" / "package" / "__pycache__" / "module.pyc").touch()
    names = [Path(path).name for path in bootstrap.sources(str(tmp_path))]
    assert sorted(names) == ["README.md", "module.py", "pyproject.toml"]


@pytest.mark.parametrize(("status", "code"), [(0, 0), (2, 2), (-9, 137)])
def test_exit_status_of_the_command_is_passed_on(bootstrap, monkeypatch, status, code):
    given = []
    monkeypatch.setattr(bootstrap, "demo", lambda arguments: given.extend(arguments) or status)
    assert bootstrap.main(["demo", "--all"]) == code
    assert given == ["--all"]


@pytest.mark.parametrize(("arguments", "code"), [([], 1), (["dmeo"], 1), (["--help"], 0)])
def test_usage(bootstrap, capfd, arguments, code):
    assert bootstrap.main(arguments) == code
    assert "bootstrap.py demo" in capfd.readouterr().err
