"""`new-connector`: a package for a partner to fill in, made by the SDK."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

import rich_click as click

from dougong.cli import output
from dougong.cli.commands import summary
from dougong.cli.language import say
from dougong.cli.options import common, options

__all__ = ["new_connector"]


@click.command("new-connector", help=summary("new-connector"))
@common
@click.argument("name", metavar="NAME")
@click.option(
    "--kind",
    type=click.Choice(["rest", "soap"]),
    default="rest",
    show_default=True,
    help=say("ERP 的协议", "protocol of the ERP"),
)
@click.option(
    "--dir",
    "parent",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help=say("在此目录下新建 dougong-NAME, 缺省为当前目录", "where dougong-NAME is made, by default here"),
)
@click.option("--defaults", is_flag=True, help=say("不提问, 全部取缺省值", "ask nothing, take every default"))
def new_connector(name: str, kind: str, parent: Path, defaults: bool) -> int:
    """Ask what the package needs to know, make it, say what comes next."""
    from dougong.cli.products import sdk_module

    sdk: Any = sdk_module("scaffold")
    sdk.check_name(name)
    title = _ask(("ERP 的名称", "What people call the ERP"), name.replace("-", " ").title(), defaults)
    vendor = _ask(("ERP 的厂商", "Who makes the ERP"), title, defaults)
    author = _ask(("连接器的作者", "Who writes the connector"), _me(), defaults)
    wanted = sdk.Wanted(name=name, kind=kind, title=title, vendor=vendor, author=author)
    folder: Path = sdk.render(wanted, parent)
    if options().json:
        files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        output.emit({"connector": name, "kind": kind, "folder": str(folder), "files": files})
        return 0
    output.tell(say(f"连接器包已建好: {folder}", f"The connector package is made: {folder}"))
    output.tell(say("下一步 (README 说明每个文件的用途):", "Next (its README says what each file is for):"))
    output.tell(f"  pip install -e {folder} 'dougong-sdk[pytest]'")
    output.tell(f"  cd {folder}")
    output.tell("  pytest")
    return 0


def _ask(question: tuple[str, str], default: str, defaults: bool) -> str:
    """An answer, or the default without a question.

    :raises click.UsageError: there is nobody to answer.
    """
    if defaults:
        return default
    try:
        return str(click.prompt(say(*question), default=default, err=True))
    except click.Abort as end:
        words = "没有得到回答; --defaults 不提问", "no answer; --defaults asks nothing"
        raise click.UsageError(say(*words)) from end


def _me() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number without a name
        return "Dougong partner"
