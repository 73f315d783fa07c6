from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Literal

import attrs
import pytest

from dougong import config
from dougong.hookspecs import About
from dougong.model.problems import DougongError, Problem, Text


class Login(Enum):
    SECRET = "secret"
    USER = "user"


@attrs.frozen
class Field:
    name: str
    length: int = 20


def _https(instance, attribute, value):
    if not value.startswith("https://"):
        raise ValueError(f"{value} is not https")


def _long_enough(instance, attribute, value):
    if len(value) < 4:
        raise ValueError(f"{value} is too short")


def _not_both(instance, attribute, value):
    if value == "none":
        problem = Problem.of("SETTINGS_INVALID", "缺少密钥", "a secret is needed", path="app_secret", hint_en="give it")
        raise DougongError(problem)


@attrs.frozen(kw_only=True)
class Settings:
    url: str = attrs.field(validator=_https)
    app_secret: str = attrs.field(repr=False, validator=_long_enough)
    auditor_user: str | None = None
    auditor_password: str | None = attrs.field(default=None, repr=False)
    login: Login = Login.SECRET
    mode: Literal["a", "b"] = "a"
    timeout: float = 5.0
    rate: Decimal = Decimal(1)
    lcid: int = 2052
    callback_user: str = ""
    callback_key: str = attrs.field(default="", repr=False)
    since: dt.date | None = None
    ca: Path | None = None
    fields: tuple[Field, ...] = ()
    codes: dict[str, str] = attrs.field(factory=dict)
    strict: bool = True
    scheme: str = attrs.field(default="", validator=_not_both)


ABOUT = About(
    product="acme",
    title=Text("示例", "Acme"),
    settings=Settings,
    secrets=("app_secret",),
    auditor_secrets=("password",),
    callback_secrets=("key",),
)


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv("ACME_SECRET", "s3cr3t")
    monkeypatch.setenv("ACME_AUDITOR", "4ud1t0r")


@pytest.fixture
def build(load):
    """Settings of the connection `a`, made from the rest of its table."""

    def make(rest: str):
        made = load(f'[connections.a]\nconnector = "acme"\n{rest}')
        return config.build_settings(made.connection("a"), ABOUT, made)

    return make


@pytest.fixture
def faults(build):
    def refuse(rest: str):
        with pytest.raises(config.ConfigError) as refused:
            build(rest)
        assert refused.value.__cause__ is None
        return refused.value.problems

    return refuse


SECRET = 'secrets = { app_secret = { env = "ACME_SECRET" } }\n'


def test_settings_secrets_and_auditor_become_one_object(build, tmp_path):
    made = build(
        SECRET
        + """
        auditor = { user = "au", password = { env = "ACME_AUDITOR" } }
        [connections.a.settings]
        url = "https://erp"
        login = "user"
        mode = "b"
        timeout = 3
        rate = 0.10
        since = 2026-11-01
        ca = "certs/ca.pem"
        fields = [{ name = "F1" }, { name = "F2", length = 3 }]
        codes = { CNY = "PRE001" }
        strict = false
        """
    )
    assert made == Settings(
        url="https://erp",
        app_secret="s3cr3t",
        auditor_user="au",
        auditor_password="4ud1t0r",
        login=Login.USER,
        mode="b",
        timeout=3.0,
        rate=Decimal("0.10"),
        since=dt.date(2026, 11, 1),
        ca=tmp_path / "certs/ca.pem",
        fields=(Field("F1"), Field("F2", 3)),
        codes={"CNY": "PRE001"},
        strict=False,
    )
    assert str(made.rate) == "0.10"
    assert "s3cr3t" not in repr(made)


WRONG = [
    (SECRET, "CONFIG_MISSING_KEY", "connections.a.settings.url", "add url"),
    ('settings = { url = "https://x" }', "CONFIG_MISSING_KEY", "connections.a.secrets.app_secret", "add app_secret"),
    (SECRET + 'settings = { url = "https://x", urll = 1 }', "CONFIG_KEY", "connections.a.settings.urll", "'url'"),
    (SECRET + 'settings = { url = "http://x" }', "CONFIG_VALUE", "connections.a", "http://x is not https"),
    (SECRET + 'settings = { url = "https://x", lcid = "1" }', "CONFIG_VALUE", "connections.a.settings.lcid", "number"),
    (
        SECRET + 'settings = { url = "https://x", scheme = "none" }',
        "SETTINGS_INVALID",
        "connections.a.secrets.app_secret",
        "a secret is needed give it",
    ),
    (SECRET + 'settings = { url = "https://x", codes = [] }', "CONFIG_VALUE", "connections.a.settings.codes", "table"),
    (
        SECRET + 'settings = { url = "https://x", fields = [{ name = "a" }, { nam = "b", name = "b" }] }',
        "CONFIG_KEY",
        "connections.a.settings.fields[1].nam",
        "did you mean 'name'",
    ),
    (
        SECRET + 'settings = { url = "https://x", login = "sso" }',
        "CONFIG_VALUE",
        "connections.a.settings.login",
        "secret, user",
    ),
    (
        'settings = { url = "https://x", app_secret = "plain-s3cr3t" }',
        "SECRET_IN_PLAIN",
        "connections.a.settings.app_secret",
        'app_secret = { env = "APP_SECRET" }',
    ),
    (
        SECRET + 'settings = { url = "https://x" }\nauditor = { user = "au", password = "plain-s3cr3t" }',
        "SECRET_IN_PLAIN",
        "connections.a.auditor.password",
        'password = { env = "PASSWORD" }',
    ),
    (
        SECRET + 'settings = { url = "https://x" }\nauditor = { usr = "au" }',
        "CONFIG_KEY",
        "connections.a.auditor.usr",
        "unknown",
    ),
    (
        SECRET + 'settings = { url = "https://x", auditor_user = "au" }',
        "CONFIG_KEY",
        "connections.a.settings.auditor_user",
        "[connections.a.auditor]",
    ),
    (
        'settings = { url = "https://x" }\nsecrets = { app_secret = { env = "DG_NOT_SET" } }',
        "SECRET_MISSING",
        "connections.a.secrets.app_secret",
        "DG_NOT_SET",
    ),
    (
        (
            'settings = { url = "https://x" }\n[connections.a.secrets]\napp_secret = { env = "ACME_SECRET" }\n'
            'token = { env = "ACME_AUDITOR" }'
        ),
        "CONFIG_KEY",
        "connections.a.secrets.token",
        "unknown",
    ),
]


@pytest.mark.parametrize(("rest", "code", "key", "words"), WRONG)
def test_what_is_wrong_has_file_line_and_key(faults, rest, code, key, words):
    (problem,) = faults(rest)
    assert problem.code == code
    assert problem.path.split(" ")[1] == key
    assert problem.path.startswith("dougong.toml:")
    assert words in f"{problem.message.en} {problem.hint.en}"
    assert "s3cr3t" not in str(problem)


def test_a_secret_that_a_validator_quotes_is_not_told(faults, monkeypatch):
    monkeypatch.setenv("ACME_SECRET", "xyz")
    (problem,) = faults(SECRET + 'settings = { url = "https://x" }')
    assert "xyz" not in str(problem) + problem.message.zh
    assert "secret is not valid" in problem.message.en


def test_all_problems_at_once(faults):
    found = faults(SECRET + 'settings = { lcid = "1", strict = 1 }')
    assert {problem.path.rpartition(".")[2] for problem in found} == {"url", "lcid", "strict"}


def test_a_connection_gets_its_own_secrets_only(load, monkeypatch):
    made = load("""
        [connections.a]
        connector = "acme"
        settings = { url = "https://a" }
        secrets = { app_secret = { env = "ACME_SECRET" } }
        [connections.b]
        connector = "acme"
        settings = { url = "https://b" }
        secrets = { app_secret = { env = "ACME_AUDITOR" } }
    """)
    values = attrs.asdict(config.build_settings(made.connection("a"), ABOUT, made)).values()
    assert "s3cr3t" in values
    assert "4ud1t0r" not in values
    assert list(config.secret_values(made.connection("b"), made)) == ["4ud1t0r"]


def test_the_credential_of_callbacks(build, faults):
    made = build(
        SECRET + 'settings = { url = "https://e" }\ncallback = { user = "sap", key = { env = "ACME_AUDITOR" } }'
    )
    assert (made.callback_user, made.callback_key) == ("sap", "4ud1t0r")
    (plain,) = faults(SECRET + 'settings = { url = "https://e" }\ncallback = { key = "in the file" }')
    assert plain.code == "SECRET_IN_PLAIN"
    (elsewhere,) = faults(SECRET + 'settings = { url = "https://e", callback_user = "sap" }')
    assert (elsewhere.code, elsewhere.hint.en) == ("CONFIG_KEY", "move it there as user")
