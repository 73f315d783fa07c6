"""`audit verify`: nobody has changed what is written."""

from __future__ import annotations

import rich_click as click

from dougong.cli import output
from dougong.cli.commands import summary
from dougong.cli.language import chosen, say
from dougong.cli.options import common, opened, options

__all__ = ["audit"]


@click.group(help=summary("audit"))
@common
def audit() -> None:
    """The audit."""


@audit.command(
    help=say("核对审计链: 没有记录被改动或缺失。", "Verify the chains: no record was changed, none is missing.")
)
@common
def verify() -> int:
    """Walk every chain; exit status 2 when one is broken."""
    from sqlalchemy import func, select

    from dougong.ledger import audit as chains
    from dougong.ledger import schema
    from dougong.ledger.views import problem_view

    with opened() as project, project.ledger.read() as connection:
        problems = chains.verify(connection)
        count = connection.execute(select(func.count()).select_from(schema.audit)).scalar_one()
    if options().json:
        told = [problem_view(problem, chosen()) for problem in problems]
        output.emit({"ok": not problems, "records": count, "problems": told})
        return 2 if problems else 0
    for problem in problems:
        for line in output.problem_lines(problem):
            output.tell(line)
    if not problems:
        output.tell(say(f"审计链完整: {count} 条记录", f"the chains are whole: {count} records"))
    return 2 if problems else 0
