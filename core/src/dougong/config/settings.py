"""A connector's own settings: its class, filled from `settings`, resolved `secrets` and the further credentials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dougong.config import positions
from dougong.config.errors import ConfigError
from dougong.config.model import Config, Connection, Credential
from dougong.config.secrets import SecretRef
from dougong.config.structure import converter, problems_of
from dougong.hookspecs.call import About
from dougong.model.problems import Problem

__all__ = ["build_settings", "references", "secret_values"]

#: Tables of further credentials; their values have the table's name in front in a connector's settings class.
TABLES = ("auditor", "callback")


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
        for table, credential in _credentials(connection):
            secret = about.auditor_secrets if table == "auditor" else about.callback_secrets
            self._plain(credential.settings, (table,), secret, f"{table}_")
            self._secrets(credential.secrets, (table,), f"{table}_")

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
        if table := _table_of(name):
            return (*self.base, table, name.removeprefix(f"{table}_"))
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
            elif not prefix and (other := _table_of(key)):
                self.problems.append((origin, _elsewhere(key, other, self.base)))
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
    where = "" if table[0] in TABLES else " → secrets"
    return Problem.of(
        "SECRET_IN_PLAIN",
        f"{key} 是密钥, 不能直接写在配置里",
        f"{key} is a secret and must not stand in the configuration",
        hint_zh=f'请写引用{where}: {key} = {{ env = "{key.upper()}" }}',
        hint_en=f'give a reference{where}: {key} = {{ env = "{key.upper()}" }}',
    )


def _elsewhere(key: str, table: str, base: positions.Path) -> Problem:
    place = positions.path_text((*base, table))
    name = key.removeprefix(f"{table}_")
    return Problem.of(
        "CONFIG_KEY",
        f"此凭据写在 [{place}]",
        f"this credential stands in [{place}]",
        hint_zh=f"请移到该表, 键名 {name}",
        hint_en=f"move it there as {name}",
    )


def _table_of(name: str) -> str | None:
    """The table whose values are called so in a settings class."""
    return next((table for table in TABLES if name.startswith(f"{table}_")), None)


def _credentials(connection: Connection) -> Iterator[tuple[str, Credential]]:
    for table in TABLES:
        credential: Credential | None = getattr(connection, table)
        if credential is not None:
            yield table, credential


def references(connection: Connection) -> Iterator[tuple[str, SecretRef]]:
    """Every secret of one connection with its key, e.g. `auditor.password`."""
    yield from ((f"secrets.{name}", one) for name, one in connection.secrets.items())
    for table, credential in _credentials(connection):
        yield from ((f"{table}.{name}", one) for name, one in credential.secrets.items())


def secret_values(connection: Connection, config: Config) -> Iterator[str]:
    """The resolved secrets of one connection, for whoever has to keep them out of logs."""
    for _, reference in references(connection):
        yield reference.resolve(config.folder)
