"""Dry runs: what would be free, what would still be held and why, which vouchers would change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dougong.cli import output, words
from dougong.cli.language import chosen, say
from dougong.cli.options import options
from dougong.model.money import plain

if TYPE_CHECKING:
    from dougong.flow import Impact, Project, Tried
    from dougong.model.bookings import Voucher

__all__ = ["show", "show_impact", "show_tried"]


def show(project: Project, ids: Sequence[int], documents: Sequence[int]) -> None:
    """Derive deliveries and documents again and print what would become of each; nothing is written."""
    from dougong.flow import Deriver, load_inputs, try_deliveries, try_documents

    if not ids and not documents:
        _tell_none()
        return
    deriver = Deriver(project, load_inputs(project))
    show_tried(project, [*try_deliveries(deriver, ids), *try_documents(deriver, documents)], ids, documents)


def show_tried(project: Project, tried: Sequence[Tried], ids: Sequence[int], documents: Sequence[int] = ()) -> None:
    """Print what would become of deliveries and documents."""
    from dougong.ledger import views

    if not options().json:
        _table(tried)
        return
    with project.ledger.read() as connection:
        rows = views.deliveries_view(connection, chosen(), ids=ids) if ids else []
        rows += views.documents_view(connection, chosen(), documents=documents) if documents else []
    for row in rows:
        mine = [one for one in tried if _name(one) == row["delivery"] and list(one.numbers) == list(row["documents"])]
        output.emit({**row, "would": [_view(one) for one in mine]})


def show_impact(found: Impact) -> None:
    """Print what changed tables would do to what was not sent yet."""
    if options().json:
        for kind, rows in (("freed", found.freed), ("held", found.held)):
            for one in rows:
                output.emit({"impact": kind, "delivery": _name(one), "documents": list(one.numbers), **_view(one)})
        for before, after in found.changed:
            accounts = [{"before": old, "after": new} for old, new in _moves(before.booking, after.booking)]
            names = {"delivery": _name(after), "documents": list(after.numbers)}
            output.emit({"impact": "changed", **names, **_view(after), "lines": accounts})
        return
    _list(say("将放行", "would be freed"), found.freed, "green")
    _list(say("将被挂起", "would be held"), found.held, "red")
    _list(
        say("科目或辅助核算将改变", "would get other accounts or dimensions"), [b for _, b in found.changed], "yellow"
    )
    for before, after in found.changed:
        for old, new in _moves(before.booking, after.booking):
            output.tell(f"    {_label(after)}  {old or '–'} → {new or '–'}")


def _tell_none() -> None:
    if not options().json:
        output.tell(say("没有符合条件的。", "Nothing fits."))


def _table(tried: Sequence[Tried]) -> None:
    made = output.table("#", say("单据", "document"), say("结果", "would be"), say(">金额", ">amount"))
    for one in tried:
        style = "green" if one.free else "yellow"
        made.add_row(
            _name(one) or "–", ", ".join(one.numbers), words.state(one.state), words.money(one.amount), style=style
        )
    output.console().print(made)
    for one in tried:
        for problem in one.problems:
            output.tell(f"  {_label(one)}")
            for text in output.problem_lines(problem, indent="    "):
                output.tell(text)
        if one.waits_for:
            waits = ", ".join(map(words.wait, one.waits_for))
            output.tell(f"  {_label(one)} " + say(f"等待 {waits}", f"waits for {waits}"))
    free = [one for one in tried if one.free]
    total = words.money(_sum(free)) or "0"
    zh, en = f"会放行 {len(free)} 项, {total}; 仍挂起", f"{len(free)} would be free, {total}; still held:"
    output.tell(f"{say(zh, en)} {len(tried) - len(free)}")


def _list(title: str, rows: Sequence[Tried], style: str) -> None:
    if not rows:
        return
    amount = words.money(_sum(rows))
    count = say(f"{len(rows)} 项", str(len(rows)))
    output.tell(f"{title}: {count}" + (f", {amount}" if amount else ""), style=style)
    output.tell("  " + ", ".join(_label(one) for one in rows))


def _sum(rows: Iterable[Tried]) -> Decimal | None:
    amounts = [one.amount for one in rows if one.amount is not None]
    return sum(amounts, Decimal(0)) if amounts else None


def _name(one: Tried) -> str | None:
    return None if one.delivery is None else f"D{one.delivery}"


def _label(one: Tried) -> str:
    return " ".join(filter(None, (_name(one), ", ".join(one.numbers))))


def _view(one: Tried) -> dict[str, Any]:
    from dougong.ledger.views import problem_view

    return {
        "state": str(one.state),
        "amount": None if one.amount is None else plain(one.amount),
        "waits_for": list(one.waits_for),
        "problems": [problem_view(problem, chosen()) for problem in one.problems],
    }


def _moves(before: Voucher | None, after: Voucher | None) -> list[tuple[str, str]]:
    """Lines that are not in both vouchers, old beside new in the order of the vouchers."""
    old, new = _lines(before), _lines(after)
    gone = [line for line in old if line not in new]
    come = [line for line in new if line not in old]
    width = max(len(gone), len(come))
    padded = (lines + [""] * (width - len(lines)) for lines in (gone, come))
    return list(zip(*padded, strict=True))


def _lines(voucher: Voucher | None) -> list[str]:
    return [
        " ".join(
            (line.side, line.account, plain(line.amount), *(f"{k}={v}" for k, v in sorted(line.dimensions.items())))
        )
        for line in (voucher.lines if voucher else ())
    ]
