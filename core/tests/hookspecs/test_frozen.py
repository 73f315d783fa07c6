"""Contract 1 is frozen: what connectors were promised stays, and what is added has a default.

`contract-1.txt` holds the promise, a line each: what a hook takes and returns, the members of the classes that travel.
A new line is a promise that is made; a line that has to change needs a deprecation (docs/explanation/versions.md).
"""

from __future__ import annotations

import enum
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import attrs

import dougong.model
from dougong import CONTRACT_VERSION, hookspecs

PROMISED = Path(__file__).with_name("contract-1.txt").read_text("utf-8").splitlines()


def written() -> list[str]:
    """The contract as it is."""
    return sorted([*_hooks(), *_classes()])


def _hooks() -> Iterator[str]:
    specs = (*vars(hookspecs.ConnectorSpec).items(), *vars(hookspecs.AddonSpec).items())
    for name, method in specs:
        if name.startswith("_"):
            continue
        signature = inspect.signature(method)
        yield f"{name} -> {signature.return_annotation}"
        yield from (f"{name}({one.name}: {one.annotation})" for one in list(signature.parameters.values())[1:])


def _classes() -> Iterator[str]:
    modules = pkgutil.iter_modules(dougong.model.__path__, "dougong.model.")
    homes = (*(importlib.import_module(info.name) for info in modules), hookspecs)
    public = [getattr(home, name) for home in homes for name in home.__all__]
    for kind in {one for one in public if inspect.isclass(one)}:
        if issubclass(kind, enum.Enum):
            yield from (f"{kind.__name__}.{one.name} = {one.value!r}" for one in kind)
        elif attrs.has(kind):
            yield from (_member(kind, one) for one in attrs.fields(kind))


def _member(kind: type, field: attrs.Attribute) -> str:
    optional = "" if field.default is attrs.NOTHING else " = …"
    # as it is written: whoever structures a class resolves `field.type`
    homes = [home.__annotations__ for home in kind.__mro__ if field.name in vars(home).get("__annotations__", ())]
    return f"{kind.__name__}.{field.name}: {homes[0][field.name]}{optional}"


def test_what_was_promised_stays():
    assert CONTRACT_VERSION == 1
    assert [line for line in PROMISED if line not in written()] == []


def test_what_is_added_has_a_default():
    known = {line.partition(".")[0] for line in PROMISED}
    added = (line for line in written() if line not in PROMISED and ": " in line and "(" not in line.partition(":")[0])
    assert [line for line in added if line.partition(".")[0] in known and not line.endswith(" = …")] == []


def test_what_is_added_is_promised_from_then_on():
    assert [line for line in written() if line not in PROMISED] == []
