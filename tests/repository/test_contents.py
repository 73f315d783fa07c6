"""The tree speaks of itself alone: no machine's paths, no mirror's address, no build left-overs, no unfinished work."""

from __future__ import annotations

import ast
import re
import subprocess

import pytest

# Written in pieces, so that this file does not contain what it forbids.
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.])/" + r"(work|root|home/\w+|Users/\w+|opt/pypi|opt/wheels)/"),
    "the address of a package index": re.compile(
        "files.python" + r"hosted|pypi\.org/sim" + r"ple|pypi\.tu" + r"na|mirrors\.ali" + "yun"
    ),
    "an empty promise": re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b"),
}
LINES = 500
FUNCTION_LINES = 60


@pytest.fixture(scope="session")
def files(root):
    """Every text file that belongs to the project: tracked, or new and not ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"not a git work tree: {done.stderr.strip()}")
    found = {}
    for name in filter(None, done.stdout.split("\0")):
        content = (root / name).read_bytes() if (root / name).is_file() else b"\0"
        if b"\0" not in content:
            found[name] = content.decode("utf-8")
    return found


@pytest.fixture(scope="session")
def modules(files):
    return {name: text for name, text in files.items() if name.endswith(".py")}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_files_do_not_contain(files, what):
    found = [
        f"{name}:{number}: {line.strip()[:80]}"
        for name, text in files.items()
        for number, line in enumerate(text.splitlines(), 1)
        if FORBIDDEN[what].search(line)
    ]
    assert not found, "\n".join(found)


def test_no_lock_file_or_build_junk(files):
    assert [name for name in files if re.search(r"(^|/)(uv\.lock|build/|dist/|[^/]+\.egg-info/)", name)] == []


def test_modules_are_short(modules):
    sizes = {name: len(text.splitlines()) for name, text in modules.items() if "/src/" in name}
    long = [f"{name}: {lines} lines" for name, lines in sizes.items() if lines > LINES]
    assert not long, "\n".join(long)


def test_functions_fit_one_glance(modules):
    long = []
    for name, text in modules.items():
        for node in ast.walk(ast.parse(text)):
            if "/src/" in name and isinstance(node, ast.FunctionDef) and node.end_lineno is not None:
                size = (
                    node.end_lineno - node.lineno + 1 - len((ast.get_docstring(node, clean=False) or "").splitlines())
                )
                if size > FUNCTION_LINES:
                    long.append(f"{name}:{node.lineno}: {node.name} has {size} lines")
    assert not long, "\n".join(long)


def test_change_notes_have_a_known_type(root, workspace):
    types = "|".join(entry["directory"] for entry in workspace["tool"]["towncrier"]["type"])
    names = [path.name for path in (root / "changes").iterdir() if path.name != "README.md"]
    assert [name for name in names if not re.fullmatch(rf"(\+[a-z0-9-]+|\d+)\.({types})\.md", name)] == []


def test_text_files_end_with_one_newline(files):
    wrong = [name for name, text in files.items() if text and (not text.endswith("\n") or text.endswith("\n\n"))]
    assert not wrong, "\n".join(wrong)
