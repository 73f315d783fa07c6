"""The command in this process and in one of its own, and a project without any connection."""

from __future__ import annotations

import io
import json
import logging
import os
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path

import attrs
import pytest

import dougong
from dougong.cli import language, main
from dougong.cli.logs import stop_logging
from dougong.flow import Project
from dougong.ledger import deliveries, schema
from dougong.ledger.deliveries import NewDelivery
from dougong.ledger.states import DeliveryState
from dougong.model.documents import SourceRef
from dougong.model.identity import Coverage
from dougong.model.postings import Stage
from dougong.model.problems import Problem, Text

CONFIG = '[project]\nname = "test"\n'


@attrs.frozen
class Result:
    status: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture(autouse=True)
def _english(monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES", "DOUGONG_NOW", "DOUGONG_CRASH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    logger = logging.getLogger("dougong")
    before = logger.handlers[:], logger.propagate, logger.level
    yield
    stop_logging()
    language.choose("en")
    logger.handlers, logger.propagate = before[:2]
    logger.setLevel(before[2])


@pytest.fixture
def run(monkeypatch):
    """`dougong …` in this process."""

    def call(*arguments: str | Path) -> Result:
        streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2)]
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", streams[0])
            patched.setattr(sys, "stderr", streams[1])
            status = main([str(argument) for argument in arguments])
        texts = []
        for stream in streams:
            stream.flush()
            texts.append(stream.buffer.getvalue().decode("utf-8"))
        return Result(status, *texts)

    return call


@pytest.fixture
def dougong_command(tmp_path):
    """`dougong …` in a process of its own, as a shell would start it."""

    def call(*arguments: str | Path, cwd: Path = tmp_path, **environment: str) -> Result:
        command = [sys.executable, "-c", "import sys; from dougong.cli import main; sys.exit(main())"]
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "DOUGONG_"))}
        done = subprocess.run(
            [*command, *map(str, arguments)],
            cwd=cwd,
            env={**clean, "LANG": "C.UTF-8", **environment},
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture
def folder(tmp_path) -> Path:
    """A project: the template's rules and tables, no connection."""
    place = tmp_path / "project"
    with resources.as_file(resources.files(dougong).joinpath("templates", "project")) as template:
        shutil.copytree(template, place)
    (place / "dougong.toml").write_text(CONFIG, "utf-8")
    return place


@pytest.fixture
def report():
    """A canonical report that is approved."""

    def make(number: str = "B1", **members) -> dict:
        base = {
            "source": "oa",
            "tenant": "t1",
            "type": "expense",
            "id": f"id-{number}",
            "number": number,
            "state": "approved",
            "updated_at": "2026-11-18T10:00:00+08:00",
            "entity": "A01",
            "submitter": "E001",
            "department": "D01",
            "currency": "CNY",
            "reason": "出差",
            "lines": [
                {"id": "1", "fee_type": "差旅费", "gross": "100.00", "currency": "CNY", "expense_date": "2026-11-10"}
            ],
            "payees": [{"kind": "employee", "code": "E001", "amount": "100.00"}],
            "events": [{"id": "e1", "type": "approved", "on": "2026-11-18T10:00:00+08:00"}],
        }
        return {**base, **members}

    return make


@pytest.fixture
def write(tmp_path):
    """Writes a JSON file."""

    def make(name: str, content) -> Path:
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), "utf-8")
        return path

    return make


@pytest.fixture
def deliver(folder, run, report, write):
    """Puts deliveries of accepted reports into the ledger, in any state that a new one may have."""

    def make(
        number: str,
        *,
        state: str = "held",
        problems=(),
        total: str | None = None,
        moment: str = "accrual",
        entity: str = "A01",
        book: str = "A01",
    ) -> str:
        assert run("accept", write(f"{number}.json", report(number)), "--project", folder).status in {0, 2}
        with Project(folder) as project:
            with project.ledger.read() as connection:
                id_ = connection.execute(schema.document.select().where(schema.document.c.number == number)).one().id
            coverage = Coverage(SourceRef("oa", "t1", "expense", f"id-{number}"), entity, book, moment, "1")
            new = NewDelivery(
                "erp",
                "V",
                ((id_, coverage),),
                (number,),
                1,
                Stage.SUBMITTED,
                DeliveryState(state),
                problems=tuple(problems),
                total=total,
                currency="CNY" if total else None,
                period="2026-11" if total else None,
            )
            return project.ledger.write(lambda tx: deliveries.create(tx, new)).name

    return make


@pytest.fixture
def unmapped():
    """A code without a row, as mapping tells it."""

    def make(code: str = "D05", on: str = "2026-11-01") -> Problem:
        facts = {"table": "department", "code": code, "date": on, "scopes": "erp/A01, erp, *"}
        return Problem("CODE_UNMAPPED", Text(f"没有 {code} 在 {on}", f"no row for {code} on {on}"), "x", facts=facts)

    return make
