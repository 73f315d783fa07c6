"""Comparing by account: what the ERP's balances say of a period, beside what our vouchers and others' have moved there.

Pure and exact. An amount is what an account moved in the period, debits less credits, functional currency.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

import attrs

from dougong.model.postings import Posting, PostingLine, Stage
from dougong.reconcile.compare import Ours, Verdict, candidates

__all__ = ["AccountRow", "Balance", "OurVoucher", "balances_of", "compare_accounts"]

_ZERO = Decimal(0)


@attrs.frozen
class Balance:
    """What an account moved in a period, as the ERP tells it, in its own codes."""

    book: str
    account: str
    debit: Decimal
    credit: Decimal
    dimensions: Mapping[str, str] = attrs.field(factory=dict, hash=False)


@attrs.frozen
class OurVoucher:
    """One delivery as the ledger believes it, with the lines that were sent, in the ERP's codes.

    :param lines: `None` = nothing is known of them line by line, or a person has taken the ERP's version.
    """

    ours: Ours
    book: str
    lines: tuple[PostingLine, ...] | None


@attrs.frozen
class AccountRow:
    """One account of one book (and its dimensions, where the ERP tells balances by them).

    :param ours: what our vouchers that are there moved. :param theirs: what the ERP says that the account moved.
    :param in_transit: ours that are on their way, and which the ERP does not show yet.
    :param not_ours: what vouchers moved that are not ours.
    :param explains: deliveries of ours whose voucher stands there otherwise than it was sent, doubled, or not at all.
    :param certain: whether the ERP's vouchers add up to its balance; else one of them was not listed.
    """

    verdict: Verdict
    period: str
    book: str
    account: str
    dimensions: Mapping[str, str] = attrs.field(hash=False)
    ours: Decimal
    theirs: Decimal
    in_transit: Decimal
    not_ours: Decimal
    explains: tuple[Ours, ...] = ()
    certain: bool = True

    @property
    def difference(self) -> Decimal:
        """What the ERP has more than our vouchers and those of others."""
        return self.theirs - self.ours - self.not_ours


@attrs.frozen
class _Moved:
    """What moved in one place."""

    debit: Decimal = _ZERO
    credit: Decimal = _ZERO

    @classmethod
    def by(cls, line: PostingLine) -> _Moved:
        return cls(debit=line.amount) if line.side == "D" else cls(credit=line.amount)

    def __add__(self, other: _Moved) -> _Moved:
        return _Moved(self.debit + other.debit, self.credit + other.credit)

    @property
    def net(self) -> Decimal:
        return self.debit - self.credit


_Key = tuple[str, str, tuple[tuple[str, str], ...]]


class _Sums(dict[_Key, _Moved]):
    """Row → what moved there."""

    def __missing__(self, key: _Key) -> _Moved:
        return _Moved()

    def add(self, other: Mapping[_Key, _Moved]) -> None:
        for key, moved in other.items():
            self[key] += moved


class _Keys:
    """Says in which row a line stands: by dimensions only as far as the ERP's balances have them."""

    def __init__(self, balances: Iterable[Balance]) -> None:
        self._names: dict[tuple[str, str], set[str]] = defaultdict(set)
        for one in balances:
            self._names[one.book, one.account].update(one.dimensions)

    def of(self, book: str, account: str, dimensions: Mapping[str, str]) -> _Key:
        names = self._names.get((book, account), ())
        return book, account, tuple(sorted((name, dimensions[name]) for name in names if dimensions.get(name)))

    def moved(self, book: str, lines: Iterable[PostingLine]) -> _Sums:
        """What lines move, row by row."""
        out = _Sums()
        for line in lines:
            out[self.of(book, line.account, line.dimensions)] += _Moved.by(line)
        return out


def balances_of(postings: Iterable[Posting]) -> Iterator[Balance]:
    """What the listed vouchers add up to, where the ERP does not tell its balances."""
    for posting in postings:
        for line in posting.lines if posting.stage is not Stage.VOID else ():
            moved = _Moved.by(line)
            yield Balance(posting.book or "", line.account, moved.debit, moved.credit)


def compare_accounts(
    ours: Sequence[OurVoucher], postings: Iterable[Posting], balances: Iterable[Balance], period: str
) -> list[AccountRow]:
    """Set both sides of a period beside each other, account by account.

    :param ours: our vouchers of the period. :param postings: every posting of the period, all pages.
    :param balances: of every account of every book.
    :returns: a row for each account that a voucher of ours moves, or whose balance the listed vouchers do not explain.
    """
    balances = list(balances)
    sides = _BothSides(_Keys(balances))
    for one in balances:
        sides.theirs.add({sides.keys.of(one.book, one.account, one.dimensions): _Moved(one.debit, one.credit)})
    there = {posting.erp_key: posting for posting in postings if posting.stage is not Stage.VOID}
    found = candidates([one.ours for one in ours], there.values())
    for voucher in ours:
        sides.add(voucher, found[voucher.ours.delivery])
    known = {posting.erp_key for some in found.values() for posting in some}
    for posting in there.values():
        moved = sides.keys.moved(posting.book or "", posting.lines)
        sides.listed.add(moved)
        if posting.erp_key not in known:
            sides.not_ours.add(moved)
    return sides.rows(period)


class _BothSides:
    """What the ERP says, and what our vouchers, those on their way and those of others moved, row by row.

    `listed` is what all listed vouchers moved; `explains` names those of ours that stand there otherwise.
    """

    def __init__(self, keys: _Keys) -> None:
        self.keys = keys
        self.theirs, self.listed, self.not_ours = _Sums(), _Sums(), _Sums()
        self._ours, self._in_transit = _Sums(), _Sums()
        self._explains: dict[_Key, list[Ours]] = defaultdict(list)

    def add(self, voucher: OurVoucher, found: Sequence[Posting]) -> None:
        """One of ours, with what the ERP holds of it."""
        shown = _Sums()
        for posting in found:
            shown.add(self.keys.moved(posting.book or "", posting.lines))
        sent = shown if voucher.lines is None else self.keys.moved(voucher.book, voucher.lines)
        if not found and not voucher.ours.settled:
            self._in_transit.add(sent if voucher.ours.sent else {})
            return
        self._ours.add(sent)
        for key in {*sent, *shown}:
            if sent[key] != shown[key]:
                self._explains[key].append(voucher.ours)

    def rows(self, period: str) -> list[AccountRow]:
        """What there is to see."""
        mine = {*self._ours, *self._in_transit}
        rows = ((key, self._row(key, period)) for key in sorted({*mine, *self.theirs, *self.listed}))
        return [row for key, row in rows if key in mine or row.verdict is not Verdict.MATCHED]

    def _row(self, key: _Key, period: str) -> AccountRow:
        ours, theirs, others = self._ours[key], self.theirs[key], self.not_ours[key]
        explains = tuple(self._explains[key])
        return AccountRow(
            self._verdict(key, bool(explains)),
            period,
            key[0],
            key[1],
            dict(key[2]),
            ours=ours.net,
            theirs=theirs.net,
            in_transit=self._in_transit[key].net,
            not_ours=others.net,
            explains=explains,
            certain=self.listed[key] == theirs,
        )

    def _verdict(self, key: _Key, edited: bool) -> Verdict:
        expected, theirs = self._ours[key] + self.not_ours[key], self.theirs[key]
        if expected.net != theirs.net:
            return Verdict.AMOUNT
        if edited or expected != theirs:
            return Verdict.EDITED  # differences that cancel each other
        return Verdict.MATCHED if self._in_transit[key] == _Moved() else Verdict.MISSING
