"""The shared ledger and its scripted ERP; whole projects in front of a small ERP in this process."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from pathlib import Path

import attrs
import pytest

for folder in (Path(__file__).parents[1] / "ledger", Path(__file__).parent):
    sys.path.insert(0, str(folder))

from ledger_kit import *  # noqa: E402, F403 - fixtures

CONFIG = """
[connections.erp]
connector = "flowerp"
settle = 0
limits = { breaker = { failures = 1000 } }
[[routes]]
entity = "A01"
book = "A01"
connection = "erp"
"""

_ROUTE_OF_B = """
[[routes]]
entity = "B"
book = "B01"
connection = "erp"
"""


@attrs.define
class Shop:
    """A project, and what is pushed into it."""

    folder: Path
    payment: int = 0

    def push(self, *documents):
        """`dougong push` of one file, in this process."""
        from dougong.flow import Project, read_files, take_in, work

        file = self.folder / "pushed.json"
        file.write_text(json.dumps(list(documents), ensure_ascii=False), encoding="utf-8")
        with Project(self.folder) as project:
            if documents:
                read = read_files(project, [file])
                assert not read.bad, read.bad
                take_in(project, read)
            assert work(project) == []
        return self.states()

    def rows(self):
        from dougong.ledger.store import Ledger
        from dougong.ledger.views import deliveries_view, documents_view

        with Ledger(self.folder / "ledger.db") as ledger, ledger.read() as connection:
            return deliveries_view(connection, "en") + documents_view(connection, "en")

    def states(self):
        """(number, state or reason of what is held) of deliveries, then of documents without one."""
        told = []
        for row in self.rows():
            codes = [problem["code"] for problem in row["problems"]]
            told.append((row["documents"][0], row["state"], *codes[:1]))
        return told

    def change(self, old, new):
        """The accountant edits the rules."""
        path = self.folder / "rules" / "a01.toml"
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    def act(self, action, *ids, **how):
        from dougong.flow import Project

        with Project(self.folder) as project:
            return action(project, list(ids), actor="li", reason="test", **how)


@pytest.fixture
def shop(tmp_path, monkeypatch):
    import dougong

    site = tmp_path / "site"
    info = site / "dougong_flowerp-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: dougong-flowerp\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text(
        "[dougong.connectors]\nflowerp = flow_erp:FlowErp\nperiods = period_erp:PeriodErp\n"
        "[dougong.addons]\nwatcher = flow_erp:Watcher\n",
        "utf-8",
    )
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    folder = tmp_path / "project"
    shutil.copytree(Path(dougong.__file__).parent / "templates" / "project", folder)
    (folder / "dougong.toml").write_text(CONFIG, "utf-8")
    import flow_erp

    from dougong.flow import working

    monkeypatch.setattr(working, "_MOST_FAILURES", 2)
    scripts = (flow_erp.BOOKED, flow_erp.DOWN, flow_erp.LOST, flow_erp.REFUSED, flow_erp.SEEN)
    for script in scripts:
        script.clear()
    yield Shop(folder)
    for script in scripts:
        script.clear()


@pytest.fixture
def daily(shop):
    """The shop with rules that merge the accruals of a day."""
    path = shop.folder / "rules" / "a01.toml"
    path.write_text(path.read_text("utf-8").replace('merge        = "none"', 'merge        = "day"', 1), "utf-8")
    return shop


@pytest.fixture
def companies(shop):
    """The shop with a second company."""
    config = shop.folder / "dougong.toml"
    config.write_text(config.read_text("utf-8") + _ROUTE_OF_B, "utf-8")
    shop.change('books      = ["A01"]', 'books      = ["A01", "B01"]')
    return shop


@pytest.fixture
def period_books():
    """What the ERP with books and periods holds; made new."""
    import period_erp

    return period_erp.reset()


@pytest.fixture
def office(shop, period_books):
    """The shop with that ERP and its codes; `period_books` is what it holds."""
    import period_erp

    from dougong.ledger import reference
    from dougong.ledger.store import Ledger

    config = shop.folder / "dougong.toml"
    config.write_text(config.read_text().replace('"flowerp"', '"periods"'), "utf-8")
    with Ledger(shop.folder / "ledger.db") as ledger:
        rows = [(*row, "", "", "") for row in period_erp.CODES]
        ledger.write(lambda tx: reference.replace_codes(tx, rows, actor="test"))
    return shop
