"""These tests need the extra `server`; the application in this process, in front of a project of its own."""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "flow"))

CONFIG = """
[connections.erp]
connector = "door"
[connections.erp.callback]
user = "sap"
key = { env = "DOOR_KEY" }
[connections.silent]
connector = "silent"
[connections.broken]
connector = "nowhere"
[[routes]]
entity = "A01"
book = "A01"
connection = "erp"
[server]
callback_limit = 1000
document_limit = 20000
body_seconds = 0.3
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    import dougong

    site = tmp_path / "site"
    info = site / "dougong_door-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: dougong-door\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text(
        "[dougong.connectors]\ndoor = door_erp:DoorErp\nsilent = door_erp:Silent\n", "utf-8"
    )
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("DOOR_KEY", "canary-of-the-door")
    importlib.invalidate_caches()
    folder = tmp_path / "project"
    shutil.copytree(Path(dougong.__file__).parent / "templates" / "project", folder)
    (folder / "dougong.toml").write_text(CONFIG, "utf-8")
    import door_erp

    door_erp.SEEN.clear()
    return folder


@pytest.fixture
def project(folder):
    from dougong.flow import Project

    with Project(folder) as opened:
        yield opened


@pytest.fixture
def seen():
    """What the connector was shown."""
    import door_erp

    return door_erp.SEEN


@pytest.fixture
def woken():
    return []


@pytest.fixture
def application(project, woken):
    """Makes the application; `token` as `[server] token` names it."""
    from dougong.server import Door, build_application

    return lambda token=None: build_application(Door(project, token, lambda: woken.append(1)))


@pytest.fixture
def client(application):
    from litestar.testing import TestClient

    with TestClient(application()) as made:
        yield made


@pytest.fixture
def guarded(application):
    """The same behind a token."""
    from litestar.testing import TestClient

    with TestClient(application("s3cret")) as made:
        yield made


@pytest.fixture
def rows(project):
    """What `status` lists."""
    from dougong.cli import lists

    def look():
        with project.ledger.read() as connection:
            return lists.rows(connection)

    return look
