"""`dougong new-connector`, as a person or a script runs it."""

from __future__ import annotations

import json
import sys
import tomllib

import pytest

from dougong.cli import main


@pytest.fixture
def new_connector(tmp_path, capsys):
    def run(*arguments):
        status = main(["new-connector", *arguments, "--dir", str(tmp_path), "--lang", "en"])
        return status, capsys.readouterr()

    return run


def test_with_defaults_it_asks_nothing_and_says_what_comes_next(new_connector, tmp_path):
    status, said = new_connector("globex-erp", "--kind", "rest", "--defaults")
    assert status == 0
    assert f"pip install -e {tmp_path / 'dougong-globex-erp'}" in said.out
    assert 'Text(\n    "Globex Erp",' in (tmp_path / "dougong-globex-erp/src/dougong_globex_erp/settings.py").read_text(
        "utf-8"
    )


def test_a_script_gets_json(new_connector, tmp_path):
    status, said = new_connector("globex", "--defaults", "--json")
    told = json.loads(said.out)
    assert (status, told["connector"], told["folder"]) == (0, "globex", str(tmp_path / "dougong-globex"))
    assert "src/dougong_globex/connector.py" in told["files"]


def test_a_person_is_asked_for_title_vendor_and_author(new_connector, tmp_path, monkeypatch):
    answers = iter(["Acme 企业版", "", "李雷"])
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: next(answers))
    assert new_connector("globex")[0] == 0
    project = tomllib.loads((tmp_path / "dougong-globex/pyproject.toml").read_text("utf-8"))["project"]
    assert "Acme 企业版" in project["description"]
    assert project["authors"] == [{"name": "李雷"}]
    assert "(Acme 企业版)" in (tmp_path / "dougong-globex/README.md").read_text("utf-8")


def test_nobody_to_answer_is_said(new_connector, tmp_path, monkeypatch):
    def nobody(_):
        raise EOFError

    monkeypatch.setattr("click.termui.visible_prompt_func", nobody)
    status, said = new_connector("globex")
    assert (status, list(tmp_path.iterdir())) == (1, [])
    assert "--defaults" in said.err


@pytest.mark.parametrize("missing", ["dougong_sdk.scaffold", "copier"])
def test_what_is_not_installed_is_named_with_the_command_that_installs_it(new_connector, monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    status, said = new_connector("globex", "--defaults")
    assert status == 1
    assert "pip install" in said.err


def test_a_bad_name_is_refused_before_anything_is_asked(new_connector):
    status, said = new_connector("kingdee_2")
    assert status == 1
    assert "CONNECTOR_NAME_INVALID" in said.err
