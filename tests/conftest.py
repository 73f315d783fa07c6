"""A customer with a project folder, and the Kingdee sandbox as their ERP: what tests across dists start from.

What only some dists bring is imported where it is used: `tests/installed` runs beside the core alone.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from sqlalchemy import func, select

from dougong.flow import Project, read_files, take_in, work
from dougong.ledger import reference, schema, views

if TYPE_CHECKING:
    from dougong_sdk.sandbox import RunningSandbox

SECRET = "0123456789abcdef0123456789abcdef"
SECRET_NAME = "DOUGONG_TEST_APP_SECRET"

CONFIG = """\
[project]
name = "test"

[connections.kingdee]
connector = "kingdee"
settle = 0.2
[connections.kingdee.settings]
base_url = "{url}"
acct_id = "65a0c1d2e3f4a5"
user = "demo"
app_id = "210001_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
[connections.kingdee.secrets]
app_secret = {{ env = "{secret}" }}

[connections.hesi]
connector = "hesi"
[connections.hesi.settings]
{hesi}

[[routes]]
entity = "A01"
book = "A01"
connection = "kingdee"
"""


@attrs.frozen
class Pushed:
    """What one `push` showed.

    :param status: exit status (contract.md §5). :param rows: every delivery, and every document without one.
    :param bad: (file name, problem) of what could not be read.
    """

    status: int
    rows: tuple[dict[str, Any], ...]
    bad: tuple[tuple[str, Any], ...]

    def of(self, number: str) -> list[dict[str, Any]]:
        """Rows of one document."""
        return [row for row in self.rows if number in row["documents"]]

    def one(self, number: str) -> dict[str, Any]:
        """The only row of a document, stale answers aside."""
        (row,) = (row for row in self.of(number) if row["state"] != "stale")
        return row

    @property
    def states(self) -> dict[str, str]:
        """Document number → state, stale answers aside."""
        return {row["documents"][0]: row["state"] for row in self.rows if row["state"] != "stale"}

    @staticmethod
    def codes(row: Mapping[str, Any]) -> set[str]:
        """Codes of a row's problems."""
        return {problem["code"] for problem in row["problems"]}


class Customer:
    """A project folder and what its owner does with it."""

    def __init__(self, folder: Path, url: str) -> None:
        from dougong_kingdee.sandbox import default_codes

        self.folder = folder
        self.inbox = folder.parent / f"{folder.name}-inbox"
        self.inbox.mkdir(exist_ok=True)
        self._url = url
        self._hesi: dict[str, Any] = {}
        with as_file(files("dougong") / "templates" / "project") as template:
            shutil.copytree(template, folder)
        self.settle()
        rows = [(row.table, "kingdee", row.ours, row.theirs, "", "", "") for row in default_codes()]
        with Project(folder) as project:
            project.ledger.write(lambda tx: reference.replace_codes(tx, rows, actor="init"))

    # -- what the customer decides ---------------------------------------------------------------------------------

    def settle(self, **hesi: Any) -> None:
        """Write `dougong.toml`, with more settings of the Hesi connection."""
        self._hesi |= hesi
        settings = "\n".join(f"{name} = {_toml(value)}" for name, value in self._hesi.items())
        text = CONFIG.format(url=self._url, secret=SECRET_NAME, hesi=settings)
        (self.folder / "dougong.toml").write_text(text, encoding="utf-8")

    def add_rows(self, table: str, *rows: str) -> None:
        """Add rows to a decision table."""
        with (self.folder / "tables" / f"{table}.csv").open("a", encoding="utf-8", newline="") as file:
            file.writelines(f"{row}\n" for row in rows)

    def add_codes(self, *rows: tuple[str, str, str]) -> None:
        """Add code rows: table, ours, theirs."""
        with Project(self.folder) as project:
            with project.ledger.read() as connection:
                known = reference.code_rows(connection)
            more = [(table, "kingdee", ours, theirs, "", "", "") for table, ours, theirs in rows]
            project.ledger.write(lambda tx: reference.replace_codes(tx, [*known, *more], actor="test"))

    # -- what the customer pushes ----------------------------------------------------------------------------------

    def file(self, name: str, content: Any) -> Path:
        """A file as it came: bytes as they are, anything else as JSON."""
        path = self.inbox / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode())
        return path

    def push(self, *paths: Path, source: str | None = "hesi") -> Pushed:
        """Accept the files, then work until everything rests; shows the whole ledger."""
        with Project(self.folder) as project:
            read = read_files(project, paths, source)
            accepted = take_in(project, read)
            ids = [item.document_id for item in accepted if item.document_id is not None]
            troubles = work(project, only=ids)
            assert troubles == []
            with project.ledger.read() as connection:
                rows = (*views.deliveries_view(connection, "en"), *views.documents_view(connection, "en"))
        bad = tuple((path.name, problem) for path, problem in read.bad)
        return Pushed(1 if bad else 0 if views.in_order(rows) else 2, rows, bad)

    def counts(self) -> dict[str, int]:
        """Rows of every table of the ledger."""
        with Project(self.folder) as project, project.ledger.read() as connection:
            return {
                table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in schema.metadata.sorted_tables
            }


def _toml(value: Any) -> str:
    """A value as inline TOML; JSON is close enough but for tables."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


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


@pytest.fixture
def app_secret(monkeypatch: pytest.MonkeyPatch) -> str:
    """The secret, where the customer's configuration refers to."""
    monkeypatch.setenv(SECRET_NAME, SECRET)
    return SECRET


@pytest.fixture
def make_customer(tmp_path: Path, erp: RunningSandbox, app_secret: str):
    """Customers of the sandbox, each with a project folder of its own."""

    def make(name: str = "project", **hesi: Any) -> Customer:
        customer = Customer(tmp_path / name, erp.url)
        if hesi:
            customer.settle(**hesi)
        return customer

    return make


@pytest.fixture
def customer(make_customer) -> Customer:
    """One customer with a fresh project."""
    return make_customer()
