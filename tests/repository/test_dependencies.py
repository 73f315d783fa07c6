"""What is imported is declared, what is declared is explained, and importing the core stays light."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib import metadata

import pytest

HEAVY = (
    *("httpx", "zeep", "sqlalchemy", "alembic", "openpyxl", "rich"),
    *("dougong_sdk", "dougong_kingdee", "dougong_hesi", "dougong_sap", "dougong_oracle"),
)


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement_name(requirement: str) -> str:
    return normal(re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0])


def imported_modules(folder) -> dict[str, str]:
    """Top-level modules imported below the folder, each with one file that does."""
    found = {}
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"), filename=str(path))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names = [node.module]
            found.update(dict.fromkeys((name.partition(".")[0] for name in names), str(path)))
    return found


def declared(dist) -> set[str]:
    project = dist.project["project"]
    extras = [item for items in project.get("optional-dependencies", {}).values() for item in items]
    return {requirement_name(item) for item in [*project["dependencies"], *extras]}


def test_every_import_is_declared(dist):
    providers = metadata.packages_distributions()
    allowed = declared(dist) | {dist.name}
    undeclared = {
        module: path
        for module, path in imported_modules(dist.folder / "src").items()
        if module not in sys.stdlib_module_names
        and not {normal(name) for name in providers.get(module, [module])} & allowed
    }
    assert undeclared == {}


def test_every_dependency_is_used(dist):
    providers = metadata.packages_distributions()
    used = {
        normal(name) for module in imported_modules(dist.folder / "src") for name in providers.get(module, [module])
    }
    assert declared(dist) - used == set()


def explained(root) -> set[str]:
    page = (root / "docs" / "explanation" / "dependencies.md").read_text("utf-8")
    return {normal(name) for name in re.findall(r"^\| ([A-Za-z0-9._-]+) \| \S", page, re.MULTILINE)} - {"package"}


def test_every_dependency_is_explained(root, workspace, dist):
    groups = [*dist.project["dependency-groups"].values(), *workspace["dependency-groups"].values()]
    wanted = {requirement_name(item) for group in groups for item in group if isinstance(item, str)}
    wanted |= {name for name in declared(dist) if not name.startswith("dougong")}
    assert wanted - explained(root) == set()


def test_nothing_is_explained_that_nobody_declares(root, workspace, dists):
    groups = [group for dist in dists for group in dist.project["dependency-groups"].values()]
    groups += workspace["dependency-groups"].values()
    groups += [dist.project["build-system"]["requires"] for dist in dists]
    wanted = {requirement_name(item) for group in groups for item in group if isinstance(item, str)}
    wanted |= {name for dist in dists for name in declared(dist)}
    assert explained(root) - wanted - {"coverage"} == set()


def test_a_connector_depends_on_a_range_of_the_core(dist):
    ours = [item for item in dist.project["project"]["dependencies"] if item.startswith("dougong")]
    assert [item for item in ours if not re.fullmatch(r"dougong(-sdk)?(\[[a-z,]+\])?>=[\d.]+,<\d+", item)] == []


def test_constraints_are_third_party_and_exact(root):
    lines = (root / "constraints.txt").read_text("utf-8").splitlines()
    wrong = [
        line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[\w.]+( ; .+)?", line) or line.startswith("dougong")
    ]
    assert wrong == []


def test_constraints_pin_every_direct_dependency(root, workspace, dists):
    pinned = {requirement_name(line) for line in (root / "constraints.txt").read_text("utf-8").splitlines()}
    groups = [group for dist in dists for group in dist.project["dependency-groups"].values()]
    groups += workspace["dependency-groups"].values()
    wanted = {requirement_name(item) for group in groups for item in group if isinstance(item, str)}
    wanted |= {name for dist in dists for name in declared(dist) if not name.startswith("dougong")}
    assert wanted - pinned == set()


@pytest.mark.parametrize("module", ["dougong"])
def test_importing_the_core_is_light(module):
    program = f"import sys, {module}; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert set(HEAVY) & set(done.stdout.split()) == set()
