"""`accept`, `push`, `run`: documents come in, vouchers go out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from dougong.cli import lists, output
from dougong.cli.commands import summary
from dougong.cli.language import say
from dougong.cli.options import actor, common, opened
from dougong.cli.progress import progress

if TYPE_CHECKING:
    from dougong.flow import Project, Read
    from dougong.intake import Accepted
    from dougong.model.documents import SourceRef

__all__ = ["accept", "push", "run", "source", "take", "told_bad_files"]

files = click.argument("files", nargs=-1, required=True, metavar="FILE…", type=click.Path(path_type=Path))
source = click.option(
    "--source",
    metavar="NAME",
    help=say(
        "读取文件的连接器或连接, 如 hesi; 规范格式自动识别", "connector or connection that reads the files, e.g. hesi"
    ),
)
to = click.option("--to", metavar="CONNECTION", help=say("只处理此连接", "work on this connection only"))


@click.command(help=summary("accept"))
@common
@files
@source
@actor
def accept(files: tuple[Path, ...], source: str | None, actor: str) -> int:
    """Accept, and say what became of each document."""
    with opened() as project:
        read, accepted = take(project, files, source, actor)
        with project.ledger.read() as connection:
            rows = lists.rows(connection, *_named(accepted))
        lists.show(rows)
    return 1 if read.bad else lists.status_of(rows)


@click.command(help=summary("push"))
@common
@files
@source
@to
@actor
def push(files: tuple[Path, ...], source: str | None, to: str | None, actor: str) -> int:
    """Accept, work on these documents, list their deliveries."""
    with opened() as project:
        _booked_to(project, to)
        read, accepted = take(project, files, source, actor)
        ids, unknown = _named(accepted)
        status = _work(project, ids, to, unknown) if ids or unknown else 0
    return 1 if read.bad else status


@click.command(help=summary("run"))
@common
@to
def run(to: str | None) -> int:
    """Work on everything."""
    with opened() as project:
        _booked_to(project, to)
        return _work(project, None, to)


def take(project: Project, files: Sequence[Path], source: str | None, actor: str) -> tuple[Read, list[Accepted]]:
    """Read files and accept what is in them; bad ones are told and do not hinder the good ones."""
    from dougong.flow import read_files, take_in

    read = read_files(project, files, source)
    told_bad_files(read.bad)
    accepted = take_in(project, read, actor=actor)
    if read.records:
        count = len(read.records)
        output.note(say(f"基础资料 {count} 条已保存", f"{count} records of reference data are kept"))
    return read, accepted


def told_bad_files(bad: Sequence[tuple[Path, object]]) -> None:
    """Say which files could not be read, and why."""
    for path, problem in bad:
        output.problems([problem], where=path.name)  # type: ignore[list-item]


def _named(accepted: Sequence[Accepted]) -> tuple[set[int], set[SourceRef]]:
    """Document rows that a command is about, and documents that only events have told of."""
    ids = {item.document_id for item in accepted if item.document_id is not None}
    return ids, {item.ref for item in accepted if item.document_id is None}


def _booked_to(project: Project, to: str | None) -> None:
    """A connection that nothing is booked to cannot be worked on.

    :raises ConfigError: `CONNECTION_UNKNOWN`, `CONNECTION_WITHOUT_ROUTE`.
    """
    from dougong.config import ConfigError
    from dougong.model.problems import Problem

    if to is None or to in project.targets:
        return
    project.config.connection(to)
    known = ", ".join(project.targets) or "–"
    raise ConfigError(
        Problem.of(
            "CONNECTION_WITHOUT_ROUTE",
            f"--to {to}: 没有路由通向 {to}, 不会向它记账",
            f"--to {to}: no route leads to {to}, so nothing is booked there",
            hint_zh=f"可用: {known}; 来源连接请用 --source {to}",
            hint_en=f"one of: {known}; a source is named with --source {to}",
        )
    )


def _work(project: Project, ids: Collection[int] | None, to: str | None, unknown: Collection[SourceRef] = ()) -> int:
    from dougong.flow import waiting, work

    waited = set(waiting(project))
    with progress() as told:
        problems = work(project, only=ids, to=to, progress=told)
    output.problems(problems)
    freed = waited - set(waiting(project))
    with project.ledger.read() as connection:
        rows = lists.rows(connection, ids, unknown, freed)
    lists.show(rows)
    return 2 if problems else lists.status_of(rows)
