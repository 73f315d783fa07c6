"""``--set KEY=VALUE``: what a sandbox can be told at its start."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from attrs import frozen

from .errors import SandboxError

__all__ = ["COMMON_SETTINGS", "Setting", "Settings"]

Kind = Literal["text", "secret", "number", "switch"]
_SWITCHES = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


@frozen
class Setting:
    """One key of ``--set``.

    :param key: the name before ``=``.
    :param default: its value, as a person would type it, when nothing is set.
    :param zh: what it is for, in Chinese.
    :param en: the same in English.
    :param kind: ``text``; ``secret`` (never shown); ``number`` (an exact decimal); ``switch`` (true or false).

    .. versionadded:: 0.1
    """

    key: str
    default: str
    zh: str
    en: str
    kind: Kind = "text"

    def parse(self, value: str) -> Any:
        """The typed value of what a person typed.

        :raises SandboxError: if it is no number or no switch.
        """
        if self.kind == "number":
            try:
                number = Decimal(value)
            except InvalidOperation:
                number = Decimal("NaN")
            if not number.is_finite():
                said = f"--set {self.key}={value}"
                raise SandboxError(f"{said}: 需要数字", f"{said}: not a number")
            return number
        if self.kind == "switch":
            if value.lower() not in _SWITCHES:
                said = f"--set {self.key}={value}"
                raise SandboxError(f"{said}: 需要 true 或 false", f"{said}: say true or false")
            return _SWITCHES[value.lower()]
        return value


COMMON_SETTINGS = (
    Setting("token_seconds", "3600", "会话或令牌的有效秒数", "life of a session or token, in seconds", "number"),
    Setting("latency", "0", "每次应答前等待的秒数", "seconds to wait before each answer", "number"),
    Setting("work_seconds", "0", "异步任务所需的秒数", "seconds that a background job takes", "number"),
    Setting("same_user_may_audit", "true", "制单人可否审核自己的凭证", "may a maker audit their own voucher", "switch"),
    Setting("callback_url", "", "主动推送的目标地址", "address to which the sandbox pushes by itself"),
    Setting(
        "tls", "false", "使用 https 与自签发的 CA", "serve https with a certificate authority of its own", "switch"
    ),
    Setting(
        "client_ca",
        "",
        "客户端证书的 CA 文件 (PEM); 设置后握手必须出示证书",
        "file (PEM) of the authority of client certificates; when set, the handshake demands one",
    ),
)
"""Settings that every sandbox understands (interfaces.md §4)."""


class Settings(Mapping[str, Any]):
    """The effective settings of one sandbox: its defaults, overridden by what was set.

    :raises SandboxError: for an unknown key (with the nearest known one) or a value of the wrong kind.

    .. versionadded:: 0.1
    """

    def __init__(self, declared: Iterable[Setting], given: Mapping[str, str] | None = None) -> None:
        self.declared = {setting.key: setting for setting in (*declared, *COMMON_SETTINGS)}
        self._values = {key: setting.parse(setting.default) for key, setting in self.declared.items()}
        for key, value in (given or {}).items():
            if key not in self.declared:
                raise self._unknown(key)
            self._values[key] = self.declared[key].parse(value)

    def _unknown(self, key: str) -> SandboxError:
        near = difflib.get_close_matches(key, self.declared, 1) or ["--help-set"]
        return SandboxError(f"--set: 没有 {key} 这个键, 您是否想用 {near[0]}", f"--set: no key {key}; try {near[0]}")

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Any:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def secrets(self) -> list[str]:
        """The values that must never be shown."""
        return [str(self[key]) for key, setting in self.declared.items() if setting.kind == "secret" and self[key]]

    def shown(self) -> dict[str, Any]:
        """The effective values as JSON, secrets as stars."""
        return {key: "***" if self.declared[key].kind == "secret" else value for key, value in self.items()}

    def help(self) -> list[dict[str, str]]:
        """One row per key for ``--help-set``: key, default, kind, zh, en."""
        return [
            {
                "key": setting.key,
                "default": "***" if setting.kind == "secret" else setting.default,
                "kind": setting.kind,
                "zh": setting.zh,
                "en": setting.en,
            }
            for setting in self.declared.values()
        ]
