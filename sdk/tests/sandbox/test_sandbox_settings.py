from __future__ import annotations

from decimal import Decimal

import pytest

from dougong_sdk.sandbox import SandboxError, Setting, Settings

DECLARED = [
    Setting("user", "ann", "用户", "user"),
    Setting("password", "word", "密码", "password", "secret"),
]


def test_defaults_and_overrides_are_typed():
    settings = Settings(DECLARED, {"latency": "0.25", "tls": "1", "user": "bob"})
    assert (settings["latency"], settings["tls"], settings["user"]) == (Decimal("0.25"), True, "bob")
    assert settings["token_seconds"] == Decimal(3600)


def test_an_unknown_key_is_an_error_that_names_the_nearest():
    with pytest.raises(SandboxError, match="latency"):
        Settings(DECLARED, {"latencey": "1"})


@pytest.mark.parametrize(("key", "value"), [("latency", "soon"), ("latency", "NaN"), ("tls", "perhaps")])
def test_a_value_of_the_wrong_kind_is_an_error(key, value):
    with pytest.raises(SandboxError, match=f"{key}={value}"):
        Settings(DECLARED, {key: value})


def test_secrets_are_never_shown():
    settings = Settings(DECLARED, {"password": "hunter2"})
    assert settings.shown()["password"] == "***"
    assert settings.secrets() == ["hunter2"]
    assert "word" not in str([row["default"] for row in settings.help()])
