"""What the ERP holds: postings with their stage, as connectors report them and as `reconcile` compares them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

import attrs

from dougong.model.money import plain
from dougong.model.problems import Text

__all__ = ["Facts", "Posting", "PostingLine", "Stage"]


class Stage(StrEnum):
    """The ERP's ladder in our words. Reached only upwards by us; a person may go down again."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    AUDITED = "audited"
    POSTED = "posted"
    REVERSED = "reversed"
    VOID = "void"

    @property
    def rank(self) -> int:
        """Position on the ladder draft < submitted < audited < posted; reversed and void stand outside (-1)."""
        return _LADDER.get(self, -1)

    @property
    def stands(self) -> bool:
        """Whether a posting at this stage is in the books or on its way there: neither reversed nor void."""
        return self.rank >= 0

    def reaches(self, target: Stage) -> bool:
        """Whether this stage is at least `target`."""
        return self.rank >= target.rank >= 0


_LADDER = {Stage.DRAFT: 0, Stage.SUBMITTED: 1, Stage.AUDITED: 2, Stage.POSTED: 3}


@attrs.frozen
class PostingLine:
    """One line of a posting, in the ERP's own codes; amounts in functional currency."""

    side: str
    account: str
    amount: Decimal
    currency: str | None = None
    original: Decimal | None = None
    summary: str = ""
    dimensions: Mapping[str, str] = attrs.field(factory=dict, hash=False)


@attrs.frozen
class Posting:
    """A voucher (or other document) as the ERP holds it.

    :param erp_key: the ERP's internal id, as text; never re-used and never re-numbered.
    :param stage: where on the ladder it stands.
    :param number: the number that people see (记-44); may change (整理断号).
    :param company: the ERP's own organisation; `book` its account book; both in the ERP's codes.
    :param currency: ISO 4217, functional; `total` the debits, exact.
    :param lines: all lines, or empty when only the head was asked for.
    :param reference: our reference as the ERP holds it.

    .. versionadded:: 0.1
    """

    erp_key: str
    stage: Stage
    number: str | None = None
    reference: str | None = None
    company: str | None = None
    book: str | None = None
    voucher_type: str | None = None
    date: dt.date | None = None
    fiscal_year: int | None = None
    period: str | None = None
    currency: str | None = None
    total: Decimal | None = None
    lines: tuple[PostingLine, ...] = ()
    reverses: str | None = None


@attrs.frozen
class Facts:
    """What a posting must show to be ours: frozen with the attempt, compared with whatever the ERP answers.

    `None` (or no lines) means: cannot be compared. Lines are compared as a multiset of (side, amount).
    """

    total: Decimal | None = None
    currency: str | None = None
    date: dt.date | None = None
    book: str | None = None
    lines: tuple[tuple[str, Decimal], ...] = ()

    def over(self, other: Facts) -> Facts:
        """These facts, and for those that are not told here what `other` says."""
        return Facts(
            other.total if self.total is None else self.total,
            self.currency or other.currency,
            self.date or other.date,
            self.book or other.book,
            self.lines or other.lines,
        )

    def differences(self, posting: Posting) -> tuple[str, ...]:
        """Names of the facts in which `posting` differs; empty when it is equal as far as both sides tell."""
        return tuple(self._differing(posting))

    def changes(self, posting: Posting) -> Text:
        """What differs, as people read it: `date 2026-11-18 → 2026-10-18, lines D 300.00 → D 310.00`."""
        told = {name: f"{_shown(ours)} → {_shown(theirs)}" for name, (ours, theirs) in self._differing(posting).items()}
        return Text(
            ", ".join(f"{_FACTS[name]} {change}" for name, change in told.items()),
            ", ".join(f"{name} {change}" for name, change in told.items()),
        )

    def _differing(self, posting: Posting) -> dict[str, tuple[object, object]]:
        pairs: dict[str, tuple[object, object]] = {
            "total": (self.total, posting.total),
            "currency": (self.currency, posting.currency),
            "date": (self.date, posting.date),
            "book": (self.book, posting.book),
        }
        if self.lines and posting.lines:
            theirs = Counter((line.side, line.amount) for line in posting.lines)
            pairs["lines"] = (_lines(Counter(self.lines) - theirs), _lines(theirs - Counter(self.lines)))
        return {name: pair for name, pair in pairs.items() if None not in pair and pair[0] != pair[1]}


_FACTS = {"total": "合计", "currency": "币种", "date": "日期", "book": "账簿", "lines": "分录"}


def _shown(value: object) -> str:
    return plain(value) if isinstance(value, Decimal) else str(value)


def _lines(lines: Counter[tuple[str, Decimal]]) -> str:
    """Lines that only one side has."""
    return ", ".join(f"{side} {plain(amount)}" for side, amount in sorted(lines.elements())) or "–"
