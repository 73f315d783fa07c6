"""Every crash point is passed somewhere in the code, and killed at somewhere in the tests."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import contract_jobs
import push_jobs
import pytest

import dougong
from dougong import crashpoints
from dougong.crashpoints import LABELS, crashpoint
from dougong_sdk.conformance.processes import KILLED

_SOURCES = sorted(Path(dougong.__file__).parent.rglob("*.py"))


def _passed():
    """Label → files that pass it."""
    found: dict[str, set[str]] = {}
    for path in _SOURCES:
        text = path.read_text("utf-8")
        if "crashpoint(" not in text or path.name == "crashpoints.py":
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "crashpoint":
                (argument,) = node.args
                assert isinstance(argument, ast.Constant), f"{path}:{node.lineno}: the label has to stand in the code"
                found.setdefault(argument.value, set()).add(path.name)
    return found


def test_the_code_passes_exactly_the_labels_that_there_are():
    assert set(_passed()) == set(LABELS)


def test_every_label_is_killed_at():
    contract = {
        label
        for reached in (contract_jobs.REACHED, contract_jobs.REACHED_WHEN_LOST)
        for labels in reached.values()
        for label in labels
    }
    assert {*push_jobs.KINGDEE_LABELS, *push_jobs.MERGING_LABELS} | contract == set(LABELS)


def test_a_label_that_does_not_exist_is_an_error(monkeypatch):
    monkeypatch.setattr(crashpoints, "_WANTED", "prepared")
    with pytest.raises(KeyError):
        crashpoint("perpared")


@pytest.mark.parametrize("wanted", ["", "prepared:1000000", "outcome"])
def test_nothing_happens_without_being_asked_for(monkeypatch, wanted):
    monkeypatch.setattr(crashpoints, "_WANTED", wanted)
    crashpoint("prepared")


def test_the_environment_says_where(tmp_path):
    code = "from dougong.crashpoints import crashpoint; crashpoint('accepted'); crashpoint('accepted'); print('lived')"
    for wanted, status in (("accepted:2", KILLED), ("accepted:3", 0), ("outcome", 0)):
        environment = {**os.environ, "DOUGONG_CRASH": wanted}
        ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=False)
        assert ended.returncode == status
