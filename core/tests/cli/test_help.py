from __future__ import annotations

import subprocess
import sys

import pytest
import rich_click as click

import dougong
from dougong.cli.commands import COMMANDS, command

#: What `--help` must not load; each costs more than help itself.
HEAVY = ("sqlalchemy", "alembic", "openpyxl", "stevedore", "attrs", "cattrs", "lxml", "httpx", "dougong.flow")


def leaves():
    for name in COMMANDS:
        found = command(name)
        if isinstance(found, click.Group):
            yield from ((name, below) for below in found.commands)
        else:
            yield (name,)


def test_every_command_that_is_promised_is_there():
    promised = (
        *("demo", "init", "sandbox", "connectors", "check", "crashpoints", "schema", "convert", "plan", "accept"),
        *("push", "run", "status", "show", "trace", "retry", "resolve", "cancel", "reconcile", "codes", "tables"),
        *("rules", "audit", "feedback", "repost", "reverse", "approve", "serve", "worker", "new-connector"),
    )
    assert sorted(COMMANDS) == sorted(promised)


def test_help_names_every_command_in_groups(run):
    result = run("--help")
    assert result.status == 0
    assert [name for name in COMMANDS if f"│ {name} " not in result.out] == []
    assert "Exit status" in result.out


@pytest.mark.parametrize("path", list(leaves()), ids=" ".join)
def test_every_command_has_help_and_the_options_of_all(run, path):
    result = run(*path, "--help")
    assert result.status == 0
    assert result.err == ""
    assert [option for option in ("--project", "--json", "--lang", "--debug") if option not in result.out] == []


def test_help_speaks_chinese(dougong_command):
    result = dougong_command("push", "--help", LANG="zh_CN.UTF-8")
    assert result.status == 0
    assert "接收单据" in result.out
    assert "项目目录" in result.out


def test_help_is_light(tmp_path):
    code = (
        "import sys; from dougong.cli import main; main(['--help']); "
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    (tmp_path / "help.py").write_text(code, "utf-8")
    done = subprocess.run([sys.executable, tmp_path / "help.py"], capture_output=True, encoding="utf-8", check=True)
    assert done.stderr.strip() == "[]"


def test_version(run):
    assert dougong.__version__ in run("--version").out
