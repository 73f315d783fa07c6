"""A project: one customer's folder with its configuration, ledger, rules, tables and mappings."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from dougong.config import Config, ConfigError, Connection, load
from dougong.flow.observing import observer_of
from dougong.ledger.store import Ledger
from dougong.model.problems import Problem
from dougong.plugins import Door, PluginError, open_door

__all__ = ["Project"]


class Project:
    """An open project; a context manager.

    :param folder: where `dougong.toml` lies.

    :raises ConfigError: with file, key and line.
    :raises LedgerError: the ledger cannot be opened.

    .. versionadded:: 0.1
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config: Config = load(folder)
        self.ledger = Ledger(self.config.ledger_url())
        self._doors: dict[str, Door] = {}
        self._opening = threading.RLock()
        self.ledger.observer = observer_of(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ledger.close()

    def door(self, name: str) -> Door:
        """The door of a configured connection, opened at first use; one, whoever comes first."""
        with self._opening:
            if name not in self._doors:
                self._doors[name] = open_door(self.config.connection(name), self.config)
            return self._doors[name]

    @property
    def targets(self) -> tuple[str, ...]:
        """Connections that a route leads to, in the order of the configuration."""
        routed = {route.connection for route in self.config.routes}
        return tuple(name for name in self.config.connections if name in routed)

    @cached_property
    def shut(self) -> Mapping[str, tuple[Problem, ...]]:
        """Of the targets, connections whose connector or add-ons cannot be used, with the reasons; the others go on."""
        found: dict[str, tuple[Problem, ...]] = {}
        for name in self.targets:
            try:
                self.door(name)
            except PluginError as error:
                found[name] = error.problems
        return found

    @property
    def usable(self) -> tuple[str, ...]:
        """The targets that can be worked on."""
        return tuple(name for name in self.targets if name not in self.shut)

    def source_door(self, name: str) -> Door:
        """The door that reads a source's files: a connection of that name, else the one whose connector it is.

        :raises ConfigError: `SOURCE_UNKNOWN`, `SOURCE_AMBIGUOUS`.
        """
        if name in self.config.connections:
            return self.door(name)
        found = [c.name for c in self.config.connections.values() if c.connector == name]
        if len(found) > 1:
            raise ConfigError(
                Problem.of(
                    "SOURCE_AMBIGUOUS",
                    f"有多个连接使用 {name}: {', '.join(found)}",
                    f"several connections use {name}: {', '.join(found)}",
                    hint_zh="请用 --source 指定连接名",
                    hint_en="name the connection with --source",
                )
            )
        if found:
            return self.door(found[0])
        return open_door(Connection(name=name, connector=name), self.config)
