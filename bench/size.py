"""How much a connector's author writes: lines of code of `connector.py` and `session.py`, and of the whole package.

Counted are lines that hold code; blank ones, comments and docstrings are not. The goal for a REST connector: 100 for
the two files together.

    python bench/size.py [FOLDER…] [--json]

A folder is one that `connector.py` stands in, anywhere below it; by default, the connectors of this repository.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import tokenize
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_FILES = ("connector.py", "session.py")
_NOT_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


def main() -> None:
    """Print a line per connector."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", default=[ROOT / "connectors"])
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    sizes = {name: size for folder in chosen.folders for name, size in sizes_below(folder).items()}
    if chosen.json:
        print(json.dumps(sizes))
        return
    for name, size in sizes.items():
        files = " + ".join(f"{file} {size[file]}" for file in _FILES if file in size)
        print(f"{name}: {files} = {size['lines']} lines of code; the package without its sandbox: {size['package']}")


def sizes_below(folder: Path) -> dict[str, dict[str, int]]:
    """Each connector below a folder, by the name of its package."""
    homes = sorted(path.parent for path in folder.rglob("connector.py") if ".venv" not in str(path))
    return {home.name.removeprefix("dougong_"): size_of(home) for home in homes}


def size_of(home: Path) -> dict[str, int]:
    """Lines of the two files, both together (`lines`), and of every module but the sandbox (`package`)."""
    counts = {file: lines_of((home / file).read_text("utf-8")) for file in _FILES if (home / file).exists()}
    modules = [path for path in home.rglob("*.py") if "sandbox" not in path.relative_to(home).parts[0]]
    package = sum(lines_of(path.read_text("utf-8")) for path in modules)
    return {**counts, "lines": sum(counts.values()), "package": package}


def lines_of(source: str) -> int:
    """Lines that hold code."""
    told = {line for start, end in _docstrings(source) for line in range(start, end + 1)}
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    code = {line for token in tokens if token.type not in _NOT_CODE for line in range(token.start[0], token.end[0] + 1)}
    return len(code - told)


def _docstrings(source: str) -> list[tuple[int, int]]:
    homes = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, homes)]
    first = [node.body[0] for node in nodes if node.body and ast.get_docstring(node, clean=False) is not None]
    return [(node.lineno, node.end_lineno or node.lineno) for node in first]


if __name__ == "__main__":
    main()
