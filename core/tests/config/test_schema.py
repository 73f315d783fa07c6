from __future__ import annotations

import subprocess
import sys
import tomllib

import attrs
import jsonschema
import pytest

from dougong import config
from dougong.config.schema import descriptions
from dougong.config.structure import file_fields


@pytest.fixture(scope="session")
def schema():
    return config.schema()


def valid(schema, text: str) -> bool:
    return jsonschema.Draft202012Validator(schema).is_valid(tomllib.loads(text))


def test_it_is_a_schema(schema):
    jsonschema.Draft202012Validator.check_schema(schema)


def test_it_takes_what_we_take(schema, full_text):
    jsonschema.validate(tomllib.loads(full_text), schema)
    assert valid(schema, "")


REFUSED = [
    '[project]\nnam = "x"',
    '[project]\nlocale = "de"',
    "[connections.k]",
    '[connections.k]\nconnector = "k"\ntarget_stage = "void"',
    '[connections.k]\nconnector = "k"\nsettle = "2"',
    '[connections.k]\nconnector = "k"\nsecrets = { a = "plain" }',
    '[connections.k]\nconnector = "k"\nsecrets = { a = { env = "X", file = "y" } }',
    '[connections.k]\nconnector = "k"\nauditor = { a = { vault = "X" } }',
    '[connections.k]\nconnector = "k"\nlimits = { rat = 1 }',
    '[[routes]]\nentity = "A01"\nbook = "A01"',
    '[[routes]]\nentity = "A01"\nbook = "A01"\nconnection = "k"\nmoment = "x"',
]


@pytest.mark.parametrize("text", REFUSED)
def test_it_refuses_what_we_refuse(schema, problems, text):
    assert problems(text)
    assert not valid(schema, text)


CLASSES = [
    config.Config,
    config.Project,
    config.Plugins,
    config.Connection,
    config.Limits,
    config.Breaker,
    config.Route,
]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_key_is_described_in_the_docstring(cls):
    described = descriptions(cls)
    assert [field.name for field in file_fields(cls) if len(described.get(field.name, "")) < 5] == []
    assert set(described) - {field.name for field in attrs.fields(cls)} == set()


def test_importing_it_is_light():
    program = "import sys, dougong.config; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert {"sqlalchemy", "openpyxl", "stevedore", "rich", "tomlkit"} & set(done.stdout.split()) == set()
