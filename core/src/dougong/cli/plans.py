"""A plan on the screen, as Terraform shows one: vouchers with their lines, then what is in the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dougong.cli import details, output, words
from dougong.cli.language import chosen, say
from dougong.cli.options import options

if TYPE_CHECKING:
    from dougong.planned import Planned, Undelivered

__all__ = ["in_the_way", "show", "view"]

#: Concerns every voucher of a connection, so it is told once for all of them.
_ONCE = "ACCOUNTS_NOT_READ"


def in_the_way(one: Planned | Undelivered) -> bool:
    """Whether a person has to look at it: a problem, or something in the ERP already."""
    from dougong.planned import Undelivered

    if isinstance(one, Undelivered):
        return one.state not in ("not_due", "withdrawn")
    return not one.sent and bool(one.problems or one.already)


def view(one: Planned | Undelivered) -> dict[str, Any]:
    """The object of `plan --json` (interfaces.md §1)."""
    from dougong.ledger.views import problem_view
    from dougong.planned import Undelivered, line_view

    problems = [problem_view(problem, chosen()) for problem in one.problems]
    if isinstance(one, Undelivered):
        return {"delivery": None, "documents": [one.number], "state": one.state, "problems": problems}
    booking = one.draft.booking
    return {
        "delivery": one.delivery,
        "documents": list(one.documents),
        "moment": one.draft.moment,
        "entity": one.draft.entity,
        "book": one.draft.book,
        "connection": one.connection,
        "date": booking.posting_date.isoformat() if booking else None,
        "period": booking.period if booking else None,
        "date_reasons": list(one.draft.date_reasons),
        "voucher_type": booking.voucher_type if booking else None,
        "attachments": booking.attachments if booking else None,
        "lines": [line_view(line, booking.currency) for line in booking.lines] if booking else [],
        "payload": dict(one.payload.body) if one.payload else None,
        "sources": dict(one.payload.sources) if one.payload else {},
        "problems": problems,
        "notes": [problem_view(note, chosen()) for note in one.draft.notes],
        "waits_for": list(one.waits_for),
        "corrects": one.corrects,
        "how": one.how,
        "already": one.already,
        "sent": one.sent,
    }


def show(found: Sequence[Planned | Undelivered], *, verbose: bool) -> None:
    """Print a plan: JSON objects, or vouchers and a count."""
    if options().json:
        for one in found:
            output.emit(view(one))
        return
    for one in found:
        _show(one, verbose=verbose)
    for problem in dict.fromkeys(p for one in found for p in one.problems if p.code == _ONCE):
        output.tell("\n".join(output.problem_lines(problem)))
    output.tell(_summary(found))


def _show(one: Planned | Undelivered, *, verbose: bool) -> None:
    row = view(one)
    if "moment" not in row:
        style = words.state_style(row["state"])
        output.tell(f"– {', '.join(row['documents'])}  {words.state(row['state'])}", style=style or None)
        _problems(one)
        return
    attachments = say(f"附件 {row['attachments']}", f"attachments {row['attachments']}")
    head = [", ".join(row["documents"]), words.moment(row["moment"]), f"→ {row['connection']} {row['book']}"]
    if row["date"]:
        head += [
            row["date"],
            say(f"期间 {row['period']}", f"period {row['period']}"),
            row["voucher_type"] or "",
            attachments,
        ]
    sign, style = ("! ", "yellow") if in_the_way(one) else ("= ", "") if row["sent"] else ("+ ", "green")
    output.tell(sign + "  ".join(head), style=style or None)
    for reason in row["date_reasons"]:
        output.tell(f"    {say('日期', 'date')}: {words.date_reason(reason)}")
    if row["corrects"]:
        output.tell("    " + _corrects(row["how"], row["corrects"]))
    if row["lines"]:
        details.booking(row["lines"])
    for name in map(words.wait, row["waits_for"]):
        output.tell("    " + say(f"等待 {name}", f"waits for {name}"))
    _there(row)
    for note in row["notes"]:
        output.tell(f"    · {note['code']}: {note['message']}")
    _problems(one)
    if verbose and row["payload"] is not None:
        _payload(one)


def _there(row: Mapping[str, Any]) -> None:
    """What the ERP holds of it."""
    if row["already"]:
        by = f" ({row['delivery']})" if row["delivery"] else ""
        output.tell("    " + say(f"ERP 中已有 {row['already']}{by}", f"the ERP holds {row['already']} already{by}"))
    elif row["sent"]:
        told = say("已发送, 结果见 dougong status", "sent already; dougong status says what became of it")
        output.tell(f"    {told}")


def _corrects(how: str, what: str) -> str:
    """What becomes of an earlier voucher of the document."""
    told = {
        "void": (f"删除草稿 {what}", f"deletes the draft {what}"),
        "reversal": (f"红冲 {what}", f"takes back {what}"),
        "difference": (f"补记与 {what} 的差额", f"books what differs from {what}"),
    }
    return say(*told[how])


def _problems(one: Planned | Undelivered) -> None:
    for problem in one.problems:
        if problem.code == _ONCE:
            continue
        for line in output.problem_lines(problem, indent="    "):
            output.tell(line)


def _payload(one: Any) -> None:
    from dougong.mapping import source_of

    made = output.table(say("字段", "field"), say("值", "value"), say("来源", "source"))
    for path, value in _leaves(one.payload.body):
        made.add_row(path, "null" if value is None else str(value), source_of(one.payload, path) or "")
    output.console().print(made)


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, member in value.items():
            yield from _leaves(member, f"{path}.{name}" if path else str(name))
    elif isinstance(value, (list, tuple)):
        for at, member in enumerate(value):
            yield from _leaves(member, f"{path}[{at}]")
    else:
        yield path, value


def _summary(found: Sequence[Planned | Undelivered]) -> str:
    from dougong.planned import Planned

    stopped = sum(map(in_the_way, found))
    booked = [one for one in found if isinstance(one, Planned)]
    due = [one for one in booked if not one.sent and not in_the_way(one)]
    if not stopped and not due and len(booked) == len(found):
        return say("无变更: ERP 与账本已是最新。", "No changes: everything is in the ERP already.")
    return say(f"计划: 发送 {len(due)} 张, 有问题 {stopped} 项。", f"Plan: {len(due)} to send, {stopped} in the way.")
