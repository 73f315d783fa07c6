"""What is installed: read from package metadata; nothing is imported unless asked for."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from enum import StrEnum
from importlib import metadata

import attrs

from dougong import CONTRACT_VERSION
from dougong.config.errors import did_you_mean
from dougong.model.problems import Problem, Text
from dougong.plugins.description import Description, shipped_description
from dougong.plugins.errors import PluginError, cause_of

__all__ = ["ADDONS", "CONNECTORS", "DISABLE", "SANDBOXES", "Entry", "State", "catalogue", "find_entry"]

#: Entry point groups.
CONNECTORS, SANDBOXES, ADDONS = "dougong.connectors", "dougong.sandboxes", "dougong.addons"

#: Environment variable with names of plugins or distributions that are not to be loaded, separated by commas or blanks.
DISABLE = "DOUGONG_DISABLE_PLUGINS"


class State(StrEnum):
    """Whether an installed plugin can be used."""

    OK = "ok"
    BROKEN = "broken"
    DUPLICATE = "duplicate"
    TOO_NEW = "too_new"
    BLOCKED = "blocked"
    NOT_ALLOWED = "not_allowed"


@attrs.frozen(kw_only=True)
class Entry:
    """One row of the catalogue.

    :param name: the entry point's name; `distribution` and `version` of the package that brings it.
    :param state: whether it can be used; `reason` why not.
    :param operations: what it can do, where that is known without importing it (`connector.json`) or after loading.
    :param group: entry point group.
    :param point: the entry point itself.

    .. versionadded:: 0.1
    """

    name: str
    distribution: str
    version: str
    state: State = State.OK
    reason: Text = attrs.field(factory=lambda: Text("", ""))
    operations: tuple[str, ...] = ()
    group: str = CONNECTORS
    point: metadata.EntryPoint | None = attrs.field(default=None, repr=False, eq=False)

    @property
    def package(self) -> str:
        """`dougong-kingdee 0.1.0`, for messages."""
        return f"{self.distribution} {self.version}"


def catalogue(
    group: str = CONNECTORS, *, allow: Collection[str] | None = None, load: bool = False
) -> tuple[Entry, ...]:
    """What is installed in an entry point group, sorted by name; a bad package is a row, never an exception.

    :param allow: distributions that are trusted; `None` = all. Others are listed and never imported.
    :param load: import what may be imported, to see whether it works and what it can do.

    .. versionadded:: 0.1
    """
    rows = [_judged(row, allow) for row in _installed(group)]
    rows = [_told_apart(row, rows) for row in rows]
    if load:
        # the loader knows the catalogue's rows; here it is asked back, and only on demand
        from dougong.plugins.loading import tried

        rows = [tried(row) if row.state is State.OK else row for row in rows]
    return tuple(sorted(rows, key=lambda row: (row.name, row.distribution)))


def find_entry(name: str, group: str = CONNECTORS, *, allow: Collection[str] | None = None) -> Entry:
    """The one usable row of that name.

    :raises PluginError: `PLUGIN_UNKNOWN` or `PLUGIN_REFUSED` with the reason.
    """
    rows = catalogue(group, allow=allow)
    named = [row for row in rows if row.name == name]
    for row in named:
        if row.state is State.OK:
            return row
    if not named:
        raise PluginError(_unknown(name, group, [row.name for row in rows]))
    raise PluginError(
        [Problem("PLUGIN_REFUSED", row.reason, facts={"distribution": row.distribution}) for row in named]
    )


def _unknown(name: str, group: str, known: list[str]) -> Problem:
    near = did_you_mean(name, known)
    install = f"pip install dougong-{name}" if group == CONNECTORS else ""
    return Problem.of(
        "PLUGIN_UNKNOWN",
        f"没有安装名为 {name!r} 的插件 ({group})",
        f"no plugin {name!r} is installed ({group})",
        hint_zh="; ".join(filter(None, [near.zh, install and f"或安装: {install}"])),
        hint_en="; ".join(filter(None, [near.en, install and f"or install it: {install}"])),
    )


def _installed(group: str) -> Iterator[Entry]:
    """Rows of every distribution on `sys.path`; of one that is there twice the first counts, as for import."""
    seen: set[str] = set()
    for dist in metadata.distributions():
        try:
            # most packages are none of ours: their metadata need not be read
            points = dist.entry_points if f"[{group}]" in (dist.read_text("entry_points.txt") or "") else ()
            rows = [_row(dist, point) for point in points if point.group == group]
        except Exception as error:  # noqa: BLE001 - metadata that cannot be read must not hide the other packages
            rows = [_unreadable(dist, group, error)]
        names = {_normal(row.distribution) for row in rows}
        if not names & seen:
            seen |= names
            yield from rows


def _row(dist: metadata.Distribution, point: metadata.EntryPoint) -> Entry:
    if not dist.name:
        raise ValueError("METADATA has no Name")
    return Entry(name=point.name, distribution=dist.name, version=dist.version, group=point.group, point=point)


def _unreadable(dist: metadata.Distribution, group: str, error: Exception) -> Entry:
    folder = str(getattr(dist, "_path", "?")).rpartition(os.sep)[2]
    reason = Text(
        f"{folder}: 元数据无法读取 ({cause_of(error)})", f"{folder}: its metadata cannot be read ({cause_of(error)})"
    )
    return Entry(name=folder, distribution=folder, version="", state=State.BROKEN, reason=reason, group=group)


def _judged(row: Entry, allow: Collection[str] | None) -> Entry:
    """State from names and versions alone: trust is decided before anything is imported."""
    disabled = {_normal(word) for word in re.split(r"[,\s]+", os.environ.get(DISABLE, ""))}
    if row.state is not State.OK:
        return row
    if {_normal(row.name), _normal(row.distribution)} & disabled:
        return _with(row, State.BLOCKED, f"{DISABLE} 停用了它", f"{DISABLE} switches it off")
    if allow is not None and _normal(row.distribution) not in {_normal(name) for name in allow}:
        return _with(
            row,
            State.NOT_ALLOWED,
            "不在 dougong.toml 的 [plugins] allow 名单中, 未导入",
            "not in [plugins] allow of dougong.toml, so it is not imported",
        )
    if row.group != CONNECTORS or row.point is None:
        return row
    try:
        description = shipped_description(row.point)
    except ValueError as error:
        return _with(row, State.BROKEN, f"connector.json 无法读取: {error}", f"connector.json cannot be read: {error}")
    return _described(row, description) if description else row


def _described(row: Entry, description: Description) -> Entry:
    if description.contract > CONTRACT_VERSION:
        return too_new(row, description.contract)
    return attrs.evolve(row, operations=description.operations)


def too_new(row: Entry, contract: int) -> Entry:
    """The row of a plugin that was written for a contract that this core does not know yet."""
    return _with(
        row,
        State.TOO_NEW,
        f"按插件契约版本 {contract} 编写, 本程序为版本 {CONTRACT_VERSION}; 请升级 dougong",
        f"written for contract version {contract}, this core has version {CONTRACT_VERSION}; upgrade dougong",
    )


def _told_apart(row: Entry, rows: list[Entry]) -> Entry:
    """Two packages with one name: which one would run is nobody's guess, so neither does."""
    usable: dict[str, list[Entry]] = defaultdict(list)
    for other in rows:
        if other.state not in (State.BLOCKED, State.NOT_ALLOWED):
            usable[other.name].append(other)
    same = usable[row.name]
    if len(same) < 2 or row not in same:
        return row
    packages = ", ".join(sorted(other.package for other in same))
    return _with(
        row,
        State.DUPLICATE,
        f"名称 {row.name!r} 由多个包提供: {packages}; 请卸载其一, 或用 [plugins] allow 选定",
        f"the name {row.name!r} is brought by {packages}; uninstall one, or choose with [plugins] allow",
    )


def _with(row: Entry, state: State, zh: str, en: str) -> Entry:
    reason = Text(f"{row.name} ({row.package}): {zh}", f"{row.name} ({row.package}): {en}")
    return attrs.evolve(row, state=state, reason=reason)


def _normal(name: str) -> str:
    """PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()
