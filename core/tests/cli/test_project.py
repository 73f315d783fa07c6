"""The files of a new project."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from dougong.cli import project_files
from dougong.cli.project_files import Wanted, make_project
from dougong.cli.project_toml import Erp, Source, config_text, toml_value
from dougong.config import parse
from dougong.model.postings import Stage

DEFAULTS = SimpleNamespace(
    url_setting="base_url",
    ca_setting="ca_file",
    settings={"acct_id": "a", "user": "maker"},
    secrets={"app_secret": "s3cret"},
    auditor={"user": "checker"},
    auditor_secrets={"app_secret": "0ther"},
    codes=[("account_book", "A01", "001"), ("department", "D01", "100"), ("account", "*", "*")],
    standard_tables=["account"],
    book_tables=["account_book"],
)


@pytest.fixture
def made(monkeypatch, tmp_path):
    """Makes a project without opening its connections; returns its folder and configuration."""
    monkeypatch.setattr(project_files, "defaults_of", lambda name: (DEFAULTS, "/base/"))
    monkeypatch.setattr(project_files, "sandbox_names", lambda: ["alpha", "beta"])
    monkeypatch.setattr(project_files, "examples", dict)
    planned = []
    monkeypatch.setattr(project_files, "_fill", lambda folder, plan, actor: planned.extend(plan))

    def make(*wanted: Wanted, name: str = "books"):
        folder = tmp_path / name
        make_project(folder, wanted, actor="me")
        return folder, parse((folder / "dougong.toml").read_text("utf-8"), folder), planned

    return make


def test_the_first_sandbox_keeps_book_a01_and_the_others_their_own(made):
    folder, config, planned = made(Wanted("alpha", "http://h:1"), Wanted("beta", "http://h:2"))
    assert [(route.entity, route.book, route.connection) for route in config.routes] == [
        ("A01", "A01", "alpha"),
        ("A01", "A01-beta", "beta"),
        ("A", "A01", "alpha"),
        ("A", "A01-beta", "beta"),
    ]
    assert 'books      = ["A01", "A01-beta"]' in (folder / "rules" / "a01.toml").read_text("utf-8")
    assert ("account_book", "A01-beta", "001") in project_files._codes(planned[1])


def test_addresses_are_completed(made):
    for given, expected in {
        "http://h:1": "http://h:1/base/",
        "http://h:1/": "http://h:1/base/",
        "http://h:1/k3cloud/": "http://h:1/k3cloud/",
    }.items():
        _, config, _ = made(Wanted("alpha", given), name=f"p{len(given)}")
        assert config.connections["alpha"].settings["base_url"] == expected


def test_secrets_are_files_that_only_their_owner_reads(made):
    folder, config, _ = made(Wanted("alpha", "http://h:1"))
    connection = config.connections["alpha"]
    assert connection.secrets["app_secret"].resolve(folder) == "s3cret"
    assert connection.auditor.secrets["app_secret"].resolve(folder) == "0ther"
    assert {path.stat().st_mode & 0o777 for path in (folder / "secrets").iterdir()} == {0o600}
    assert "secrets/" in (folder / ".gitignore").read_text("utf-8").splitlines()
    assert "s3cret" not in (folder / "dougong.toml").read_text("utf-8")


def test_only_sandboxes_have_a_settle_time_of_seconds(made):
    _, sandbox, _ = made(Wanted("alpha", "http://h:1"))
    _, real, planned = made(name="real")
    assert sandbox.connections["alpha"].settle == 2.0
    assert real.connections["alpha"].settle is None
    assert real.connections["alpha"].settings["user"] == "CHANGE-ME"
    assert project_files._codes(planned[-1]) == [("account", "*", "*")]


def test_the_auditor_is_there_so_that_one_line_switches_it_on(made):
    folder, _, _ = made(Wanted("alpha", "http://h:1"))
    text = (
        (folder / "dougong.toml").read_text("utf-8").replace('target_stage = "submitted"', 'target_stage = "audited"')
    )
    assert parse(text, folder).connections["alpha"].auditor.settings == {"user": "checker"}


def test_an_erp_without_that_stage_is_left_below_it(made):
    folder, _, _ = made(Wanted("alpha", "http://h:1"), Wanted("beta", "http://h:1"))
    project_files._cap(folder / "dougong.toml", "beta", Stage.DRAFT)
    config = parse((folder / "dougong.toml").read_text("utf-8"), folder)
    assert [config.connections[name].target_stage for name in ("alpha", "beta")] == [Stage.SUBMITTED, Stage.DRAFT]


def test_a_connection_without_a_stage_leaves_the_next_one_alone(made):
    folder, _, _ = made(Wanted("alpha", "http://h:1"), Wanted("beta", "http://h:1"))
    path = folder / "dougong.toml"
    own, other = path.read_text("utf-8").split("[connections.beta]\n")
    path.write_text(own.replace('target_stage = "submitted"', "") + "[connections.beta]\n" + other, "utf-8")
    project_files._cap(path, "alpha", Stage.DRAFT)
    assert parse(path.read_text("utf-8"), folder).connections["beta"].target_stage is Stage.SUBMITTED


def test_the_authority_of_an_https_sandbox(made, tmp_path):
    _, config, _ = made(Wanted("alpha", "https://h:1", Path("/ca.pem")), Wanted("beta", "http://h:1", Path("/ca.pem")))
    assert config.connections["alpha"].settings["ca_file"] == str(Path("/ca.pem"))
    assert "ca_file" not in config.connections["beta"].settings


@pytest.mark.parametrize("content", ["file", "folder"])
def test_what_exists_is_never_overwritten(run, tmp_path, content):
    place = tmp_path / "p"
    if content == "file":
        place.write_text("mine", "utf-8")
    else:
        place.mkdir()
        (place / "mine").write_text("mine", "utf-8")
    result = run("init", place, "--sandbox", "kingdee=http://h")
    assert result.status == 1
    assert "FOLDER_NOT_EMPTY" in result.err


def test_an_unknown_sandbox_leaves_nothing_behind(run, tmp_path):
    result = run("init", tmp_path / "p", "--sandbox", "nonsense=http://h")
    assert result.status == 1
    assert "nonsense" in result.err
    assert not (tmp_path / "p").exists()


def test_nothing_installed(run, tmp_path, monkeypatch):
    monkeypatch.setattr("dougong.cli.project_files.sandbox_names", list)
    assert "NO_CONNECTOR" in run("init", tmp_path / "p").err
    monkeypatch.setattr("dougong.cli.products.sandbox_names", list)
    assert "pip install" in run("demo", "--dir", tmp_path / "d").err


@pytest.mark.parametrize("text", ["", "a b", '"', "\\", "\n\t\x7f", "中文", "{ env }"])
def test_texts_survive_toml(text):
    erp = Erp("e", "x", "A01", {"u": text}, {}, {"user": text}, {}, sandbox=True)
    config = parse(config_text(text, "A01", [erp], [Source("s", {"entities": {text: text}, "on": True})]), Path())
    assert config.project.name == text
    assert config.connections["e"].settings["u"] == text
    assert config.connections["s"].settings == {"entities": {text: text}, "on": True}


def test_other_values_have_no_toml():
    assert toml_value([1, 0.5, "a"]) == '[1, 0.5, "a"]'
    with pytest.raises(TypeError):
        toml_value(None)
