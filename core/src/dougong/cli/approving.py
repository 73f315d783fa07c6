"""`approve`: the second person, who looks at vouchers before they are sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import rich_click as click

from dougong.cli import details, lists, output, selecting, trials
from dougong.cli.commands import summary
from dougong.cli.language import chosen, say
from dougong.cli.options import actor, common, opened, options

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from dougong.flow import Tried

__all__ = ["approve"]


@click.command(help=summary("approve"))
@common
@click.argument("numbers", nargs=-1, required=True, metavar="NUMBER…")
@click.option(
    "--dry-run",
    is_flag=True,
    help=say("显示将批准的凭证, 不执行", "show the vouchers that would be approved, do nothing"),
)
@click.option("--reason", default="", metavar="TEXT", help=say("说明, 记入审计", "a remark; kept in the audit"))
@actor
def approve(numbers: tuple[str, ...], dry_run: bool, reason: str, actor: str) -> int:
    """Approve; `run` then sends what still is exactly that voucher."""
    from dougong.flow import approving
    from dougong.ledger import views

    with opened() as project:
        with project.ledger.read() as connection:
            ids = list(dict.fromkeys(id_ for number in numbers for id_ in _waiting(connection, number)))
        if dry_run:
            tried = approving.try_approve(project, ids, actor=actor)
            trials.show_tried(project, tried, ids)
            _vouchers(tried)
            return 0 if all(one.free for one in tried) else 2
        approving.approve(project, ids, actor=actor, reason=reason)
        with project.ledger.read() as connection:
            lists.show(views.deliveries_view(connection, chosen(), ids=ids))
    if not options().json:
        output.tell(say("已批准; dougong run 继续处理。", "Approved; dougong run works on them."))
    return 0


def _waiting(connection: Connection, number: str) -> list[int]:
    """The delivery of that number, or all of a document's that wait for approval: a set is approved as a whole.

    :raises NumberError: there is none, or none of a document's waits for it.
    """
    from dougong.flow.approval import APPROVAL_MISSING
    from dougong.flow.approving import check_approve
    from dougong.ledger import views

    named = selecting.deliveries(connection, number)
    rows = views.deliveries_view(connection, chosen(), ids=named) if len(named) > 1 else []
    fitting = [row for row in rows if any(problem["code"] == APPROVAL_MISSING for problem in row["problems"])]
    return [int(row["delivery"][1:]) for row in fitting] or [selecting.one(connection, number, check_approve)]


def _vouchers(tried: Sequence[Tried]) -> None:
    """What it is that would be approved, line by line."""
    from dougong.planned import line_view

    for one in tried:
        if one.booking is not None and not options().json:
            output.tell(f"D{one.delivery} {', '.join(one.numbers)}  {one.booking.posting_date}")
            details.booking([line_view(line, one.booking.currency) for line in one.booking.lines])
