"""Whatever stands in whatever place, the answer is a document, a problem or a clear refusal; never a crash."""

from __future__ import annotations

import copy
import json

import pytest

from dougong.model.identity import content_fingerprint
from dougong.model.problems import InputError
from dougong.model.sources import SourceDocument
from dougong_hesi import examples

WRONG = (None, True, 5, "x", [5], {"a": 1}, [{"a": 1}])


def places(value, path=()):
    """Every place inside a JSON value."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from places(child, (*path, key))


def replaced(value, path, wrong):
    """A copy with something else in one place."""
    copied = copy.deepcopy(value)
    inner = copied
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = wrong
    return copied


@pytest.mark.parametrize("path", examples.files(), ids=lambda path: path.stem)
def test_no_place_crashes(read_all, path):
    data = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(data.get("items"), list):
        data["items"] = data["items"][:1] if path.stem != "invoices" else data["items"][:3]
    told = [attempt(read_all, replaced(data, place, wrong)) for place, wrong in changes(data)]
    assert None in told
    assert any(told)


def changes(data):
    """Three of the wrong values for each place, in turn."""
    for index, place in enumerate(places(data)):
        for step in (0, 2, 3):
            yield place, WRONG[(index + step) % len(WRONG)]


def attempt(read_all, data):
    """Whether the changed answer was read; `None` when it was refused."""
    try:
        found = read_all(data)
    except InputError:
        return None
    contents = [item.content for item in found if isinstance(item, SourceDocument)]
    return all(content_fingerprint(content) and json.dumps(content) for content in contents)
