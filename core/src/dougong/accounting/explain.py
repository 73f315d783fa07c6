"""Why a voucher is as it is: fact, entry and table row behind each line (`dougong rules explain`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import attrs

from dougong.accounting.merging import becomes
from dougong.model.bookings import Member, Voucher, VoucherLine

__all__ = ["Explanation", "explain"]


@attrs.frozen
class Part:
    """What one document has in a line of a merged voucher."""

    document: str
    amount: Decimal
    fact: str


@attrs.frozen
class Explanation:
    """One line of a voucher, with what made it.

    :param fact: the settled fact, e.g. `slices[3]`, and `of` the amount taken of it (`slice.cost`).
    :param entry: `accrual.entry[1]`; `rules` file and line where it stands.
    :param account_by: role or table that gave the account.
    :param sources: ids of the report lines behind it.
    :param reverses: moment of the voucher that it takes back; empty for every other line.
    :param parts: of a merged voucher, what each document has in it.
    :param table: file of the table that decided, `row` its row, `keys` the values that found it.
    """

    number: int
    side: str
    account: str
    amount: Decimal
    summary: str
    dimensions: Mapping[str, str]
    fact: str
    of: str
    entry: str
    rules: str
    account_by: str
    table: str = ""
    row: int = 0
    keys: Mapping[str, str] = attrs.field(factory=dict)
    sources: tuple[str, ...] = ()
    reverses: str = ""
    parts: tuple[Part, ...] = ()


def explain(voucher: Voucher) -> tuple[Explanation, ...]:
    """A row per line, in voucher order.

    :param voucher: as `derive` made it, or as it was kept.

    .. versionadded:: 0.1
    """
    return tuple(_row(line, voucher.members) for line in voucher.lines)


def _parts(line: VoucherLine, members: Sequence[Member]) -> Iterable[Part]:
    """The members' own lines that became this one."""
    for member in members:
        for own in member.lines:
            if becomes(own, line):
                yield Part(member.number, own.amount, _fact(own))


def _fact(line: VoucherLine) -> str:
    return " + ".join(line.why.get("merged", ())) or str(line.why.get("fact", ""))


def _row(line: VoucherLine, members: Sequence[Member]) -> Explanation:
    why = line.why
    return Explanation(
        number=line.number,
        side=line.side,
        account=line.account,
        amount=line.amount,
        summary=line.summary,
        dimensions=line.dimensions,
        fact=_fact(line),
        of=str(why.get("amount", "")),
        entry=str(why.get("label") or why.get("entry", "")),
        rules=str(why.get("rules", "")),
        account_by=str(why.get("account", "")),
        table=str(why.get("table", "")),
        row=int(why.get("row", 0)),
        keys=why.get("keys", {}),
        sources=line.sources,
        reverses=str(why.get("reverses", "")),
        parts=tuple(_parts(line, members)),
    )
