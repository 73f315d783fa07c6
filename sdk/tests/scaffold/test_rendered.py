"""What the template makes, whatever the name: complete, compiling, tidy, and nothing of the template left in it."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib

EXPECTED = {
    *("pyproject.toml", "README.md", "README.zh-CN.md", "tox.ini", "LICENSE", "CHANGELOG.md", ".gitignore"),
    *(".github/workflows/ci.yml", "tests/conftest.py", "tests/test_connector.py", "tests/test_project.py"),
    *("tests/test_certified.py",),
}
IN_PACKAGE = {
    *("__init__.py", "py.typed", "connector.py", "session.py", "settings.py", "reading.py", "sandbox.py"),
    *("errors.toml", "seed.toml", "mappings/VOUCHER.toml", "connector.json"),
}
#: Non-blank lines of code without docstrings of `connector.py` and `session.py` together.
MOST_LINES = 190


def test_everything_is_there_and_nothing_of_the_template_is_left(rendered):
    wanted, folder = rendered
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    assert EXPECTED | {f"src/{wanted.module}/{name}" for name in IN_PACKAGE} <= set(there)
    assert [name for name in there if re.search(r"[{}]|\.jinja$|copier|__pycache__", name)] == []
    left = {name: path.read_text("utf-8") for name, path in there.items() if name != ".github/workflows/ci.yml"}
    assert [name for name, text in left.items() if re.search(r"\{\{|\{%", text)] == []
    assert [name for name, text in left.items() if text and (not text.endswith("\n") or text.endswith("\n\n"))] == []


def test_it_compiles_and_its_files_can_be_read(rendered):
    _, folder = rendered
    for path in folder.rglob("*.py"):
        compile(path.read_text("utf-8"), str(path), "exec")
    for path in folder.rglob("*.toml"):
        tomllib.loads(path.read_text("utf-8"))


def test_its_entry_points_name_what_is_there(rendered):
    wanted, folder = rendered
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["name"] == wanted.dist
    for group in ("dougong.connectors", "dougong.sandboxes"):
        module, _, cls = project["entry-points"][group][wanted.name].partition(":")
        tree = ast.parse((folder / "src" / f"{module.replace('.', '/')}.py").read_text("utf-8"))
        assert cls in [node.name for node in tree.body if isinstance(node, ast.ClassDef)]


def test_its_description_is_generated(rendered):
    wanted, folder = rendered
    (told,) = json.loads((folder / "src" / wanted.module / "connector.json").read_text("utf-8"))
    assert (told["product"], told["title"]["zh"]) == (wanted.name, wanted.title)
    assert [one["name"] for one in told["operations"]] == ["VOUCHER.create"]


def test_it_is_tidy(rendered):
    _, folder = rendered
    ruff = (sys.executable, "-m", "ruff")
    for command in (["check"], ["format", "--check", "--diff"]):
        done = subprocess.run([*ruff, *command, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_part_to_fill_in_is_short(rendered):
    wanted, folder = rendered
    assert (
        sum(_code_lines(folder / "src" / wanted.module / name) for name in ("connector.py", "session.py")) <= MOST_LINES
    )


def _code_lines(path):
    text = path.read_text("utf-8")
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docs = [
        node.body[0] for node in ast.walk(ast.parse(text)) if isinstance(node, documented) and ast.get_docstring(node)
    ]
    told = {number for doc in docs for number in range(doc.lineno, doc.end_lineno + 1)}
    lines = enumerate(text.splitlines(), 1)
    return sum(bool(line.strip()) and not line.strip().startswith("#") and at not in told for at, line in lines)
