"""The installed command in processes of its own, projects made by `init`, and a sandbox to push to."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import attrs
import pytest

import dougong_hesi.examples
from dougong_sdk.sandbox import RunningSandbox, launch

COMMAND = [sys.executable, "-c", "import sys; from dougong.cli import main; sys.exit(main())"]


@attrs.frozen
class Result:
    """What a process left: exit status and both streams."""

    status: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture(scope="session")
def environment(tmp_path_factory) -> dict[str, str]:
    """Variables of every process: English, nothing of ours, and bytecode kept for the session: starting is faster."""
    ours = ("LC_", "DOUGONG_", "PYTHONDONTWRITEBYTECODE")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**clean, "LANG": "C.UTF-8", "PYTHONPYCACHEPREFIX": str(tmp_path_factory.mktemp("bytecode"))}


@pytest.fixture(scope="session")
def command(environment, tmp_path_factory) -> Callable[..., Result]:
    """`dougong …`, as a shell would start it."""

    def call(*arguments: str | Path, cwd: Path | None = None, **more: str) -> Result:
        done = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            cwd=cwd or tmp_path_factory.getbasetemp(),
            env={**environment, **more},
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture
def dougong(command, tmp_path) -> Callable[..., Result]:
    """`dougong …` in the test's own folder."""
    return partial(command, cwd=tmp_path)


@pytest.fixture
def start(environment, tmp_path):
    """Starts `dougong …` and does not wait for it."""

    def call(*arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    return call


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    """One Kingdee sandbox for a module; emptied before each test that asks for `project`."""
    with launch("kingdee") as running:
        yield running


@attrs.frozen
class Project:
    """A project's folder and the command in it."""

    folder: Path
    call: object

    def __call__(self, *arguments: str | Path) -> Result:
        return self.call(*arguments, "--project", self.folder)  # type: ignore[operator]

    def json(self, *arguments: str | Path) -> Result:
        return self(*arguments, "--json")

    def states(self) -> dict[str, str]:
        """Document number → state of its delivery, or its own."""
        return {row["documents"][0]: row["state"] for row in self.json("status").rows}


@pytest.fixture(scope="module")
def made(command, sandbox, tmp_path_factory) -> Path:
    """What `init` makes for the sandbox, made once."""
    folder = tmp_path_factory.mktemp("made") / "books"
    done = command("init", folder, "--sandbox", f"kingdee={sandbox.url}")
    assert (done.status, done.err) == (0, "")
    return folder


@pytest.fixture
def project(dougong, sandbox, made, tmp_path) -> Project:
    """A project as `init` makes it, with an empty sandbox behind."""
    sandbox.reset()
    folder = Path(shutil.copytree(made, tmp_path / "books"))
    text = (folder / "dougong.toml").read_text("utf-8")
    (folder / "dougong.toml").write_text(text.replace("settle       = 2.0", "settle       = 0.1"), "utf-8")
    return Project(folder, dougong)


@pytest.fixture
def examples() -> tuple[Path, ...]:
    """Hesi's example answers: four documents that are due, one that is not, and what their ids mean."""
    return dougong_hesi.examples.files()


@pytest.fixture
def pushed(project, examples) -> Project:
    """The examples, pushed: three are delivered, 培训费 is held, one is not due."""
    assert project("push", *examples, "--source", "hesi").status == 2
    return project
