"""`demo`: the whole story on sandboxes, from an approved report to a reconciled voucher."""

from __future__ import annotations

import contextlib
import itertools
import socket
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import rich_click as click

from dougong.cli import output
from dougong.cli.commands import summary
from dougong.cli.language import say
from dougong.cli.options import common, options
from dougong.model.problems import DougongError, Problem

__all__ = ["demo"]


@click.command(help=summary("demo"))
@common
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="D",
    help=say("项目目录, 缺省 ./demo", "project folder, by default ./demo"),
)
@click.option("--all", "every", is_flag=True, help=say("所有已安装的 ERP 产品", "every installed ERP product"))
def demo(folder: Path | None, every: bool) -> int:
    """Tell the story; the folder stays, to be looked at."""
    from dougong.cli.demo_all import tell_all
    from dougong.cli.demo_steps import Stage
    from dougong.cli.demo_story import tell_story
    from dougong.cli.products import examples, sandbox_names

    sources = examples()
    erps = [name for name in sandbox_names() if name not in sources]
    products = erps if every else erps[:1]
    if not products or not sources:
        raise DougongError(_nothing_installed())
    source, (_, module) = next(iter(sources.items()))
    place = folder or _free_name()
    ports = {name: _free_port() for name in products}
    with _quiet_for_json():
        stage = Stage(place, ports, source, module, _other(products))
        tell = tell_story if len(products) == 1 else tell_all
        rows = tell(stage, lambda: _sandboxes(place, ports))
    if options().json:
        for row in rows:
            output.emit(row)
    return 0


def _other(products: Sequence[str]) -> str | None:
    """The product that keeps the second company's book: the last that can, beside the first."""
    from dougong.cli.project_files import keeps_other

    return next((name for name in reversed(products[1:]) if keeps_other(name)), None)


@contextlib.contextmanager
def _quiet_for_json() -> Iterator[None]:
    """With `--json` the story goes to standard error, and only its outcome to standard output."""
    if not options().json:
        yield
        return
    options().json = False
    with contextlib.redirect_stdout(sys.stderr):
        yield
    options().json = True


@contextlib.contextmanager
def _sandboxes(place: Path, ports: dict[str, int]) -> Iterator[Sequence[Any]]:
    """The sandboxes in processes of their own; they end with the story, however it ends."""
    from dougong.cli.products import sdk_module

    sdk: Any = sdk_module("sandbox")
    with contextlib.ExitStack() as running:
        try:
            yield [
                running.enter_context(sdk.launch(name, port=port, ledger=place / f"sandbox-{name}.db"))
                for name, port in ports.items()
            ]
        except sdk.SandboxError as error:
            raise DougongError(Problem.of("SANDBOX", error.zh, error.en)) from error


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _free_name() -> Path:
    """`demo`, or with a number behind it when that is taken."""
    names = itertools.chain(["demo"], (f"demo-{number}" for number in itertools.count(2)))
    return next(path for name in names if not (path := Path(name)).exists())


def _nothing_installed() -> Problem:
    return Problem.of(
        "DEMO_INCOMPLETE",
        "演示需要一个带沙箱的 ERP 连接器和一个带示例的来源连接器",
        "the demo needs an ERP connector with a sandbox and a source with example documents",
        hint_zh="请安装: pip install dougong-sdk dougong-kingdee dougong-hesi",
        hint_en="install them: pip install dougong-sdk dougong-kingdee dougong-hesi",
    )
