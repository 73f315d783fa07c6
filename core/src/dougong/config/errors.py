"""Errors of the configuration, told with file, line and key; all of them at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path

import attrs

from dougong.config import positions
from dougong.model.problems import DougongError, Problem, Text

__all__ = ["ConfigError", "Places", "did_you_mean"]


class ConfigError(DougongError):
    """`dougong.toml` cannot be used as it is; every problem names file, line and key.

    .. versionadded:: 0.1
    """


def did_you_mean(word: str, known: Iterable[str]) -> Text:
    """A hint with the known word that looks most like `word`, else with all known words."""
    names = sorted(set(known))
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return Text(f"是否想写 {close[0]!r}?", f"did you mean {close[0]!r}?")
    if not names:
        return Text("", "")
    return Text(f"可用: {', '.join(names)}", f"known here: {', '.join(names)}")


@attrs.frozen
class Places:
    """Lines of one configuration file.

    :param file: the file.
    :param lines: path of a key → 1-based line.
    """

    file: Path
    lines: Mapping[positions.Path, int] = attrs.field(factory=dict)

    def line(self, path: positions.Path) -> int:
        """The line of `path`, or of the nearest table around it; 0 when nothing of it is in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)

    def at(self, path: positions.Path, problem: Problem) -> Problem:
        """The same problem with the place in front: `dougong.toml:12 connections.kingdee.settle`."""
        line, key = self.line(path), positions.path_text(path)
        place = f"{self.file.name}:{line}" if line else self.file.name
        facts = {**problem.facts, "file": str(self.file), "line": str(line), "key": key}
        return attrs.evolve(problem, path=f"{place} {key}".strip(), facts=facts)
