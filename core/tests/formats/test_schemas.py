"""The schema says what the loader does, as far as a schema can."""

from __future__ import annotations

import json

import attrs
import jsonschema
import pytest

from dougong import formats
from dougong.formats.schemas import document_schema, plan_schema
from dougong.model import documents
from dougong.model.problems import InputError


@pytest.fixture(scope="module")
def validator():
    return jsonschema.Draft202012Validator(document_schema())


@pytest.mark.parametrize("schema", [document_schema, plan_schema])
def test_schemas_are_schemas(schema):
    jsonschema.Draft202012Validator.check_schema(schema())
    assert json.loads(json.dumps(schema())) == schema()
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_class_and_member_of_a_document_is_there():
    definitions = document_schema()["$defs"]
    for name in documents.__all__:
        cls = getattr(documents, name)
        if attrs.has(cls) and cls is not documents.SourceRef:
            assert list(definitions[name]["properties"]) == [field.name for field in attrs.fields(cls)]
            assert definitions[name]["description"]


def test_descriptions_come_from_the_docstrings():
    line = document_schema()["$defs"]["Line"]["properties"]
    assert line["gross"]["description"] == "claimed, in `currency`."


@pytest.mark.parametrize(
    "change",
    [
        {"currency": "RMB"},
        {"state": "aproved"},
        {"type": "report"},
        {"number": ""},
        {"number": 5},
        {"lines": {}},
        {"lines": [{"id": "1", "fee_type": "x", "gross": 1}]},
        {"lines": [{"id": "1", "fee_type": "x", "gross": "1,0"}]},
        {"lines": [{"id": "1", "gross": "1"}]},
        {"events": [{"id": "1", "type": "payed", "on": "2026-06-10"}]},
        {"events": [{"id": "1", "type": "paid", "on": "2026-06-10T00:00:00"}]},
        {"payees": [{"kind": "friend", "code": "1", "amount": "1"}]},
    ],
)
def test_schema_and_loader_refuse_the_same(plain, validator, change):
    validator.validate(plain)
    assert not validator.is_valid(plain | change)
    with pytest.raises(InputError):
        formats.document_from_json(plain | change)


@pytest.mark.parametrize(
    "change",
    [
        {"u_more": 1},
        {"department": None, "updated_at": None, "lines": None},
        {"department": ""},
        {"lines": [{"id": "1", "fee_type": "x", "gross": "1", "currency": "", "rate": None, "paid_by": None}]},
    ],
)
def test_schema_and_loader_take_the_same(plain, validator, change):
    validator.validate(plain | change)
    formats.document_from_json(plain | change)


def test_events_alone(plain, validator):
    entry = {name: plain[name] for name in ("source", "tenant", "type", "id", "events")}
    validator.validate(entry)
    assert not validator.is_valid(entry | {"events": [{}]})


def test_the_plans_schema_takes_a_row_and_refuses_numbers_for_amounts():
    line = {"account": "660203", "side": "D", "amount": "1.00", "summary": "x", "dimensions": {"department": "D1"}}
    row = {
        "documents": ["B1"],
        "date": "2026-06-10",
        "lines": [line],
        "payload": {"F": 1},
        "problems": [],
        "already": None,
    }
    validator = jsonschema.Draft202012Validator(plan_schema())
    validator.validate(row)
    assert not validator.is_valid(row | {"lines": [line | {"amount": 1}]})
    assert not validator.is_valid(row | {"date": "tomorrow"})
