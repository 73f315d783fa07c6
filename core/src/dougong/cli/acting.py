"""`retry`, `resolve`, `cancel`: what a person decides, with actor and reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import rich_click as click

from dougong.cli import lists, output, selecting, trials
from dougong.cli.commands import summary
from dougong.cli.language import chosen, say
from dougong.cli.options import actor, common, opened, options, reason

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from dougong.flow import Project
    from dougong.ledger.rows import DeliveryRow

    _Check = Callable[[DeliveryRow], None]

__all__ = ["cancel", "repost", "resolve", "retry", "reverse"]

#: What `--where` may ask for, beside the code of a problem.
_FIELDS = ("state", "connection", "entity", "book", "moment", "period", "reason")
_RETRIED = frozenset({"held", "rejected", "ready", "blocked", "incomplete"})

numbers = click.argument("numbers", nargs=-1, metavar="NUMBER…")


@click.command(help=summary("retry"))
@common
@numbers
@click.option(
    "--where",
    multiple=True,
    metavar="KEY=VALUE",
    help=say(
        "按条件选取, 如 code=CODE_UNMAPPED, 可多次给出",
        "choose by condition, e.g. code=CODE_UNMAPPED; repeat to narrow",
    ),
)
@click.option(
    "--dry-run",
    is_flag=True,
    help=say("试推导: 显示会放行哪些, 不执行", "derive again, show what would be free, do nothing"),
)
@reason
@actor
def retry(numbers: tuple[str, ...], where: tuple[str, ...], dry_run: bool, reason: str, actor: str) -> int:
    """Make them due; `run` then works on them."""
    from dougong.flow import actions

    if bool(numbers) == bool(where):
        raise click.UsageError(say("请给出 NUMBER 或 --where, 二者之一", "give NUMBERs or --where, one of the two"))
    conditions = [_condition(text) for text in where]
    with opened() as project:
        ids, documents = _chosen(project, numbers, conditions, actions.check_retry)
        if dry_run:
            trials.show(project, ids, documents)
            return 0
        if ids:
            actions.retry(project, ids, actor=actor, reason=reason)
        actions.retry_documents(project, documents, actor=actor, reason=reason)
        _show(project, ids, documents)
    if not options().json and (ids or documents):
        output.tell(say("已重新安排; dougong run 继续处理。", "They are due; dougong run works on them."))
    return 0


@click.command(help=summary("resolve"))
@common
@click.argument("number", metavar="NUMBER")
@click.option(
    "--delivered", metavar="ID", help=say("已在 ERP 中, 其内码或凭证号", "it is in the ERP: its id or number")
)
@click.option(
    "--absent", is_flag=True, help=say("确认不在 ERP 中, 将重新发送", "it is certainly not in the ERP, send it again")
)
@reason
@actor
def resolve(number: str, delivered: str | None, absent: bool, reason: str, actor: str) -> int:
    """Take over a posting that a person has found, or send again what is not there."""
    from dougong.flow import actions

    if (delivered is not None) == absent:
        raise click.UsageError(
            say("请给出 --delivered ID 或 --absent, 二者之一", "give --delivered ID or --absent, one of the two")
        )
    with opened() as project:
        id_ = _one(project, number, actions.check_resolve)
        if delivered is not None:
            actions.resolve_delivered(project, id_, delivered, actor=actor, reason=reason)
        else:
            actions.resolve_absent(project, id_, actor=actor, reason=reason)
        _show(project, [id_], [])
    return 0


@click.command(help=summary("cancel"))
@common
@click.argument("numbers", nargs=-1, required=True, metavar="NUMBER…")
@click.option(
    "--only",
    multiple=True,
    metavar="DOCUMENT",
    help=say(
        "合并凭证 (D…) 中只放弃该单据的部分, 可多次给出; 直接给出单据号时亦然",
        "of a merged voucher (D…) the part of this document alone; repeat for more. A document's number means the same",
    ),
)
@reason
@actor
def cancel(numbers: tuple[str, ...], only: tuple[str, ...], reason: str, actor: str) -> int:
    """Give deliveries up, and documents that are held without one; the same content is not booked again."""
    from dougong.flow import actions

    with opened() as project:
        with project.ledger.read() as connection:
            missed = {number: selecting.missed(connection, number) for number in numbers}
        known = [number for number in numbers if not missed[number]]
        ids, held = _chosen(project, known, (), actions.check_cancel)
        with project.ledger.read() as connection:
            parts = selecting.parts(connection, ids, known, only)
        rows = actions.cancel(project, ids, actor=actor, reason=reason, only=parts) if ids else []
        never_came = [ref for refs in missed.values() for ref in refs]
        given_up = actions.give_up(project, held, never_came, actor=actor, reason=reason)
        _show(project, [row.id for row in rows], given_up)
    if not options().json:
        output.tell(
            say(
                "已放弃: 同样的内容不会再入账; 来源系统中更改内容后会重新处理。",
                "Given up: the same content is not booked again; other content from the source is.",
            )
        )
        if any(row.id not in ids for row in rows):
            output.tell(
                say(
                    "合并凭证已拆开, 其余单据照常入账; dougong run 继续处理。",
                    "The merged voucher is dissolved; its other documents are booked: dougong run works on them.",
                )
            )
    return 0


@click.command(help=summary("repost"))
@common
@click.argument("number", metavar="NUMBER")
@reason
@actor
def repost(number: str, reason: str, actor: str) -> int:
    """Book again what was deleted in the ERP, or reversed by a person; `run` then sends it under a new reference."""
    from dougong.flow import undoing

    with opened() as project:
        id_ = _one(project, number, undoing.check_repost, "parked")
        again = undoing.repost(project, id_, actor=actor, reason=reason)
        _show(project, [row.id for row in again], [])
    _due()
    return 0


@click.command(help=summary("reverse"))
@common
@click.argument("numbers", nargs=-1, required=True, metavar="NUMBER…")
@click.option(
    "--only",
    multiple=True,
    metavar="DOCUMENT",
    help=say(
        "合并凭证 (D…) 中只红冲该单据的部分, 可多次给出; 直接给出单据号时亦然",
        "of a merged voucher (D…) the part of this document alone; repeat for more. A document's number means the same",
    ),
)
@reason
@actor
def reverse(numbers: tuple[str, ...], only: tuple[str, ...], reason: str, actor: str) -> int:
    """Take back by a red voucher; `run` then sends it."""
    from dougong.flow import undoing

    with opened() as project:
        ids = [_one(project, number, undoing.check_reverse) for number in numbers]
        with project.ledger.read() as connection:
            parts = selecting.parts(connection, ids, numbers, only)
        made = undoing.reverse(project, ids, actor=actor, reason=reason, only=parts)
        _show(project, [row.id for row in made], [])
    _due()
    return 0


def _due() -> None:
    if not options().json:
        output.tell(say("已安排; dougong run 继续处理。", "It is due; dougong run works on it."))


def _one(project: Project, number: str, check: _Check, *meant: str) -> int:
    with project.ledger.read() as connection:
        return selecting.one(connection, number, check, meant)


def _chosen(
    project: Project, numbers: Sequence[str], conditions: Sequence[tuple[str, str]], check: _Check
) -> tuple[list[int], list[int]]:
    """Deliveries and, where a number has none, documents that are held for themselves."""
    ids: list[int] = []
    documents: list[int] = []
    with project.ledger.read() as connection:
        if conditions:
            found = [row for row in lists.rows(connection) if row["delivery"] and row["state"] in _RETRIED]
            ids = [int(row["delivery"][1:]) for row in found if _fits(row, conditions)]
            documents = _held_for_themselves(connection, conditions)
        for number in numbers:
            held = selecting.held_documents(connection, number)
            if held:
                documents += held
            else:
                ids.append(selecting.one(connection, number, check, ("held", "rejected")))
    return ids, documents


def _held_for_themselves(connection: Connection, conditions: Sequence[tuple[str, str]]) -> list[int]:
    """Held documents that fit; connection, book and the like tell only of deliveries."""
    from dougong.ledger.causes import held_documents

    if any(name not in ("code", "state") or (name == "state" and value != "held") for name, value in conditions):
        return []
    codes = [value for name, value in conditions if name == "code"]
    fitting = [set(held_documents(connection, code)) for code in codes] or [set(held_documents(connection))]
    return sorted(set.intersection(*fitting))


def _condition(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or name not in ("code", *_FIELDS):
        known = ", ".join(("code", *_FIELDS))
        words = say(f"{text!r}: 写成 KEY=VALUE, KEY 为 {known}", f"{text!r}: write KEY=VALUE with a KEY of {known}")
        raise click.BadParameter(words, param_hint="--where")
    return name, value


def _fits(row: Mapping[str, Any], conditions: Sequence[tuple[str, str]]) -> bool:
    codes = {problem["code"] for problem in row["problems"]}
    return all(value in codes if name == "code" else row[name] == value for name, value in conditions)


def _show(project: Project, ids: Sequence[int], documents: Sequence[int]) -> None:
    from dougong.ledger import views

    with project.ledger.read() as connection:
        rows = views.deliveries_view(connection, chosen(), ids=ids) if ids else []
        rows += views.documents_view(connection, chosen(), documents=documents) if documents else []
    lists.show(rows)
