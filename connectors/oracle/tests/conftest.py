"""What the tests of the Oracle connector share: a sandbox, and a report of an expense system."""

from __future__ import annotations

import json

import pytest

from dougong.cli import main
from dougong_sdk.sandbox.fixtures import borrow_sandbox, npm_package, sandbox_pool  # noqa: F401


@pytest.fixture
def sandbox(borrow_sandbox):  # noqa: F811
    return borrow_sandbox("oracle-fusion")


def report(number=1, **changes):
    """An approved report: a hotel, split between two departments, with its tax."""
    return {
        "source": "test",
        "tenant": "t1",
        "type": "expense",
        "id": f"r-{number}",
        "number": f"B2611{number:04}",
        "state": "approved",
        "updated_at": "2026-11-10T16:00:00+08:00",
        "entity": "A01",
        "currency": "CNY",
        "submitter": "E001",
        "submitter_name": "张三",
        "department": "D02",
        "reason": "上海出差",
        "lines": [
            {
                "id": "hotel",
                "fee_type": "差旅费",
                "gross": "1272.00",
                "expense_date": "2026-11-06",
                "invoices": [{"id": "i1", "share": "1272.00"}],
                "splits": [
                    {"department": "D02", "share": "0.6"},
                    {"department": "D03", "project": "P-R01", "share": "0.4"},
                ],
            }
        ],
        "invoices": [
            {
                "id": "i1",
                "kind": "专票",
                "number": f"{12345678 + number}",
                "date": "2026-11-06",
                "buyer": "示例科技",
                "gross": "1272.00",
                "net": "1200.00",
                "tax": "72.00",
                "rate": "0.06",
            }
        ],
        "payees": [{"kind": "employee", "code": "E001", "amount": "1272.00"}],
        "events": [{"id": "approved-1", "type": "approved", "on": "2026-11-10"}],
        **changes,
    }


@pytest.fixture
def new_report():
    return report


@pytest.fixture
def project(tmp_path, sandbox):
    folder = tmp_path / "books"
    assert main(["init", str(folder), "--sandbox", f"oracle-fusion={sandbox.url}"]) == 0
    file = folder / "dougong.toml"
    file.write_text(file.read_text("utf-8").replace("settle       = 2.0", "settle       = 0.1"), "utf-8")
    return folder


@pytest.fixture
def dougong(project, capsys):
    """One command in this process: its exit status, and what it printed."""

    def run(*arguments):
        capsys.readouterr()
        status = main([*arguments, "--project", str(project), "--json"])
        return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


@pytest.fixture
def file(project):
    """A file with reports."""

    def write(*reports):
        path = project / f"reports-{len(list(project.glob('reports-*')))}.json"
        path.write_text(json.dumps(reports), "utf-8")
        return str(path)

    return write
