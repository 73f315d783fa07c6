"""A customer with a project folder, and the Kingdee sandbox as their ERP: what tests across dists start from.

The customer uses the command `dougong`, in this process: what a command prints and its exit status are what is judged.
What only some dists bring is imported where it is used, for `tests/installed` runs beside the core alone.
"""

from __future__ import annotations

import io
import json
import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

if TYPE_CHECKING:
    from dougong_sdk.sandbox import RunningSandbox

_HESI = "[connections.hesi.settings]\n"


@attrs.frozen
class Ran:
    """What one command did.

    :param status: exit status (contract.md §5). :param out: standard output. :param err: standard error.
    """

    status: int
    out: str
    err: str

    @property
    def printed(self) -> list[dict[str, Any]]:
        """Standard output as JSON Lines."""
        return [json.loads(line) for line in self.out.splitlines()]


@attrs.frozen
class Pushed:
    """What one `push` did; two are equal when they say the same of the documents.

    :param status: its exit status. :param shown: the rows that it printed. :param err: its standard error.
    :param rows: every delivery of the ledger, and every document without one, as `status` prints them.
    :param overall: the exit status of `status`.
    """

    status: int
    shown: list[dict[str, Any]]
    err: str = attrs.field(eq=False)
    rows: list[dict[str, Any]]
    overall: int

    def of(self, number: str) -> list[dict[str, Any]]:
        """Rows of one document."""
        return [row for row in self.rows if number in row["documents"]]

    def one(self, number: str) -> dict[str, Any]:
        """The only row of a document as a whole, stale answers and payments aside."""
        (row,) = (row for row in self.of(number) if row["state"] != "stale" and row.get("moment") != "payment")
        return row

    def payment(self, number: str) -> dict[str, Any]:
        """The only payment of a document."""
        (row,) = (row for row in self.of(number) if row.get("moment") == "payment")
        return row

    @property
    def states(self) -> dict[str, str]:
        """Document number → state, stale answers and payments aside."""
        rows = (row for row in self.rows if row["state"] != "stale" and row.get("moment") != "payment")
        return {row["documents"][0]: row["state"] for row in rows}

    @property
    def bad(self) -> list[tuple[str, str]]:
        """File and code of each line on standard error that refuses one: `✗ FILE: CODE PLACE: message`."""
        words = [line.split() for line in self.err.splitlines() if line.startswith("✗ ")]
        return [(line[1].rstrip(":"), line[2].rstrip(":")) for line in words]

    @staticmethod
    def codes(row: Mapping[str, Any]) -> set[str]:
        """Codes of a row's problems."""
        return {problem["code"] for problem in row["problems"]}


class Customer:
    """A project folder and what its owner does with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inbox = folder.parent / f"{folder.name}-inbox"
        self.inbox.mkdir()

    def dougong(self, *arguments: str, lang: str = "en") -> Ran:
        """Run a command on the project."""
        from dougong.cli import main

        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = main(["--project", str(self.folder), "--lang", lang, *arguments])
        logger = logging.getLogger("dougong")
        for handler in logger.handlers:
            handler.close()
        logger.handlers = []
        return Ran(status, out.getvalue(), err.getvalue())

    # -- what the customer decides ------------------------------------------------------------------------------------

    def settings(self, **hesi: Any) -> None:
        """Write the settings of the Hesi connection."""
        path = self.folder / "dougong.toml"
        before, rest = path.read_text("utf-8").split(_HESI)
        lines = "".join(f"{name} = {_toml(value)}\n" for name, value in hesi.items())
        path.write_text(before + _HESI + lines + rest[rest.index("\n\n") :], "utf-8")

    def add_rows(self, table: str, *rows: str) -> None:
        """Add rows to a decision table."""
        with (self.folder / "tables" / f"{table}.csv").open("a", encoding="utf-8", newline="") as file:
            file.writelines(f"{row}\n" for row in rows)

    def add_codes(self, *rows: tuple[str, str, str]) -> None:
        """Import code rows: table, ours, theirs."""
        lines = ["table,scope,ours,→theirs", *(f"{table},kingdee,{ours},{theirs}" for table, ours, theirs in rows)]
        imported = self.dougong("codes", "import", str(self.file("codes.csv", "\n".join(lines).encode())))
        assert imported.status == 0, imported.err

    def change(self, file: str, old: str, new: str) -> None:
        """Replace the first `old` in a file of the project."""
        path = self.folder / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")

    # -- what the customer pushes -------------------------------------------------------------------------------------

    def file(self, name: str, content: Any) -> Path:
        """A file as it came: bytes as they are, anything else as JSON."""
        path = self.inbox / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode())
        return path

    def push(self, *paths: Path, source: str | None = "hesi") -> Pushed:
        """Push files, then look at everything."""
        named = ["--source", source] if source else []
        ran, then = self.dougong("push", "--json", *named, *map(str, paths)), self.dougong("status", "--json")
        return Pushed(ran.status, ran.printed, ran.err, then.printed, then.status)

    def counts(self) -> dict[str, int]:
        """Rows of every table of the ledger."""
        from sqlalchemy import func, select

        from dougong.flow import Project
        from dougong.ledger import schema

        with Project(self.folder) as project, project.ledger.read() as connection:
            return {
                table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in schema.metadata.sorted_tables
            }


def _toml(value: Any) -> str:
    """A value as inline TOML; JSON is that already, but for tables."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


@pytest.fixture(scope="session")
def customer_in() -> type[Customer]:
    """Makes a customer whose project is a folder, or will be."""
    return Customer


@pytest.fixture(scope="session")
def kingdee() -> Iterator[RunningSandbox]:
    """One Kingdee sandbox for all tests of this process."""
    from dougong_sdk.sandbox import launch

    with launch("kingdee") as running:
        yield running


@pytest.fixture
def erp(kingdee: RunningSandbox) -> RunningSandbox:
    """The sandbox with an empty ledger."""
    kingdee.reset()
    return kingdee


@pytest.fixture(scope="session")
def new_project(kingdee: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `init` makes for the sandbox; each test gets a copy."""
    owner = Customer(tmp_path_factory.mktemp("init") / "project")
    made = owner.dougong("init", str(owner.folder), "--sandbox", f"kingdee={kingdee.url}")
    assert made.status == 0, made.err
    owner.change("dougong.toml", "= 2.0 ", "= 0.1 ")  # the sandbox never works on after its answer was lost
    return owner.folder


@pytest.fixture(scope="session")
def make_customer(new_project: Path) -> Callable[[Path], Customer]:
    """Makes a customer with a fresh project below a folder."""
    return lambda folder: Customer(Path(shutil.copytree(new_project, folder / "project")))


@pytest.fixture
def customer(tmp_path: Path, erp: RunningSandbox, make_customer: Callable[[Path], Customer]) -> Customer:
    """A customer of the empty sandbox with a fresh project."""
    return make_customer(tmp_path)
