"""A connector's own settings: its class, filled from `settings`, resolved `secrets` and the auditor's credential."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dougong.config import positions
from dougong.config.errors import ConfigError
from dougong.config.model import Config, Connection
from dougong.config.secrets import SecretRef
from dougong.config.structure import converter, problems_of
from dougong.hookspecs.call import About
from dougong.model.problems import Problem

__all__ = ["build_settings"]

#: How the second credential's values are called in a connector's settings class.
AUDITOR = "auditor_"


def build_settings(connection: Connection, about: About, config: Config) -> Any:
    """The instance of `about.settings` for one connection. It holds secrets: never print or store it.

    A connector gets what its own connection lists and nothing else; there is no way to ask for more.

    :raises ConfigError: with every problem, each naming file, line and key.

    .. versionadded:: 0.1
    """
    filling = _Filling(connection, about, config)
    if problems := filling.problems:
        raise ConfigError([config.problem(path, problem) for path, problem in problems])
    try:
        return converter(config.folder).structure(filling.values, about.settings)
    except Exception as error:  # noqa: BLE001 - validators of settings classes raise what they like
        found = [filling.problem(path, problem) for path, problem in problems_of(error)]
    # outside the handler: a chained error could quote a value, and a value may be a secret
    raise ConfigError(found)


class _Filling:
    """Values for a settings class, each with the key in the file that it came from."""

    def __init__(self, connection: Connection, about: About, config: Config) -> None:
        self.base: positions.Path = ("connections", connection.name)
        self.about = about
        self.config = config
        self.values: dict[str, Any] = {}
        self.origins: dict[str, positions.Path] = {}
        self.problems: list[tuple[positions.Path, Problem]] = []
        self.resolved: list[str] = []
        self._plain(connection.settings, ("settings",), about.secrets)
        self._secrets(connection.secrets, ("secrets",))
        if connection.auditor is not None:
            self._plain(connection.auditor.settings, ("auditor",), about.auditor_secrets, AUDITOR)
            self._secrets(connection.auditor.secrets, ("auditor",), AUDITOR)

    def place(self, path: positions.Path) -> positions.Path:
        """The key in the file behind a path within the settings."""
        if not path:
            return self.base
        first = str(path[0])
        return (*self.origins.get(first, self._expected(first)), *path[1:])

    def problem(self, path: positions.Path, problem: Problem) -> Problem:
        """A problem of the settings class at the key that caused it; what a secret is like is not told."""
        place = self.place(path)
        if any(secret and secret in f"{problem}{problem.message.zh}" for secret in self.resolved):
            problem = Problem.of("CONFIG_VALUE", "密钥的值无效", "the value of this secret is not valid")
        return self.config.problem(place, problem)

    def _expected(self, name: str) -> positions.Path:
        """Where a value that is missing would stand."""
        if name in self.about.secrets:
            return (*self.base, "secrets", name)
        if name.startswith(AUDITOR):
            return (*self.base, "auditor", name.removeprefix(AUDITOR))
        return (*self.base, "settings", name)

    def _put(self, name: str, origin: positions.Path, value: Any) -> None:
        if name in self.values:
            self.problems.append((origin, Problem.of("CONFIG_VALUE", "重复给出", "given twice")))
        self.values[name], self.origins[name] = value, origin

    def _plain(
        self, settings: Mapping[str, Any], table: positions.Path, secret: tuple[str, ...], prefix: str = ""
    ) -> None:
        for key, value in settings.items():
            origin = (*self.base, *table, key)
            if key in secret:
                self.problems.append((origin, _in_plain(key, table)))
            elif not prefix and key.startswith(AUDITOR):
                self.problems.append((origin, _auditor_elsewhere(key, self.base)))
            else:
                self._put(prefix + key, origin, value)

    def _secrets(self, secrets: Mapping[str, SecretRef], table: positions.Path, prefix: str = "") -> None:
        for key, reference in secrets.items():
            origin = (*self.base, *table, key)
            try:
                secret = reference.resolve(self.config.folder)
            except ConfigError as error:
                self.problems += [(origin, problem) for problem in error.problems]
            else:
                self.resolved.append(secret)
                self._put(prefix + key, origin, secret)


def _in_plain(key: str, table: positions.Path) -> Problem:
    where = "" if table == ("auditor",) else " → secrets"
    return Problem.of(
        "SECRET_IN_PLAIN",
        f"{key} 是密钥, 不能直接写在配置里",
        f"{key} is a secret and must not stand in the configuration",
        hint_zh=f'请写引用{where}: {key} = {{ env = "{key.upper()}" }}',
        hint_en=f'give a reference{where}: {key} = {{ env = "{key.upper()}" }}',
    )


def _auditor_elsewhere(key: str, base: positions.Path) -> Problem:
    table = positions.path_text((*base, "auditor"))
    return Problem.of(
        "CONFIG_KEY",
        f"第二个账号写在 [{table}]",
        f"the second credential stands in [{table}]",
        hint_zh=f"请移到该表, 键名 {key.removeprefix(AUDITOR)}",
        hint_en=f"move it there as {key.removeprefix(AUDITOR)}",
    )


def secret_values(connection: Connection, config: Config) -> Iterator[str]:
    """The resolved secrets of one connection, for whoever has to keep them out of logs."""
    references = [*connection.secrets.values(), *(connection.auditor.secrets.values() if connection.auditor else ())]
    for reference in references:
        yield reference.resolve(config.folder)
