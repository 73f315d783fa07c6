"""`plan` and `convert`: what would be sent, what a file says; nothing is written."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from dougong.cli import details, output, plans, selecting
from dougong.cli.commands import summary
from dougong.cli.language import say
from dougong.cli.options import common, opened, options
from dougong.cli.pushing import files, source, told_bad_files

if TYPE_CHECKING:
    from dougong.flow import Project
    from dougong.planned import Planned, Undelivered

__all__ = ["convert", "plan"]


@click.command(help=summary("convert"))
@common
@files
@source
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "jsonl", "xml"]),
    default="json",
    show_default=True,
    help=say("输出格式", "what to write"),
)
def convert(files: tuple[Path, ...], source: str | None, form: str) -> int:
    """Print the canonical form on standard output, problems on standard error."""
    from dougong.flow import read_files
    from dougong.formats import write_canonical
    from dougong.model.sources import SourceDocument

    if options().json:
        form = "jsonl"
    with _reading() as project:
        read = read_files(project, files, source)
    told_bad_files(read.bad)
    for _, item in read.documents:
        if isinstance(item, SourceDocument):
            output.problems(item.problems, where=item.document.number)
    if read.documents:
        text = write_canonical((item for _, item in read.documents), form)  # type: ignore[arg-type]
        click.echo(text, nl=False)
    return 1 if read.bad else 0


@contextlib.contextmanager
def _reading() -> Iterator[Project]:
    """The project; where there is none, an empty one of the moment: to read a file it need not be more.

    :raises DougongError: `PROJECT_NEEDED`, where a source cannot read without its connection's settings.
    """
    from dougong.config import FILE_NAME, ConfigError
    from dougong.flow import Project
    from dougong.model.problems import Problem

    if options().project is not None or (options().folder / FILE_NAME).is_file():
        with opened() as project:
            yield project
        return
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / FILE_NAME).write_text('[project]\nname = "convert"\n', encoding="utf-8")
        try:
            with Project(Path(folder)) as project:
                yield project
        except ConfigError as error:
            first = error.problems[0]
            needed = Problem.of(
                "PROJECT_NEEDED",
                f"读取此来源需要其连接的设置: {first.path}: {first.message.zh}",
                f"this source is read with its connection's settings: {first.path}: {first.message.en}",
                hint_zh="请在项目目录中执行, 或加 --project DIR (dougong init DIR 新建)",
                hint_en="run it in a project's folder or with --project DIR (dougong init DIR makes one)",
            )
            raise ConfigError(needed) from error


@click.command(help=summary("plan"))
@common
@click.argument("what", nargs=-1, required=True, metavar="FILE…|NUMBER")
@source
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help=say("显示报文与每个字段的来源", "show the payload and the source of each field"),
)
def plan(what: tuple[str, ...], source: str | None, verbose: bool) -> int:
    """Plan files, or documents that were accepted already; exit status 2 when something is in the way."""
    with opened() as project:
        found, bad = _planned(project, what, source)
    told_bad_files(bad)
    plans.show(found, verbose=verbose)
    details.tell_clock()
    if bad:
        return 1
    return 2 if any(plans.in_the_way(one) for one in found) else 0


def _planned(
    project: Project, what: Sequence[str], source: str | None
) -> tuple[list[Planned | Undelivered], list[tuple[Path, Any]]]:
    """Names of files that exist are files; everything else is a NUMBER."""
    from dougong.plan import plan_files, plan_number

    paths = [Path(name) for name in what if _is_file(name)]
    found, bad = plan_files(project, paths, source) if paths else ([], [])
    with project.ledger.read() as connection:
        named = [each for name in what if not _is_file(name) for each in selecting.documents(connection, name)]
    if named:
        found += plan_number(project, *dict.fromkeys(named))
    return _once(found), bad


def _once(found: Sequence[Planned | Undelivered]) -> list[Planned | Undelivered]:
    """What was sent for several of the documents is told once."""
    told: dict[object, Planned | Undelivered] = {}
    for at, one in enumerate(found):
        told.setdefault(getattr(one, "delivery", None) or at, one)
    return list(told.values())


def _is_file(name: str) -> bool:
    """A path, even one that is not there: a NUMBER holds no separator and no file suffix."""
    return Path(name).exists() or "/" in name or "\\" in name or Path(name).suffix in (".json", ".jsonl", ".xml")
