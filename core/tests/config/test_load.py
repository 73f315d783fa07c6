from __future__ import annotations

import pytest

from dougong import config
from dougong.model.postings import Stage


def test_a_full_file(load, full_text, tmp_path):
    made = load(full_text)
    kingdee = made.connection("kingdee")
    assert made.project == config.Project(
        name="示例", ledger="data/ledger.db", locale="en", rules=("rules/*.toml", "more/*.toml")
    )
    assert made.plugins.allow == ("dougong-kingdee",)
    assert kingdee.name == "kingdee"
    assert kingdee.target_stage is Stage.AUDITED
    assert kingdee.settle == 2.0
    assert kingdee.settings == {"url": "https://erp.example"}
    assert kingdee.secrets == {"app_secret": config.SecretRef(env="KINGDEE_APP_SECRET")}
    assert kingdee.auditor == config.Credential(
        settings={"user": "auditor"}, secrets={"password": config.SecretRef(file="secrets/auditor")}
    )
    assert kingdee.limits == config.Limits(
        concurrency=8, rate=2.5, batch=50, deadline=30.0, breaker=config.Breaker(failures=3, open_seconds=10.0)
    )
    assert kingdee.addons == ("budget", "notes")
    assert made.mapping_path("kingdee", "GL_VOUCHER") == tmp_path / "mappings/mine.toml"
    assert made.mapping_path("hesi", "X") == tmp_path / "mappings/hesi/X.toml"
    assert made.ledger_url() == f"sqlite:///{tmp_path.as_posix()}/data/ledger.db"


def test_an_empty_file_has_defaults(load, tmp_path):
    made = load("")
    assert made.project.locale == "zh"
    assert made.plugins.allow is None
    assert (made.connections, made.routes) == ({}, ())
    assert made.ledger_url() == f"sqlite:///{tmp_path.as_posix()}/ledger.db"


def test_defaults_of_a_connection(load):
    connection = load('[connections.k]\nconnector = "kingdee"').connection("k")
    assert connection.target_stage is Stage.SUBMITTED
    assert connection.settle is None
    assert connection.limits == config.Limits()


def test_the_ledger_may_be_a_url_by_reference(load, monkeypatch):
    monkeypatch.setenv("LEDGER_URL", "postgresql+psycopg://u:secret@db/dougong")
    made = load('[project]\nledger = { env = "LEDGER_URL" }')
    assert made.ledger_url() == "postgresql+psycopg://u:secret@db/dougong"
    assert "secret@" not in repr(made)


def test_a_ledger_url_without_password_may_stand_in_the_file(load):
    assert load('[project]\nledger = "postgresql+psycopg://db/x"').ledger_url() == "postgresql+psycopg://db/x"


def test_a_byte_order_mark_is_no_problem(tmp_path):
    (tmp_path / "dougong.toml").write_bytes(b'\xef\xbb\xbf[project]\nname = "x"\n')
    assert config.load(tmp_path).project.name == "x"


WRONG = [
    ('[project]\nnam = "x"', "CONFIG_KEY", "dougong.toml:2 project.nam", "did you mean 'name'"),
    ("[projekt]", "CONFIG_KEY", "dougong.toml:1 projekt", "did you mean 'project'"),
    ('[connection.k]\nconnector = "k"', "CONFIG_KEY", "dougong.toml:1 connection", "did you mean 'connections'"),
    ("[project]\nname = 5", "CONFIG_VALUE", "dougong.toml:2 project.name", "text"),
    ('[project]\nlocale = "de"', "CONFIG_VALUE", "dougong.toml:2 project.locale", "zh, en"),
    ('[project]\nrules = "rules/*.toml"', "CONFIG_VALUE", "dougong.toml:2 project.rules", "array"),
    ('[project]\nrules = [\n  "a",\n  3,\n]', "CONFIG_VALUE", "dougong.toml:4 project.rules[1]", "text"),
    ("project = 3", "CONFIG_VALUE", "dougong.toml:1 project", "a table"),
    ("connections = []", "CONFIG_VALUE", "dougong.toml:1 connections", "a table"),
    ("[connections.k]", "CONFIG_MISSING_KEY", "dougong.toml:1 connections.k.connector", "add connector"),
    ('[connections.k]\nname = "k"\nconnector = "k"', "CONFIG_KEY", "dougong.toml:2 connections.k.name", "unknown"),
    (
        '[connections.k]\nconnector = "k"\ntarget_stage = "audit"',
        "CONFIG_VALUE",
        "dougong.toml:3 connections.k.target_stage",
        "did you mean 'audited'",
    ),
    (
        '[connections.k]\nconnector = "k"\ntarget_stage = "void"',
        "CONFIG_VALUE",
        "dougong.toml:3 connections.k.target_stage",
        "draft, submitted, audited, posted",
    ),
    (
        '[connections.k]\nconnector = "k"\ntarget_stage = "audited"',
        "AUDITOR_MISSING",
        "dougong.toml:3 connections.k.target_stage",
        "[connections.k.auditor]",
    ),
    ('[connections.k]\nconnector = "k"\nsettle = "2"', "CONFIG_VALUE", "dougong.toml:3 connections.k.settle", "number"),
    (
        '[connections.k]\nconnector = "k"\nsettle = true',
        "CONFIG_VALUE",
        "dougong.toml:3 connections.k.settle",
        "number",
    ),
    ('[connections.k]\nconnector = "k"\nsettle = inf', "CONFIG_VALUE", "dougong.toml:3 connections.k.settle", "number"),
    ('[connections.k]\nconnector = "k"\nsettle = -1', "CONFIG_VALUE", "dougong.toml:3 connections.k.settle", "less"),
    (
        '[connections.k]\nconnector = "k"\n[connections.k.limits]\nconcurrency = 0',
        "CONFIG_VALUE",
        "dougong.toml:4 connections.k.limits.concurrency",
        "less than 1",
    ),
    (
        '[connections.k]\nconnector = "k"\nlimits = { concurrency = true }',
        "CONFIG_VALUE",
        "dougong.toml:3 connections.k.limits.concurrency",
        "whole number",
    ),
    ('[connections."a/b"]\nconnector = "k"', "CONFIG_VALUE", "dougong.toml:1 connections.a/b", "letters"),
    (
        '[connections.k]\nconnector = "k"\naddons = ["a", "b", "a"]',
        "CONFIG_VALUE",
        "dougong.toml:3 connections.k.addons",
        "twice: a",
    ),
    (
        '[connections.k]\nconnector = "k"\nsecrets = { app_secret = "s3cr3t" }',
        "SECRET_IN_PLAIN",
        "dougong.toml:3 connections.k.secrets.app_secret",
        '{ env = "VARIABLE" }',
    ),
    (
        '[connections.k]\nconnector = "k"\nsecrets = { app_secret = { vault = "x" } }',
        "CONFIG_VALUE",
        "dougong.toml:3 connections.k.secrets.app_secret",
        "env, file, keyring",
    ),
    (
        '[connections.k]\nconnector = "k"\nsecrets = { app_secret = { env = "X", file = "y" } }',
        "CONFIG_VALUE",
        "dougong.toml:3 connections.k.secrets.app_secret",
        "exactly one",
    ),
    ('[project]\nledger = "postgresql://u:s3cr3t@db/x"', "SECRET_IN_PLAIN", "dougong.toml:2 project.ledger", "env"),
    ('[server]\ntoken = "s3cr3t"', "SECRET_IN_PLAIN", "dougong.toml:2 server.token", "env"),
    ('[server]\npublic_url = "dougong.example"', "CONFIG_VALUE", "dougong.toml:2 server.public_url", "https://"),
    ('[server]\npublic_url = "https://u:p@x"', "CONFIG_VALUE", "dougong.toml:2 server.public_url", "password"),
    ("[server]\ncallback_limit = 0", "CONFIG_VALUE", "dougong.toml:2 server.callback_limit", "less than 1"),
    ("[project]\nledger = 3", "CONFIG_VALUE", "dougong.toml:2 project.ledger", "text"),
    ("[project\n", "CONFIG_SYNTAX", "dougong.toml:1", "not valid TOML"),
    ("[project]\nname = 'x'\nname = 'y'", "CONFIG_SYNTAX", "dougong.toml:3", "overwrite"),
    ("[project]\nname = ", "CONFIG_SYNTAX", "dougong.toml:2", "not valid TOML"),
]


@pytest.mark.parametrize(("text", "code", "place", "words"), WRONG)
def test_errors_name_file_line_and_key(problems, text, code, place, words):
    (problem,) = problems(text)
    assert (problem.code, problem.path) == (code, place)
    assert words in f"{problem.message.en} {problem.hint.en}"
    assert problem.message.zh
    assert "s3cr3t" not in str(problem)


def test_all_problems_are_told_in_the_order_of_the_file(problems):
    found = problems("""
        [project]
        nam = "x"
        locale = "de"

        [connections.a]
        settle = "1"

        [[routes]]
        entity = "A01"
        momnt = "accrual"
    """)
    places = [problem.path.split()[0] for problem in found]
    assert places == [f"dougong.toml:{line}" for line in (2, 3, 5, 6, 8, 8, 10)]
    assert found[0].facts == {"file": found[0].facts["file"], "line": "2", "key": "project.nam"}


def test_no_file(tmp_path):
    with pytest.raises(config.ConfigError, match="dougong init") as refused:
        config.load(tmp_path)
    assert refused.value.problems[0].code == "CONFIG_MISSING"
    assert str(tmp_path) in refused.value.problems[0].message.en


def test_a_file_in_another_encoding(tmp_path):
    (tmp_path / "dougong.toml").write_bytes('[project]\nname = "示例"'.encode("gb18030"))
    with pytest.raises(config.ConfigError, match="UTF-8") as refused:
        config.load(tmp_path)
    assert refused.value.problems[0].code == "CONFIG_UNREADABLE"


def test_an_unknown_connection_is_an_error_with_the_nearest_name(load, full_text):
    with pytest.raises(config.ConfigError, match="did you mean 'kingdee'"):
        load(full_text).connection("kingde")


def test_a_configuration_is_frozen(load, full_text):
    with pytest.raises(AttributeError):
        load(full_text).routes = ()
