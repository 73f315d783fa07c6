"""`connectors`, `crashpoints`, `schema`: what this installation has and knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import rich_click as click

from dougong.cli import output
from dougong.cli.commands import summary
from dougong.cli.language import chosen, say
from dougong.cli.options import common, options

__all__ = ["connectors", "crashpoints", "schema"]


@click.command(help=summary("connectors"))
@common
def connectors() -> int:
    """Each is imported to see whether it works, unless the project does not trust it."""
    from dougong.plugins import catalogue

    rows: list[dict[str, Any]] = [
        {
            "name": entry.name,
            "distribution": entry.distribution,
            "version": entry.version,
            "state": entry.state.value,
            "reason": entry.reason.for_language(chosen()) or None,
            "operations": list(entry.operations),
        }
        for entry in catalogue(allow=_allowed(), load=True)
    ]
    if options().json:
        for row in rows:
            output.emit(row)
        return 0
    made = output.table(say("名称", "name"), say("软件包", "package"), say("状态", "state"), say("操作", "operations"))
    for row in rows:
        package = f"{row['distribution']} {row['version']}"
        operations = ", ".join(row["operations"]) or say("(只读来源)", "(a source)")
        style = "" if row["state"] == "ok" else "red"
        made.add_row(row["name"], package, row["state"], operations if row["state"] == "ok" else "", style=style)
    output.console().print(made)
    for row in rows:
        if row["reason"]:
            output.tell(f"  {row['reason']}")
    return 0


def _allowed() -> tuple[str, ...] | None:
    """What the project trusts, where there is a project."""
    folder = options().folder
    if not (folder / "dougong.toml").is_file():
        return None
    from dougong.config import load

    return load(folder).plugins.allow


@click.command(help=summary("crashpoints"))
@common
def crashpoints() -> int:
    """Labels, with what has just become true there."""
    from dougong.crashpoints import LABELS

    for label, meaning in LABELS.items():
        if options().json:
            output.emit({"label": label, "meaning": meaning})
        else:
            output.tell(f"{label:16} {meaning}")
    return 0


def _schemas() -> dict[str, Callable[[], dict[str, Any]]]:
    """Kind → its schema; each is imported when it is asked for."""

    def document() -> dict[str, Any]:
        from dougong.formats.schemas import document_schema

        return document_schema()

    def plan() -> dict[str, Any]:
        from dougong.formats.schemas import plan_schema

        return plan_schema()

    def rules() -> dict[str, Any]:
        from dougong.accounting import schema as found

        return found()

    def mapping() -> dict[str, Any]:
        from dougong.mapping import schema as found

        return found()

    def case() -> dict[str, Any]:
        from dougong.accounting import case_schema

        return case_schema()

    def config() -> dict[str, Any]:
        from dougong.config import schema as found

        return found()

    return {made.__name__: made for made in (document, rules, mapping, plan, case, config)}


@click.command(help=summary("schema"))
@common
@click.argument("kind", metavar="KIND", type=click.Choice(sorted(_schemas())))
def schema(kind: str) -> int:
    """Print it, on one line with `--json`."""
    from dougong.formats import dumps

    found = _schemas()[kind]()
    click.echo(dumps(found, indent=None if options().json else 2, numbers=True))
    return 0
