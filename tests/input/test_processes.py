"""The same through real processes, once: exit status, what is printed where, and what is left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from pathlib import Path

import pytest


@pytest.fixture
def run(customer):
    """Run the installed command on the customer's project."""
    command = Path(sysconfig.get_path("scripts")) / "dougong"

    def process(*arguments: str, lang: str = "C.UTF-8"):
        environment = {**os.environ, "LC_ALL": lang}
        started = [str(command), "--project", str(customer.folder), *arguments]
        return subprocess.run(started, capture_output=True, encoding="utf-8", env=environment, timeout=120, check=False)

    return process


def test_bad_files_among_good_ones(customer, erp, good, run):
    files = [
        customer.file("good.json", good("B1")),
        customer.file("malformed.json", json.dumps(good("B2")).encode()[:-5]),
        customer.file("nested.json", b"[" * 100_000),
        customer.file("float.json", json.dumps(good("B3")).replace('"100.00"', "100.00").encode()),
        customer.file("good-too.json", good("B4", "0.01")),
    ]
    ran = run("push", "--json", *map(str, files))
    assert ran.returncode == 1
    assert {row["documents"][0]: row["state"] for row in map(json.loads, ran.stdout.splitlines())} == {
        "B1": "delivered",
        "B4": "delivered",
    }
    assert [line.split()[1] for line in ran.stderr.splitlines() if line.startswith("✗")] == [
        "malformed.json:",
        "nested.json:",
        "float.json:",
        "float.json:",
    ]
    assert "Traceback" not in ran.stderr
    assert sorted(posting["total"] for posting in erp.postings()) == ["0.01", "100.00"]
    again = run("push", "--json", *map(str, files), lang="zh_CN.UTF-8")
    assert (again.returncode, again.stdout) == (1, ran.stdout)
    assert "第 1 行" in again.stderr
    assert len(erp.postings()) == 2
