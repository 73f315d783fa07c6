from __future__ import annotations

import logging
import sys
import types

import pytest

from dougong.config import ConfigError, SecretRef


def test_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("DG_TEST_SECRET", "s3cr3t")
    assert SecretRef(env="DG_TEST_SECRET").resolve(tmp_path) == "s3cr3t"


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_is_not_set(monkeypatch, tmp_path, value):
    monkeypatch.delenv("DG_TEST_SECRET", raising=False)
    if value is not None:
        monkeypatch.setenv("DG_TEST_SECRET", value)
    with pytest.raises(ConfigError, match="set the environment variable") as missing:
        SecretRef(env="DG_TEST_SECRET").resolve(tmp_path)
    assert 'env = "DG_TEST_SECRET"' in missing.value.problems[0].message.en


def test_from_a_file_relative_to_the_project(tmp_path):
    file = tmp_path / "secrets" / "auditor"
    file.parent.mkdir()
    file.write_text("s3cr3t\r\n", "utf-8")
    file.chmod(0o600)
    assert SecretRef(file="secrets/auditor").resolve(tmp_path) == "s3cr3t"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits")
@pytest.mark.parametrize(("mode", "warnings"), [(0o600, 0), (0o640, 1), (0o604, 1)])
def test_a_file_that_others_can_read_is_warned_about(tmp_path, caplog, mode, warnings):
    file = tmp_path / "key"
    file.write_text("s3cr3t", "utf-8")
    file.chmod(mode)
    with caplog.at_level(logging.WARNING):
        SecretRef(file="key").resolve(tmp_path)
    assert len(caplog.records) == warnings
    assert "s3cr3t" not in caplog.text


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match="check path and permissions") as missing:
        SecretRef(file="nowhere").resolve(tmp_path)
    assert missing.value.problems[0].code == "SECRET_UNREADABLE"
    assert str(tmp_path / "nowhere") in missing.value.problems[0].message.en


def test_an_empty_file_is_no_secret(tmp_path):
    (tmp_path / "key").write_text("\n", "utf-8")
    (tmp_path / "key").chmod(0o600)
    with pytest.raises(ConfigError, match="SECRET_MISSING"):
        SecretRef(file="key").resolve(tmp_path)


def test_from_the_key_ring(monkeypatch, tmp_path):
    ring = types.ModuleType("keyring")
    ring.get_password = lambda service, user: {("dougong", "kingdee"): "s3cr3t"}.get((service, user))
    monkeypatch.setitem(sys.modules, "keyring", ring)
    assert SecretRef(keyring="dougong/kingdee").resolve(tmp_path) == "s3cr3t"
    with pytest.raises(ConfigError, match="SECRET_MISSING"):
        SecretRef(keyring="dougong/other").resolve(tmp_path)


def test_a_key_ring_without_the_package(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigError, match="pip install keyring"):
        SecretRef(keyring="dougong/kingdee").resolve(tmp_path)


def test_a_key_ring_that_is_locked(monkeypatch, tmp_path):
    def locked(service, user):
        raise RuntimeError("locked")

    ring = types.ModuleType("keyring")
    ring.get_password = locked
    monkeypatch.setitem(sys.modules, "keyring", ring)
    with pytest.raises(ConfigError, match="unlock the key ring"):
        SecretRef(keyring="dougong/kingdee").resolve(tmp_path)


def test_text_of_a_reference():
    assert SecretRef(file="a/b").text == '{ file = "a/b" }'
