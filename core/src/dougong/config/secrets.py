"""Secrets by reference: the configuration names where a secret lies, never the secret."""

from __future__ import annotations

import importlib
import logging
import os
import stat
from pathlib import Path

import attrs

from dougong.config.errors import ConfigError
from dougong.model.problems import Problem

__all__ = ["KINDS", "SecretRef"]

#: The three places where a secret may lie.
KINDS = ("env", "file", "keyring")

_log = logging.getLogger("dougong.config")


@attrs.frozen(kw_only=True)
class SecretRef:
    """Where one secret lies; exactly one of the three is given.

    :param env: name of an environment variable.
    :param file: path of a file that holds nothing else, relative to the project.
    :param keyring: `service/user` in the system's key ring (needs the package `keyring`).

    .. versionadded:: 0.1
    """

    env: str | None = None
    file: str | None = None
    keyring: str | None = None

    @property
    def text(self) -> str:
        """The reference as it stands in the file, for messages: `{ env = "KINGDEE_APP_SECRET" }`."""
        kind, name = next((kind, name) for kind in KINDS if (name := getattr(self, kind)) is not None)
        return f'{{ {kind} = "{name}" }}'

    def resolve(self, project: Path) -> str:
        """The secret itself. Never keep it where `repr`, a log or the ledger can see it.

        :param project: folder that relative file names start from.
        :raises ConfigError: `SECRET_MISSING` or `SECRET_UNREADABLE`: which reference, and what to do.
        """
        if self.env is not None:
            secret = os.environ.get(self.env, "")
        elif self.file is not None:
            secret = _from_file(project / self.file, self.text)
        else:
            secret = _from_keyring(self.keyring or "", self.text)
        if not secret:
            raise ConfigError(
                Problem.of(
                    "SECRET_MISSING",
                    f"密钥引用 {self.text} 没有值",
                    f"nothing is found at {self.text}",
                    hint_zh="请在启动前设置该环境变量" if self.env else "请在该处存入密钥",
                    hint_en="set the environment variable before starting" if self.env else "store the secret there",
                )
            )
        return secret


def _from_file(path: Path, reference: str) -> str:
    try:
        text = path.read_text("utf-8")
        mode = path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            Problem.of(
                "SECRET_UNREADABLE",
                f"无法读取密钥文件 {path}: {type(error).__name__}",
                f"the secret file {path} cannot be read: {type(error).__name__}",
                hint_zh="请检查路径与权限; 文件应为 UTF-8 文本",
                hint_en="check path and permissions; the file has to be UTF-8 text",
            )
        ) from error
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        _log.warning("secret file %s (%s) can be read by other users: chmod 600 it", path, reference)
    return text.rstrip("\r\n")


def _from_keyring(name: str, reference: str) -> str:
    service, _, user = name.partition("/")
    try:
        # optional, for those who keep secrets there; so it is no dependency
        backend = importlib.import_module("keyring")
        return backend.get_password(service, user) or ""
    except ImportError:
        raise ConfigError(
            Problem.of(
                "SECRET_UNREADABLE",
                f"{reference} 需要软件包 keyring",
                f"{reference} needs the package keyring",
                hint_zh="请安装: pip install keyring, 或改用 env / file",
                hint_en="pip install keyring, or use env or file instead",
            )
        ) from None
    except Exception as error:
        raise ConfigError(
            Problem.of(
                "SECRET_UNREADABLE",
                f"系统密钥环无法读取 {reference}: {type(error).__name__}",
                f"the key ring cannot be read for {reference}: {type(error).__name__}",
                hint_zh="请解锁密钥环, 或改用 env / file",
                hint_en="unlock the key ring, or use env or file instead",
            )
        ) from error
