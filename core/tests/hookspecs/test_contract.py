"""What every hook owes its readers: a page, a docstring that answers, a test, a place in the door."""

from __future__ import annotations

import inspect
import re
import typing

import attrs
import pytest

from dougong import hookspecs
from dougong.config import parse
from dougong.plugins import Door


def written_signature(name, method) -> str:
    arguments = [p for p in inspect.signature(method).parameters.values() if p.name != "self"]
    returns = inspect.signature(method).return_annotation
    return f"{name}({', '.join(f'{p.name}: {p.annotation}' for p in arguments)}) -> {returns}"


def test_the_page_shows_each_hook_with_its_exact_signature(hook, method, reference):
    page = (reference / "hooks.md").read_text("utf-8")
    shown = re.findall(rf"^### {hook}\n\n```python\n(.+?)\n```", page, re.MULTILINE)
    assert shown == [written_signature(hook, method)]


def test_the_page_shows_nothing_else(reference, called_in_tests):
    shown = re.findall(r"^### (\w+)$", (reference / "hooks.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(shown) == sorted(
        name
        for spec in (hookspecs.ConnectorSpec, hookspecs.AddonSpec)
        for name in vars(spec)
        if not name.startswith("_")
    )


def test_the_pages_are_as_the_generator_writes_them(generator, reference):
    again = "run: python docs/reference/generate.py"
    assert (reference / "hooks.md").read_text("utf-8") == generator.hooks_page(), again
    page = (reference / "config.md").read_text("utf-8")
    assert page == generator.config_page(page), again


def test_the_page_about_the_configuration_names_every_key(generator, reference):
    page = (reference / "config.md").read_text("utf-8")
    for section, cls in generator.SECTIONS.items():
        assert f"<!-- keys of {section} -->" in page
        for key in generator.class_schema(cls)["properties"]:
            assert f"| `{key}` |" in page


def test_the_example_in_the_page_about_the_configuration_is_one(reference, tmp_path):
    example = re.search(r"```toml\n(.+?)```", (reference / "config.md").read_text("utf-8"), re.DOTALL)[1]
    assert parse(example, tmp_path).route("A01", "A01", "accrual", "expense") == "kingdee"


def test_the_docstring_says_since_when_and_what_comes_back(hook, method):
    text = inspect.getdoc(method)
    assert re.search(r"\.\. versionadded:: \d", text)
    assert text[0].isupper()
    assert text.partition("\n\n")[0].rstrip().endswith(".")
    named = set(re.findall(r":param (\w+):", text))
    assert named <= set(inspect.signature(method).parameters)


def test_each_hook_can_be_asked_for_its_call(hook, method):
    names = list(inspect.signature(method).parameters)
    assert names[0] == "self"
    assert "call" not in names or names[-1] == "call"
    assert not inspect.iscoroutinefunction(method)


def test_annotations_resolve(method):
    assert "return" in typing.get_type_hints(method)


def test_connector_hooks_have_one_answer_and_addons_many(hook, method):
    assert bool(method.dougong_spec["firstresult"]) == hasattr(hookspecs.ConnectorSpec, hook)


def test_no_hook_is_on_both_levels():
    levels = [
        {name for name in vars(spec) if not name.startswith("_")}
        for spec in (hookspecs.ConnectorSpec, hookspecs.AddonSpec)
    ]
    assert levels[0] & levels[1] == set()


def test_each_hook_has_a_test_that_calls_it_through_the_door(hook, called_in_tests):
    tests = called_in_tests.get(hook, set())
    if hook == "operations":
        tests = {name for names in called_in_tests.values() for name in names if "operations" in name}
    assert [name for name in tests if hook in name or hook.partition("_")[0] in name]


def test_the_door_has_each_hook_with_the_same_arguments(hook, method):
    if hook == "operations":  # asked once and kept as a value
        assert attrs.fields_dict(Door)["operations"]
        return
    through = inspect.signature(getattr(Door, hook))
    assert list(through.parameters) == list(inspect.signature(method).parameters)
    wanted, given = typing.get_type_hints(method), typing.get_type_hints(getattr(Door, hook))
    assert {name: kind for name, kind in given.items() if name != "return"} == {
        name: kind for name, kind in wanted.items() if name != "return"
    }


def test_a_spec_itself_answers_nothing(hook, method):
    arguments = [None] * len(inspect.signature(method).parameters)
    with pytest.raises(NotImplementedError):
        method(*arguments)
