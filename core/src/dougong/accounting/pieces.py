"""A voucher longer than its ERP takes, as parts that balance through a clearing account (posting-rules.md §8).

No line is cut or merged away: the parts hold every line once, and beside them what each part lacks to balance. Those
lines sum to nothing on the clearing account, so that the parts together are the voucher.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import attrs

from dougong.accounting.context import Draft
from dougong.accounting.dimensions import Filled, fill
from dougong.accounting.entries import Place
from dougong.expressions import fit
from dougong.model.bookings import LoanMovement, Voucher, VoucherLine
from dougong.model.settled import SettledReport
from dougong.tables.decisions import TableError

__all__ = ["in_pieces", "may_be_cut"]

#: In the text of a clearing line, before which part it is of how many.
_PART = "分单"
#: A line of the voucher and what clears it: fewer hold nothing.
_FEWEST = 2


def may_be_cut(place: Place) -> bool:
    """Whether the rules want a voucher cut that is too long, and the ERP takes enough lines for that."""
    return place.moment.over_limit == "split" and place.limits.max_lines >= _FEWEST


def in_pieces(draft: Draft, report: SettledReport, place: Place) -> list[Draft]:
    """The draft as it is, or its parts in order, named `1`, `2` … ; held where the clearing account cannot be used."""
    voucher = draft.booking
    if voucher is None or len(voucher.lines) <= place.limits.max_lines or not may_be_cut(place):
        return [draft]
    account = place.rules.accounts[str(place.moment.clearing)]
    try:
        needs = place.needs(account)
    except TableError as error:
        return [attrs.evolve(draft, booking=None, problems=error.problems)]
    if needs is None:
        problems = (place.unknown(account, "clearing"),)
        return [attrs.evolve(draft, booking=None, problems=problems)]
    own = report if place.entity == report.entity else attrs.evolve(report, department=None)
    names = {"item": own, "report": own, "moment": place.moment}
    filled = fill(needs, account, place.rules, names, "clearing")
    if filled.problems:
        return [attrs.evolve(draft, booking=None, problems=filled.problems)]
    vouchers = _cut(voucher, place, _clearing(account, filled, place))
    return [
        attrs.evolve(draft, booking=one, part=str(at + 1), merge_key="", notes=draft.notes if at == 0 else ())
        for at, one in enumerate(vouchers)
    ]


def _clearing(account: str, filled: Filled, place: Place) -> VoucherLine:
    """The line that all parts have, but for side, amount and text."""
    why = {
        "fact": "clearing",
        "amount": "clearing",
        "entry": f"{place.moment.name}.over_limit",
        "rules": place.rules.path,
        "account": str(place.moment.clearing),
    }
    return VoucherLine(0, "D", account, Decimal(0), dimensions=filled.dimensions, cash_flow=filled.cash_flow, why=why)


def _cut(voucher: Voucher, place: Place, clearing: VoucherLine) -> list[Voucher]:
    room = place.limits.max_lines - 1
    chunks = [voucher.lines[at : at + room] for at in range(0, len(voucher.lines), room)]
    out = []
    for at, chunk in enumerate(chunks):
        numbers = f"{_PART} {at + 1}/{len(chunks)}"
        text = f"{place.prefix}{numbers} {voucher.summary}"
        keep = [place.prefix, numbers, *voucher.documents]
        summary = fit(text, place.limits.max_summary, keep) or text[: place.limits.max_summary]
        lines = [*chunk, *_missing(chunk, attrs.evolve(clearing, summary=summary))]
        out.append(
            attrs.evolve(
                voucher,
                lines=tuple(attrs.evolve(line, number=number + 1) for number, line in enumerate(lines)),
                summary=lines[0].summary,
                attachments=voucher.attachments if at == 0 else 0,
                loans=tuple(one for one in voucher.loans if _home(one, chunks) == at),
            )
        )
    return out


def _missing(chunk: Sequence[VoucherLine], clearing: VoucherLine) -> list[VoucherLine]:
    """What lines lack to balance; nothing when they do."""
    over = sum((line.debit - line.credit for line in chunk), Decimal(0))
    return [attrs.evolve(clearing, side="C" if over > 0 else "D", amount=abs(over))] if over else []


def _home(loan: LoanMovement, chunks: Sequence[Sequence[VoucherLine]]) -> int:
    """The part that moves the loan: the first with a line about it."""
    return next(
        (at for at, chunk in enumerate(chunks) if any(loan.loan in (one.clears, one.opens) for one in chunk)), 0
    )
