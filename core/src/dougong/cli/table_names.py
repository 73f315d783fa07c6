"""Names of code tables and scopes: a misspelt one would be looked into by nobody, and its codes stay missing."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import attrs

from dougong.expressions.names import did_you_mean
from dougong.model.problems import DougongError, Problem
from dougong.tables.code_rows import EVERYWHERE

if TYPE_CHECKING:
    from dougong.flow import Project
    from dougong.tables.codes import CodeRow

__all__ = ["Unused", "unknown_scopes", "unused_tables"]

#: Known whatever the mapping says: an account's needs are asked by the ERP's code; who books is written beside it.
_ALWAYS = frozenset({"account", "entity"})
#: So alike that it is a slip of the hand and not another name.
_ALIKE = 0.8


@attrs.frozen
class Unused:
    """A table that no mapping looks into.

    :param near: the known name that it is like; empty = it is like none, so it may be meant for a mapping to come.
    :param problem: `CODE_TABLE_UNKNOWN`.
    """

    near: str
    problem: Problem


def unknown_scopes(project: Project, rows: Iterable[CodeRow]) -> list[Problem]:
    """Scopes of code rows that no connection of the project has, each once; a project without connections knows none.

    :returns: `CODE_SCOPE_UNKNOWN` each.
    """
    known = project.config.connections
    scopes = sorted({row.scope for row in rows if row.scope.partition("/")[0] not in (*known, EVERYWHERE)})
    return [_no_scope(scope, known) for scope in scopes] if known else []


def _no_scope(scope: str, known: Iterable[str]) -> Problem:
    hint_zh, hint_en = did_you_mean(scope.partition("/")[0], (*known, EVERYWHERE))
    return Problem.of(
        "CODE_SCOPE_UNKNOWN",
        f"编码的范围 {scope} 不是任何连接",
        f"codes have the scope {scope}, which is no connection",
        path=scope,
        hint_zh=hint_zh,
        hint_en=hint_en,
    )


def unused_tables(project: Project, rows: Iterable[CodeRow]) -> list[Unused]:
    """Tables of code rows that no mapping of their scope's connection looks into, each table and scope once.

    A project without connections to book to, or with a mapping that cannot be compiled, knows no better: none.
    """
    try:
        used = {name: _used(project, name) for name in project.targets}
    except DougongError:
        return []
    return list(_unused(used, dict.fromkeys((row.table, row.scope) for row in rows)))


def _used(project: Project, connection: str) -> frozenset[str]:
    from dougong.flow.inputs import mapping_text
    from dougong.mapping import compile_mapping

    text, path = mapping_text(project, connection, project.door(connection).operation_for())
    return compile_mapping(text, path=path).tables | _ALWAYS


def _unused(used: dict[str, frozenset[str]], tables: Iterable[tuple[str, str]]) -> Iterator[Unused]:
    for table, scope in tables:
        connection = scope.partition("/")[0]
        looked = [used[connection]] if connection in used else list(used.values())
        known = sorted(frozenset().union(*looked))
        if not known or table in known:
            continue
        near = difflib.get_close_matches(table, known, n=1, cutoff=_ALIKE)
        yield Unused(near[0] if near else "", _problem(table, scope, near, known))


def _problem(table: str, scope: str, near: list[str], known: list[str]) -> Problem:
    listed = ", ".join(known)
    hint_zh, hint_en = f"已用的码表: {listed}", f"tables that are looked into: {listed}"
    if near:
        hint_zh, hint_en = (
            f"是否应为 {near[0]}? 请更正文件后再导入",
            f"did you mean {near[0]}? Correct it and import again",
        )
    return Problem.of(
        "CODE_TABLE_UNKNOWN",
        f"范围 {scope} 的字段映射不使用码表 {table}",
        f"no field mapping of scope {scope} looks into a code table {table}",
        path=table,
        hint_zh=hint_zh,
        hint_en=hint_en,
    )
