"""What goes to the screen: JSON Lines for programs on standard output, tables and sentences for people."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import rich_click as click

from dougong.cli import language
from dougong.cli.options import options

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from dougong.model.problems import Problem

__all__ = ["console", "emit", "more", "note", "problem_lines", "problems", "table", "tell"]

#: Piped output is for programs such as grep: a row stays on its line.
_PIPED_WIDTH = 4000


def console(*, stderr: bool = False) -> Console:
    """The rich console of a stream: as wide as the terminal, or never wrapping when it is not one."""
    from rich.console import Console

    stream = sys.stderr if stderr or options().json else sys.stdout
    return Console(
        file=stream, width=None if stream.isatty() else _PIPED_WIDTH, highlight=False, emoji=False, soft_wrap=False
    )


def emit(row: Mapping[str, Any]) -> None:
    """One line of JSON on standard output: decimals as exact numbers, dates as ISO text."""
    from dougong.plugins import exact_json

    click.echo(exact_json(row).decode())


def tell(text: str = "", *, style: str | None = None) -> None:
    """A sentence for people: on standard output, unless that is for JSON. Colours on a terminal only."""
    click.secho(text, fg=style or None, err=options().json)


def more(hidden: int) -> None:
    """Say that a list goes on, where it does."""
    if hidden > 0:
        tell(language.say(f"  … 另有 {hidden} 行, --json 列出全部", f"  … and {hidden} more; --json lists them all"))


def note(text: str) -> None:
    """A sentence on standard error."""
    click.echo(text, err=True)


def problem_lines(found: Problem, *, indent: str = "") -> list[str]:
    """A problem as people read it: code and place, message, what to do next."""
    speaking = language.chosen()
    place = f" {found.path}" if found.path else ""
    lines = [f"{indent}✗ {found.code}{place}: {found.message.for_language(speaking)}"]
    if hint := found.hint.for_language(speaking):
        lines.append(f"{indent}  → {hint}")
    return lines


def problems(found: Iterable[Problem], *, where: str = "") -> None:
    """Problems on standard error, one after the other.

    :param where: what they are about, e.g. the file.
    """
    for problem in found:
        first, *rest = problem_lines(problem)
        note(first if not where else first.replace("✗ ", f"✗ {where}: ", 1))
        for line in rest:
            note(line)


def table(*columns: str, title: str | None = None) -> Table:
    """An empty table in the one style of all lists; a heading that begins with `>` is right-aligned."""
    from rich import box
    from rich.table import Table

    made = Table(
        box=box.SIMPLE_HEAD if sys.stdout.isatty() else None, title=title, title_justify="left", pad_edge=False
    )
    for column in columns:
        made.add_column(
            column.removeprefix(">"), justify="right" if column.startswith(">") else "left", overflow="fold"
        )
    return made
