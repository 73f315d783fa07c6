"""Fields of a mapping that the target does not know: an ERP that ignores unknown keys would lose them in silence."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from dougong.model.problems import Problem

if TYPE_CHECKING:
    from dougong.hookspecs import TargetField

__all__ = ["unknown_fields"]


def unknown_fields(paths: Iterable[str], known: Sequence[TargetField]) -> list[Problem]:
    """One `FIELD_UNKNOWN` for each path of a mapping that is not among the target's fields.

    Letter case does not count, nor by which of its codes a reference is named (`FNumber`, `FNAME`, `Id`).

    :param paths: as the mapping writes them, `FEntity[].FACCOUNTID.FNumber`.
    """
    names = {field.path.casefold(): field.path for field in known}
    below = Counter(above for name in names for above in _above(name))
    references = {above for above, fields in below.items() if fields == 1}
    problems = []
    for path in dict.fromkeys(path.replace("[]", "") for path in paths):
        name = path.casefold()
        if name in names or name.rpartition(".")[0] in references:
            continue
        near = difflib.get_close_matches(name, names, n=1)
        problems.append(_unknown(path, names[near[0]] if near else ""))
    return problems


def _above(path: str) -> Iterator[str]:
    while path := path.rpartition(".")[0]:
        yield path


def _unknown(path: str, near: str) -> Problem:
    return Problem.of(
        "FIELD_UNKNOWN",
        "ERP 没有这个字段, 写入的值会丢失",
        "the ERP has no such field; what is written there would be lost",
        path=path,
        hint_zh=f"是否应为 {near}? " * bool(near) + "请更正字段映射, 或在 ERP 中增加该字段",
        hint_en=f"is {near} meant? " * bool(near) + "correct the mapping, or add the field in the ERP",
    )
