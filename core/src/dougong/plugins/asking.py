"""Calls hooks so that whatever goes wrong in one has a name: connector, connection, hook, document, distribution."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn, TypeVar

import attrs

from dougong.hookspecs import Hold
from dougong.model.outcomes import CallbackRefused
from dougong.model.problems import DougongError, Problem
from dougong.plugins.errors import PluginError, cause_of
from dougong.plugins.manager import Hooks, Plugged
from dougong.plugins.redaction import Redactor

__all__ = ["Asker", "attempt", "subject"]

T = TypeVar("T")

#: Errors that the contract names for a hook; they are answers and keep their class.
_CONTRACTUAL = (DougongError, CallbackRefused)


@attrs.frozen(eq=False)
class Asker:
    """The hooks of one connection with its name, its logger and its redactor."""

    connection: str
    hooks: Hooks
    log: logging.Logger
    redact: Redactor

    # -- the connector ------------------------------------------------------------------------------------------------

    def ask(self, hook: str, kind: type[T], /, **arguments: Any) -> T:
        """The answer to a hook, of the type that it must have."""
        if not self.hooks.answers(hook):
            raise self.cannot(hook)
        answer, error = attempt(lambda: self.hooks.ask(hook, **arguments))
        if error is not None:
            self.fail(hook, error, arguments)
        if not isinstance(answer, kind):
            raise self.nonsense(hook, f"{type(answer).__name__}, not {kind.__name__}", arguments)
        return answer

    def ask_many(self, hook: str, kind: type[T], /, **arguments: Any) -> tuple[T, ...]:
        """All of a short answer; nothing where the connector leaves the hook out."""
        return tuple(self.stream(hook, kind, **arguments))

    def must_stream(self, hook: str, kinds: Any, /, **arguments: Any) -> Iterator[Any]:
        """As `stream`, for what cannot be done without the hook."""
        if not self.hooks.answers(hook):
            raise self.cannot(hook)
        return self.stream(hook, kinds, **arguments)

    def stream(self, hook: str, kinds: Any, /, **arguments: Any) -> Iterator[Any]:
        """The items of an answer as they come; an error in the middle of a stream is named, too."""
        if not self.hooks.answers(hook):
            return
        items, error = attempt(lambda: iter(self.hooks.ask(hook, **arguments) or ()))
        while error is None:
            item, error = attempt(lambda: next(items, _END))
            if error is not None or item is _END:
                break
            if not isinstance(item, kinds):
                raise self.nonsense(hook, f"an item that is {type(item).__name__}, not {_names(kinds)}", arguments)
            # outside of any handler: what the consumer raises is not the plugin's
            yield item
        if error is not None:
            self.fail(hook, error, arguments)

    # -- the add-ons --------------------------------------------------------------------------------------------------

    def each_addon(self, hook: str, kind: type[T], /, **arguments: Any) -> Iterator[tuple[Plugged, tuple[T, ...]]]:
        """Every add-on with its items. :raises PluginError: `ADDON_FAILED`."""
        for addon, call in self.hooks.each_addon(hook, **arguments):
            items, error = attempt(functools.partial(_all_items, call))
            if error is not None:
                raise PluginError(self.report(hook, error, arguments, addon)) from error
            if not all(isinstance(item, kind) for item in items):
                raise PluginError(self._problem(hook, f"not all are {kind.__name__}", arguments, addon))
            yield addon, items

    def holds(self, **arguments: Any) -> tuple[Hold, ...]:
        """What the add-ons answer to `may_send`; one that fails says no, for nobody knows what it meant to say."""
        found = []
        for addon, call in self.hooks.each_addon("may_send", **arguments):
            answer, error = attempt(call)
            if error is not None:
                answer = Hold(self.report("may_send", error, arguments, addon))
            if answer is not None and not isinstance(answer, Hold):
                answer = Hold(self._problem("may_send", f"{type(answer).__name__}, not Hold", arguments, addon))
            if answer is not None:
                found.append(answer)
        return tuple(found)

    def tell(self, hook: str, /, **arguments: Any) -> None:
        """Tell every add-on, each by itself."""
        for addon, call in self.hooks.each_addon(hook, **arguments):
            _, error = attempt(call)
            if error is not None:
                self.report(hook, error, arguments, addon)

    # -- what went wrong ----------------------------------------------------------------------------------------------

    def fail(self, hook: str, error: BaseException, arguments: Mapping[str, Any]) -> NoReturn:
        """Raise what came out of a hook of the connector again, with names."""
        culprit = self.hooks.culprit(hook, error)
        if isinstance(error, _CONTRACTUAL):
            error.add_note(self._place(hook, arguments, culprit))
            raise error
        raise PluginError(self.report(hook, error, arguments, culprit)) from error

    def report(
        self, hook: str, error: BaseException, arguments: Mapping[str, Any], culprit: Plugged | None = None
    ) -> Problem:
        """Log an exception with its traceback and put it into words."""
        culprit = culprit or self.hooks.culprit(hook, error)
        place = self._place(hook, arguments, culprit)
        error.add_note(place)
        self.log.error("%s", place, exc_info=error)
        return self._problem(hook, cause_of(error, culprit.plugin), arguments, culprit)

    def nonsense(self, hook: str, what: str, arguments: Mapping[str, Any] | None = None) -> PluginError:
        """An answer that the contract does not allow."""
        culprit = self.hooks.connector
        return PluginError(self._problem(hook, f"answered {what}", arguments or {}, culprit))

    def cannot(self, what: str, instead: str = "") -> PluginError:
        """The connector has no such hook or operation."""
        connector = self.hooks.connector
        return PluginError(
            Problem.of(
                "HOOK_MISSING",
                f"连接 {self.connection}: 连接器 {connector.name} ({connector.package}) 不支持 {what}",
                f"connection {self.connection}: connector {connector.name} ({connector.package}) cannot do {what}",
                hint_zh=f"可用: {instead}" if instead else "",
                hint_en=f"it can: {instead}" if instead else "",
                connection=self.connection,
                connector=connector.name,
                distribution=connector.package,
            )
        )

    def _problem(self, hook: str, cause: str, arguments: Mapping[str, Any], culprit: Plugged) -> Problem:
        addon = culprit in self.hooks.addons
        about, cause = subject(arguments), self.redact(cause)
        return Problem.of(
            "ADDON_FAILED" if addon else "PLUGIN_FAILED",
            f"连接 {self.connection}: {culprit.name} ({culprit.package}) 的 {hook} 出错"
            + (f", 单据 {about}" if about else "")
            + f": {cause}",
            f"connection {self.connection}: {hook} of {culprit.name} ({culprit.package}) failed"
            + (f", document {about}" if about else "")
            + f": {cause}",
            hint_zh=f"日志中有详细位置; 请联系 {culprit.package} 的作者",
            hint_en=f"the log has the traceback; ask the author of {culprit.package}",
            connection=self.connection,
            connector=self.hooks.connector.name,
            hook=hook,
            document=about,
            distribution=culprit.package,
        )

    def _place(self, hook: str, arguments: Mapping[str, Any], culprit: Plugged) -> str:
        about = subject(arguments)
        return (
            f"in hook {hook} of {culprit.name} ({culprit.package}), connection {self.connection}, "
            f"connector {self.hooks.connector.name}" + (f", document {about}" if about else "")
        )


_END: Any = object()


def attempt(call: Callable[[], T]) -> tuple[T | Any, BaseException | None]:
    """What a plugin's code answered, or what came out of it: `sys.exit` in a plugin ends nothing, Ctrl-C does."""
    try:
        return call(), None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - the caller decides what an error of this hook means
        return None, error


def _all_items(call: Callable[[], Any]) -> tuple[Any, ...]:
    return tuple(call() or ())


def _names(kinds: Any) -> str:
    return " or ".join(kind.__name__ for kind in (kinds if isinstance(kinds, tuple) else (kinds,)))


def subject(arguments: Mapping[str, Any]) -> str:
    """Which documents a call is about, from its arguments: numbers where they are known, else references or keys."""
    found: list[str] = []
    if "booking" in arguments:
        found += arguments["booking"].documents
    for item in arguments.get("items", ()):
        found += item.booking.documents or (item.reference_text,)
    if "message" in arguments:
        found += arguments["message"].items
    if "posting" in arguments:
        posting = arguments["posting"]
        found.append(posting.reference or posting.number or posting.erp_key)
    found += [item.reference for name in ("wanted", "waiting") for item in arguments.get(name, ())]
    if "event" in arguments:
        found += arguments["event"].documents
    shown = list(dict.fromkeys(str(item) for item in found))
    return ", ".join(shown[:5]) + (f" … ({len(shown)})" if len(shown) > 5 else "")
