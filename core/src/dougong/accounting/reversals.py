"""Taking back what was booked: red vouchers, and the difference between what is booked and what should be."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal

import attrs

from dougong.accounting.dates import Dated, business_date
from dougong.accounting.rulefile import RuleSet
from dougong.expressions import fit
from dougong.model.bookings import LoanMovement, Original, Side, Voucher, VoucherLine
from dougong.model.documents import Document, SourceRef
from dougong.model.events import withdrawn
from dougong.model.operations import Limits

__all__ = ["cancel_out", "change_day", "difference", "part_of", "red"]

#: Before the text of every line of a red voucher.
_RED = "冲销"
_ZERO = Decimal(0)


def change_day(document: Document, zone: str, now: dt.datetime) -> dt.date:
    """The day of a change: of the withdrawal, else when the source has the new content from, else today.

    :param zone: the rules'. :param now: business clock.
    """
    if withdrawn(document.events):
        return max(business_date(event.on, zone) for event in document.events if event.type == "withdrawn")
    return business_date(document.updated_at or now, zone)


def red(voucher: Voucher, dated: Dated, rules: RuleSet, limits: Limits) -> Voucher:
    """The voucher that takes `voucher` back: the same lines, red or on the other side.

    :param dated: when it is booked.
    """
    opposite = rules.changes.red_style == "opposite" or not limits.negative_lines
    lines = tuple(_taken_back(line, voucher, dated.prefix, opposite, limits) for line in voucher.lines)
    return attrs.evolve(
        voucher,
        moment="reversal",
        posting_date=dated.posting,
        business_date=dated.fact,
        period=dated.period,
        lines=lines,
        attachments=0,
        summary=lines[0].summary if lines else "",
        date_reasons=dated.reasons,
        loans=tuple(_undone(one) for one in voucher.loans),
    )


def _taken_back(line: VoucherLine, voucher: Voucher, prefix: str, opposite: bool, limits: Limits) -> VoucherLine:
    side, sign = line.side, -1
    if opposite:
        side, sign = ("C" if line.side == "D" else "D"), 1
    text = f"{prefix}{_RED} {line.summary}"
    return attrs.evolve(
        line,
        side=side,
        amount=_signed(line.amount, sign),
        original=_original(line.original, sign),
        tax=attrs.evolve(line.tax, base=None if line.tax.base is None else -line.tax.base) if line.tax else None,
        summary=fit(text, limits.max_summary, [prefix, _RED, *voucher.documents]) or text[: limits.max_summary],
        note=prefix,
        why={**line.why, "reverses": voucher.moment},
    )


def _signed(amount: Decimal, sign: int) -> Decimal:
    return amount if sign > 0 else -amount


def _original(original: Original | None, sign: int) -> Original | None:
    return None if original is None else attrs.evolve(original, amount=_signed(original.amount, sign))


def _undone(one: LoanMovement) -> LoanMovement:
    return attrs.evolve(one, amount=-one.amount, base=-one.base)


def part_of(voucher: Voucher, refs: Collection[SourceRef]) -> Voucher:
    """What some documents have in a merged voucher, as a voucher; all of it, and any other voucher, as it is."""
    mine = [one for one in voucher.members if one.document in refs]
    if len(mine) == len(voucher.members) != 1:
        return attrs.evolve(voucher, members=())
    return attrs.evolve(
        voucher,
        lines=tuple(
            attrs.evolve(line, number=at + 1) for at, line in enumerate(line for m in mine for line in m.lines)
        ),
        documents=tuple(dict.fromkeys(one.number for one in mine)),
        attachments=sum(one.attachments for one in mine),
        loans=tuple(loan for one in mine for loan in one.loans),
        members=(),
    )


def cancel_out(vouchers: Iterable[Voucher], number: str) -> bool:
    """Whether payments of a document and what came back of them leave nothing paid, place by place.

    What counts is what they clear of the document; where the rules let nothing clear it, every line does. So a bank's
    fee stays an expense of its own.

    :param vouchers: of payments and returned transfers. :param number: the document's.
    """
    lines = [(voucher, line) for voucher in vouchers for line in voucher.lines]
    settling = [one for one in lines if one[1].clears == number] or lines
    nets: dict[tuple[object, ...], Decimal] = defaultdict(Decimal)
    for voucher, line in settling:
        place = (voucher.entity, voucher.book, line.account, tuple(sorted(line.dimensions.items())))
        nets[place] += line.debit - line.credit
    return not any(nets.values())


def difference(wanted: Voucher, booked: Sequence[Voucher], dated: Dated, limits: Limits) -> Voucher | None:
    """What has to be booked beside `booked` so that the books show `wanted`; `None` when they do already.

    :param booked: the voucher that is in the ERP, and earlier differences.
    :param limits: an ERP without negative lines gets them on the other side.
    """
    nets: dict[tuple[object, ...], VoucherLine] = {}
    for line in _signed_lines(wanted, booked):
        key = _place(line)
        nets[key] = _added(nets[key], line) if key in nets else line
    said = (line if limits.negative_lines else _positive(line) for line in nets.values() if _says(line))
    lines = [attrs.evolve(line, number=at + 1) for at, line in enumerate(said)]
    if not lines:
        return None
    return attrs.evolve(
        wanted,
        moment="difference",
        posting_date=dated.posting,
        business_date=dated.fact,
        period=dated.period,
        lines=tuple(lines),
        attachments=0,
        summary=lines[0].summary,
        date_reasons=dated.reasons,
        loans=_net(wanted.loans, booked),
    )


def _signed_lines(wanted: Voucher, booked: Sequence[Voucher]) -> Iterable[VoucherLine]:
    """Lines as they should be, and those that are there with the other sign."""
    yield from wanted.lines
    for voucher in booked:
        for line in voucher.lines:
            tax = line.tax
            base = None if tax is None or tax.base is None else -tax.base
            yield attrs.evolve(
                line,
                amount=-line.amount,
                original=_original(line.original, -1),
                tax=attrs.evolve(tax, base=base) if tax else None,
            )


def _place(line: VoucherLine) -> tuple[object, ...]:
    """What makes two lines the same place in the books."""
    currency = line.original.currency if line.original else None
    rate = line.tax.rate if line.tax else None
    dimensions = tuple(sorted(line.dimensions.items()))
    return (line.side, line.account, dimensions, currency, rate, line.clears, line.opens, line.cash_flow)


def _positive(line: VoucherLine) -> VoucherLine:
    """A red line on the other side."""
    if line.amount >= 0:
        return line
    side: Side = "C" if line.side == "D" else "D"
    return attrs.evolve(line, side=side, amount=-line.amount, original=_original(line.original, -1))


def _says(line: VoucherLine) -> bool:
    """Whether a line moves anything, be it in its own currency only: another rate may leave the functional amount."""
    return bool(line.amount or (line.original is not None and line.original.amount))


def _added(one: VoucherLine, other: VoucherLine) -> VoucherLine:
    original, tax = one.original, one.tax
    if original is not None and other.original is not None:
        original = attrs.evolve(original, amount=original.amount + other.original.amount)
    if tax is not None and other.tax is not None:
        tax = attrs.evolve(tax, base=(tax.base or _ZERO) + (other.tax.base or _ZERO))
    return attrs.evolve(one, amount=one.amount + other.amount, original=original, tax=tax)


def _net(wanted: Sequence[LoanMovement], booked: Sequence[Voucher]) -> tuple[LoanMovement, ...]:
    nets: dict[str, LoanMovement] = {}
    undone = [_undone(one) for voucher in booked for one in voucher.loans]
    for one in (*wanted, *undone):
        known = nets.get(one.loan)
        nets[one.loan] = (
            one if known is None else attrs.evolve(known, amount=known.amount + one.amount, base=known.base + one.base)
        )
    return tuple(one for one in nets.values() if one.amount or one.base)
