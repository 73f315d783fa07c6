"""Finds hooks that would silently never run, or run where they must not; pluggy finds only some of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from dougong.config.errors import did_you_mean
from dougong.hookspecs import AddonSpec, ConnectorSpec
from dougong.model.problems import Problem
from dougong.plugins.errors import refused

__all__ = ["check_hooks", "hook_names"]

#: How pluggy's options of one method are read; `None` for a method that is no hook.
ReadOptions = Callable[[Any, str], Any]


def hook_names(spec: type[Any]) -> frozenset[str]:
    """Names of the hooks of a spec class."""
    return frozenset(name for name in vars(spec) if not name.startswith("_"))


_OTHER = {ConnectorSpec: AddonSpec, AddonSpec: ConnectorSpec}
_WORD = {ConnectorSpec: ("连接器", "a connector"), AddonSpec: ("附加组件", "an add-on")}


def check_hooks(plugin: Any, spec: type[Any], package: str, options: ReadOptions) -> list[Problem]:
    """Everything that is wrong with a plugin's hooks, each problem naming class, method and distribution.

    :param spec: the level that the plugin is on.
    :param package: distribution and version.
    :param options: pluggy's reader of hook markers.
    """
    problems: list[Problem] = list(_compared(plugin, package))
    implemented: dict[str, str] = {}
    for name in dir(type(plugin)):
        found = options(plugin, name)
        who = f"{type(plugin).__name__}.{name} ({package})"
        if found is None:
            problems += _undecorated(plugin, name, spec, who)
            continue
        hook = found.get("specname") or name
        problems += _misplaced(hook, spec, who, optional=bool(found.get("optionalhook")))
        static = inspect.getattr_static(type(plugin), name)
        problems += _wrong_kind(static, found, who)
        problems += _wrong_parameters(static, hook, spec, who)
        if hook in implemented:
            zh, en = f"{hook} 已由 {implemented[hook]} 实现", f"{implemented[hook]} implements {hook} already"
            problems.append(refused(who, zh, en, hint_zh="只保留一个", hint_en="keep one of them"))
        implemented[hook] = name
    return problems


def _compared(plugin: Any, package: str) -> Iterator[Problem]:
    """A manager compares and hashes its plugins: two with equal settings would be one to it."""
    kind: Any = type(plugin)
    if kind.__eq__ is not object.__eq__ or kind.__hash__ is not object.__hash__:
        yield refused(
            f"{kind.__name__} ({package})",
            "插件对象不得定义相等比较",
            "a plugin must not define equality",
            hint_zh="请声明为 @attrs.frozen(eq=False)",
            hint_en="declare it @attrs.frozen(eq=False)",
        )


def _undecorated(plugin: Any, name: str, spec: type[Any], who: str) -> Iterator[Problem]:
    if name in hook_names(spec) and callable(inspect.getattr_static(type(plugin), name)):
        yield refused(
            who,
            "与钩子同名, 但缺少 @hookimpl, 永远不会被调用",
            "has a hook's name but no @hookimpl, so it would never be called",
            hint_zh="请加上 @hookimpl, 或改名 (以 _ 开头)",
            hint_en="decorate it with @hookimpl, or rename it (with a leading _)",
        )


def _misplaced(hook: str, spec: type[Any], who: str, *, optional: bool) -> Iterator[Problem]:
    other = _OTHER[spec]
    if hook in hook_names(spec):
        return
    if hook in hook_names(other):
        zh, en = f"{hook} 属于{_WORD[other][0]}", f"{hook} is a hook of {_WORD[other][1]}"
        yield refused(who, f"{zh}, 此处是{_WORD[spec][0]}", f"{en}, this is {_WORD[spec][1]}")
    elif not optional:
        near = did_you_mean(hook, hook_names(spec))
        yield refused(who, f"没有名为 {hook!r} 的钩子", f"there is no hook {hook!r}", hint_zh=near.zh, hint_en=near.en)


def _wrong_kind(static: Any, found: dict[str, Any], who: str) -> Iterator[Problem]:
    function = inspect.unwrap(getattr(static, "__func__", static))
    if found.get("wrapper") or found.get("hookwrapper"):
        yield refused(
            who,
            "不允许包装钩子: 过账必须原样到达核心",
            "wrappers are refused: what posts money has to reach the core as it is",
            hint_zh="请用附加组件的 changes, may_send, on_transition",
            hint_en="use the add-on hooks changes, may_send and on_transition",
        )
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        yield refused(
            who,
            "钩子必须是普通方法, 不能是 async def",
            "a hook is a plain method, not async def",
            hint_zh="并发由核心的线程负责",
            hint_en="concurrency is the core's, by threads",
        )


def _wrong_parameters(static: Any, hook: str, spec: type[Any], who: str) -> Iterator[Problem]:
    """Parameters that the hook does not have, and those that would keep their default for ever.

    A hook is given its plain parameters only, by name.
    """
    if hook not in hook_names(spec):
        return
    known = set(inspect.signature(getattr(spec, hook)).parameters)
    function = inspect.unwrap(getattr(static, "__func__", static))
    for one in inspect.signature(function).parameters.values():
        if one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD):
            continue
        if one.default is not one.empty or one.kind is one.KEYWORD_ONLY:
            yield refused(
                who,
                f"参数 {one.name} 永远不会被传入",
                f"would never be given {one.name}",
                hint_zh="请写成没有默认值的普通参数, 用不到的可以省略",
                hint_en="make it a plain parameter without a default, or leave it out",
            )
        elif one.name not in known:
            near = did_you_mean(one.name, known - {"self"})
            yield refused(
                who,
                f"签名与契约不符: 没有参数 {one.name}",
                f"does not fit the contract: there is no argument {one.name}",
                hint_zh=near.zh,
                hint_en=near.en,
            )
