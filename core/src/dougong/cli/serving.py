"""`serve` and `worker`: the steps day and night, with the HTTP side or without it."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import rich_click as click

from dougong.cli import output
from dougong.cli.commands import summary
from dougong.cli.language import say
from dougong.cli.options import common, host, opened, options
from dougong.model.problems import DougongError, Problem

if TYPE_CHECKING:
    from dougong.flow import Project

__all__ = ["serve", "worker"]


@click.command(help=summary("serve"))
@common
@host
@click.option(
    "--port",
    metavar="N",
    type=click.IntRange(0, 65535),
    default=8420,
    show_default=True,
    help=say("端口, 0 为任意空闲端口", "port; 0 takes a free one"),
)
def serve(host: str, port: int) -> int:
    """Serve until SIGINT or SIGTERM."""
    try:
        from dougong import server
    except ModuleNotFoundError as missing:
        raise DougongError(_not_installed(missing.name or "")) from missing
    with opened() as project:
        _told_to_end(server.serve(project, host=host, port=port, tell=output.problems, on_ready=_ready))
    return 0


@click.command(help=summary("worker"))
@common
def worker() -> int:
    """Work until SIGINT or SIGTERM."""
    from dougong.flow import Service

    ending = threading.Event()
    with opened() as project:
        service = Service(project, output.problems)
        service.start()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ending.set())
        _working(project)
        ending.wait()
        _told_to_end(service.stop())
    return 0


def _ready(url: str) -> None:
    if options().json:
        output.emit({"url": url})
    else:
        output.tell(f"listening on {url}")


def _working(project: Project) -> None:
    if options().json:
        output.emit({"working": str(project.folder)})
    else:
        output.tell(say("正在处理", "working"))


def _told_to_end(ended: bool) -> None:
    if not ended:
        words = "仍有未结束的调用, 由下一个进程接管", "some calls have not ended; the next process takes them over"
        output.note(say(*words))


def _not_installed(name: str) -> Problem:
    return Problem.of(
        "SERVER_NOT_INSTALLED",
        f"serve 需要 dougong 的附加依赖 server (缺少 {name})",
        f"serve needs the extra `server` of dougong ({name} is missing)",
        hint_zh="pip install 'dougong[server]'; 不需要 HTTP 时可用 dougong worker",
        hint_en="pip install 'dougong[server]'; without HTTP, `dougong worker` does the same work",
    )
