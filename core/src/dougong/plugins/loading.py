"""Imports the one plugin that is wanted, and refuses it when it does not keep the contract."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from typing import Any, TypeVar

import attrs

from dougong import CONTRACT_VERSION
from dougong.hookspecs import About
from dougong.model.problems import Problem, Text
from dougong.plugins.catalogue import CONNECTORS, Entry, State, too_new
from dougong.plugins.description import describe_connector
from dougong.plugins.errors import PluginError, cause_of, refused
from dougong.plugins.interrupting import CtrlC
from dougong.plugins.manager import Hooks, Plugged

__all__ = ["check_about", "guarded", "load_connector", "load_plugin", "tried"]

T = TypeVar("T")


def guarded(entry: Entry, doing: tuple[str, str], call: Callable[[], T]) -> T:
    """Run a plugin's code that may do anything, `sys.exit` included, and name the plugin when it fails.

    :param doing: what was tried, in Chinese and English.
    :raises PluginError: `PLUGIN_BROKEN` for whatever is raised, except that Ctrl-C interrupts.
    """
    ctrl_c = CtrlC()
    try:
        with ctrl_c:
            return call()
    except BaseException as error:
        if ctrl_c.pressed:
            raise
        who, cause = f"{entry.name} ({entry.package})", cause_of(error)
        problem = Problem.of(
            "PLUGIN_BROKEN",
            f"插件 {who} {doing[0]}失败: {cause}",
            f"plugin {who} cannot be {doing[1]}: {cause}",
            hint_zh=f"请重新安装 {entry.distribution} 及其依赖, 或联系其作者",
            hint_en=f"install {entry.distribution} and what it depends on again, or ask its author",
            distribution=entry.distribution,
        )
        error.add_note(f"while {doing[1]}: plugin {who}, entry point {entry.point.value if entry.point else '?'}")
        raise PluginError(problem) from error


def load_plugin(entry: Entry) -> Any:
    """Import what an entry point names, through stevedore.

    :raises PluginError: `PLUGIN_BROKEN`.
    """
    from stevedore import DriverManager

    class Only(DriverManager):  # type: ignore[type-arg]  # no generic class before stevedore 5.6
        """The driver of exactly this row.

        stevedore's own list is cached on disk: an entry point that was installed a moment ago can be missing from it.
        """

        def list_entry_points(self) -> list[metadata.EntryPoint]:
            return [entry.point] if entry.point else []

    manager = guarded(entry, ("导入", "imported"), lambda: Only(entry.group, entry.name))
    return manager.extensions[0].plugin


def load_connector(entry: Entry) -> type[Any]:
    """Import a connector's class and check what it says of itself.

    :raises PluginError: `PLUGIN_BROKEN`, `PLUGIN_REFUSED`.
    """
    cls = load_plugin(entry)
    if problems := check_about(cls, entry):
        raise PluginError(problems)
    return cls  # type: ignore[no-any-return]


def tried(entry: Entry) -> Entry:
    """The row after an attempt to load it: what it can do, or why it does not work."""
    try:
        if entry.group != CONNECTORS:
            load_plugin(entry)
            return entry
        cls = load_connector(entry)
        # its hooks can be judged without settings; what its constructor does cannot
        Hooks(Plugged(entry.name, entry.package, guarded(entry, ("构造", "built"), lambda: object.__new__(cls))))
        described = guarded(entry, ("描述", "described"), lambda: describe_connector(cls))
    except PluginError as error:
        newer = error.problems[0].facts.get("contract")
        if newer:
            return too_new(entry, int(newer))
        return attrs.evolve(entry, state=State.BROKEN, reason=_reason(error))
    return attrs.evolve(entry, operations=tuple(item["name"] for item in described["operations"] or ()))


def _reason(error: PluginError) -> Text:
    """Everything that is wrong with a plugin and what to do, as one text."""
    shown = error.problems
    zh = (f"{one.message.zh} ({one.hint.zh})" if one.hint.zh else one.message.zh for one in shown)
    en = (f"{one.message.en} ({one.hint.en})" if one.hint.en else one.message.en for one in shown)
    return Text("; ".join(zh), "; ".join(en))


def check_about(cls: Any, entry: Entry) -> list[Problem]:
    """What is wrong with a connector's class and its `about`."""
    who = f"{getattr(cls, '__qualname__', cls)!s} ({entry.package})"
    about: Any = getattr(cls, "about", None) if isinstance(cls, type) else None
    if not isinstance(about, About):
        return [
            refused(
                who,
                "入口点应为带有类属性 about = About(…) 的类",
                "the entry point has to be a class with a class attribute about = About(…)",
                hint_en=f"found {type(about if isinstance(cls, type) else cls).__name__} instead",
                hint_zh=f"实为 {type(about if isinstance(cls, type) else cls).__name__}",
            )
        ]
    contract: Any = about.contract
    if not isinstance(contract, int):
        return [refused(who, "about.contract 应为整数", "about.contract has to be a whole number")]
    if contract > CONTRACT_VERSION:
        return [Problem("PLUGIN_REFUSED", too_new(entry, contract).reason, facts={"contract": str(contract)})]
    problems = []
    if about.product != entry.name:
        problems.append(
            refused(
                who,
                f"about.product 为 {about.product!r}, 入口点名为 {entry.name!r}",
                f"about.product is {about.product!r}, its entry point is called {entry.name!r}",
            )
        )
    if not attrs.has(about.settings):
        problems.append(refused(who, "about.settings 应为 attrs 类", "about.settings has to be an attrs class"))
        return problems
    return problems + [
        refused(who, zh, en) for name in _secret_fields(about) for zh, en in _field_problems(about.settings, name)
    ]


def _secret_fields(about: About) -> list[str]:
    auditor = (f"auditor_{name}" for name in about.auditor_secrets)
    callback = (f"callback_{name}" for name in about.callback_secrets)
    return [*about.secrets, *auditor, *callback]


def _field_problems(settings: type[Any], name: str) -> list[tuple[str, str]]:
    field = attrs.fields_dict(settings).get(name)
    if field is None:
        return [(f"{settings.__name__} 没有密钥字段 {name}", f"{settings.__name__} has no field for the secret {name}")]
    if field.repr is not False:
        return [
            (
                f"{settings.__name__}.{name} 是密钥, 字段须 repr=False",
                f"{settings.__name__}.{name} is a secret: the field has to be repr=False",
            )
        ]
    return []
