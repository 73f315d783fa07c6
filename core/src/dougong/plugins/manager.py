"""The only module that touches pluggy: one plugin manager per connection, so that nothing of one runs for another."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs
import pluggy

from dougong.hookspecs import AddonSpec, ConnectorSpec
from dougong.markers import PROJECT
from dougong.plugins.checking import check_hooks
from dougong.plugins.defaults import CoreDefaults
from dougong.plugins.errors import PluginError, refused

__all__ = ["CORE", "Hooks", "Plugged"]


@attrs.frozen
class Plugged:
    """One plugin object and where it comes from.

    :param name: entry point's name. :param package: distribution and version.
    """

    name: str
    package: str
    plugin: Any = attrs.field(eq=False, repr=False)


#: Who answers where nobody else does.
CORE = Plugged("core", "dougong", CoreDefaults())


class Hooks:
    """The hooks of one connection: core's defaults, the connector, the add-ons in the order of the configuration.

    :raises PluginError: `PLUGIN_REFUSED` with everything that is wrong with connector and add-ons.
    """

    def __init__(self, connector: Plugged, addons: Sequence[Plugged] = ()) -> None:
        self.connector = connector
        self.addons = tuple(addons)
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(ConnectorSpec)
        self._manager.add_hookspecs(AddonSpec)
        read = self._manager.parse_hookimpl_opts
        problems = check_hooks(connector.plugin, ConnectorSpec, connector.package, read)
        for addon in self.addons:
            problems += check_hooks(addon.plugin, AddonSpec, addon.package, read)
        if problems:
            raise PluginError(problems)
        for plugged in (CORE, connector, *self.addons):
            self._register(plugged)
        self._manager.check_pending()
        # All of it is known now and asked often.
        self._callers: dict[str, pluggy.HookCaller] = {
            name: caller for name, caller in vars(self._manager.hook).items() if name[0] != "_"
        }
        plugins = {name: [impl.plugin for impl in c.get_hookimpls()] for name, c in self._callers.items()}
        self._answered = frozenset(name for name, found in plugins.items() if found)
        self._supported = frozenset(name for name, found in plugins.items() if _among(connector.plugin, found))
        self._addons_of = {
            name: tuple(addon for addon in self.addons if _among(addon.plugin, found))
            for name, found in plugins.items()
        }

    def _register(self, plugged: Plugged) -> None:
        kind = "connector" if plugged is self.connector else "core" if plugged is CORE else "add-on"
        try:
            self._manager.register(plugged.plugin, f"{kind} {plugged.name}")
        except (pluggy.PluginValidationError, ValueError) as error:
            who = f"{type(plugged.plugin).__name__} ({plugged.package})"
            cause = " ".join(str(error).split())
            raise PluginError(
                refused(who, f"签名与契约不符: {cause}", f"does not fit the contract: {cause}")
            ) from error

    def supports(self, hook: str) -> bool:
        """Whether the connector itself implements `hook`."""
        return hook in self._supported

    def answers(self, hook: str) -> bool:
        """Whether anybody implements `hook`, core's defaults included."""
        return hook in self._answered

    def ask(self, hook: str, /, **arguments: Any) -> Any:
        """The first answer to a hook of the connector."""
        return self._caller(hook)(**arguments)

    def each_addon(self, hook: str, /, **arguments: Any) -> Iterator[tuple[Plugged, Callable[[], Any]]]:
        """Every add-on that implements `hook`, in the order of the configuration, with the call to make."""
        for addon in self._addons_of[hook]:
            others = [other.plugin for other in self.addons if other.plugin is not addon.plugin]
            yield addon, _only_answer(self._manager.subset_hook_caller(hook, others), arguments)

    def culprit(self, hook: str, error: BaseException) -> Plugged:
        """Whose code an exception came out of: the implementation that is on the traceback."""
        codes = set()
        trace = error.__traceback__
        while trace is not None:
            codes.add(trace.tb_frame.f_code)
            trace = trace.tb_next
        for impl in self._caller(hook).get_hookimpls():
            function = inspect.unwrap(getattr(impl.function, "__func__", impl.function))
            if impl.plugin is CORE.plugin and function.__code__ in codes:
                return CORE
        return self.connector if self.supports(hook) else CORE

    def _caller(self, hook: str) -> pluggy.HookCaller:
        return self._callers[hook]


def _among(plugin: Any, plugins: Sequence[Any]) -> bool:
    return any(other is plugin for other in plugins)


def _only_answer(caller: pluggy.HookCaller, arguments: dict[str, Any]) -> Callable[[], Any]:
    def call() -> Any:
        answers = caller(**arguments)
        return answers[0] if answers else None

    return call
