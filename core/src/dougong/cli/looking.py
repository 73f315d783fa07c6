"""`status`, `show`, `trace`: looking, never changing."""

from __future__ import annotations

from typing import Any

import rich_click as click

from dougong.cli import details, lists, output, selecting, tracing, worklist
from dougong.cli.commands import summary
from dougong.cli.language import chosen, say
from dougong.cli.options import common, opened, options

__all__ = ["show", "status", "trace"]

number = click.argument("number", metavar="NUMBER")


@click.command(help=summary("status"))
@common
@click.argument("number", metavar="[NUMBER]", required=False)
@click.option(
    "--by",
    type=click.Choice(["delivery", "cause"]),
    default="delivery",
    help=say("逐笔或按原因", "each one, or by cause"),
)
def status(number: str | None, by: str) -> int:
    """List deliveries; exit status 2 when anything is to be looked at."""
    with opened() as project, project.ledger.read() as connection:
        found = lists.rows(connection) if number is None else selecting.rows_of(connection, number)
        causes = worklist.causes(connection) if number is None else []
    if by == "cause":
        worklist.show(causes)
    else:
        lists.show(found)
        if causes and not options().json:
            worklist.show(causes)
    details.tell_clock()
    return lists.status_of(found)


@click.command(help=summary("show"))
@common
@number
def show(number: str) -> int:
    """State, posting, attempts, booking, audit."""
    from dougong.ledger.views import show_view

    with opened() as project, project.ledger.read() as connection:
        view = show_view(connection, selecting.one(connection, number), chosen())
    if options().json:
        output.emit(view)
    else:
        details.show(view)
    return 0


@click.command(help=summary("trace"))
@common
@number
def trace(number: str) -> int:
    """What was claimed, settled, booked and told; who did what, in time order."""
    from dougong.flow import settled_views
    from dougong.ledger.views import trace_view
    from dougong.model.problems import DougongError

    with opened() as project:
        with project.ledger.read() as connection:
            numbers = selecting.documents(connection, number)
        for each in numbers:
            try:
                facts = settled_views(project, each)
            except DougongError as error:  # what happened is told all the same
                facts = {}
                output.problems(error.problems)
            with project.ledger.read() as connection:
                traced = trace_view(connection, each, chosen())
            _trace([{**view, "settled": facts.get(view["row"], [])} for view in traced])
    return 0


def _trace(traced: list[dict[str, Any]]) -> None:
    for view in traced:
        del view["row"]
        if options().json:
            output.emit(view)
    if not options().json:
        tracing.show(traced)
