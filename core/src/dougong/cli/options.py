"""Options that every command takes, before or behind its name, and what follows from them."""

from __future__ import annotations

import contextlib
import getpass
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from dougong.cli.language import say

if TYPE_CHECKING:
    from dougong.flow import Project

__all__ = ["Options", "actor", "common", "host", "opened", "options", "reason"]

F = TypeVar("F", bound=Callable[..., Any])


class Options:
    """What was asked for on the command line, whatever the command.

    `project` is the project's folder, `None` = look for it from here upwards; with `json` standard output carries JSON
    Lines and everything else goes to standard error; `debug` shows log and tracebacks there.
    """

    def __init__(self) -> None:
        self.project: Path | None = None
        self.json = False
        self.debug = False

    @property
    def folder(self) -> Path:
        """The folder of `dougong.toml`: as named, else the nearest one from here upwards, else this one."""
        if self.project is not None:
            return self.project
        here = Path.cwd()
        return next((folder for folder in (here, *here.parents) if (folder / "dougong.toml").is_file()), here)


def options() -> Options:
    """The options of the running command."""
    context = click.get_current_context(silent=True)
    return Options() if context is None else context.find_root().ensure_object(Options)


def _keep(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value not in (None, False):
        setattr(context.find_root().ensure_object(Options), str(parameter.name), value)


def common(command: F) -> F:
    """Add the options that every command takes."""
    kept: dict[str, Any] = {"expose_value": False, "callback": _keep}
    for decorate in (
        click.help_option("-h", "--help", help=say("显示帮助", "show this help")),
        click.option("--debug", is_flag=True, **kept, help=say("日志与错误详情输出到终端", "show log and tracebacks")),
        click.option(
            "--lang",
            type=click.Choice(["zh", "en"]),
            expose_value=False,
            help=say("语言, 缺省按 LANG", "language, by LANG unless given"),
        ),
        click.option("--json", is_flag=True, **kept, help=say("输出 JSON Lines", "print JSON Lines")),
        click.option(
            "--project",
            type=click.Path(path_type=Path, file_okay=False),
            metavar="DIR",
            **kept,
            help=say("项目目录, 缺省为当前目录或其上级", "project folder, by default this one or one above"),
        ),
    ):
        command = decorate(command)
    return command


def actor(command: F) -> F:
    """`--actor`: who acts, for the audit."""
    return click.option(
        "--actor",
        default=_system_user,
        metavar="NAME",
        help=say("操作人, 缺省为系统用户", "who acts, by default the system user"),
    )(command)


def host(command: F) -> F:
    """`--host`: where a server listens."""
    return click.option(
        "--host", metavar="ADDRESS", default="127.0.0.1", show_default=True, help=say("监听地址", "address to bind")
    )(command)


def reason(command: F) -> F:
    """`--reason`: why, for the audit."""
    return click.option(
        "--reason", required=True, metavar="TEXT", help=say("原因, 记入审计", "why; kept in the audit")
    )(command)


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # a container's user may have no name
        return "unknown"


@contextlib.contextmanager
def opened() -> Iterator[Project]:
    """The project of the running command, open.

    :raises DougongError: no project there, or its configuration or ledger cannot be used.
    """
    from dougong.cli.logs import log_into
    from dougong.flow import Project

    folder = options().folder
    with Project(folder) as project:
        log_into(folder / "dougong.log")
        yield project
