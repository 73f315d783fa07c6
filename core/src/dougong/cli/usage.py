"""Errors of usage in the reader's language: what is wrong with the command line, and where its help is."""

from __future__ import annotations

import rich_click as click

from dougong.cli import output
from dougong.cli.language import chosen

__all__ = ["tell"]


def tell(error: click.ClickException) -> None:
    """Say it on standard error."""
    output.note(f"✗ {_words(error)}")
    context = getattr(error, "ctx", None)
    if context is not None:
        output.note(f"  → {context.command_path} --help")


def _words(error: click.ClickException) -> str:
    if chosen() == "zh":
        name = getattr(error, "param_hint", None) or _name(getattr(error, "param", None))
        if isinstance(error, click.NoSuchOption):
            near = f", 是否想写 {' / '.join(error.possibilities)}?" if error.possibilities else ""
            return f"没有选项 {error.option_name}{near}"
        if type(error).__name__ == "NoSuchCommand":
            return "没有这个命令"
        if isinstance(error, click.MissingParameter):
            return f"缺少 {name}"
        if isinstance(error, click.BadParameter):
            return f"{name}: {error.message}"
    return error.format_message()


def _name(parameter: click.Parameter | None) -> str:
    if parameter is None:
        return ""
    return parameter.opts[0] if isinstance(parameter, click.Option) else parameter.metavar or str(parameter.name)
