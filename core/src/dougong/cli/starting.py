"""`init`: a project's folder, ready to push."""

from __future__ import annotations

import re
from pathlib import Path

import rich_click as click

from dougong.cli import output
from dougong.cli.commands import summary
from dougong.cli.language import say
from dougong.cli.options import actor, common, options

__all__ = ["init"]


@click.command(help=summary("init"))
@common
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--sandbox",
    "sandboxes",
    multiple=True,
    metavar="NAME=URL",
    help=say(
        "沙箱及其地址, 可多次给出; 缺省为真实 ERP 的占位值",
        "a sandbox and its address, may be repeated; without it placeholders for a real ERP",
    ),
)
@click.option(
    "--ca",
    type=click.Path(path_type=Path, dir_okay=False, exists=True, resolve_path=True),
    help=say("https 沙箱的 CA 证书 (沙箱启动时打印)", "CA certificate of https sandboxes, as they print it"),
)
@actor
def init(folder: Path, sandboxes: tuple[str, ...], ca: Path | None, actor: str) -> int:
    """Make it, list what was made, say what comes next."""
    from dougong.cli.project_files import Wanted, make_project

    pairs = [_pair(text) for text in sandboxes]
    names = [name for name, _ in pairs]
    if doubled := {name for name in names if names.count(name) > 1}:
        raise click.BadParameter(
            say(f"重复: {', '.join(doubled)}", f"named twice: {', '.join(doubled)}"), param_hint="--sandbox"
        )
    files = make_project(folder, [Wanted(name, url, ca) for name, url in pairs], actor=actor)
    if options().json:
        output.emit({"project": str(folder), "files": [path.as_posix() for path in files]})
        return 0
    output.tell(say(f"项目已建好: {folder}", f"The project is made: {folder}"))
    for path in files:
        output.tell(f"  {path.as_posix():36} {_meaning(path)}".rstrip())
    output.tell(say("下一步:", "Next:"))
    if not sandboxes:
        output.tell(
            say(
                "  把 dougong.toml 与 secrets/ 中的 CHANGE-ME 换成真实值",
                "  replace CHANGE-ME in dougong.toml and secrets/",
            )
        )
    output.tell(f"  dougong check --project {folder}")
    output.tell(f"  dougong push FILE… --project {folder}")
    return 0


def _pair(text: str) -> tuple[str, str]:
    name, equals, url = text.partition("=")
    if not equals or not name or not re.match(r"https?://[^/]", url):
        words = say(
            f"{text!r}: 写成 NAME=URL, 如 kingdee=http://127.0.0.1:8765",
            f"{text!r}: write NAME=URL, e.g. kingdee=http://127.0.0.1:8765",
        )
        raise click.BadParameter(words, param_hint="--sandbox")
    return name, url


def _meaning(path: Path) -> str:
    known = {
        "dougong.toml": say("连接与路由", "connections and routes"),
        "rules": say("入账规则", "posting rules"),
        "tables": say("决策表 (Excel 可编辑)", "decision tables, for Excel too"),
        "cases": say("规则用例 (dougong rules test)", "cases for the rules (dougong rules test)"),
        "mappings": say("字段映射", "field mapping"),
        "codes": say("编码对照 (已导入账本)", "codes (imported into the ledger)"),
        "secrets": say("密钥, 仅本人可读", "a secret, readable by you only"),
    }
    return known.get(path.parts[0], "")
