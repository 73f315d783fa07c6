"""Writes the list in `commands.md` from the commands: `python docs/reference/command_page.py`; a test compares."""
# ruff: noqa: INP001 - a script, not a package

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import rich_click as click

HERE = Path(__file__).parent

_MARK = re.compile(r"(<!-- commands -->\n).*(<!-- end -->)", re.DOTALL)
#: Options that every command takes: told once, above.
_COMMON = {"project", "json", "lang", "debug", "help"}


def page(text: str) -> str:
    """The page with its list of commands made anew, in English."""
    from dougong.cli import language
    from dougong.cli.commands import GROUPS, command

    language.choose("en")
    parts: list[str] = []
    for (_, title), entries in GROUPS:
        parts.append(f"\n## {title}\n")
        for name in entries:
            parts += _command(command(name), f"dougong {name}")
    return _MARK.sub(lambda match: match[1] + "".join(parts) + "\n" + match[2], text)


def _command(command: click.Command, path: str) -> Iterator[str]:
    words = " ".join((command.help or "").split())
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from _command(below, f"{path} {name}")
        return
    arguments = [_argument(one) for one in command.params if isinstance(one, click.Argument)]
    usage = " ".join([path, *arguments])
    yield f"\n### {path}\n\n`{usage}`\n\n{words}\n"
    options = [one for one in command.params if isinstance(one, click.Option) and one.name not in _COMMON]
    if options:
        yield "\n| option | meaning |\n|---|---|\n"
        for option in options:
            yield f"| {_option(option)} | {option.help or ''}{_default(option)} |\n"


def _argument(argument: click.Argument) -> str:
    return argument.metavar or str(argument.name).upper()


def _option(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in option.opts)
    if option.is_flag:
        return names
    if isinstance(option.type, click.Choice):
        return names + " " + r" \| ".join(f"`{choice}`" for choice in option.type.choices)
    return f"{names} {option.metavar or option.type.name.upper()}"


def _default(option: click.Option) -> str:
    if option.required:
        return "; required"
    return f"; by default `{option.default}`" if option.show_default and not option.is_flag else ""


if __name__ == "__main__":
    file = HERE / "commands.md"
    file.write_text(page(file.read_text("utf-8")), "utf-8")
