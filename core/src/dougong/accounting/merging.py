"""Merged vouchers (凭证合并): one voucher for many documents, each with its own part in it (posting-rules.md §8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from dougong.accounting.entries import line_key, merged
from dougong.expressions import fit
from dougong.model.bookings import Member, Voucher, VoucherLine
from dougong.model.documents import SourceRef
from dougong.model.operations import Limits

__all__ = ["becomes", "merge", "merge_key", "owners"]

#: What a merged line is called where no fee type says it.
_MOMENTS: Mapping[str, str] = {
    "accrual": "报销",
    "payment": "付款",
    "payment_returned": "退票",
    "loan": "借款",
    "repayment": "还款",
}


def merge(parts: Sequence[tuple[SourceRef, Voucher]], limits: Limits) -> Voucher:
    """One voucher over the vouchers of several documents of the same book, date and type.

    Lines that may be merged are added up where account, side, sign, dimensions, currency and tax are the same; persons
    stay apart, opposite signs are never netted. Their text keeps every note of a closed period.

    :param parts: at least one (document, its own voucher).
    """
    groups: dict[tuple[object, ...], list[tuple[str, VoucherLine]]] = {}
    for at, (_, voucher) in enumerate(parts):
        for line in voucher.lines:
            key = merge_key(line) if line.merges else (at, line.number)
            groups.setdefault(key, []).append((voucher.documents[0], line))
    lines = [_line(members, parts[0][1].moment, limits) for members in groups.values()]
    lines.sort(key=lambda line: line.side == "C")  # stable: debits first, each in the order of the documents
    first = parts[0][1]
    numbers = tuple(dict.fromkeys(number for _, voucher in parts for number in voucher.documents))
    return attrs.evolve(
        first,
        lines=tuple(attrs.evolve(line, number=at + 1) for at, line in enumerate(lines)),
        documents=numbers,
        attachments=sum(voucher.attachments for _, voucher in parts),
        summary=lines[0].summary,
        loans=tuple(one for _, voucher in parts for one in voucher.loans),
        members=tuple(
            Member(ref, voucher.documents[0], voucher.lines, voucher.attachments, voucher.loans)
            for ref, voucher in parts
        ),
    )


def merge_key(line: VoucherLine) -> tuple[object, ...]:
    """What lines of several documents have to agree in to be added up."""
    return (*line_key(line), (line.original.currency, line.original.rate) if line.original else None)


def becomes(own: VoucherLine, line: VoucherLine) -> bool:
    """Whether a member's own line is, or is part of, a line of the merged voucher."""
    return merge_key(own) == merge_key(line) if own.merges else attrs.evolve(own, number=line.number) == line


def owners(voucher: Voucher, at: int) -> list[SourceRef]:
    """The documents behind a line of a merged voucher; none where there is no such line.

    :param at: its position, from 0.
    """
    lines = voucher.lines[at : at + 1] if at >= 0 else ()
    return [one.document for one in voucher.members if any(becomes(own, line) for line in lines for own in one.lines)]


def _line(members: Sequence[tuple[str, VoucherLine]], moment: str, limits: Limits) -> VoucherLine:
    one = merged([line for _, line in members])[0]
    numbers = sorted({number for number, _ in members})
    if len(numbers) < 2:
        return one
    fee_types = sorted({str(line.why.get("keys", {}).get("fee_type", "")) for _, line in members} - {""})
    what, count = "、".join(fee_types) or _MOMENTS.get(moment, moment), f"等{len(numbers)}单"
    notes = sorted({line.note for _, line in members} - {""})
    text = f"{''.join(notes)}{what} {count} {numbers[0]}–{numbers[-1]}"
    fitted = fit(text, limits.max_summary, [*notes, count, numbers[0], numbers[-1]])
    return attrs.evolve(one, summary=fitted or one.summary, note="".join(notes))
