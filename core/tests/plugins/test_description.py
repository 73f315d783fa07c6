from __future__ import annotations

import json

import jsonschema
import pytest

from dougong import plugins
from dougong.plugins import State


def test_a_description_says_everything_that_about_and_hooks_say(acme):
    found = plugins.describe_connector(acme(push=lambda self, message: None, find=lambda self, wanted: []))
    assert found == json.loads(json.dumps(found))
    assert (found["product"], found["contract"]) == ("acme", 1)
    assert found["title"] == {"zh": "示例", "en": "Acme"}
    assert found["operations"] == [
        {
            "name": "V.create",
            "books": "voucher",
            "stages": ["draft", "submitted"],
            "ambiguity": "D",
            "batch": 1,
            "drops": [],
        }
    ]
    assert found["hooks"] == ["operations", "push", "find"]
    jsonschema.Draft202012Validator.check_schema(found["settings"])
    assert found["settings"]["properties"]["url"] == {"type": "string"}


def test_operations_that_need_real_settings_are_not_known(acme):
    assert plugins.describe_connector(acme(operations=lambda self: 1 / 0))["operations"] is None


@pytest.fixture
def shipped(install, tmp_path):
    """A package that ships `connector.json` and cannot be imported."""

    def make(content: str):
        site = install("dougong-fine", "[dougong.connectors]\nfine = fine_package.connector:Connector\n")
        package = site / "fine_package"
        package.mkdir()
        (package / "__init__.py").write_text("raise SystemExit('imported')", "utf-8")
        (package / "connector.json").write_text(content, "utf-8")
        (row,) = [entry for entry in plugins.catalogue() if entry.name == "fine"]
        return row

    return make


def test_a_shipped_description_is_read_without_import(shipped, acme, tmp_path):
    file = tmp_path / "connector.json"
    plugins.write_descriptions(file, [acme()])
    row = shipped(file.read_text("utf-8").replace('"product": "acme"', '"product": "fine"'))
    assert (row.state, row.operations) == (State.OK, ("V.create",))


def test_a_shipped_contract_version_decides_before_import(shipped):
    row = shipped('[{"product": "fine", "contract": 9, "operations": []}]')
    assert row.state is State.TOO_NEW
    assert "9" in row.reason.en
    assert "version 1" in row.reason.en


def test_a_description_of_other_products_only(shipped):
    assert shipped('[{"product": "other", "contract": 1, "operations": []}]').state is State.OK


@pytest.mark.parametrize("content", ["{", "[1]", '[{"product": "fine"}]', "5"])
def test_a_description_that_is_none_is_a_row_with_its_reason(shipped, content):
    row = shipped(content)
    assert row.state is State.BROKEN
    assert "connector.json" in row.reason.en
