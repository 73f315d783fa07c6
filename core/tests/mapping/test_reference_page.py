from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from dougong.mapping import FUNCTIONS, schema

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "mapping.md"


@pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not beside this installation")
@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda function: function.name)
def test_every_function_stands_in_the_reference_as_it_is(function):
    page = PAGE.read_text("utf-8")
    assert f"| `{function.signature}` | {function.says.en} | {function.says.zh} |" in page


@pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not beside this installation")
def test_the_examples_of_the_reference_compile_and_fit_the_schema():
    from dougong.mapping import compile_mapping

    examples = PAGE.read_text("utf-8").split("```toml\n")[1:]
    assert examples
    for example in examples:
        text = example.split("```")[0]
        compile_mapping(text, path="mapping.md")
        jsonschema.validate(tomllib.loads(text), schema())


def test_the_schema_is_one_and_refuses_what_is_no_mapping():
    jsonschema.Draft202012Validator.check_schema(schema())
    json.dumps(schema())
    head = {"connector": "k", "target": "T", "from": "voucher"}
    for wrong in ({}, {**head, "felds": {}}, {**head, "fields": {"a": 1}}, {**head, "rows": [{"target": "E"}]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema())
