from __future__ import annotations

import textwrap
import tomllib
from decimal import Decimal

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from dougong.config.positions import key_lines, path_text

CASES = [
    ("a = 1\n\nb = 2", {("a",): 1, ("b",): 3}),
    ("[t]\n# a = 1\na = 1 # b = 2", {("t",): 1, ("t", "a"): 3}),
    ("a.b.c = 1", {("a",): 1, ("a", "b"): 1, ("a", "b", "c"): 1}),
    ("[a.b]\nc = 1", {("a", "b"): 1, ("a", "b", "c"): 2}),
    ("\"a.b\" = 1\n'c d' = 2", {("a.b",): 1, ("c d",): 2}),
    ("[[r]]\nx = 1\n[[r]]\nx = 2", {("r", 0): 1, ("r", 0, "x"): 2, ("r", 1): 3, ("r", 1, "x"): 4}),
    ("[[r]]\n[r.sub]\nx = 1\n[[r.many]]\ny = 2", {("r", 0, "sub", "x"): 3, ("r", 0, "many", 0, "y"): 5}),
    ("a = [1,\n  2, # two\n  [3,\n   4]]", {("a", 0): 1, ("a", 1): 2, ("a", 2): 3, ("a", 2, 1): 4}),
    ("a = { b = 1, c = { d = [1] } }", {("a", "b"): 1, ("a", "c", "d", 0): 1}),
    ("a = [\n  { b = 1 },\n  { b = 2 },\n]", {("a", 1): 3, ("a", 1, "b"): 3}),
    ('a = """\n[not a table]\nx = 1\n"""\nb = 1', {("a",): 1, ("b",): 5}),
    ("a = '''\n# ''\n'''\nb = '#'\nc = 1", {("b",): 4, ("c",): 5}),
    ('a = "\\" # [x]"\nb = "\\\\"\nc = 1', {("b",): 2, ("c",): 3}),
    ('a = """x\\"""" \nb = 1', {("b",): 2}),
    ("a = 1979-05-27T07:32:00Z\nb = 1.5\nc = -inf\nd = 1979-05-27 07:32:00\ne = 1", {("b",): 2, ("d",): 4, ("e",): 5}),
    ("a = 1\r\nb = 2\r\n", {("b",): 2}),
    ("名 = 1", {}),
    ('"名" = 1\n"" = 2', {("名",): 1, ("",): 2}),
]


@pytest.mark.parametrize(("text", "lines"), CASES)
def test_lines_of_keys(text, lines):
    found = key_lines(text)
    assert {path: found[path] for path in lines} == lines


KEYS = st.text("ab.\"' #=[]名", max_size=4)
VALUES = st.recursive(
    st.integers(-9, 9)
    | st.booleans()
    | st.decimals(-9, 9, places=2).map(float)
    | st.text("a\n\"'#=[]{}\\,", max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


def paths(value, start=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in items:
        yield (*start, step)
        yield from paths(item, (*start, step))


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_every_key_that_tomllib_finds_has_its_line(data):
    text = tomlkit.dumps(data)
    assert tomllib.loads(text, parse_float=Decimal).keys() == data.keys()
    lines = key_lines(text)
    assert [path for path in paths(tomllib.loads(text)) if path not in lines] == []
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())


@given(st.text("a[]{}=,.#\"'\n \\", max_size=30))
def test_text_that_is_no_toml_ends_all_the_same(text):
    assert key_lines(text) is not None


def test_lines_in_a_real_file():
    text = textwrap.dedent("""
        [connections.kingdee]
        connector = "kingdee"

        [connections.kingdee.secrets]
        app_secret = { env = "X" }
    """)
    assert key_lines(text)["connections", "kingdee", "secrets", "app_secret", "env"] == 6


def test_path_text():
    assert path_text(("routes", 0, "entity")) == "routes[0].entity"
    assert path_text(()) == ""
