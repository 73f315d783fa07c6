"""`sandbox`: an emulated ERP in the foreground."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from dougong.cli import language, output
from dougong.cli.commands import summary
from dougong.cli.language import say
from dougong.cli.options import common, host, options
from dougong.model.problems import DougongError, Problem

__all__ = ["sandbox"]


@click.command(help=summary("sandbox"))
@common
@click.argument("name", metavar="NAME")
@host
@click.option(
    "--port",
    metavar="N",
    type=click.IntRange(0, 65535),
    default=0,
    help=say("端口, 0 为任意空闲端口", "port; 0 takes a free one"),
)
@click.option(
    "--ledger",
    type=click.Path(path_type=Path, dir_okay=False),
    help=say("账本文件, 重启后继续; 缺省为临时文件", "file that outlives the process; without it a throw-away one"),
)
@click.option(
    "--seed",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help=say("基础资料, JSON 或 TOML, 叠加在默认值之上", "master data, JSON or TOML, laid over the default"),
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help=say("设置, 见 --help-set", "a setting; see --help-set"),
)
@click.option("--help-set", is_flag=True, help=say("列出 --set 的键", "list the keys of --set"))
def sandbox(
    name: str,
    host: str,
    port: int,
    ledger: Path | None,
    seed: Path | None,
    settings: tuple[str, ...],
    help_set: bool,
) -> int:
    """Serve until interrupted."""
    from dougong.cli.products import sdk_module

    sdk: Any = sdk_module("sandbox")
    try:
        found = sdk.find_sandbox(name)
        if help_set:
            _list_settings(sdk.Settings(found.settings_declared).help())
            return 0
        sdk.serve(
            found,
            host=host,
            port=port,
            ledger=ledger,
            seed=seed,
            settings=_pairs(settings),
            on_ready=_Ready(found.title),
        )
    except sdk.SandboxError as error:
        raise DougongError(Problem.of("SANDBOX", error.zh, error.en)) from error
    return 0


class _Ready:
    """Says where the sandbox is, once it accepts connections."""

    def __init__(self, title: str) -> None:
        self._title = title

    def __call__(self, ready: dict[str, str]) -> None:
        if options().json:
            output.emit(ready)
            return
        output.tell(
            say(f"{self._title} 沙箱已就绪, 按 Ctrl-C 停止", f"{self._title}: the sandbox is ready; Ctrl-C stops it")
        )
        names = {"url": say("地址", "address"), "admin": say("管理面", "plane"), "ca": say("CA 证书", "CA")}
        for key, value in ready.items():
            output.tell(f"  {names.get(key, key)}  {value}")


def _pairs(given: tuple[str, ...]) -> dict[str, str]:
    pairs = [item.partition("=") for item in given]
    for key, equals, _ in pairs:
        if not equals:
            raise click.BadParameter(say(f"{key}: 写成 KEY=VALUE", f"{key}: write KEY=VALUE"), param_hint="--set")
    return {key: value for key, _, value in pairs}


def _list_settings(rows: list[dict[str, str]]) -> None:
    if options().json:
        for row in rows:
            output.emit(row)
        return
    made = output.table("KEY", say("缺省", "default"), say("说明", "meaning"))
    for row in rows:
        made.add_row(row["key"], row["default"], row[language.chosen()])
    output.console().print(made)
