"""Why a voucher is as it is: fact, entry and table row behind each line (`dougong rules explain`)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import attrs

from dougong.model.bookings import Voucher, VoucherLine

__all__ = ["Explanation", "explain"]


@attrs.frozen
class Explanation:
    """One line of a voucher, with what made it.

    :param fact: the settled fact, e.g. `slices[3]`, and `of` the amount taken of it (`slice.cost`).
    :param entry: `accrual.entry[1]`; `rules` file and line where it stands.
    :param account_by: role or table that gave the account.
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


def explain(voucher: Voucher) -> tuple[Explanation, ...]:
    """A row per line, in voucher order.

    :param voucher: as `derive` made it, or as it was kept.

    .. versionadded:: 0.1
    """
    return tuple(map(_row, voucher.lines))


def _row(line: VoucherLine) -> Explanation:
    why = line.why
    return Explanation(
        number=line.number,
        side=line.side,
        account=line.account,
        amount=line.amount,
        summary=line.summary,
        dimensions=line.dimensions,
        fact=" + ".join(why.get("merged", ())) or str(why.get("fact", "")),
        of=str(why.get("amount", "")),
        entry=str(why.get("label") or why.get("entry", "")),
        rules=str(why.get("rules", "")),
        account_by=str(why.get("account", "")),
        table=str(why.get("table", "")),
        row=int(why.get("row", 0)),
        keys=why.get("keys", {}),
    )
