"""Exit status 1, in words, on standard error; standard output stays clean."""

from __future__ import annotations

import pytest

from dougong.cli import app
from dougong.cli.commands import COMMANDS


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["push"],
        ["status", "--nonsense"],
        ["--project"],
        ["schema", "nonsense"],
        ["retry", "--reason", "x"],
        ["retry", "D1"],
        ["resolve", "D1", "--reason", "x"],
        ["resolve", "D1", "--reason", "x", "--absent", "--delivered", "1"],
        ["retry", "--where", "colour=red", "--reason", "x"],
        ["init", "x", "--sandbox", "kingdee"],
        ["init", "x", "--sandbox", "kingdee=ftp://h"],
        ["init", "x", "--sandbox", "kingdee=http:///k3cloud"],
        ["init", "x", "--sandbox", "a=http://h", "--sandbox", "a=http://h"],
        ["sandbox", "x", "--port", "99999"],
        ["codes", "nonsense"],
        ["reconcile", "--out", "x.pdf"],
    ],
    ids=" ".join,
)
def test_usage_errors_are_1_and_not_2(run, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.status == 1
    assert result.err or not arguments


def test_usage_errors_of_a_real_process(dougong_command):
    result = dougong_command("push", "--nonsense", "--json")
    assert (result.status, result.out) == (1, "")
    assert "dougong push --help" in result.err


@pytest.mark.parametrize(
    "arguments",
    [["status"], ["push", "x.json"], ["run"], ["check"], ["show", "D1"], ["tables", "todo"], ["audit", "verify"]],
    ids=" ".join,
)
def test_no_project(dougong_command, arguments):
    result = dougong_command(*arguments, "--json")
    assert (result.status, result.out) == (1, "")
    assert "CONFIG_MISSING" in result.err
    assert "dougong init" in result.err


def test_a_broken_configuration_names_file_and_line(run, folder):
    (folder / "dougong.toml").write_text('[project]\nnames = "x"\n', "utf-8")
    result = run("status", "--project", folder)
    assert result.status == 1
    assert "dougong.toml:2" in result.err


@pytest.fixture
def broken(monkeypatch):
    def explode(*_):
        raise RuntimeError("the sky\nfell")

    monkeypatch.setattr("dougong.cli.lists.rows", explode)


@pytest.mark.usefixtures("broken")
def test_what_nobody_foresaw_is_one_line_and_the_rest_in_the_log(run, folder):
    result = run("status", "--project", folder)
    assert (result.status, result.out) == (1, "")
    assert result.err.splitlines() == [
        f"unexpected error: RuntimeError: the sky fell (details: {folder / 'dougong.log'})"
    ]
    assert "Traceback" in (folder / "dougong.log").read_text("utf-8")
    assert (folder / "dougong.log").stat().st_mode & 0o077 == 0


@pytest.mark.usefixtures("broken")
def test_debug_shows_the_traceback(run, folder):
    assert "Traceback" in run("--debug", "status", "--project", folder).err


def test_without_a_project_it_says_how_to_see_more(run, monkeypatch):
    monkeypatch.setitem(COMMANDS, "status", COMMANDS["status"]._replace(module="nowhere"))
    assert "--debug" in run("status").err


@pytest.mark.parametrize("wanted", ["nolabel", "opened:", "opened:0", "opened:x", ":1"])
def test_a_crash_point_that_is_none_is_refused_at_the_start(run, folder, monkeypatch, wanted):
    monkeypatch.setenv("DOUGONG_CRASH", wanted)
    result = run("status", "--project", folder)
    assert (result.status, result.out) == (1, "")
    assert "CRASH_POINT_UNKNOWN" in result.err
    assert "callback_stored" in result.err


def test_an_interrupted_command_says_that_nothing_is_lost(run, monkeypatch, folder):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("dougong.cli.lists.rows", interrupted)
    result = run("status", "--project", folder)
    assert result.status == 1
    assert "nothing committed is lost" in result.err


def test_every_command_has_a_module():
    assert [name for name in app.COMMANDS if app.LazyGroup(name="x").get_command(None, name) is None] == []


@pytest.mark.parametrize(
    "arguments",
    [("reconcile", "--out"), ("codes", "export"), ("tables", "export"), ("tables", "export", "--missing")],
    ids=" ".join,
)
@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_file_that_cannot_be_written(run, folder, tmp_path, arguments, suffix):
    path = tmp_path / "nowhere" / f"x{suffix}"
    result = run(*arguments, path, "--project", folder)
    assert result.status == 1
    assert "FILE_UNWRITABLE" in result.err
    assert str(path) in result.err
