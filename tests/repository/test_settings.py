"""Shared settings explain themselves, and know every dist."""

from __future__ import annotations

import re

LISTED = re.compile(r'^\s+"[A-Z]+\d*",(?P<rest>.*)$')


def test_every_ruff_exclusion_has_a_reason_beside_it(root, workspace):
    lines = (root / "pyproject.toml").read_text("utf-8").splitlines()
    entries = [match for line in lines if (match := LISTED.match(line))]
    lint = workspace["tool"]["ruff"]["lint"]
    excluded = [*lint["ignore"], *(code for codes in lint["per-file-ignores"].values() for code in codes)]
    assert len(entries) == len(excluded)
    assert [match.group().strip() for match in entries if not re.match(r"\s+# \S", match["rest"])] == []


def test_all_rules_are_selected(workspace):
    assert workspace["tool"]["ruff"]["lint"]["select"] == ["ALL"]


def test_types_are_strict_for_the_oldest_python(workspace, dist):
    mypy = workspace["tool"]["mypy"]
    assert mypy["strict"] is True
    assert dist.project["project"]["requires-python"] == f">={mypy['python_version']}"


def test_warnings_are_errors(workspace):
    settings = workspace["tool"]["pytest"]["ini_options"]
    assert settings["filterwarnings"][0] == "error"
    assert settings["xfail_strict"] is True
    assert {"--strict-markers", "--strict-config", "--import-mode=importlib"} <= set(settings["addopts"])


def test_layers_and_coverage_know_the_dist(workspace, dist):
    linter = workspace["tool"]["importlinter"]
    assert dist.package in linter["root_packages"]
    assert dist.package in workspace["tool"]["coverage"]["run"]["source_pkgs"]
    order = next(contract for contract in linter["contracts"] if "containers" not in contract and "layers" in contract)
    assert dist.package in re.split(r" \| ", " | ".join(order["layers"]))


def test_tox_runs_the_dist_alone(root, dist):
    tox = (root / "tox.ini").read_text("utf-8")
    environment = dist.folder.name
    place = dist.folder.relative_to(root).as_posix()
    assert re.search(rf"^env_list = .*\b{environment}\b", tox, re.MULTILINE)
    assert re.search(rf"^    {environment}: DOUGONG_INSTALLED = .*\b{dist.name}$", tox, re.MULTILINE)
    assert re.search(
        rf"^    {environment}(-!lowest)?: .*--group {place}/pyproject.toml:test .*\./{place}$", tox, re.MULTILINE
    )
    assert re.search(rf"^    {environment}: pytest .*tests/installed {place}/tests", tox, re.MULTILINE)
    assert re.search(rf"^everything = .*\./{place}\b", tox, re.MULTILINE)
    assert re.search(rf"^fresh = .*--reinstall-package {dist.name}\b", tox, re.MULTILINE)


def test_tests_have_no_init(root, dists):
    folders = [root / "tests", *(dist.folder / "tests" for dist in dists)]
    assert [str(path) for folder in folders for path in folder.rglob("__init__.py")] == []


def test_dist_ships_types_and_a_licence(dist):
    assert (dist.folder / "src" / dist.package / "py.typed").exists()
    assert dist.project["project"]["license"] == "Apache-2.0"
