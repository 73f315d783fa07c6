"""Opens the door to a connection: find, import, check, configure, plug together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from dougong.config import Config, Connection, build_settings, secret_values
from dougong.model.operations import Operation
from dougong.model.problems import Text
from dougong.plugins.asking import Asker
from dougong.plugins.catalogue import ADDONS, Entry, find_entry
from dougong.plugins.door import Door
from dougong.plugins.errors import PluginError
from dougong.plugins.loading import check_about, guarded, load_connector, load_plugin
from dougong.plugins.manager import Hooks, Plugged
from dougong.plugins.redaction import Redactor, connection_logger

__all__ = ["build_door", "open_door"]


def open_door(connection: Connection, config: Config) -> Door:
    """The door to a connection: imports the connector that it names and its add-ons, and nothing else.

    :raises PluginError: a plugin is missing, broken or refused.
    :raises ConfigError: its settings are not as the connector wants them.

    .. versionadded:: 0.1
    """
    allow, key = config.plugins.allow, "connector"
    try:
        entry = find_entry(connection.connector, allow=allow)
        cls = load_connector(entry)
        key = "addons"
        addons = [_addon(find_entry(name, ADDONS, allow=allow)) for name in connection.addons]
    except PluginError as error:
        raise _placed(error, connection, config, key=key) from error.__cause__
    return build_door(connection, config, cls, entry=entry, addons=addons)


def build_door(
    connection: Connection,
    config: Config,
    connector: type[Any],
    *,
    entry: Entry | None = None,
    addons: Sequence[Plugged] = (),
) -> Door:
    """The door to a connector class that is at hand already; `open_door` and tests of connectors end here.

    :param entry: where the class comes from; by default it is said to come from its module.
    :raises PluginError: `PLUGIN_REFUSED`, `PLUGIN_BROKEN`.
    :raises ConfigError: as `open_door`.

    .. versionadded:: 0.1
    """
    entry = entry or Entry(name=connection.connector, distribution=connector.__module__, version="(local)")
    if problems := check_about(connector, entry):
        raise _placed(PluginError(problems), connection, config)
    settings = build_settings(connection, connector.about, config)
    redact = Redactor(secret_values(connection, config))
    try:
        plugin = guarded(entry, ("构造", "built"), lambda: connector(settings=settings))
        hooks = Hooks(Plugged(entry.name, entry.package, plugin), addons)
    except PluginError as error:
        raise _placed(error, connection, config, redact) from None
    log = connection_logger(connection.name, redact)
    asker = Asker(connection.name, hooks, log, redact)
    return Door(
        connection=connection,
        about=connector.about,
        operations=_operations(asker),
        log=log,
        redact=redact,
        locale=config.project.locale,
        asker=asker,
    )


def _operations(asker: Asker) -> tuple[Operation, ...]:
    found = asker.ask_many("operations", Operation)
    names = [operation.name for operation in found]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise asker.nonsense("operations", f"the same name twice: {', '.join(doubled)}")
    return found


def _addon(entry: Entry) -> Plugged:
    found = load_plugin(entry)
    plugin = guarded(entry, ("构造", "built"), found) if isinstance(found, type) else found
    return Plugged(entry.name, entry.package, plugin)


def _placed(
    error: PluginError,
    connection: Connection,
    config: Config,
    redact: Redactor | None = None,
    *,
    key: str = "connector",
) -> PluginError:
    """The same error at the key in the file that asked for the plugin."""
    path = ("connections", connection.name, key)
    problems = [config.problem(path, problem) for problem in error.problems]
    if redact is not None:
        # a constructor has seen the secrets, and may quote them
        texts = [(redact(problem.message.zh), redact(problem.message.en)) for problem in problems]
        problems = [attrs.evolve(problem, message=Text(*text)) for problem, text in zip(problems, texts, strict=True)]
    return PluginError(problems)
