"""Projects made of one `dougong.toml`."""

from __future__ import annotations

import textwrap

import pytest

from dougong import config

FULL = """
    [project]
    name = "示例"
    ledger = "data/ledger.db"
    locale = "en"
    rules = ["rules/*.toml", "more/*.toml"]

    [plugins]
    allow = ["dougong-kingdee"]

    [connections.kingdee]
    connector = "kingdee"
    target_stage = "audited"
    settle = 2
    settings = { url = "https://erp.example" }
    addons = ["budget", "notes"]

    [connections.kingdee.secrets]
    app_secret = { env = "KINGDEE_APP_SECRET" }

    [connections.kingdee.auditor]
    user = "auditor"
    password = { file = "secrets/auditor" }

    [connections.kingdee.limits]
    concurrency = 8
    rate = 2.5
    batch = 50
    deadline = 30
    breaker = { failures = 3, open_seconds = 10 }

    [connections.kingdee.mappings]
    GL_VOUCHER = "mappings/mine.toml"

    [connections.hesi]
    connector = "hesi"

    [[routes]]
    entity = "A01"
    book = "A01"
    connection = "kingdee"
"""


@pytest.fixture
def full_text() -> str:
    """A file with every key."""
    return textwrap.dedent(FULL)


@pytest.fixture
def project(tmp_path):
    """Writes `dougong.toml` into a folder and returns the folder."""

    def write(text: str):
        (tmp_path / "dougong.toml").write_text(textwrap.dedent(text).lstrip("\n"), "utf-8")
        return tmp_path

    return write


@pytest.fixture
def load(project):
    """Loads a configuration from its text."""
    return lambda text: config.load(project(text))


@pytest.fixture
def problems(load):
    """The problems of a configuration that is refused."""

    def refuse(text: str):
        with pytest.raises(config.ConfigError) as refused:
            load(text)
        return refused.value.problems

    return refuse
